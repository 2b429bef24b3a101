//! Following an order from the browser: one long poll after the other until nothing more is to come. It ends with
//! the page.

use std::{cell::Cell, rc::Rc};

use gloo_timers::future::TimeoutFuture;
use leptos::{ev, prelude::*, task::spawn_local};

use crate::app::{
    error::PublicError,
    view::{PayView, Stage},
    wire::watch_order,
};

/// Seconds the server may hold one poll.
const HOLD: u32 = 25;
/// Between two polls of a page nobody sees; being seen again ends the pause.
const HIDDEN_PAUSE_MS: u32 = 15_000;
const FIRST_RETRY_MS: u32 = 1_000;
const LONGEST_RETRY_MS: u32 = 15_000;

/// Keeps `view` true. `offline` tells when the server cannot be reached.
pub(crate) fn follow(view: RwSignal<PayView>, offline: RwSignal<bool>) {
    let follower = Follower { view, offline, turn: Rc::default() };
    let seen = follower.clone();
    drop(window_event_listener(ev::visibilitychange, move |_| {
        if !is_hidden() {
            seen.start(0);
        }
    }));
    let back = follower.clone();
    drop(window_event_listener(ev::online, move |_| back.start(0)));
    drop(window_event_listener(ev::offline, move |_| offline.set(!view.read_untracked().is_final)));
    follower.start(HOLD);
}

#[derive(Clone)]
struct Follower {
    view: RwSignal<PayView>,
    offline: RwSignal<bool>,
    /// Which of the runs counts: what an earlier one still waits for may never come.
    turn: Rc<Cell<u32>>,
}

impl Follower {
    /// Asks, and goes on asking. `hold` is for how long the first answer may be held.
    fn start(&self, hold: u32) {
        let turn = self.turn.get().wrapping_add(1);
        self.turn.set(turn);
        spawn_local(self.clone().run(turn, hold));
    }

    async fn run(self, turn: u32, mut hold: u32) {
        let mut retry = FIRST_RETRY_MS;
        while !self.view.read_untracked().is_final {
            let (token, version) = self.view.with_untracked(|known| (known.token.clone(), known.version));
            let news = watch_order(&token, version, hold).await;
            if self.turn.get() != turn {
                return;
            }
            self.offline.set(news.is_err());
            match news {
                Ok(news) => {
                    self.show(news);
                    (hold, retry) = (HOLD, FIRST_RETRY_MS);
                    TimeoutFuture::new(if is_hidden() { HIDDEN_PAUSE_MS } else { 0 }).await;
                }
                Err(PublicError::NoSuchOrder) => return,
                Err(_) => {
                    TimeoutFuture::new(retry).await;
                    (hold, retry) = (0, (retry * 2).min(LONGEST_RETRY_MS));
                }
            }
            if self.turn.get() != turn {
                return;
            }
        }
    }

    /// What WeChat's answer to a press has shown meanwhile may be newer.
    fn show(&self, news: PayView) {
        if self.view.read_untracked().version <= news.version {
            self.view.set(news);
        }
    }
}

fn is_hidden() -> bool {
    document().visibility_state() == web_sys::VisibilityState::Hidden
}

/// Counts `seconds` down from now on, by the browser's clock and not by counting ticks, which a
/// hidden page gets fewer of.
#[expect(clippy::float_arithmetic, reason = "milliseconds of the browser's clock, no money")]
pub(crate) fn count_down(view: RwSignal<PayView>) -> RwSignal<i64> {
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
        set_interval_with_handle(tick, std::time::Duration::from_secs(1)).ok()
    });
    left
}

/// Puts the order's own address into the address bar, so that a reload or a second tab leads to its
/// page. Going back loads what was there before; coming back here, `islands.js` sees to it.
pub(crate) fn show_address(path: String) {
    if let Ok(history) = window().history() {
        history.push_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&path)).ok();
    }
    drop(window_event_listener(ev::popstate, move |_| {
        if window().location().pathname().is_ok_and(|now| now != path) {
            window().location().reload().ok();
        }
    }));
}
