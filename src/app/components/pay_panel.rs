//! The pay panel (design §3.4): what to pay, the code, the time left, and then the truth. One
//! component in two places: in the product page, and as the page of an order.

use leptos::{form::ActionForm, html, prelude::*};

use super::{
    QrCode,
    follow::{count_down, follow},
    status_text,
};
use crate::{
    app::{
        api::{CheckPayment, PlaceOrder},
        text,
        view::{Checked, CodeView, Device, PayView},
    },
    domain::{ClosedReason, OrderStatus},
};

/// The panel as an island of its own, for `/pay/{token}`. `checked` is what 我已完成支付 answered
/// when it was pressed without JavaScript.
#[island]
pub fn PayIsland(initial: PayView, checked: Option<Checked>) -> impl IntoView {
    view! { <PayPanel initial in_place=false checked/> }
}

/// `in_place`: it has just opened in a page, and takes the focus.
#[component]
pub fn PayPanel(
    initial: PayView,
    in_place: bool,
    checked: Option<Checked>,
) -> impl IntoView {
    let view = RwSignal::new(initial);
    let offline = RwSignal::new(false);
    let alive = RwSignal::new(false);
    let left = count_down(view);
    let heading = NodeRef::<html::H2>::new();
    Effect::new(move |_| {
        alive.set(true);
        follow(view, offline);
    });
    Effect::new(move |_| {
        if in_place && let Some(heading) = heading.get() {
            let _ = heading.focus();
        }
    });
    Effect::new(move |before: Option<OrderStatus>| {
        let now = view.read().status;
        if before.is_some_and(|before| before != now) {
            document().set_title(&format!("{} · {}", status_text(now), text::SITE));
        }
        now
    });
    // What is rebuilt when something changes: the body, not the countdown's every second.
    let stage = Memo::new(move |_| {
        let view = view.read();
        (view.status, view.overdue, view.code.clone())
    });
    view! {
        <section class="pay-panel" aria-labelledby="pay-heading">
            <header class="pay-panel__head">
                <h2 id="pay-heading" class="pay-panel__heading" tabindex="-1" node_ref=heading>
                    {move || heading_text(&view.read())}
                </h2>
                <p class="pay-panel__goods">{move || view.read().title.clone()}</p>
                <p class="pay-panel__amount">
                    <span class="pay-panel__sign" aria-hidden="true">"¥"</span>
                    {move || view.read().total.to_string()}
                    <span class="visually-hidden">" 元"</span>
                </p>
                <p class="pay-panel__payee">{text::PAYEE} "："{move || view.read().payee.clone()}</p>
            </header>
            <p class="visually-hidden" role="status">{move || if alive.get() { heading_text(&view.read()) } else { "" }}</p>
            {move || {
                stage.track();
                body(view, left, alive, checked)
            }}
            <p class="notice" role="status" hidden=move || !offline.get()>
                {move || if offline.get() { text::RECONNECTING } else { "" }}
            </p>
            <OrderNumber view alive/>
        </section>
    }
}

fn heading_text(view: &PayView) -> &'static str {
    match view.status {
        OrderStatus::NotPay if view.overdue => text::OVERDUE,
        OrderStatus::NotPay if view.code == CodeView::Refused => text::REFUSED,
        OrderStatus::NotPay => text::PAY,
        status => status_text(status),
    }
}

fn body(view: RwSignal<PayView>, left: RwSignal<i64>, alive: RwSignal<bool>, checked: Option<Checked>) -> AnyView {
    let now = view.get_untracked();
    match now.status {
        OrderStatus::NotPay if now.overdue => waiting_words(text::OVERDUE_HINT).into_any(),
        OrderStatus::NotPay => match now.code {
            CodeView::Ready(_) => view! { <Scan view left alive checked=checked/> }.into_any(),
            CodeView::Preparing { trouble: false } => waiting_words(text::PREPARING).into_any(),
            CodeView::Preparing { trouble: true } => waiting_words(text::PREPARING_TROUBLE).into_any(),
            CodeView::Refused => view! { <p class="notice notice--bad">{text::REFUSED_HINT}</p> }.into_any(),
            CodeView::Gone(_) => waiting_words(text::OVERDUE_HINT).into_any(),
        },
        OrderStatus::Closed(reason) => view! { <Closed view reason/> }.into_any(),
        OrderStatus::Success
        | OrderStatus::RefundProcessing
        | OrderStatus::RefundPartial
        | OrderStatus::RefundSuccess
        | OrderStatus::RefundAbnormal => view! { <Paid view/> }.into_any(),
    }
}

fn waiting_words(words: &'static str) -> impl IntoView {
    view! {
        <div class="pay-panel__waiting">
            <span class="spinner" aria-hidden="true"></span>
            <p>{words}</p>
        </div>
        <noscript><p class="notice">{text::WITHOUT_SCRIPT}</p></noscript>
    }
}

/// The code and what to do with it.
#[component]
fn Scan(
    view: RwSignal<PayView>,
    left: RwSignal<i64>,
    alive: RwSignal<bool>,
    checked: Option<Checked>,
) -> impl IntoView {
    let now = view.get_untracked();
    let CodeView::Ready(qr) = now.code else { return ().into_any() };
    let label = text::code_label(&now.title, &now.total.to_string());
    let device = match now.device {
        Device::Desktop => None,
        Device::Phone => Some(text::ON_PHONE),
        Device::WeChat => Some(text::IN_WECHAT),
    };
    view! {
        {device.map(|words| view! { <p class="notice">{words}</p> })}
        <div class="pay-panel__code"><QrCode qr label/></div>
        <p class="pay-panel__scan">{text::SCAN}</p>
        <p class="pay-panel__hint">{text::SCAN_HINT}</p>
        {now.phone.map(|phone| view! {
            <p><a class="button button--quiet" href=phone target="_blank" rel="noopener">{text::SANDBOX_SCAN}</a></p>
        })}
        <p class="pay-panel__time">
            <span hidden=move || !alive.get()>
                {text::TIME_LEFT} " "
                <span class="pay-panel__clock" role="timer">{move || text::clock(left.get())}</span>
            </span>
            <span hidden=move || alive.get()>{text::PAY_BEFORE} {now.deadline}</span>
        </p>
        <Ask token=now.token.to_string() checked/>
        <noscript><p class="notice">{text::WITHOUT_SCRIPT}</p></noscript>
    }
    .into_any()
}

/// 我已完成支付.
#[component]
fn Ask(token: String, checked: Option<Checked>) -> impl IntoView {
    let ask = ServerAction::<CheckPayment>::new();
    let answer = move || {
        if ask.pending().get() {
            return text::ASKING;
        }
        match ask.value().get().map_or(checked, |answer| Some(answer.unwrap_or(Checked::Unknown))) {
            None | Some(Checked::Settled) => "",
            Some(Checked::NotYet) => text::NOT_PAID_YET,
            Some(Checked::Unknown) => text::CANNOT_ASK,
        }
    };
    view! {
        <ActionForm action=ask>
            <input type="hidden" name="token" value=token/>
            <button type="submit" class="button" disabled=move || ask.pending().get()>{text::I_HAVE_PAID}</button>
        </ActionForm>
        <p class="pay-panel__answer" role="status">{answer}</p>
    }
}

#[component]
fn Paid(view: RwSignal<PayView>) -> impl IntoView {
    let now = view.get_untracked();
    let refund = !matches!(now.status, OrderStatus::Success);
    view! {
        <div class="pay-panel__done">
            <svg class="tick" viewBox="0 0 48 48" width="72" height="72" aria-hidden="true">
                <circle cx="24" cy="24" r="24"></circle>
                <path d="M14 25l7 7 14-15"></path>
            </svg>
        </div>
        {refund.then(|| view! { <p class="notice">{text::REFUND_HINT}</p> })}
        <dl class="facts">
            {now.paid_at.map(|at| view! { <div><dt>{text::PAID_AT}</dt><dd>{at}</dd></div> })}
            {now.transaction_id.map(|id| view! { <div><dt>{text::TRANSACTION_ID}</dt><dd class="number">{id}</dd></div> })}
        </dl>
        <p class="actions">
            <a class="button button--primary" href=format!("/pay/{}/receipt", now.token)>{text::SEE_RECEIPT}</a>
            <a class="button button--quiet" href="/">{text::CONTINUE}</a>
        </p>
    }
}

#[component]
fn Closed(view: RwSignal<PayView>, reason: ClosedReason) -> impl IntoView {
    let now = view.get_untracked();
    let hint = match reason {
        ClosedReason::Expired => text::EXPIRED_HINT,
        ClosedReason::Cancelled => text::CANCELLED_HINT,
    };
    let code = match now.code {
        CodeView::Gone(qr) => qr,
        _ => None,
    };
    let again = ServerAction::<PlaceOrder>::new();
    let placed = again.value();
    Effect::new(move |_| {
        if let Some(Ok(view)) = placed.get() {
            let _ = window().location().assign(&format!("/pay/{}", view.token));
        }
    });
    let error = move || placed.get().and_then(Result::err).map(|error| error.message());
    view! {
        {code.map(|qr| view! {
            <div class="pay-panel__code pay-panel__code--dead" aria-hidden="true"><QrCode qr label=String::new()/></div>
        })}
        <p class="pay-panel__hint">{hint}</p>
        <ActionForm action=again>
            <input type="hidden" name="product_id" value=now.product_id.0/>
            <button type="submit" class="button button--primary" disabled=move || again.pending().get()>
                {text::REFRESH_CODE}
            </button>
        </ActionForm>
        <div role="alert">{move || error().map(|message| view! { <p class="notice notice--bad">{message}</p> })}</div>
    }
}

#[component]
fn OrderNumber(view: RwSignal<PayView>, alive: RwSignal<bool>) -> impl IntoView {
    let copied = RwSignal::new(false);
    let copy = move |_| {
        let number = view.get_untracked().out_trade_no;
        let clipboard = window().navigator().clipboard();
        leptos::task::spawn_local(async move {
            if wasm_bindgen_futures::JsFuture::from(clipboard.write_text(&number)).await.is_ok() {
                copied.set(true);
            }
        });
    };
    view! {
        <p class="pay-panel__number">
            {text::ORDER_NO} " " <span class="number">{move || view.read().out_trade_no.clone()}</span> " "
            <button type="button" class="button--link" hidden=move || !alive.get() on:click=copy>
                {move || if copied.get() { text::COPIED } else { text::COPY }}
            </button>
        </p>
    }
}
