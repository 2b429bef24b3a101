//! What waits for a second person, and where somebody decides.

use leptos::prelude::*;

use super::{
    parts::{ConfirmFirst, Csrf, Problem},
    words::{Approvals, Basics},
};
use crate::{app::language::Language, domain::Fen};

/// One request, with what whoever looks may do about it.
#[derive(Clone, Debug)]
pub struct ApprovalLine {
    pub id: i64,
    pub kind: &'static str,
    pub state: &'static str,
    pub is_waiting: bool,
    pub summary: String,
    pub order_id: Option<i64>,
    pub amount: Option<Fen>,
    pub asker: String,
    pub asked: String,
    pub ends: String,
    pub decider: String,
    pub decided: String,
    pub note: String,
    pub may_decide: bool,
    pub may_withdraw: bool,
}

/// Where the money of a refund comes from.
#[derive(Clone, Debug)]
pub struct RefundBehind {
    pub reason: String,
    pub title: String,
    pub transaction: String,
    pub paid: Fen,
    pub left: Fen,
    /// When as much of it was asked back beside this.
    pub same: Option<String>,
}

fn yuan(amount: Option<Fen>) -> String {
    amount.map(|amount| format!("¥{amount}")).unwrap_or_default()
}

/// `/admin/approvals`.
#[component]
pub fn ApprovalsPage(language: Language, lines: Vec<ApprovalLine>, is_all: bool, older: Option<i64>) -> impl IntoView {
    let (words, basics) = (Approvals::of(language), Basics::of(language));
    let is_empty = lines.is_empty();
    let row = |line: ApprovalLine| {
        view! {
            <tr>
                <th scope="row"><a href=format!("/admin/approvals/{}", line.id)>{line.id}</a></th>
                <td>{line.kind}</td>
                <td>{line.summary}</td>
                <td class="number">{yuan(line.amount)}</td>
                <td>{line.asker}</td>
                <td class="nowrap">{line.asked}</td>
                <td>{line.state}</td>
            </tr>
        }
    };
    let here = |is: bool| is.then_some("page");
    let older = older.map(|before| format!("/admin/approvals?all={}&before={before}", u8::from(is_all)));
    view! {
        <h1 class="page-heading">{words.approvals}</h1>
        <p>{words.intro}</p>
        <nav class="admin-halves" aria-label=words.state_heading>
            <a href="/admin/approvals" aria-current=here(!is_all)>{words.waiting}</a>
            <a href="/admin/approvals?all=1" aria-current=here(is_all)>{words.all}</a>
        </nav>
        {is_empty.then(|| view! { <p class="hint">{words.none}</p> })}
        {(!is_empty).then(|| view! {
            <div class="table-scroll" tabindex="0" role="region" aria-label=words.approvals>
                <table class="admin-table">
                    <thead>
                        <tr>
                            <th scope="col">{words.number}</th>
                            <th scope="col">{words.kind_heading}</th>
                            <th scope="col">{words.subject}</th>
                            <th scope="col" class="number">{words.amount}</th>
                            <th scope="col">{words.asker}</th>
                            <th scope="col">{words.asked}</th>
                            <th scope="col">{words.state_heading}</th>
                        </tr>
                    </thead>
                    <tbody>{lines.into_iter().map(row).collect::<Vec<_>>()}</tbody>
                </table>
            </div>
        })}
        {older.map(|href| view! { <p><a class="button" href=href>{basics.older}</a></p> })}
    }
}

/// `/admin/approvals/{id}`: where somebody decides.
#[component]
pub fn ApprovalPage(
    language: Language,
    csrf: String,
    line: ApprovalLine,
    behind: Option<RefundBehind>,
    asker_is_gone: bool,
    is_confirmed: bool,
    problem: String,
) -> impl IntoView {
    let words = Approvals::of(language);
    let actions = line.is_waiting.then(|| actions(language, csrf, &line, is_confirmed));
    let fact = |name: &'static str, value: String| {
        (!value.is_empty()).then(|| view! { <div><dt>{name}</dt><dd>{value}</dd></div> })
    };
    let same = behind.as_ref().and_then(|it| it.same.clone()).filter(|_| line.is_waiting);
    let behind = behind.map(|it| {
        let payment = format!("{} · ¥{}", it.transaction, it.paid);
        view! {
            {fact(words.product, it.title)}
            {fact(words.reason, it.reason)}
            {fact(words.payment, payment)}
            {fact(words.left, yuan(Some(it.left)))}
        }
    });
    let order = line.order_id.map(|id| format!("/admin/orders/{id}"));
    view! {
        <h1 class="page-heading">{line.kind} " · " {line.state}</h1>
        <Problem words=problem/>
        {same.map(|time| view! { <p class="notice notice--bad">{(words.same)(&time)}</p> })}
        {asker_is_gone.then(|| view! { <p class="notice notice--bad">{words.asker_is_gone}</p> })}
        <section class="admin-card">
        {line.amount.map(|_| view! { <p class="admin-decide__amount">{yuan(line.amount)}</p> })}
        <dl class="admin-facts">
            {fact(words.subject, line.summary)}
            {behind}
            {fact(words.asker, line.asker)}
            {fact(words.asked, line.asked)}
            {fact(words.note, line.note)}
            {fact(words.ends, if line.is_waiting { line.ends } else { String::new() })}
            {fact(words.decider, [line.decider, line.decided].join(" ").trim().to_owned())}
        </dl>
        {order.map(|href| view! { <p><a href=href>{words.order}</a></p> })}
        </section>
        {actions}
    }
}

fn actions(language: Language, csrf: String, line: &ApprovalLine, is_confirmed: bool) -> impl IntoView + use<> {
    let words = Approvals::of(language);
    let (id, is_money) = (line.id, line.amount.is_some());
    let withdraw = line.may_withdraw.then(|| {
        view! {
            <p class="hint">{words.own_request}</p>
            <form method="post" action=format!("/admin/approvals/{id}/withdraw")>
                <Csrf token=csrf.clone()/>
                <button type="submit" class="button">{words.withdraw}</button>
            </form>
        }
    });
    let decide = line.may_decide.then(|| {
        if !is_confirmed {
            return view! { <ConfirmFirst language next=format!("/admin/approvals/{id}")/> }.into_any();
        }
        let again = csrf.clone();
        view! {
            <p>{if is_money { words.approve_refund } else { words.approve_change }}
                {is_money.then(|| view! { " " {words.refuse_hint} })}</p>
            <div class="admin-buttons">
                <form method="post" action=format!("/admin/approvals/{id}/approve")>
                    <Csrf token=csrf/>
                    <button type="submit" class="button button--primary">{words.approve}</button>
                </form>
                <form method="post" action=format!("/admin/approvals/{id}/refuse")>
                    <Csrf token=again/>
                    <button type="submit" class="button">{words.refuse}</button>
                </form>
            </div>
        }
        .into_any()
    });
    view! { <section class="admin-card">{decide} {withdraw}</section> }
}
