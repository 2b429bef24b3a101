//! An order with what its page shows.

use jiff::Timestamp;

use crate::{
    domain::{Fen, OrderStatus, RefundState},
    storage::{
        attempts::{Attempt, AttemptState, PrepayProblem},
        orders::Order,
        payments::Payment,
        refunds::Refund,
    },
};

/// How an order stood at `now`.
#[derive(Clone, Debug)]
pub struct OrderSnapshot {
    pub order: Order,
    pub attempt: Attempt,
    /// The payment that paid it.
    pub payment: Option<Payment>,
    /// All refunds of it, those of surplus payments too.
    pub refunds: Vec<Refund>,
    /// Ids of those that went to the merchant's own account, because the payer's did not take them.
    pub to_merchant: Vec<i64>,
    pub now: Timestamp,
}

/// The state of the code a shopper should scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeState<'a> {
    Ready(&'a str),
    /// WeChat has not answered yet; `true` once a first try has failed.
    Preparing {
        trouble: bool,
    },
    Refused,
    /// There is nothing to scan any more.
    Gone,
}

impl OrderSnapshot {
    /// Until when it can be paid, never negative.
    pub fn seconds_left(&self) -> i64 {
        self.order.expires.duration_since(self.now).as_secs().max(0)
    }

    /// Waiting for its payer although the time is over: WeChat has yet to say how it ended.
    pub fn is_overdue(&self) -> bool {
        self.order.status == OrderStatus::NotPay && self.now >= self.order.expires
    }

    pub fn code(&self) -> CodeState<'_> {
        if self.order.status != OrderStatus::NotPay {
            return CodeState::Gone;
        }
        match &self.attempt.state {
            AttemptState::Open { code_url } => CodeState::Ready(code_url),
            AttemptState::Preparing { problem: Some(PrepayProblem::Refused) } => CodeState::Refused,
            AttemptState::Preparing { problem } => CodeState::Preparing { trouble: problem.is_some() },
            AttemptState::Closed { .. } | AttemptState::Paid => CodeState::Gone,
        }
    }

    /// Nothing else of it changes either. A number that has no code yet has times of its own.
    pub fn changes_with_version_only(&self) -> bool {
        !matches!(self.code(), CodeState::Preparing { .. } | CodeState::Refused)
    }

    /// Refunds of what paid it, oldest first.
    pub fn refunds_of_payment(&self) -> impl Iterator<Item = &Refund> {
        self.refunds.iter().filter(|refund| self.payment.as_ref().is_some_and(|paid| paid.id == refund.payment_id))
    }

    /// Refunds of money that came once too often.
    pub fn surplus_refunds(&self) -> impl Iterator<Item = &Refund> {
        self.refunds.iter().filter(|refund| self.payment.as_ref().is_none_or(|paid| paid.id != refund.payment_id))
    }

    /// How much of what paid it has gone back.
    pub fn refunded(&self) -> Fen {
        sum(self.refunds_of_payment().filter(|refund| refund.state == RefundState::Success))
    }

    /// How much of what paid it is on its way back.
    pub fn refunding(&self) -> Fen {
        sum(self.refunds_of_payment().filter(|refund| refund.state.is_open()))
    }

    /// The code of a closed order: nobody can pay it any more.
    pub fn dead_code(&self) -> Option<&str> {
        match &self.attempt.state {
            AttemptState::Closed { code_url } => code_url.as_deref(),
            _ => None,
        }
    }
}

fn sum<'a>(refunds: impl Iterator<Item = &'a Refund>) -> Fen {
    refunds.fold(Fen::ZERO, |sum, refund| sum.checked_add(refund.amount).unwrap_or(Fen::MAX))
}
