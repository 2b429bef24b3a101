//! Following an order from the browser: one long poll after the other until nothing more is to come.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use gloo_timers::future::TimeoutFuture;
use leptos::{ev, prelude::*, task::spawn_local};

use crate::app::{
    api::watch_order,
    error::PublicError,
    view::{PayView, Stage},
};

/// Seconds the server may hold one poll.
const HOLD: u32 = 25;
/// Between two polls of a page nobody sees; being seen again ends the pause.
const HIDDEN_PAUSE_MS: u32 = 15_000;
const SLICE_MS: u32 = 250;
const FIRST_RETRY_MS: u32 = 1_000;
const LONGEST_RETRY_MS: u32 = 15_000;

/// Keeps `view` true while its component lives. `offline` tells when the server cannot be reached.
pub fn follow(view: RwSignal<PayView>, offline: RwSignal<bool>) {
    let alive = Arc::new(AtomicBool::new(true));
    let ended = Arc::clone(&alive);
    on_cleanup(move || ended.store(false, Ordering::Relaxed));

    let seen = Arc::clone(&alive);
    let listener = window_event_listener(ev::visibilitychange, move |_| {
        if !is_hidden() && seen.load(Ordering::Relaxed) && !view.read_untracked().is_final {
            spawn_local(async move {
                poll(view, 0).await.ok();
            });
        }
    });
    on_cleanup(move || listener.remove());

    spawn_local(async move {
        let mut retry = FIRST_RETRY_MS;
        while alive.load(Ordering::Relaxed) && !view.read_untracked().is_final {
            match poll(view, HOLD).await {
                Ok(()) => {
                    retry = FIRST_RETRY_MS;
                    offline.set(false);
                    pause(&alive, if is_hidden() { HIDDEN_PAUSE_MS } else { 0 }).await;
                }
                Err(PublicError::NoSuchOrder) => return,
                Err(_) => {
                    offline.set(true);
                    TimeoutFuture::new(retry).await;
                    retry = (retry * 2).min(LONGEST_RETRY_MS);
                }
            }
        }
    });
}

async fn poll(view: RwSignal<PayView>, hold: u32) -> Result<(), PublicError> {
    let (token, version) = view.with_untracked(|known| (known.token.clone(), known.version));
    let news = watch_order(token, version, hold).await?;
    // Two polls may overlap: the older answer must not win.
    if view.read_untracked().version <= news.version {
        view.set(news);
    }
    Ok(())
}

/// Waits while the page stays hidden, at most for `most`.
async fn pause(alive: &AtomicBool, most: u32) {
    let mut waited = 0;
    while waited < most && is_hidden() && alive.load(Ordering::Relaxed) {
        TimeoutFuture::new(SLICE_MS).await;
        waited += SLICE_MS;
    }
}

fn is_hidden() -> bool {
    document().visibility_state() == web_sys::VisibilityState::Hidden
}

/// Counts `seconds` down from now on, by the browser's clock and not by counting ticks, which a
/// hidden page gets fewer of.
#[expect(clippy::float_arithmetic, reason = "milliseconds of the browser's clock, no money")]
pub fn count_down(view: RwSignal<PayView>) -> RwSignal<i64> {
    let left = RwSignal::new(view.get_untracked().seconds_left);
    Effect::new(move |previous: Option<Option<IntervalHandle>>| {
        if let Some(handle) = previous.flatten() {
            handle.clear();
        }
        let now = view.get();
        left.set(now.seconds_left);
        if now.stage != Stage::Scan {
            return None;
        }
        let end = js_sys::Date::now() + f64::from(i32::try_from(now.seconds_left).unwrap_or(i32::MAX)) * 1000.0;
        let tick = move || {
            let seconds = ((end - js_sys::Date::now()) / 1000.0).ceil().max(0.0);
            #[expect(clippy::cast_possible_truncation, reason = "whole, not negative and below two hours")]
            left.set(seconds as i64);
        };
        let handle = set_interval_with_handle(tick, std::time::Duration::from_secs(1)).ok();
        on_cleanup(move || {
            if let Some(handle) = handle {
                handle.clear();
            }
        });
        handle
    });
    left
}

/// Puts the order's own address into the address bar, so that a reload or a second tab leads to its
/// page. Going back loads what was there before.
pub fn show_address(path: &str) {
    if let Ok(history) = window().history() {
        history.push_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(path)).ok();
    }
    let listener = window_event_listener(ev::popstate, |_| {
        window().location().reload().ok();
    });
    on_cleanup(move || listener.remove());
}
