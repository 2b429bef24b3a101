use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::Problem;
use crate::app::{
    api::watch_order,
    components::PayIsland,
    error::PublicError,
    text,
    view::{Checked, PayView},
};

/// Seconds between two looks of a page without JavaScript: of somebody who waits to pay, and of
/// somebody whose money is on its way back.
const REFRESH: (u32, u32) = (5, 30);

/// `/pay/{token}`: the pay panel as a page, for a reload, a second tab, and without JavaScript.
#[component]
pub fn Pay() -> impl IntoView {
    let token = use_params_map().read_untracked().get("token").unwrap_or_default();
    let query = use_query_map().read_untracked().clone();
    let problem = query.get("problem").as_deref().and_then(PublicError::from_word);
    let checked = match query.get("checked").as_deref() {
        Some("not-yet") => Some(Checked::NotYet),
        Some("unknown") => Some(Checked::Unknown),
        _ => None,
    };
    let view = OnceResource::new_blocking(watch_order(token, 0, 0));
    view! {
        <Suspense>{move || {
            let problem = problem.clone();
            Suspend::new(async move {
                match view.await {
                    Ok(view) => view! {
                        <Title text=view.page_title.clone()/>
                        {refresh(&view).map(|target| view! { <noscript><meta http-equiv="refresh" content=target/></noscript> })}
                        <h1 class="visually-hidden">{text::PAY}</h1>
                        // What a form of the panel came back with.
                        {problem.map(|problem| view! {
                            <p class="notice--bad pay-problem" role="alert">{problem.message()}</p>
                        })}
                        <PayIsland initial=view checked/>
                    }.into_any(),
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })
        }}</Suspense>
    }
}

fn refresh(view: &PayView) -> Option<String> {
    let seconds = if view.stage.is_paid() { REFRESH.1 } else { REFRESH.0 };
    (!view.is_final).then(|| format!("{seconds};url=/pay/{}", view.token))
}
