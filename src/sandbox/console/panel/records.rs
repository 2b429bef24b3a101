//! Refunds and notifications for people, and a refund by hand as the merchant console makes it.

use jiff::Timestamp;

use super::view::Message;
use crate::sandbox::{
    books::{
        delivery::{Attempt, Delivery, Outcome, Reason, State},
        ledger::Ledger,
        order::Order,
        refund::{Refund, RefundStatus, Source},
    },
    console::html::{Live, Page, RECORDS, Shape, clock, escape, shell, short, time, yuan},
};

/// How much of each is shown.
const REFUNDS: usize = 30;
const DELIVERIES: usize = 30;
const ORDERS: usize = 30;
/// How far back to look for orders with something left to refund.
const LOOKED_AT: usize = 500;

pub(super) fn page(ledger: &Ledger, now: Timestamp, message: &Message<'_>) -> String {
    let orders = ledger.paid_orders().rev().take(LOOKED_AT).filter(|order| ledger.refundable(order) > 0);
    let main = format!(
        r#"<h1>退款与回调</h1>
<p class="hint">谁退了什么，平台又告诉了商户什么。最近的在前。</p>
{message}
{console}
<h2>退款</h2>
{refunds}
<h2>回调</h2>
{deliveries}
<p class="back"><a href="{RECORDS}">刷新</a></p>"#,
        message = message.html(),
        console = console(orders.take(ORDERS)),
        refunds = list(ledger.refunds().rev().take(REFUNDS).map(|it| refund(it, now)), "还没有退款。"),
        deliveries = list(ledger.deliveries().take(DELIVERIES).map(|it| delivery(it, now)), "还没有回调。"),
    );
    shell(&Page { title: "退款与回调", path: RECORDS, shape: Shape::Desk, live: Live::No }, &main)
}

fn list(items: impl Iterator<Item = String>, empty: &str) -> String {
    let items: String = items.collect();
    if items.is_empty() {
        format!(r#"<p class="empty">{empty}</p>"#)
    } else {
        format!(r#"<ul class="records">{items}</ul>"#)
    }
}

fn console<'a>(orders: impl Iterator<Item = &'a Order>) -> String {
    let options: String = orders.map(option).collect();
    if options.is_empty() {
        return r#"<p class="empty">付过款的订单可以在这里退款，就像在商户平台上那样。</p>"#.to_owned();
    }
    format!(
        r#"<form class="knobs" action="{RECORDS}/refund" method="post"><fieldset><legend>在商户平台退款</legend>
<div class="knob"><label for="out_trade_no">订单</label><select id="out_trade_no" name="out_trade_no">{options}</select></div>
<div class="knob"><label for="amount">金额（元）</label><input id="amount" name="amount" inputmode="decimal" autocomplete="off" pattern="[0-9]{{1,12}}([.][0-9]{{1,2}})?" aria-describedby="help-amount"><p class="help" id="help-amount">留空为全部余额。</p></div>
<div class="knob"><label for="notice">通知商户</label><select id="notice" name="notice" aria-describedby="help-notice"><option value="v2">v2 XML</option><option value="v3">v3</option><option value="none">不通知</option></select><p class="help" id="help-notice">商户平台上的退款通常以 v2 XML 通知。</p></div>
</fieldset><div class="apply"><button>退款</button></div></form>"#
    )
}

fn option(order: &Order) -> String {
    let (number, title) = (escape(&order.out_trade_no), escape(&order.description));
    format!(r#"<option value="{number}">{title} {number}</option>"#)
}

fn refund(refund: &Refund, now: Timestamp) -> String {
    let number = escape(&refund.out_refund_no);
    let source = match refund.source {
        Source::Api { .. } => "接口",
        Source::Console => "商户平台",
    };
    format!(
        r#"<li><span class="title">{status} <span class="term">{code}</span></span><span class="sum">{sum}</span><span class="meta number">{number}</span><span class="meta">订单 <span class="tail">{order}</span></span><span class="meta">{source} {made}</span>{actions}</li>"#,
        status = status(refund.status),
        code = refund.status.as_str(),
        sum = yuan(refund.amount),
        order = escape(&short(&refund.out_trade_no)),
        made = clock(time(refund.created_ms), now),
        actions = actions(refund, &number),
    )
}

/// Where the refund may go from here.
fn actions(refund: &Refund, number: &str) -> String {
    use RefundStatus::{Abnormal, Closed, Success};
    let buttons: String = [Success, Closed, Abnormal]
        .into_iter()
        .filter(|to| refund.status.may_become(*to))
        .map(|to| button(number, to))
        .collect();
    if buttons.is_empty() {
        return String::new();
    }
    format!(
        r#"<form action="{RECORDS}/move" method="post"><input type="hidden" name="out_refund_no" value="{number}">{buttons}</form>"#
    )
}

fn button(number: &str, to: RefundStatus) -> String {
    let (value, name) = (to.as_str(), status(to));
    format!(
        r#"<button class="secondary" name="status" value="{value}" aria-label="把退款 {number} 改为{name}">改为{name}</button>"#
    )
}

const fn status(status: RefundStatus) -> &'static str {
    match status {
        RefundStatus::Processing => "处理中",
        RefundStatus::Success => "成功",
        RefundStatus::Closed => "已关闭",
        RefundStatus::Abnormal => "异常",
    }
}

fn delivery(delivery: &Delivery, now: Timestamp) -> String {
    let state = match (delivery.progress.state, delivery.progress.next_try_ms) {
        (State::Accepted, _) => "已接收".to_owned(),
        (State::GivenUp, _) => "已放弃".to_owned(),
        (State::Pending, None) => "等退款回调".to_owned(),
        (State::Pending, Some(at)) => format!("下次 {}", clock(time(at), now)),
    };
    let about = delivery.subject.out_refund_no().or_else(|| delivery.subject.out_trade_no());
    let last = delivery.attempts.last().map(|attempt| format!("，{}", outcome(attempt))).unwrap_or_default();
    format!(
        r#"<li><span class="title term">{event}</span><span class="sum">{state}</span><span class="meta number">{about}</span><span class="meta">{made}</span><span class="meta">已发 {count} 次{last}</span><form action="{RECORDS}/redeliver" method="post"><button class="secondary" name="number" value="{number}" aria-label="重发回调 {number}">重发</button></form></li>"#,
        number = delivery.number,
        event = delivery.subject.event_type().unwrap_or("v2 XML"),
        about = escape(about.unwrap_or_default()),
        made = clock(time(delivery.created_ms), now),
        count = delivery.attempts.len(),
    )
}

fn outcome(attempt: &Attempt) -> String {
    match &attempt.result {
        Outcome::Answered { status, .. } => format!("最近应答 {status}"),
        Outcome::Timeout => "最近一次超时".to_owned(),
        Outcome::Unreachable => "最近一次无法连接".to_owned(),
        Outcome::Failed { reason, detail } => {
            let reason = match reason {
                Reason::Name => "域名无法解析",
                Reason::Refused => "连接被拒绝",
                Reason::Tls => "TLS 失败",
                Reason::Platform => "沙箱没有发出",
                Reason::Connection => "连接中断",
            };
            format!("最近一次{reason}（{}）", escape(detail))
        }
        Outcome::Dropped => "最近一次丢失".to_owned(),
    }
}
