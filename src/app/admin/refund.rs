//! Giving money back, in two steps: what is wanted, then what will be done, with the number that it will bear.

use leptos::prelude::*;

use super::{orders::Field, parts::Csrf, words::Orders};
use crate::{app::language::Language, domain::Fen};

#[derive(Clone, Debug)]
pub struct RefundForm {
    pub order_id: i64,
    pub title: String,
    pub transaction: String,
    pub left: Fen,
    pub amount: String,
    pub reason: String,
    pub another: bool,
    /// Some of it was given back elsewhere, or just now: he has to say that he has looked.
    pub asks_another: bool,
    pub amount_problem: String,
    pub reason_problem: Option<&'static str>,
    pub problem: String,
}

/// What is wanted. A GET: nothing is done yet.
#[component]
pub fn RefundPage(language: Language, form: RefundForm) -> impl IntoView {
    let words = Orders::of(language);
    let back = format!("/admin/orders/{}", form.order_id);
    let left = form.left.to_string();
    let wrong = (!form.amount_problem.is_empty()).then(|| form.amount_problem.clone());
    let is_wrong = wrong.is_some();
    view! {
        <p><a href=back.clone()>{words.back_to_order}</a></p>
        <h1 class="page-heading">{words.refund} " · " {form.title}</h1>
        {(!form.problem.is_empty()).then(|| view! { <p class="notice notice--bad" role="alert">{form.problem}</p> })}
        <form class="admin-card admin-decide" method="get" action=format!("{back}/refund")>
            <input type="hidden" name="payment" value=form.transaction.clone()/>
            <input type="hidden" name="step" value="check"/>
            <p>{words.refund_of} " " <span class="mono">{form.transaction}</span></p>
            <p>{words.left} " " <strong class="amount">"¥"{left.clone()}</strong></p>
            <div class="field">
                <label for="amount">{words.refund_amount}</label>
                <input
                    id="amount" name="amount" inputmode="decimal" value=form.amount autocomplete="off"
                    aria-describedby="amount-hint amount-problem" aria-invalid=is_wrong.then_some("true")
                />
                <p class="hint" id="amount-hint">{(words.refund_amount_hint)(&left)}</p>
                <p class="field__problem" id="amount-problem">{wrong}</p>
            </div>
            <Field name="reason" label=words.reason value=form.reason problem=form.reason_problem/>
            <p class="hint">{words.refund_reason_hint}</p>
            {form.asks_another.then(|| view! {
                <div class="field field--check">
                    <input id="another" name="another" type="checkbox" value="1" checked=form.another/>
                    <label for="another">{words.another}</label>
                </div>
                <p class="hint">{words.another_hint}</p>
            })}
            <p><button class="button button--primary" type="submit">{words.look_once_more}</button></p>
        </form>
    }
}

#[derive(Clone, Debug)]
pub struct RefundCheck {
    pub csrf: String,
    pub order_id: i64,
    pub transaction: String,
    pub number: String,
    pub amount: Fen,
    pub left_after: Fen,
    pub reason: String,
    pub another: bool,
    /// For the colleague who decides, as typed.
    pub note: String,
    pub problem: String,
}

/// What will be done, and the button that does it.
#[component]
pub fn RefundCheckPage(language: Language, check: RefundCheck) -> impl IntoView {
    let words = Orders::of(language);
    let back = format!("/admin/orders/{}", check.order_id);
    let action = format!("{back}/refund");
    let amount = check.amount.to_string();
    let change = format!("{back}/refund?payment={}", check.transaction);
    view! {
        <h1 class="page-heading">{words.will_do}</h1>
        {(!check.problem.is_empty()).then(|| view! { <p class="notice notice--bad" role="alert">{check.problem}</p> })}
        <form class="admin-card admin-decide" method="post" action=action>
            <Csrf token=check.csrf/>
            <input type="hidden" name="payment" value=check.transaction.clone()/>
            <input type="hidden" name="number" value=check.number.clone()/>
            <input type="hidden" name="amount" value=amount.clone()/>
            <input type="hidden" name="reason" value=check.reason.clone()/>
            {check.another.then(|| view! { <input type="hidden" name="another" value="1"/> })}
            <p class="admin-decide__amount">"¥"{amount.clone()}</p>
            <p>{(words.will_give)(&amount, &check.transaction)}</p>
            <dl class="admin-facts">
                <div><dt>{words.reason}</dt><dd>{check.reason}</dd></div>
                <div><dt>{words.left_after}</dt><dd>"¥"{check.left_after.to_string()}</dd></div>
                <div><dt>{words.refund_number}</dt><dd class="mono">{check.number}</dd></div>
            </dl>
            <p class="hint">{words.number_hint}</p>
            <div class="field">
                <label for="note">{words.approval_note}</label>
                <input id="note" name="note" value=check.note maxlength="200" autocomplete="off" aria-describedby="note-hint"/>
                <p class="hint" id="note-hint">{words.approval_note_hint}</p>
            </div>
            <p class="admin-buttons">
                <button class="button button--primary" type="submit">{(words.confirm_refund)(&amount)}</button>
                <a class="button button--quiet" href=change>{words.change}</a>
                <a class="button button--quiet" href=back>{words.back_to_order}</a>
            </p>
        </form>
    }
}
