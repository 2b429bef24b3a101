//! `/admin/put-back`: how far books that were put back know again what they have forgotten.

use leptos::prelude::*;

use super::{
    orders::Field,
    parts::{ConfirmFirst, Csrf, Problem},
    words::PutBack,
};
use crate::app::language::Language;

#[derive(Clone, Debug)]
pub struct PutBackView {
    /// The times are Beijing's.
    pub since: String,
    pub noticed: String,
    /// When refunds were allowed again.
    pub over: Option<String>,
    pub asked: Option<String>,
    pub left: i64,
    pub bills: Vec<(String, String)>,
    pub unknown: Vec<UnknownLine>,
    pub form: Option<ReleaseForm>,
}

#[derive(Clone, Debug)]
pub struct UnknownLine {
    pub kind: &'static str,
    pub number: String,
    pub transaction_id: String,
    pub amount: String,
    pub day: String,
    pub told: &'static str,
    pub href: String,
}

/// For whoever may end it.
#[derive(Clone, Debug)]
pub struct ReleaseForm {
    pub csrf: String,
    pub is_confirmed: bool,
    pub why: String,
    pub problem: Option<&'static str>,
}

/// `None`: it has never happened.
#[component]
pub fn PutBackPage(language: Language, view: Option<PutBackView>, problem: String) -> impl IntoView {
    let words = PutBack::of(language);
    view! {
        <h1 class="page-heading">{words.title}</h1>
        <Problem words=problem/>
        {match view {
            None => view! { <p>{words.never}</p> }.into_any(),
            Some(view) => view! { <Standing language view/> }.into_any(),
        }}
    }
}

#[component]
fn Standing(language: Language, view: PutBackView) -> impl IntoView {
    let words = PutBack::of(language);
    let PutBackView { since, noticed, over, asked, left, bills, unknown, form } = view;
    let is_open = over.is_none();
    let told = match &over {
        None => view! { <p class="notice notice--bad">{(words.is_open)(&since)}</p> },
        Some(at) => view! { <p class="notice notice--good">{(words.is_over)(at)}</p> },
    };
    let asking = asked.map_or_else(|| (words.asking_left)(left), |at| (words.asked)(&at));
    view! {
        {told}
        <section class="admin-card">
            <dl class="admin-facts">
                <div><dt>{words.copy_of}</dt><dd>{since}</dd></div>
                <div><dt>{words.noticed}</dt><dd>{noticed}</dd></div>
                {is_open.then(|| view! { <div><dt>{words.asking}</dt><dd>{asking}</dd></div> })}
            </dl>
        </section>
        {is_open.then(|| view! { <Bills words bills/> })}
        <UnknownList words unknown/>
        {form.filter(|_| is_open).map(|form| view! { <Release language form/> })}
    }
}

#[component]
fn Bills(words: &'static PutBack, bills: Vec<(String, String)>) -> impl IntoView {
    let is_empty = bills.is_empty();
    let row = |(day, problem): (String, String)| {
        let href = format!("/admin/bills/{day}");
        view! { <tr><th scope="row"><a href=href>{day}</a></th><td>{problem}</td></tr> }
    };
    view! {
        <section class="admin-card" aria-labelledby="bills">
            <h2 id="bills">{words.bills}</h2>
            {if is_empty {
                view! { <p>{words.bills_none}</p> }.into_any()
            } else {
                view! {
                    <p class="hint">{words.bills_hint}</p>
                    <table class="admin-table admin-table--pairs">
                        <thead><tr><th scope="col">{words.day}</th><th scope="col">{words.problem}</th></tr></thead>
                        <tbody>{bills.into_iter().map(row).collect::<Vec<_>>()}</tbody>
                    </table>
                }
                .into_any()
            }}
        </section>
    }
}

#[component]
fn UnknownList(words: &'static PutBack, unknown: Vec<UnknownLine>) -> impl IntoView {
    let is_empty = unknown.is_empty();
    let row = |it: UnknownLine| {
        view! {
            <tr>
                <td>{it.day}</td>
                <td>{it.kind}</td>
                <td class="bill-number">{it.number}</td>
                <td class="bill-number">{it.transaction_id}</td>
                <td class="bill-amount">{it.amount}</td>
                <td><a href=it.href>{it.told}</a></td>
            </tr>
        }
    };
    // The table that scrolls is the landmark.
    view! {
        <section class="admin-card">
            <h2 id="unknown">{words.unknown}</h2>
            <p class="hint">{words.unknown_hint}</p>
            {if is_empty {
                view! { <p>{words.unknown_none}</p> }.into_any()
            } else {
                view! {
                    <div class="bill-scroll" role="region" aria-labelledby="unknown" tabindex="0">
                        <table class="bill-table put-back-unknown">
                            <thead>
                                <tr>
                                    <th scope="col">{words.day}</th>
                                    <th scope="col">{words.kind}</th>
                                    <th scope="col">{words.number}</th>
                                    <th scope="col">{words.at_wechat}</th>
                                    <th scope="col" class="bill-amount">{words.amount}</th>
                                    <th scope="col">{words.stands}</th>
                                </tr>
                            </thead>
                            <tbody>{unknown.into_iter().map(row).collect::<Vec<_>>()}</tbody>
                        </table>
                    </div>
                }
                .into_any()
            }}
        </section>
    }
}

#[component]
fn Release(language: Language, form: ReleaseForm) -> impl IntoView {
    let words = PutBack::of(language);
    let ReleaseForm { csrf, is_confirmed, why, problem } = form;
    view! {
        <section class="admin-card" aria-labelledby="release">
            <h2 id="release">{words.release}</h2>
            <p class="hint">{words.release_hint}</p>
            <p class="notice">{words.release_risk}</p>
            {if is_confirmed {
                view! {
                    <form method="post" action="/admin/put-back/release" class="admin-decide">
                        <Csrf token=csrf/>
                        <Field name="why" label=words.why value=why problem/>
                        <p><button class="button button--primary" type="submit">{words.release}</button></p>
                    </form>
                }
                .into_any()
            } else {
                view! { <ConfirmFirst language next="/admin/put-back".to_owned()/> }.into_any()
            }}
        </section>
    }
}
