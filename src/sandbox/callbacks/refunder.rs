//! Refunds on their way: accepted, ended when their time has come or by hand, told of
//! (`wechatpay-v3.md` §7).

mod by_hand;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use url::Url;

pub(in crate::sandbox) use self::by_hand::{ConsoleNotice, ConsoleRefund, MoveError, make_in_console, move_on};
use super::{courier, payer};
use crate::sandbox::{
    books::{
        delivery::Subject,
        ledger::{CommitError, Ledger},
        refund::{Abnormal, Ending, Notice, Refund, RefundRequest, RefundStatus, Source, Terms},
    },
    crypto::seal,
    error::ApiError,
    faults::RefundOutcome,
    platform::Platform,
    wire_time,
};

/// Takes a refund in, or finds the one that was taken in with the same parameters. The reply is of
/// this moment, even if the refund ends before it is sent.
pub(in crate::sandbox) async fn accept(platform: &Arc<Platform>, request: RefundRequest) -> Result<Value, ApiError> {
    end_due(platform);
    let (refund, is_new) = book(platform, request)?;
    let reply = refund.reply();
    if is_new && platform.faults().refund_notify_before_reply.take() {
        end_before_reply(platform, &refund).await?;
    }
    platform.wake.notify_one();
    Ok(reply)
}

fn book(platform: &Platform, request: RefundRequest) -> Result<(Refund, bool), ApiError> {
    let now = platform.now();
    let gap = SignedDuration::from_secs(platform.faults().refund_gap_seconds.into());
    let mut ledger = platform.ledger();
    if let Some(known) = ledger.refund(&request.out_refund_no) {
        let same = known.was_asked_with(&request.parameters);
        return if same { Ok((known.clone(), false)) } else { Err(ApiError::other_parameters()) };
    }
    let (order, payment) = ledger.find_paid(&request)?;
    if request.total != order.total {
        return Err(ApiError::invalid_request("订单金额与原订单不一致"));
    }
    ledger.check_refund(order, payment, request.amount, now)?;
    ledger.check_refund_gap(order, gap, now)?;
    let notice = match request.notify_url {
        Some(url) => Notice::V3 { url },
        None if platform.faults().refund_v2_notice => v2_notice(&order.notify_url),
        None => Notice::None,
    };
    let terms = Terms {
        refund_id: refund_id(platform, &ledger, now),
        out_refund_no: request.out_refund_no,
        amount: request.amount,
        source: Source::Api { parameters: request.parameters },
        notice,
        ending: draw_ending(platform, now),
    };
    let refund = Refund::new(terms, order, payment, now);
    ledger.add_refund(refund.clone())?;
    log(&refund, RefundStatus::Processing);
    Ok((refund, true))
}

/// Sends an abnormal refund to a card; the same application again changes nothing (§7.3).
pub(in crate::sandbox) fn resume(platform: &Platform, refund_id: &str, asked: &Abnormal) -> Result<Value, ApiError> {
    end_due(platform);
    let ending = Ending::after(duration(platform), platform.now(), RefundStatus::Success);
    let mut ledger = platform.ledger();
    let refund = ledger.refund_by_id(refund_id).ok_or_else(|| ApiError::resource_not_exists("退款单不存在"))?;
    if refund.out_refund_no != asked.out_refund_no {
        return Err(ApiError::invalid_request("out_refund_no与refund_id不是同一退款单"));
    }
    if refund.card == Some(asked.card) {
        return Ok(refund.reply());
    }
    if refund.status != RefundStatus::Abnormal {
        return Err(ApiError::invalid_request("只有状态为ABNORMAL的退款单可以发起异常退款"));
    }
    ledger.resume_refund(&asked.out_refund_no, asked.card, ending)?;
    let reply = ledger.refund(&asked.out_refund_no).map(Refund::reply).ok_or_else(ApiError::system_error)?;
    drop(ledger);
    platform.wake.notify_one();
    Ok(reply)
}

/// Ends every refund whose time has come. Whoever reads refunds calls this first, so that nobody
/// sees one that is late.
pub(in crate::sandbox) fn end_due(platform: &Platform) {
    let now = platform.now();
    let delay = payer::delay(platform);
    let mut ledger = platform.ledger();
    while let Some((refund, ending)) = ledger.due_refund(now) {
        platform.wake.notify_one();
        let out_refund_no = refund.out_refund_no.clone();
        if let Err(error) = end(platform, &mut ledger, &out_refund_no, ending, delay) {
            tracing::error!(error = &error as &dyn std::error::Error, "sandbox journal");
            ledger.postpone_refund(&out_refund_no, now);
        }
    }
}

/// The number of the notification, if there is one.
fn end(
    platform: &Platform,
    ledger: &mut Ledger,
    out_refund_no: &str,
    ending: Ending,
    delay: SignedDuration,
) -> Result<Option<u64>, CommitError> {
    let told = ledger.refund(out_refund_no).and_then(|refund| subject(refund, ending.status));
    let delivery = told.map(|(subject, url)| payer::notification(platform, subject, url, delay));
    let number = ledger.end_refund(out_refund_no, ending, delivery)?;
    if let Some(refund) = ledger.refund(out_refund_no) {
        log(refund, ending.status);
    }
    Ok(number)
}

/// §7.4: the notice of a refund may come before the reply to the call that made it.
async fn end_before_reply(platform: &Arc<Platform>, refund: &Refund) -> Result<(), ApiError> {
    let Some(Ending { status, .. }) = refund.ending else {
        return Ok(());
    };
    let ending = Ending::after(SignedDuration::ZERO, platform.now(), status);
    let held = {
        let mut ledger = platform.ledger();
        let number = end(platform, &mut ledger, &refund.out_refund_no, ending, SignedDuration::ZERO)?;
        number.filter(|number| ledger.take(*number))
    };
    if let Some(number) = held {
        courier::deliver_apart(platform, number).await?;
    }
    Ok(())
}

/// What is told when a refund becomes `status`, and where.
fn subject(refund: &Refund, status: RefundStatus) -> Option<(Subject, String)> {
    let (out_trade_no, out_refund_no) = (refund.out_trade_no.clone(), refund.out_refund_no.clone());
    match &refund.notice {
        Notice::None => None,
        Notice::V3 { url } => Some((Subject::Refund { out_trade_no, out_refund_no, status }, url.clone())),
        Notice::V2 { url } => Some((Subject::RefundV2 { out_trade_no, out_refund_no }, url.clone())),
    }
}

/// Called with the ledger held; nobody takes the ledger while the faults are held.
fn draw_ending(platform: &Platform, now: Timestamp) -> Option<Ending> {
    let outcome = platform.faults().take_refund_outcome();
    let status = match outcome {
        RefundOutcome::Processing => return None,
        RefundOutcome::Success => RefundStatus::Success,
        RefundOutcome::Closed => RefundStatus::Closed,
        RefundOutcome::Abnormal => RefundStatus::Abnormal,
    };
    Some(Ending::after(duration(platform), now, status))
}

fn duration(platform: &Platform) -> SignedDuration {
    SignedDuration::from_millis(i64::try_from(platform.faults().refund_ms).unwrap_or(i64::MAX))
}

fn refund_id(platform: &Platform, ledger: &Ledger, now: Timestamp) -> String {
    loop {
        let (front, back) = (seal::digits::<7>(&platform.entropy), seal::digits::<10>(&platform.entropy));
        let number = format!("5030{front}{}{back}", wire_time::date(now));
        if ledger.refund_by_id(&number).is_none() {
            return number;
        }
    }
}

fn v2_notice(order_notify_url: &str) -> Notice {
    refund_url(order_notify_url).map_or(Notice::None, |url| Notice::V2 { url })
}

/// The refund URL that a shop with this URL for payments has set in its console: `refunds/notify` in
/// place of the last two segments.
fn refund_url(order_notify_url: &str) -> Option<String> {
    let mut url = Url::parse(order_notify_url).ok()?;
    url.path_segments_mut().ok()?.pop_if_empty().pop().pop().extend(["refunds", "notify"]);
    Some(url.into())
}

fn log(refund: &Refund, status: RefundStatus) {
    let (number, order, status) = (&refund.out_refund_no, &refund.out_trade_no, status.as_str());
    tracing::info!(
        refund.out_refund_no = number,
        order.out_trade_no = order,
        status,
        "sandbox refund {number}: {status}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refund_url_stands_beside_that_of_payments() {
        for (payments, refunds) in [
            ("https://shop.example.com/api/wx-pay/native/notify", "https://shop.example.com/api/wx-pay/refunds/notify"),
            ("http://127.0.0.1:3000/api/wx-pay/native/notify/", "http://127.0.0.1:3000/api/wx-pay/refunds/notify"),
            ("http://127.0.0.1:9/notify", "http://127.0.0.1:9/refunds/notify"),
            ("http://127.0.0.1:9", "http://127.0.0.1:9/refunds/notify"),
        ] {
            assert_eq!(refund_url(payments).as_deref(), Some(refunds));
        }
    }
}
