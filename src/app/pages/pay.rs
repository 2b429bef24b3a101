use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::Problem;
use crate::app::{api::watch_order, components::PayIsland, text, view::Checked};

/// Seconds between two looks of a page without JavaScript.
const REFRESH: &str = "5";

/// `/pay/{token}`: the pay panel as a page, for a reload, a second tab, and without JavaScript.
#[component]
pub fn Pay() -> impl IntoView {
    let token = use_params_map().read_untracked().get("token").unwrap_or_default();
    let checked = match use_query_map().read_untracked().get("checked").as_deref() {
        Some("not-yet") => Some(Checked::NotYet),
        Some("unknown") => Some(Checked::Unknown),
        _ => None,
    };
    let view = OnceResource::new_blocking(watch_order(token, 0, 0));
    view! {
        <Suspense>{move || Suspend::new(async move {
            match view.await {
                Ok(view) => view! {
                    <Title text=view.page_title()/>
                    {(!view.stage.is_final()).then(|| {
                        let target = format!("{REFRESH};url=/pay/{}", view.token);
                        view! { <noscript><meta http-equiv="refresh" content=target/></noscript> }
                    })}
                    <h1 class="visually-hidden">{text::PAY}</h1>
                    <PayIsland initial=view checked/>
                }.into_any(),
                Err(error) => view! { <Problem error/> }.into_any(),
            }
        })}</Suspense>
    }
}
