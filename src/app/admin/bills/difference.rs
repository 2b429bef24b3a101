//! A difference, and what is decided about it.

use leptos::prelude::*;

use super::DifferenceView;
use crate::app::{
    admin::{
        bill_words::DifferenceStanding,
        parts::{Csrf, Problem, escaped},
        words::Bills,
    },
    language::Language,
};

#[component]
pub fn DifferencePage(language: Language, view: DifferenceView) -> impl IntoView {
    let words = Bills::of(language);
    let DifferenceView {
        row,
        transaction_id,
        out_trade_no,
        order,
        answer,
        who,
        why,
        found,
        changed,
        is_manager,
        csrf,
        typed,
        problem,
    } = view;
    let (name, hint) = words.explained(row.kind);
    let fact = |name: &'static str, value: String| view! { <div><dt>{name}</dt><dd>{value}</dd></div> };
    let number = |name: &'static str, it: String| view! { <div><dt>{name}</dt><dd class="mono">{it}</dd></div> };
    let is_open = row.standing == DifferenceStanding::Open;
    view! {
        <p><a href=format!("/admin/bills/{}", row.day)>{words.back_to_day} " " {row.day.clone()}</a></p>
        <h1 class="page-heading">{name}</h1>
        <p>{hint}</p>
        <dl class="admin-facts">
            {fact(words.state, words.difference_standing(row.standing).to_owned())}
            {number(words.about, row.subject)}
            {transaction_id.map(|id| number(words.transaction, id))}
            {out_trade_no.map(|it| number(words.order_number, it))}
            {order.map(|(id, name)| view! {
                <div><dt>{words.order}</dt><dd class="mono"><a href=format!("/admin/orders/{id}")>{name}</a></dd></div>
            })}
            {fact(words.in_bill, row.theirs)}
            {fact(words.in_books, row.ours)}
            {fact(words.answer, if answer.is_empty() { "—".to_owned() } else { answer })}
            {fact(words.found, found)}
            {fact(words.changed, changed)}
            {(who.is_empty() && !why.is_empty()).then(|| fact(words.details, why.clone()))}
            {(!who.is_empty()).then(|| fact(words.decided, format!("{who}: {why}")))}
        </dl>
        {if is_manager {
            view! {
                <form method="post" class="bill-decision">
                    <Csrf token=csrf/>
                    <Problem words=problem.to_owned()/>
                    <label for="why">{words.why}</label>
                    <p id="why-hint">{words.why_hint}</p>
                    <textarea id="why" name="why" maxlength="500" rows="3" aria-describedby="why-hint">{escaped(&typed)}</textarea>
                    {if is_open {
                        view! {
                            <button type="submit" name="to" value="EXPLAINED" class="button button--primary">{words.explain}</button>
                            <button type="submit" name="to" value="SETTLED" class="button">{words.settle}</button>
                        }.into_any()
                    } else {
                        view! { <button type="submit" name="to" value="OPEN" class="button">{words.reopen}</button> }.into_any()
                    }}
                </form>
            }.into_any()
        } else {
            view! { <p>{words.managers_only}</p> }.into_any()
        }}
    }
}
