//! Refunds in a shopper's words.

use super::beijing::beijing;
use crate::{app::words::Standing, domain::RefundState, storage::refunds::Refund};

/// Time, amount and state of a refund: when it was asked for, and once it is done, when that was. What went to the
/// merchant's own account has not reached the payer.
pub(super) fn line(refund: &Refund, is_to_merchant: bool, words: &Standing) -> String {
    let state = match refund.state {
        RefundState::Processing | RefundState::Success if is_to_merchant => words.refund_by_shop,
        RefundState::Requested | RefundState::Processing => words.refund_open,
        RefundState::Success => words.refund_done,
        RefundState::Abnormal => words.refund_stuck,
        RefundState::Closed | RefundState::Refused => words.refund_failed,
    };
    let at = beijing(refund.success.unwrap_or(refund.created), "%Y-%m-%d %H:%M:%S");
    Standing::refund(&at, &refund.amount.to_string(), state)
}

/// What becomes of money that came once too often.
pub(super) fn surplus(refund: &Refund, is_to_merchant: bool, words: &Standing) -> String {
    let yuan = refund.amount.to_string();
    match refund.state {
        RefundState::Processing | RefundState::Success if is_to_merchant => (words.surplus_stuck)(&yuan),
        RefundState::Requested | RefundState::Processing => (words.surplus_returning)(&yuan),
        RefundState::Success => (words.surplus_returned)(&yuan),
        RefundState::Abnormal | RefundState::Closed | RefundState::Refused => (words.surplus_stuck)(&yuan),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{line as say, surplus as promise, *};
    use crate::{
        app::language::Language,
        domain::{Fen, OutRefundNo},
        storage::events::Source,
    };

    fn refund(state: RefundState, success: Option<Timestamp>) -> Refund {
        Refund {
            id: 1,
            out_refund_no: OutRefundNo::parse("1").expect("legal"),
            order_id: 1,
            payment_id: 1,
            amount: Fen::new(123).expect("an amount"),
            reason: String::new(),
            source: Source::Staff,
            state,
            request: Vec::new(),
            refund_id: None,
            request_id: None,
            problem: None,
            refusals: 0,
            refused: None,
            created: Timestamp::constant(0, 0),
            accepted: None,
            success,
            is_settled: false,
        }
    }

    fn line(refund: &Refund) -> String {
        say(refund, false, Standing::of(Language::Chinese))
    }

    fn surplus(refund: &Refund) -> String {
        promise(refund, false, Standing::of(Language::Chinese))
    }

    #[test]
    fn a_line_has_time_amount_and_state() {
        for (state, success, told) in [
            (RefundState::Requested, None, "1970-01-01 08:00:00 ¥1.23 处理中"),
            (RefundState::Processing, None, "1970-01-01 08:00:00 ¥1.23 处理中"),
            (RefundState::Success, Some(Timestamp::constant(60, 0)), "1970-01-01 08:01:00 ¥1.23 已退回"),
            (RefundState::Abnormal, None, "1970-01-01 08:00:00 ¥1.23 异常，请联系商家"),
            (RefundState::Closed, None, "1970-01-01 08:00:00 ¥1.23 未成功，请联系商家"),
            (RefundState::Refused, None, "1970-01-01 08:00:00 ¥1.23 未成功，请联系商家"),
        ] {
            assert_eq!(line(&refund(state, success)), told, "{state}");
        }
    }

    #[test]
    fn surplus_money_is_promised_back_only_while_that_is_true() {
        assert_eq!(surplus(&refund(RefundState::Processing, None)), "您多付的一笔 ¥1.23 正在自动退回。");
        assert_eq!(surplus(&refund(RefundState::Success, None)), "您多付的一笔 ¥1.23 已退回。");
        for state in [RefundState::Abnormal, RefundState::Closed, RefundState::Refused] {
            assert!(surplus(&refund(state, None)).contains("联系商家"), "{state}");
        }
    }
}
