use std::borrow::Cow;

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use serde::Serialize;

use super::{About, Problem};
use crate::app::{
    api::watch_order,
    bundle::Program,
    components::PayPanel,
    error::PublicError,
    island::Island,
    ssr,
    view::{Checked, PayView},
    words::{self, Orders, Standing},
};

/// Seconds between two looks of a page without JavaScript: of somebody who waits to pay, and of
/// somebody whose money is on its way back.
const REFRESH: (u32, u32) = (5, 30);

/// `/pay/{token}`: the pay panel as a page, for a reload, a second tab, and without JavaScript.
#[component]
pub fn Pay() -> impl IntoView {
    let token = use_params_map().read_untracked().get("token").unwrap_or_default();
    let words = words::Panel::of(ssr::language());
    let query = use_query_map().read_untracked().clone();
    let problem = query.get("problem").as_deref().and_then(PublicError::from_word);
    let answer = match query.get("checked").as_deref() {
        Some("not-yet") => Checked::NotYet.words(words),
        Some("unknown") => Checked::Unknown.words(words),
        _ => "",
    };
    let view = OnceResource::new_blocking(watch_order(token, 0, 0));
    view! {
        <Suspense>{move || {
            let problem = problem.clone();
            Suspend::new(async move {
                match view.await {
                    Ok(view) => view! {
                        <About
                            title=view.page_title.clone()
                            description=describe(&view)
                        />
                        {refresh(&view).map(|target| view! { <noscript><meta http-equiv="refresh" content=target/></noscript> })}
                        <h1 class="visually-hidden">{Orders::of(ssr::language()).order}</h1>
                        // What a form of the panel came back with.
                        {problem.map(|problem| view! {
                            <p class="notice--bad pay-problem" role="alert">{explain(problem)}</p>
                        })}
                        <Panel view answer/>
                        <Program/>
                    }.into_any(),
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })
        }}</Suspense>
    }
}

fn describe(view: &PayView) -> String {
    (Standing::of(ssr::language()).pay_description)(&view.title, &view.total, &view.payee)
}

/// To somebody who has the order before his eyes.
fn explain(problem: PublicError) -> Cow<'static, str> {
    match problem {
        PublicError::NoSuchOrder => words::Problem::of(ssr::language()).not_yours_at_all.into(),
        other => other.message(words::Buy::of(ssr::language())),
    }
}

/// What the panel is made of in the browser.
#[derive(Serialize)]
struct Given {
    words: String,
    view: PayView,
    answer: &'static str,
}

#[component]
fn Panel(view: PayView, answer: &'static str) -> impl IntoView {
    let words = words::Panel::of(ssr::language());
    let given = Given { words: words.lines(), view: view.clone(), answer };
    view! {
        <Island name="pay" given>
            <PayPanel words initial=view in_place=false answer=answer.to_owned()/>
        </Island>
    }
}

fn refresh(view: &PayView) -> Option<String> {
    let seconds = if view.stage.is_paid() { REFRESH.1 } else { REFRESH.0 };
    (!view.is_final).then(|| format!("{seconds};url=/pay/{}", view.token))
}
