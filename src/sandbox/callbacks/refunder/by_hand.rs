//! What a person does with refunds in the merchant console.

use jiff::SignedDuration;
use serde::Deserialize;

use super::{draw_ending, end, end_due, log, refund_id, refund_url, v2_notice};
use crate::sandbox::{
    books::{
        ledger::CommitError,
        refund::{Ending, Notice, Refund, RefundStatus, Source, Terms},
    },
    callbacks::payer,
    crypto::seal,
    error::ApiError,
    platform::Platform,
    wire_time,
};

/// What the console is asked for.
pub(in crate::sandbox) struct ConsoleRefund<'a> {
    pub(in crate::sandbox) out_trade_no: &'a str,
    /// Fen; everything that is left when it is not named.
    pub(in crate::sandbox) amount: Option<i64>,
    pub(in crate::sandbox) notice: ConsoleNotice,
    /// Drawn when it is not named.
    pub(in crate::sandbox) out_refund_no: Option<String>,
}

/// What the shop hears of it: most shops have set a refund URL in their console, and get XML (§7.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::sandbox) enum ConsoleNotice {
    #[default]
    V2,
    V3,
    None,
}

/// Why a refund is not moved by hand. The texts are shown to people.
#[derive(Debug, thiserror::Error)]
pub(in crate::sandbox) enum MoveError {
    #[error("没有这笔退款")]
    Unknown,
    #[error("{}的退款不能改为{}", .from.as_str(), .to.as_str())]
    Forbidden { from: RefundStatus, to: RefundStatus },
    #[error("the books cannot be written")]
    Commit(#[from] CommitError),
}

/// A refund that a person makes in the merchant console: the shop has never heard of it.
pub(in crate::sandbox) fn make_in_console(platform: &Platform, asked: &ConsoleRefund<'_>) -> Result<Refund, ApiError> {
    end_due(platform);
    let now = platform.now();
    let mut ledger = platform.ledger();
    let order = ledger.find(asked.out_trade_no);
    let Some((order, payment)) = order.and_then(|order| Some((order, order.payment.as_ref()?))) else {
        return Err(ApiError::resource_not_exists("订单不存在或未支付"));
    };
    let amount = asked.amount.unwrap_or_else(|| ledger.refundable(order));
    ledger.check_refund(order, payment, amount, now)?;
    let notice = match asked.notice {
        ConsoleNotice::None => Notice::None,
        ConsoleNotice::V2 => v2_notice(&order.notify_url),
        ConsoleNotice::V3 => refund_url(&order.notify_url).map_or(Notice::None, |url| Notice::V3 { url }),
    };
    let drawn = || format!("{}{}", wire_time::date(now), seal::digits::<16>(&platform.entropy));
    let out_refund_no = match &asked.out_refund_no {
        Some(number) if ledger.refund(number).is_some() => return Err(ApiError::other_parameters()),
        Some(number) => number.clone(),
        None => loop {
            let number = drawn();
            if ledger.refund(&number).is_none() {
                break number;
            }
        },
    };
    let terms = Terms {
        refund_id: refund_id(platform, &ledger, now),
        out_refund_no,
        amount,
        source: Source::Console,
        notice,
        ending: draw_ending(platform, now),
    };
    let refund = Refund::new(terms, order, payment, now);
    ledger.add_refund(refund.clone())?;
    drop(ledger);
    platform.wake.notify_one();
    log(&refund, RefundStatus::Processing);
    Ok(refund)
}

/// Moves a refund on by hand.
pub(in crate::sandbox) fn move_on(
    platform: &Platform,
    out_refund_no: &str,
    to: RefundStatus,
) -> Result<Refund, MoveError> {
    end_due(platform);
    let ending = Ending::after(SignedDuration::ZERO, platform.now(), to);
    let delay = payer::delay(platform);
    let mut ledger = platform.ledger();
    let from = ledger.refund(out_refund_no).ok_or(MoveError::Unknown)?.status;
    if !from.may_become(to) {
        return Err(MoveError::Forbidden { from, to });
    }
    end(platform, &mut ledger, out_refund_no, ending, delay)?;
    let refund = ledger.refund(out_refund_no).cloned().ok_or(MoveError::Unknown)?;
    drop(ledger);
    platform.wake.notify_one();
    Ok(refund)
}
