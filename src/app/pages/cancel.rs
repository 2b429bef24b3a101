use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_params_map;

use super::{About, NotYours, Problem};
use crate::app::{
    api::{CancelOrder, watch_order},
    ssr,
    view::PayView,
    words::Orders,
};

/// `/pay/{token}/cancel`: asks once more before an order is called off. A page of its own: without
/// JavaScript that of the order loads itself anew every few seconds, whatever somebody does there.
#[component]
pub fn Cancel() -> impl IntoView {
    let token = use_params_map().read_untracked().get("token").unwrap_or_default();
    let words = Orders::of(ssr::language());
    let view = OnceResource::new_blocking(watch_order(token, 0, 0));
    view! {
        <Suspense>{move || Suspend::new(async move {
            match view.await {
                Ok(view) if !view.mine => view! { <NotYours/> }.into_any(),
                Ok(view) if view.stage.is_payable() => view! { <Question view/> }.into_any(),
                Ok(view) => view! {
                    <About title=words.cancel/>
                    <section class="message">
                        <h1>{words.cannot_cancel}</h1>
                        <p>{words.cannot_cancel_hint}</p>
                        <p><a class="button" href=format!("/pay/{}", view.token)>{words.back}</a></p>
                    </section>
                }.into_any(),
                Err(error) => view! { <Problem error/> }.into_any(),
            }
        })}</Suspense>
    }
}

#[component]
fn Question(view: PayView) -> impl IntoView {
    let words = Orders::of(ssr::language());
    let back = format!("/pay/{}", view.token);
    view! {
        <About title=words.cancel/>
        <section class="message">
            <h1>{words.cancel_question}</h1>
            <p>{view.title} " ¥" {view.total}</p>
            <p>{words.cancel_hint}</p>
            <form method="post" action=CancelOrder::url()>
                <input type="hidden" name="token" value=view.token/>
                <div class="actions">
                    <button type="submit" class="button button--primary">{words.cancel_confirm}</button>
                    <a class="button" href=back>{words.cancel_not}</a>
                </div>
            </form>
        </section>
    }
}
