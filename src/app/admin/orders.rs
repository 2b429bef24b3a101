//! The list of orders: one search box, a filter, and pages.

use leptos::prelude::*;

use super::{parts::Csrf, words::Orders};
use crate::{
    app::language::Language,
    domain::{Fen, OrderStatus},
};

/// An order of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderLine {
    pub id: i64,
    pub number: String,
    pub title: String,
    pub total: Fen,
    pub status: OrderStatus,
    pub placed: String,
    pub paid: String,
    pub found_by: String,
    pub refunded: Fen,
    /// Something of it came back to the shop's own account, and the payer is still owed it.
    pub owed: bool,
    /// For refunds that are not accepted yet.
    pub set_aside: Fen,
}

/// A filter as it was typed, with what is wrong in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterForm {
    pub first: String,
    pub last: String,
    pub kind: String,
    pub product: String,
    pub least: String,
    pub most: String,
    pub found: String,
    pub needs_someone: bool,
    pub wrong: Vec<(&'static str, &'static str)>,
}

impl FilterForm {
    fn problem(&self, field: &str) -> Option<&'static str> {
        self.wrong.iter().find(|wrong| wrong.0 == field).map(|wrong| wrong.1)
    }
}

#[derive(Clone, Debug)]
pub struct OrdersView {
    pub csrf: String,
    /// States that can be chosen: code and status.
    pub kinds: Vec<(&'static str, OrderStatus)>,
    pub form: FilterForm,
    pub lines: Vec<OrderLine>,
    /// Where the next page is; whether it ends because so much was looked at.
    pub next: Option<(String, bool)>,
    pub export: String,
}

#[component]
pub fn OrdersPage(language: Language, page: OrdersView) -> impl IntoView {
    let words = Orders::of(language);
    let OrdersView { csrf, kinds, form, lines, next, export } = page;
    let is_wrong = !form.wrong.is_empty();
    view! {
        <h1 class="page-heading">{words.orders}</h1>
        <SearchForm words csrf typed=String::new()/>
        <Filters words form kinds/>
        {(!is_wrong).then(|| view! {
            <OrderTable words lines/>
            {next.map(|(href, is_cut)| view! {
                {is_cut.then(|| view! { <p class="notice" role="status">{words.cut}</p> })}
                <p><a class="button" href=href>{if is_cut { words.look_further } else { words.older }}</a></p>
            })}
            <p class="admin-export">
                <a class="button button--quiet" href=export download="orders.csv">{words.export}</a>
                <span class="hint">{words.export_hint}</span>
            </p>
        })}
    }
}

/// By POST: the number may be a page's own token, which is nobody else's to see.
#[component]
fn SearchForm(words: &'static Orders, csrf: String, typed: String) -> impl IntoView {
    view! {
        <form class="admin-search" method="post" action="/admin/orders/find" role="search">
            <Csrf token=csrf/>
            <label for="number">{words.search_label}</label>
            <div class="admin-search__row">
                <input
                    id="number" name="number" type="search" value=typed maxlength="128" required
                    autocomplete="off" spellcheck="false" aria-describedby="number-hint"
                />
                <button class="button button--primary" type="submit">{words.search}</button>
            </div>
            <p class="hint" id="number-hint">{words.search_hint}</p>
        </form>
    }
}

#[component]
fn Filters(words: &'static Orders, form: FilterForm, kinds: Vec<(&'static str, OrderStatus)>) -> impl IntoView {
    let option = |value: &'static str, name: &'static str, chosen: &str| {
        view! { <option value=value selected=chosen == value>{name}</option> }
    };
    let kinds = kinds.into_iter().map(|(code, status)| option(code, words.state(status), &form.kind));
    let kinds = kinds.collect::<Vec<_>>();
    let finders = words.finders().map(|(code, name)| option(code, name, &form.found)).collect::<Vec<_>>();
    let is_open = form != FilterForm::default();
    let days = (form.problem("first"), form.problem("last"));
    view! {
        <details class="admin-filter" open=is_open>
            <summary>{words.filter}</summary>
            <form method="get" action="/admin/orders">
                <Field name="first" kind="date" label=words.first value=form.first.clone() problem=days.0/>
                <Field name="last" kind="date" label=words.last value=form.last.clone() problem=days.1/>
                <div class="field">
                    <label for="status">{words.status}</label>
                    <select id="status" name="status"><option value="">{words.any}</option>{kinds}</select>
                </div>
                <div class="field">
                    <label for="found">{words.found_by}</label>
                    <select id="found" name="found"><option value="">{words.any}</option>{finders}</select>
                </div>
                <Field name="product" label=words.product value=form.product.clone() problem=form.problem("product")/>
                <Field name="least" label=words.least value=form.least.clone() problem=form.problem("least")/>
                <Field name="most" label=words.most value=form.most.clone() problem=form.problem("most")/>
                <div class="field field--check">
                    <input id="needs" name="needs" type="checkbox" value="1" checked=form.needs_someone/>
                    <label for="needs">{words.needs_someone}</label>
                </div>
                <p class="hint">{words.days_hint}</p>
                <p><button class="button" type="submit">{words.show}</button></p>
            </form>
        </details>
    }
}

/// A field that names itself what is wrong with it.
#[component]
pub fn Field(
    name: &'static str,
    #[prop(default = "text")] kind: &'static str,
    label: &'static str,
    value: String,
    #[prop(optional_no_strip)] problem: Option<&'static str>,
) -> impl IntoView {
    let wrong = format!("{name}-problem");
    let described = problem.map(|_| wrong.clone());
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                id=name name=name type=kind value=value autocomplete="off"
                aria-invalid=problem.map(|_| "true") aria-describedby=described
            />
            {problem.map(|problem| view! { <p class="field__problem" id=wrong>{problem}</p> })}
        </div>
    }
}

#[component]
fn OrderTable(words: &'static Orders, lines: Vec<OrderLine>) -> impl IntoView {
    if lines.is_empty() {
        return view! { <p class="admin-empty">{words.none_here}</p> }.into_any();
    }
    let rows = lines.into_iter().map(|line| view! { <OrderRow words line/> }).collect::<Vec<_>>();
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label=words.orders>
            <table class="admin-table">
                <caption class="visually-hidden">{words.orders}</caption>
                <thead>
                    <tr>
                        <th scope="col" class="number">{words.amount}</th>
                        <th scope="col">{words.status}</th>
                        <th scope="col">{words.number}</th>
                        <th scope="col">{words.title}</th>
                        <th scope="col">{words.placed}</th>
                        <th scope="col">{words.found_by}</th>
                        <th scope="col" class="number">{words.refunded}</th>
                        <th scope="col" class="number">{words.set_aside}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn OrderRow(words: &'static Orders, line: OrderLine) -> impl IntoView {
    let some = |amount: Fen| (amount > Fen::ZERO).then(|| format!("¥{amount}"));
    let (refunded, set_aside) = (some(line.refunded), some(line.set_aside));
    view! {
        <tr>
            // First what a narrow screen has room for.
            <td class="number">"¥"{line.total.to_string()}</td>
            <td><StatusBadge words status=line.status owed=line.owed/></td>
            <th scope="row"><a class="mono" href=format!("/admin/orders/{}", line.id)>{line.number}</a></th>
            <td>{line.title}</td>
            <td class="nowrap">{line.placed}</td>
            <td>{words.source(&line.found_by)}</td>
            <td class="number">{refunded}</td>
            <td class="number">{set_aside}</td>
        </tr>
    }
}

/// In words, and in a colour that says no more than they do.
#[component]
pub fn StatusBadge(words: &'static Orders, status: OrderStatus, owed: bool) -> impl IntoView {
    if owed {
        return view! { <span class="badge badge--bad">{words.owed}</span> };
    }
    let class = match status {
        OrderStatus::Success | OrderStatus::RefundPartial | OrderStatus::RefundSuccess => "badge badge--good",
        OrderStatus::NotPay | OrderStatus::RefundProcessing => "badge badge--waiting",
        OrderStatus::RefundAbnormal => "badge badge--bad",
        OrderStatus::Closed(_) => "badge",
    };
    view! { <span class=class>{words.state(status)}</span> }
}

/// What a number has led to, when it is not just one order.
#[component]
pub fn FoundPage(language: Language, csrf: String, typed: String, lines: Vec<OrderLine>) -> impl IntoView {
    let words = Orders::of(language);
    let (title, hint) = if lines.is_empty() {
        (words.nothing_found.to_owned(), Some(words.nothing_found_hint))
    } else {
        ((words.found)(lines.len()), None)
    };
    let has_some = !lines.is_empty();
    view! {
        <h1 class="page-heading">{title}</h1>
        {hint.map(|hint| view! { <p class="notice" role="status">{hint}</p> })}
        <SearchForm words csrf typed/>
        {has_some.then(|| view! { <OrderTable words lines/> })}
        <p><a href="/admin/orders">{words.orders}</a></p>
    }
}
