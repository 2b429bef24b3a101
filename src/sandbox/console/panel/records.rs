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
    console::{
        html::{Live, Page, RECORDS, Shape, clock, escape, shell, short, time, yuan},
        language::{Both, Language},
    },
};

/// How much of each is shown.
const REFUNDS: usize = 30;
const DELIVERIES: usize = 30;
const ORDERS: usize = 30;
/// How far back to look for orders with something left to refund.
const LOOKED_AT: usize = 500;

pub(super) fn page(ledger: &Ledger, now: Timestamp, message: &Message<'_>, language: Language) -> String {
    let title = language.say(("退款与回调", "Refunds and callbacks"));
    let orders = ledger.paid_orders().rev().take(LOOKED_AT).filter(|order| ledger.refundable(order) > 0);
    let main = format!(
        r#"<h1>{title}</h1>
<p class="hint">{hint}</p>
{message}
{console}
<h2>{refunds_title}</h2>
{refunds}
<h2>{deliveries_title}</h2>
{deliveries}
<p class="back"><a href="{RECORDS}">{refresh}</a></p>"#,
        hint = language.say((
            "谁退了什么，平台又告诉了商户什么。最近的在前。",
            "Who gave back what, and what the platform told the merchant. The newest first.",
        )),
        refunds_title = language.say(("退款", "Refunds")),
        deliveries_title = language.say(("回调", "Callbacks")),
        refresh = language.say(("刷新", "Refresh")),
        message = message.html(),
        console = console(orders.take(ORDERS), language),
        refunds = list(
            ledger.refunds().rev().take(REFUNDS).map(|it| refund(it, now, language)),
            language.say(("还没有退款。", "No refunds yet."))
        ),
        deliveries = list(
            ledger.deliveries().take(DELIVERIES).map(|it| delivery(it, now, language)),
            language.say(("还没有回调。", "No callbacks yet."))
        ),
    );
    shell(&Page { title, path: RECORDS, shape: Shape::Desk, live: Live::No, language }, &main)
}

fn list(items: impl Iterator<Item = String>, empty: &str) -> String {
    let items: String = items.collect();
    if items.is_empty() {
        format!(r#"<p class="empty">{empty}</p>"#)
    } else {
        format!(r#"<ul class="records">{items}</ul>"#)
    }
}

fn console<'a>(orders: impl Iterator<Item = &'a Order>, language: Language) -> String {
    let options: String = orders.map(option).collect();
    if options.is_empty() {
        let empty = language.say((
            "付过款的订单可以在这里退款，就像在商户平台上那样。",
            "Orders that have been paid can be refunded here, as in the merchant console.",
        ));
        return format!(r#"<p class="empty">{empty}</p>"#);
    }
    format!(
        r#"<form class="knobs" action="{RECORDS}/refund" method="post"><fieldset><legend>{legend}</legend>
<div class="knob"><label for="out_trade_no">{order}</label><select id="out_trade_no" name="out_trade_no">{options}</select></div>
<div class="knob"><label for="amount">{amount}</label><input id="amount" name="amount" inputmode="decimal" autocomplete="off" pattern="[0-9]{{1,12}}([.][0-9]{{1,2}})?" aria-describedby="help-amount"><p class="help" id="help-amount">{all}</p></div>
<div class="knob"><label for="notice">{notice}</label><select id="notice" name="notice" aria-describedby="help-notice"><option value="v2">v2 XML</option><option value="v3">v3</option><option value="none">{none}</option></select><p class="help" id="help-notice">{usual}</p></div>
</fieldset><div class="apply"><button>{refund}</button></div></form>"#,
        legend = language.say(("在商户平台退款", "Refund in the merchant console")),
        order = language.say(("订单", "Order")),
        amount = language.say(("金额（元）", "Amount (yuan)")),
        all = language.say(("留空为全部余额。", "Empty: all that is left.")),
        notice = language.say(("通知商户", "Tell the merchant")),
        none = language.say(("不通知", "not at all")),
        usual = language
            .say(("商户平台上的退款通常以 v2 XML 通知。", "Refunds of the console are usually told in v2 XML.")),
        refund = language.say(("退款", "Refund")),
    )
}

fn option(order: &Order) -> String {
    let (number, title) = (escape(&order.out_trade_no), escape(&order.description));
    format!(r#"<option value="{number}">{title} {number}</option>"#)
}

fn refund(refund: &Refund, now: Timestamp, language: Language) -> String {
    let number = escape(&refund.out_refund_no);
    let source = match refund.source {
        Source::Api { .. } => language.say(("接口", "interface")),
        Source::Console => language.say(("商户平台", "console")),
    };
    format!(
        r#"<li><span class="title">{status} <span class="term">{code}</span></span><span class="sum">{sum}</span><span class="meta number">{number}</span><span class="meta">{of} <span class="tail">{order}</span></span><span class="meta">{source} {made}</span>{actions}</li>"#,
        of = language.say(("订单", "order")),
        status = language.say(status(refund.status)),
        code = refund.status.as_str(),
        sum = yuan(refund.amount),
        order = escape(&short(&refund.out_trade_no)),
        made = clock(time(refund.created_ms), now),
        actions = actions(refund, &number, language),
    )
}

/// Where the refund may go from here.
fn actions(refund: &Refund, number: &str, language: Language) -> String {
    use RefundStatus::{Abnormal, Closed, Success};
    let buttons: String = [Success, Closed, Abnormal]
        .into_iter()
        .filter(|to| refund.status.may_become(*to))
        .map(|to| button(number, to, language))
        .collect();
    if buttons.is_empty() {
        return String::new();
    }
    format!(
        r#"<form action="{RECORDS}/move" method="post"><input type="hidden" name="out_refund_no" value="{number}">{buttons}</form>"#
    )
}

fn button(number: &str, to: RefundStatus, language: Language) -> String {
    let (value, name) = (to.as_str(), language.say(status(to)));
    let (label, text) = match language {
        Language::Chinese => (format!("把退款 {number} 改为{name}"), format!("改为{name}")),
        Language::English => (format!("Make refund {number} {name}"), format!("Make it {name}")),
    };
    format!(r#"<button class="secondary" name="status" value="{value}" aria-label="{label}">{text}</button>"#)
}

const fn status(status: RefundStatus) -> Both {
    match status {
        RefundStatus::Processing => ("处理中", "processing"),
        RefundStatus::Success => ("成功", "successful"),
        RefundStatus::Closed => ("已关闭", "closed"),
        RefundStatus::Abnormal => ("异常", "abnormal"),
    }
}

fn delivery(delivery: &Delivery, now: Timestamp, language: Language) -> String {
    let state = match (delivery.progress.state, delivery.progress.next_try_ms) {
        (State::Accepted, _) => language.say(("已接收", "accepted")).to_owned(),
        (State::GivenUp, _) => language.say(("已放弃", "given up")).to_owned(),
        (State::Pending, None) => language.say(("等退款回调", "after the refund’s")).to_owned(),
        (State::Pending, Some(at)) => format!("{} {}", language.say(("下次", "next")), clock(time(at), now)),
    };
    let about = delivery.subject.out_refund_no().or_else(|| delivery.subject.out_trade_no());
    let last = delivery.attempts.last().map(|attempt| outcome(attempt, language)).unwrap_or_default();
    format!(
        r#"<li><span class="title term">{event}</span><span class="sum">{state}</span><span class="meta number">{about}</span><span class="meta">{made}</span><span class="meta">{count}{last}</span><form action="{RECORDS}/redeliver" method="post"><button class="secondary" name="number" value="{number}" aria-label="{again_label} {number}">{again}</button></form></li>"#,
        number = delivery.number,
        event = delivery.subject.event_type().unwrap_or("v2 XML"),
        about = escape(about.unwrap_or_default()),
        made = clock(time(delivery.created_ms), now),
        again_label = language.say(("重发回调", "Send again callback")),
        again = language.say(("重发", "Send again")),
        count = match language {
            Language::Chinese => format!("已发 {} 次", delivery.attempts.len()),
            Language::English => format!("sent {} ×", delivery.attempts.len()),
        },
    )
}

fn outcome(attempt: &Attempt, language: Language) -> String {
    let say = |both: Both| language.say(both).to_owned();
    match &attempt.result {
        Outcome::Answered { status, .. } => format!("{} {status}", say(("，最近应答", ", last answer"))),
        Outcome::Timeout => say(("，最近一次超时", ", the last timed out")),
        Outcome::Unreachable => say(("，最近一次无法连接", ", the last was not connected")),
        Outcome::Failed { reason, detail } => {
            let reason = match reason {
                Reason::Name => ("域名无法解析", "no such name"),
                Reason::Refused => ("连接被拒绝", "connection refused"),
                Reason::Tls => ("TLS 失败", "TLS failed"),
                Reason::Platform => ("沙箱没有发出", "not sent by the sandbox"),
                Reason::Connection => ("连接中断", "connection broken off"),
            };
            match language {
                Language::Chinese => format!("，最近一次{}（{}）", reason.0, escape(detail)),
                Language::English => format!(", the last: {} ({})", reason.1, escape(detail)),
            }
        }
        Outcome::Dropped => say(("，最近一次丢失", ", the last was lost")),
    }
}
