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
    let is_open = row.standing == DifferenceStanding::Open;
    view! {
        <p><a href=format!("/admin/bills/{}", row.day)>{words.back_to_day} " " {row.day.clone()}</a></p>
        <h1 class="page-heading">{name}</h1>
        <p>{hint}</p>
        <dl class="admin-facts">
            <dt>{words.state}</dt><dd>{words.difference_standing(row.standing)}</dd>
            <dt>{words.about}</dt><dd class="mono">{row.subject}</dd>
            {transaction_id.map(|id| view! { <dt>"transaction_id"</dt><dd class="mono">{id}</dd> })}
            {out_trade_no.map(|number| view! { <dt>"out_trade_no"</dt><dd class="mono">{number}</dd> })}
            {order.map(|order| view! { <dt>{words.order}</dt><dd><a href=format!("/admin/orders/{order}")>{order.clone()}</a></dd> })}
            <dt>{words.in_bill}</dt><dd>{row.theirs}</dd>
            <dt>{words.in_books}</dt><dd>{row.ours}</dd>
            <dt>{words.answer}</dt><dd>{if row.answer.is_empty() { "—".to_owned() } else { row.answer }}</dd>
            <dt>{words.found}</dt><dd>{found}</dd>
            <dt>{words.changed}</dt><dd>{changed}</dd>
            {(!who.is_empty()).then(|| view! { <dt>{words.decided}</dt><dd>{who} ": " {why}</dd> })}
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
