use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{About, Problem};
use crate::app::{api::watch_order, ssr, view::PayView, words::Orders};

/// `/pay/{token}/receipt`: a paid order on one printable page.
#[component]
pub fn Receipt() -> impl IntoView {
    let token = use_params_map().read_untracked().get("token").unwrap_or_default();
    let words = Orders::of(ssr::language());
    let view = OnceResource::new_blocking(watch_order(token, 0, 0));
    view! {
        <Suspense>{move || Suspend::new(async move {
            match view.await {
                Ok(view) if view.stage.is_paid() => view! { <Paper view/> }.into_any(),
                Ok(view) => view! {
                    <About title=words.receipt/>
                    <section class="message">
                        <h1>{words.receipt}</h1>
                        <p>{words.no_receipt}</p>
                        <p><a class="button" href=format!("/pay/{}", view.token)>{words.back}</a></p>
                    </section>
                }.into_any(),
                Err(error) => view! { <Problem error/> }.into_any(),
            }
        })}</Suspense>
    }
}

#[component]
fn Paper(view: PayView) -> impl IntoView {
    let words = Orders::of(ssr::language());
    let back = format!("/pay/{}", view.token);
    let fact = |name: &'static str, value: String| view! { <div><dt>{name}</dt><dd class="number">{value}</dd></div> };
    view! {
        <About title=words.receipt/>
        <article class="receipt">
            <h1>{words.receipt}</h1>
            <p class="receipt__payee">{view.payee}</p>
            <p class="receipt__amount"><span class="receipt__label">{words.paid_amount}</span> "¥" {view.total}</p>
            <dl class="facts">
                <div><dt>{words.goods}</dt><dd>{view.title}</dd></div>
                <div><dt>{words.status}</dt><dd>{view.heading}</dd></div>
                {(!view.refunded.is_empty()).then(|| view! {
                    {fact(words.refunded, format!("¥{}", view.refunded))}
                    {fact(words.kept_amount, format!("¥{}", view.net))}
                })}
                {fact(words.paid_at, view.paid_at)}
                {fact(words.order_no, view.out_trade_no)}
                {fact(words.transaction_id, view.transaction_id)}
            </dl>
            {(!view.refunds.is_empty()).then(|| view! {
                <section class="refunds">
                    <h2 class="refunds__heading">{words.refund_progress}</h2>
                    <p class="refunds__lines number">{view.refunds}</p>
                </section>
            })}
            {(!view.words.is_empty()).then(|| view! { <p class="receipt__note">{view.words}</p> })}
            <p class="receipt__note">{words.receipt_note}</p>
            <p class="actions"><Print/> <a class="button button--quiet" href=back>{words.back}</a></p>
        </article>
    }
}

/// Prints the page. Without JavaScript there is no such button: the browser's own menu does it.
#[component]
fn Print() -> impl IntoView {
    let words = Orders::of(ssr::language());
    view! {
        <button type="button" class="button button--quiet" hidden>{words.print}</button>
        <script nonce=use_nonce()>{include_str!("../print.js")}</script>
    }
}
