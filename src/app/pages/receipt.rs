use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{About, Problem};
use crate::app::{api::watch_order, text, view::PayView};

/// `/pay/{token}/receipt`: a paid order on one printable page.
#[component]
pub fn Receipt() -> impl IntoView {
    let token = use_params_map().read_untracked().get("token").unwrap_or_default();
    let view = OnceResource::new_blocking(watch_order(token, 0, 0));
    view! {
        <Suspense>{move || Suspend::new(async move {
            match view.await {
                Ok(view) if view.stage.is_paid() => view! { <Paper view/> }.into_any(),
                Ok(view) => view! {
                    <About title=text::RECEIPT/>
                    <section class="message">
                        <h1>{text::RECEIPT}</h1>
                        <p>{text::NOT_PAID_NO_RECEIPT}</p>
                        <p><a class="button" href=format!("/pay/{}", view.token)>{text::BACK_TO_ORDER}</a></p>
                    </section>
                }.into_any(),
                Err(error) => view! { <Problem error/> }.into_any(),
            }
        })}</Suspense>
    }
}

#[component]
fn Paper(view: PayView) -> impl IntoView {
    let back = format!("/pay/{}", view.token);
    let fact = |name: &'static str, value: String| view! { <div><dt>{name}</dt><dd class="number">{value}</dd></div> };
    view! {
        <About title=text::RECEIPT/>
        <article class="receipt">
            <h1>{text::RECEIPT}</h1>
            <p class="receipt__payee">{view.payee}</p>
            <p class="receipt__amount"><span class="receipt__label">{text::PAID_AMOUNT}</span> "¥" {view.net}</p>
            <dl class="facts">
                <div><dt>{text::GOODS}</dt><dd>{view.title}</dd></div>
                <div><dt>{text::STATUS}</dt><dd>{view.heading}</dd></div>
                {(!view.refunded.is_empty()).then(|| view! {
                    {fact(text::ORIGINAL_AMOUNT, format!("¥{}", view.total))}
                    {fact(text::REFUNDED, format!("¥{}", view.refunded))}
                })}
                {fact(text::PAID_AT, view.paid_at)}
                {fact(text::ORDER_NO, view.out_trade_no)}
                {fact(text::TRANSACTION_ID, view.transaction_id)}
            </dl>
            {(!view.refunds.is_empty()).then(|| view! {
                <section class="refunds">
                    <h2 class="refunds__heading">{text::REFUND_PROGRESS}</h2>
                    <p class="refunds__lines number">{view.refunds}</p>
                </section>
            })}
            {(!view.words.is_empty()).then(|| view! { <p class="receipt__note">{view.words}</p> })}
            <p class="receipt__note">{text::RECEIPT_NOTE}</p>
            <p class="actions"><Print/> <a class="button button--quiet" href=back>{text::BACK_TO_ORDER}</a></p>
        </article>
    }
}

/// Prints the page. Without JavaScript there is no such button: the browser's own menu does it.
#[component]
fn Print() -> impl IntoView {
    view! {
        <button type="button" class="button button--quiet" hidden>{text::PRINT}</button>
        <script nonce=use_nonce()>{include_str!("../print.js")}</script>
    }
}
