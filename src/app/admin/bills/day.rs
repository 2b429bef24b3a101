//! A day: what it adds up to, its differences, its files.

use leptos::prelude::*;

use super::{
    AccountView,
    Column::{Name, Number},
    DayView, Differences, FileView, List, SumView, TotalsView,
};
use crate::app::{
    admin::{parts::Csrf, words::Bills},
    language::Language,
};

#[component]
pub fn BillDayPage(language: Language, view: DayView) -> impl IntoView {
    let words = Bills::of(language);
    let DayView { day, month, standing, problem, checked, totals, files, differences, more, .. } = view;
    let (is_manager, can_be_had, csrf) = (view.is_manager, view.can_be_had, view.csrf);
    let has_no_permission = problem.as_deref() == Some("NO_AUTH");
    let has_rows = files.iter().any(|file| !file.is_fund_flow && file.told.is_some());
    view! {
        <p><a href=format!("/admin/bills?month={month}")>{words.bills}" · "{month.clone()}</a></p>
        <h1 class="page-heading">{(words.day)(&day)}</h1>
        <p><strong class=standing.class()>{words.standing(standing)}</strong>
            {checked.map(|at| view! { " · " {words.checked} " " {at} })}</p>
        {problem.map(|code| view! {
            <p class="notice notice--bad">
                {if has_no_permission { words.no_permission.to_owned() } else { format!("{}: {code}", words.problem) }}
            </p>
        })}
        {totals.map(|totals| view! { <Totals totals words/> })}
        <section class="bill-section">
            <h2 id="differences">{words.differences}</h2>
            {if differences.is_empty() {
                view! { <p>{words.no_differences}</p> }.into_any()
            } else {
                view! { <Differences rows=differences words with_day=false/> }.into_any()
            }}
            {more.map(|more| view! { <p><a href=more>{words.more}</a></p> })}
        </section>
        <section class="bill-section">
            <h2 id="files">{words.files}</h2>
            {if files.is_empty() {
                view! { <p>{words.no_file}</p> }.into_any()
            } else {
                view! { <Files files words/> }.into_any()
            }}
            {if is_manager {
                view! {
                    {has_rows.then(|| view! {
                        <p><a class="button" href=format!("/admin/bills/{day}/rows.csv") download="">{words.rows}</a></p>
                    })}
                    {if can_be_had {
                        view! {
                            <p>{words.check_hint}</p>
                            <form method="post" action=format!("/admin/bills/{day}/check")>
                                <Csrf token=csrf/>
                                <button type="submit" class="button">{words.check_now}</button>
                            </form>
                        }.into_any()
                    } else {
                        view! { <p>{words.said_not_to_be_had}</p> }.into_any()
                    }}
                }.into_any()
            } else {
                view! { <p>{words.managers_only}</p> }.into_any()
            }}
        </section>
    }
}

#[component]
fn Files(files: Vec<FileView>, words: &'static Bills) -> impl IntoView {
    let row = move |file: FileView| {
        let name = if file.is_fund_flow { words.fund_flow_bill } else { words.trade_bill };
        let told = match file.told {
            Some([size, hash, at]) => view! {
                <td class="number">{size}</td> <td class="nowrap">{at}</td> <td class="mono nowrap">{hash}</td>
            }
            .into_any(),
            None => view! { <td colspan="3">{words.empty_file}</td> }.into_any(),
        };
        view! { <tr><th scope="row" class="nowrap">{name}</th> {told}</tr> }
    };
    let columns = vec![Name(words.files), Number(words.size), Name(words.fetched), Name("SHA-1")];
    view! { <List label=words.files columns>{files.into_iter().map(row).collect::<Vec<_>>()}</List> }
}

#[component]
fn Totals(totals: TotalsView, words: &'static Bills) -> impl IntoView {
    let TotalsView { payments, refunds, fees, unsettled, settled, foreign, account, unlisted, unasked } = totals;
    let told = move |sum: SumView| format!("{} {}", sum.yuan, (words.pieces)(sum.count));
    let line = move |name: String, theirs: String, ours: String| {
        view! {
            <tr><th scope="row">{name}</th><td class="number">{theirs}</td><td class="number">{ours}</td></tr>
        }
    };
    let none = || "—".to_owned();
    let foreign = foreign.map(|(payments, refunds)| {
        let name = |what: &str| format!("{} · {what}", words.foreign);
        [line(name(words.payments), told(payments), none()), line(name(words.refunds), told(refunds), none())]
    });
    let columns = vec![Name(words.side), Number(words.in_bill), Number(words.in_books)];
    view! {
        <List label=words.bills columns>
            {line(words.payments.to_owned(), told(payments.0), told(payments.1))}
            {line(words.refunds.to_owned(), told(refunds.0), told(refunds.1))}
            {line(words.fees.to_owned(), fees, none())}
            {unsettled.map(|it| line(words.coupons.to_owned(), it, none()))}
            {line(words.settled_sum.to_owned(), settled, none())}
            {foreign}
        </List>
        {(unlisted > 0).then(|| view! { <p class="notice notice--bad">{(words.unlisted)(unlisted)}</p> })}
        {(unasked > 0).then(|| view! { <p class="notice">{(words.unasked)(unasked)}</p> })}
        {account.map(|account| view! { <Account account words/> })}
    }
}

#[component]
fn Account(account: AccountView, words: &'static Bills) -> impl IntoView {
    let AccountView { opening, closing, kinds } = account;
    let line = |name: String, told: String| {
        view! { <tr><th scope="row">{name}</th><td class="number">{told}</td></tr> }
    };
    let moved = move |(name, sum): (String, SumView)| {
        line(words.movement(name), format!("{} {}", sum.yuan, (words.pieces)(sum.count)))
    };
    view! {
        <section class="bill-section" aria-labelledby="account">
            <h2 id="account">{words.account}</h2>
            <div class="table-scroll">
                <table class="admin-table">
                    <tbody>
                        {line(words.opening.to_owned(), opening)}
                        {kinds.into_iter().map(moved).collect::<Vec<_>>()}
                        {line(words.closing.to_owned(), closing)}
                    </tbody>
                </table>
            </div>
        </section>
    }
}
