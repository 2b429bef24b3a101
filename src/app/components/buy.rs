//! The buy form of the product page. With JavaScript the pay panel opens in place; without, the
//! form leads to the order's own page.

use leptos::{ev::SubmitEvent, prelude::*, server_fn::ServerFn, task::spawn_local};

use super::{Live, PayPanel, follow};
use crate::app::{api::PlaceOrder, view::PayView, wire::place_order, words};

/// `problem` is what an attempt without JavaScript came back with.
#[component]
pub fn Buy(
    words: &'static words::Buy,
    panel: &'static words::Panel,
    product_id: String,
    problem: String,
) -> impl IntoView {
    let placed = RwSignal::new(None::<PayView>);
    let busy = RwSignal::new(false);
    let error = RwSignal::new(problem);
    let wanted = product_id.clone();
    let place = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let product_id = wanted.clone();
        busy.set(true);
        error.set(String::new());
        spawn_local(async move {
            match place_order(product_id).await {
                Ok(view) => {
                    follow::show_address(["/pay/", &view.token].concat());
                    placed.set(Some(view));
                }
                Err(problem) => error.set(problem.message(words).into_owned()),
            }
            busy.set(false);
        });
    };
    // Not `disabled`, which would take the keyboard's focus away.
    let is_busy = Signal::derive(move || busy.get().to_string());
    let label = Signal::derive(move || if busy.get() { words.buying } else { words.buy }.to_owned());
    view! {
        <div class="buy" hidden=Signal::derive(move || placed.read().is_some())>
            <form method="post" action=PlaceOrder::url() on:submit=place>
                <input type="hidden" name="product_id" value=product_id/>
                <button type="submit" class="button button--primary button--wide" aria-disabled=is_busy>
                    <Live words=label/>
                </button>
            </form>
            <p class="buy__hint">{words.buy_hint}</p>
            <p class="notice--bad" role="alert"><Live words=error.into()/></p>
        </div>
        {move || placed.get().map(|view| view! { <PayPanel words=panel initial=view in_place=true answer=String::new()/> })}
    }
}
