//! The pay panel (design §3.4): what to pay, the code, the time left, and then the truth. One
//! component in two places: in the product page, and as the page of an order.
//!
//! Its elements are always there; a stage hides what does not belong to it. Texts and attributes
//! are [`Signal`]s of two types, not closures of a type each; what changes the order are links and
//! plain forms, after which its page is loaded anew: that keeps the bundle small.

use leptos::{ev::SubmitEvent, html, prelude::*, server_fn::ServerFn, task::spawn_local};

use super::{
    Deadline, Live, QrCode, Reloads,
    focus::{focus, rescue_focus},
    follow::{count_down, follow},
};
use crate::app::{
    api::{CheckPayment, RenewCode},
    error::PublicError,
    view::{Checked, PayView, Stage},
    wire::check_payment,
    words,
};

/// This is the browser, and whatever needs it can be shown.
const ALIVE: bool = !cfg!(feature = "ssr");

/// What the parts of a panel share.
#[derive(Clone, Copy)]
struct Panel {
    view: RwSignal<PayView>,
    words: &'static words::Panel,
}

impl Panel {
    fn text(self, text: fn(&PayView) -> String) -> Signal<String> {
        Signal::derive(move || text(&self.view.read()))
    }

    fn unless(self, shown: fn(&PayView) -> bool) -> Signal<bool> {
        Signal::derive(move || !shown(&self.view.read()))
    }
}

/// `in_place`: it has just opened in a page, and takes the focus. `answer` is what 我已完成支付 answered when it
/// was pressed without JavaScript.
#[component]
pub fn PayPanel(words: &'static words::Panel, initial: PayView, in_place: bool, answer: String) -> impl IntoView {
    // Whoever cannot be kept up to date by this program finds these, see `follow.js`.
    let (order, version) = ((!initial.is_final).then(|| initial.token.clone()), initial.version.to_string());
    let view = RwSignal::new(initial);
    let panel = Panel { view, words };
    let offline = RwSignal::new(false);
    let told = RwSignal::new(String::new());
    let left = count_down(view);
    let heading = NodeRef::<html::H2>::new();
    Effect::new(move || {
        follow(view, offline);
        if in_place {
            focus(heading);
        }
    });
    Effect::new(move |before: Option<Stage>| {
        let now = view.read().stage;
        let has_changed = before.is_some_and(|before| before != now);
        if has_changed || (in_place && before.is_none()) {
            let now = view.read_untracked();
            document().set_title(&words::title(&now.page_title, &now.payee));
        }
        if has_changed {
            told.set(view.read_untracked().heading.clone());
            rescue_focus(heading);
        }
        now
    });
    view! {
        <section class="pay-panel" aria-labelledby="pay-heading" data-order=order data-version=version>
            <Head panel heading told/>
            <Waiting panel/>
            <Scan panel left answer/>
            <Paid panel/>
            <Closed panel/>
            // The region is always there, so that what appears in it is read aloud.
            <div class="pay-panel__line" role="status">
                <p class="notice" hidden=Signal::derive(move || !offline.get())>{words.reconnecting}</p>
            </div>
            <OrderNumber panel/>
        </section>
    }
}

#[component]
fn Head(panel: Panel, heading: NodeRef<html::H2>, told: RwSignal<String>) -> impl IntoView {
    let words = panel.words;
    let now = panel.view.get_untracked();
    view! {
        <header class="pay-panel__head">
            <div class="pay-panel__tick" aria-hidden="true" hidden=panel.unless(|view| view.stage == Stage::Paid)>
                <svg class="tick" viewBox="0 0 48 48" width="72" height="72">
                    <circle cx="24" cy="24" r="24"></circle>
                    <path d="M14 25l7 7 14-15"></path>
                </svg>
            </div>
            <h2 id="pay-heading" class="pay-panel__heading" tabindex="-1" node_ref=heading>
                <Live words=panel.text(|view| view.heading.clone())/>
            </h2>
            <p class="pay-panel__goods">{now.title}</p>
            <p class="pay-panel__amount" translate="no">
                <span class="pay-panel__sign" aria-hidden="true">"¥"</span>
                {now.total}
                <span class="visually-hidden">{words.yuan}</span>
            </p>
            <p class="pay-panel__payee">{words.payee} <span translate="no">{now.payee}</span></p>
            // Read aloud when it changes; the heading alone would not be.
            <p class="visually-hidden" role="status"><Live words=told.into()/></p>
        </header>
    }
}

/// There is nothing to scan yet, or any more, and the end is open.
#[component]
fn Waiting(panel: Panel) -> impl IntoView {
    view! {
        <div class="pay-panel__waiting" hidden=panel.unless(|view| view.stage.is_waiting())>
            <span class="spinner" aria-hidden="true" hidden=panel.unless(|view| view.stage != Stage::Refused)></span>
            <p><Live words=panel.text(|view| view.words.clone())/></p>
            <Reloads/>
        </div>
    }
}

/// The code and what to do with it.
#[component]
fn Scan(panel: Panel, left: RwSignal<i64>, answer: String) -> impl IntoView {
    let words = panel.words;
    let now = panel.view.get_untracked();
    let label = [words.code, &now.title, words.comma, &now.total, words.yuan].concat();
    let is_able = now.device_hint.is_empty();
    view! {
        <div class="pay-panel__body" hidden=panel.unless(|view| view.stage == Stage::Scan)>
            <p class="notice" hidden=is_able>{now.device_hint}</p>
            <div class="pay-panel__code"><QrCode qr=Signal::derive(move || panel.view.read().qr.clone()) label/></div>
            <p class="pay-panel__scan">{words.scan}</p>
            <p class="pay-panel__hint">{words.scan_hint}</p>
            <p hidden=panel.unless(|view| !view.phone.is_empty())>
                <a class="button button--quiet" href=panel.text(|view| view.phone.clone()) target="_blank" rel="noopener">
                    {words.sandbox_scan}
                </a>
            </p>
            <p class="pay-panel__time">
                <span hidden=!ALIVE>
                    {words.time_left} " "
                    <span class="pay-panel__clock" role="timer" translate="no">
                        <Live words=Signal::derive(move || words::clock(left.get()))/>
                    </span>
                </span>
                <Deadline at=now.deadline/>
            </p>
            <Ask words token=now.token answer/>
            <Renew panel shown=|view| view.mine ask=words.code_trouble class="button--link" label=words.change_code/>
            <Reloads/>
        </div>
    }
}

/// 我已完成支付.
#[component]
fn Ask(words: &'static words::Panel, token: String, answer: String) -> impl IntoView {
    let busy = RwSignal::new(false);
    // Not `disabled`, which would take the keyboard's focus away.
    let is_busy = Signal::derive(move || busy.get().to_string());
    let answer = RwSignal::new(answer);
    let asked = token.clone();
    let ask = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let token = asked.clone();
        busy.set(true);
        answer.set(words.asking.to_owned());
        spawn_local(async move {
            answer.set(match check_payment(&token).await {
                Ok(checked) => checked.words(words).to_owned(),
                Err(PublicError::ReadOnly) => words.read_only.to_owned(),
                Err(PublicError::Presses) => words.presses.to_owned(),
                Err(_) => Checked::Unknown.words(words).to_owned(),
            });
            busy.set(false);
        });
    };
    view! {
        <form method="post" action=CheckPayment::url() on:submit=ask>
            <input type="hidden" name="token" value=token/>
            <button type="submit" class="button" aria-disabled=is_busy>{words.i_have_paid}</button>
        </form>
        <p class="pay-panel__answer" role="status"><Live words=answer.into()/></p>
    }
}

/// Another code in place of the one that the page shows.
#[component]
fn Renew(
    panel: Panel,
    shown: fn(&PayView) -> bool,
    ask: &'static str,
    class: &'static str,
    label: &'static str,
) -> impl IntoView {
    let token = panel.view.read_untracked().token.clone();
    view! {
        <form class="pay-panel__renew" method="post" action=RenewCode::url() hidden=panel.unless(shown)>
            {ask}
            <input type="hidden" name="token" value=token/>
            <input type="hidden" name="out_trade_no" value=panel.text(|view| view.out_trade_no.clone())/>
            <button type="submit" class=class>{label}</button>
        </form>
    }
}

#[component]
fn Paid(panel: Panel) -> impl IntoView {
    let words = panel.words;
    let receipt = ["/pay/", &panel.view.read_untracked().token, "/receipt"].concat();
    view! {
        <div class="pay-panel__body" hidden=panel.unless(|view| view.stage.is_paid())>
            <p class="notice" hidden=panel.unless(|view| !view.words.is_empty())>
                <Live words=panel.text(|view| view.words.clone())/>
            </p>
            <dl class="facts">
                <div><dt>{words.paid_at}</dt><dd class="number" translate="no"><Live words=panel.text(|view| view.paid_at.clone())/></dd></div>
                <div>
                    <dt>{words.transaction_id}</dt>
                    <dd class="number" translate="no"><Live words=panel.text(|view| view.transaction_id.clone())/></dd>
                </div>
                <div hidden=panel.unless(|view| !view.refunded.is_empty())>
                    <dt>{words.refunded}</dt>
                    <dd class="number" translate="no">"¥" <Live words=panel.text(|view| view.refunded.clone())/></dd>
                </div>
            </dl>
            <div class="refunds" hidden=panel.unless(|view| !view.refunds.is_empty())>
                <h3 class="refunds__heading">{words.refund_progress}</h3>
                <p class="refunds__lines number"><Live words=panel.text(|view| view.refunds.clone())/></p>
            </div>
            <p class="actions">
                <a class="button button--primary" href=receipt>{words.see_receipt}</a>
                <a class="button button--quiet" href="/">{words.go_on}</a>
            </p>
        </div>
    }
}

const fn can_refresh(view: &PayView) -> bool {
    view.mine && matches!(view.stage, Stage::Expired)
}

#[component]
fn Closed(panel: Panel) -> impl IntoView {
    let words = panel.words;
    let product = ["/products/", &panel.view.read_untracked().product_id.to_string()].concat();
    view! {
        <div class="pay-panel__body" hidden=panel.unless(|view| view.stage.is_closed())>
            <div class="pay-panel__code pay-panel__code--dead" aria-hidden="true">
                <QrCode qr=Signal::derive(move || panel.view.read().qr.clone()) label=String::new()/>
            </div>
            <p class="pay-panel__hint"><Live words=panel.text(|view| view.words.clone())/></p>
            <Renew panel shown=can_refresh ask="" class="button button--primary" label=words.refresh_code/>
            <p class="pay-panel__again" hidden=panel.unless(|view| !can_refresh(view))>
                <a class="button button--primary" href=product>{words.buy_again}</a>
            </p>
        </div>
    }
}

/// Of the current code; another code has another one.
#[component]
fn OrderNumber(panel: Panel) -> impl IntoView {
    let words = panel.words;
    let cancel = ["/pay/", &panel.view.read_untracked().token, "/cancel"].concat();
    let copied = RwSignal::new(words.copy.to_owned());
    let copy = move |_| {
        let clipboard = window().navigator().clipboard();
        let written = clipboard.write_text(&panel.view.read_untracked().out_trade_no);
        spawn_local(async move {
            if wasm_bindgen_futures::JsFuture::from(written).await.is_ok() {
                copied.set(words.copied.to_owned());
            }
        });
    };
    view! {
        <p class="pay-panel__number">
            {words.order_no} " "
            <span class="number" translate="no"><Live words=panel.text(|view| view.out_trade_no.clone())/></span> " "
            <button type="button" class="button--link" hidden=!ALIVE on:click=copy><Live words=copied.into()/></button>
            <a class="pay-panel__cancel" href=cancel hidden=panel.unless(|view| view.mine && view.stage.is_payable())>
                {words.cancel}
            </a>
        </p>
    }
}
