//! What somebody asks for who wants money given back, and why he does not get it.

use std::fmt;

use jiff::Timestamp;

use super::beside::Beside;
use crate::{
    checkout::error::CheckoutError,
    domain::{Fen, OutRefundNo, OutTradeNo},
    storage::{StorageError, events::Source, payments::Payment, refund_holds::Hold, refunds::Refund},
    wechatpay::{model::InvalidRefund, time::rfc3339},
};

/// Which payment it is of.
#[derive(Clone, Debug)]
pub enum RefundOf {
    /// The one of this `transaction_id`.
    Transaction(String),
    /// The one that was paid under this number, and never another one of its order.
    Attempt(OutTradeNo),
}

impl fmt::Display for RefundOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transaction(id) => f.write_str(id),
            Self::Attempt(number) => number.fmt(f),
        }
    }
}

/// What somebody wants to give back.
#[derive(Clone, Debug)]
pub struct RefundOrder {
    /// Of all that is left when `None`.
    pub amount: Option<Fen>,
    /// Shown to the payer; 1 to 80 characters.
    pub reason: String,
    pub source: Source,
    pub number: Numbered,
    /// Another refund, although there is one of the same payment and amount.
    pub another: bool,
}

/// Under which number: one number is one refund, however often it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Numbered {
    /// Under that of the same refund, where it is open or was asked for within a day; a new one otherwise.
    Fresh,
    /// It was drawn with a form and shown: what was asked for since then, and the form did not tell of, stops it.
    Shown(OutRefundNo),
    /// Somebody has chosen it, whatever else there is.
    Chosen(OutRefundNo),
}

impl Numbered {
    pub(super) const fn number(&self) -> Option<&OutRefundNo> {
        match self {
            Self::Fresh => None,
            Self::Shown(number) | Self::Chosen(number) => Some(number),
        }
    }
}

/// A refund with its number, which nobody has been asked for yet: show the number first.
#[derive(Clone, Debug)]
pub struct RefundDraft {
    pub(super) payment: Payment,
    pub(super) wanted: RefundOrder,
    pub(super) out_refund_no: OutRefundNo,
    pub(super) standing: Option<Refund>,
    pub(super) beside: Option<Beside>,
}

/// Why nothing is given back.
#[derive(Debug, thiserror::Error)]
pub enum RefundError {
    #[error("nothing has been paid under this out_trade_no{}", elsewhere(.0))]
    NotPaid(Vec<String>),
    #[error("no payment with this transaction_id is booked")]
    NoSuchPayment,
    #[error("several payments came under this out_trade_no, name one by --transaction-id: {}", .0.join(", "))]
    Ambiguous(Vec<String>),
    #[error("a refund must be at least 0.01 yuan and at most the {left} yuan that are left")]
    Amount { left: Fen },
    #[error("the refund cannot be told to WeChat Pay: {0}")]
    Unfit(#[from] InvalidRefund),
    #[error(
        "some of this order was given back in the merchant console, and nobody knows how much: look there (商户平台) first, \
         then say --another"
    )]
    GivenBackElsewhere,
    #[error(
        "these books are a copy of {} that was put back: nothing is refunded before everything since a day before \
         that has been asked about (`saoma restore --status`)",
        rfc3339(*since)
    )]
    PutBack { since: Timestamp },
    /// While books that were put back may lack one.
    #[error("WeChat Pay gave no usable answer whether some of this payment went back already: try again in a moment")]
    NotAsked,
    /// What belongs into its transaction has said no: see [`RefundDraft::with`].
    #[error("it takes a second person")]
    NotAllowed,
    /// Nobody has seen it who asked: see [`Numbered::Shown`].
    #[error("{amount} yuan of this payment were asked back already, at {}: another such refund needs --another", rfc3339(*created))]
    Same { created: Timestamp, amount: Fen },
    #[error(
        "{amount} yuan of this payment wait for a second person already, as {number}: decide about that one \
         (/admin/approvals), or say --another"
    )]
    Waits { number: OutRefundNo, amount: Fen },
    #[error("this out_refund_no stands for another refund")]
    OtherRefund,
    #[error("an out_refund_no of this form is kept for surplus payments that go back by themselves: choose another")]
    ReservedNumber,
    #[error("no such refund")]
    NoSuchRefund,
    #[error("it may go on by itself, and the same command again finds it if so: {0}")]
    Unconfirmed(#[source] StorageError),
    #[error(transparent)]
    Checkout(#[from] CheckoutError),
}

fn elsewhere(transactions: &[String]) -> String {
    match transactions {
        [] => String::new(),
        some => format!("; its order was paid otherwise, name the payment by --transaction-id: {}", some.join(", ")),
    }
}

impl From<StorageError> for RefundError {
    fn from(error: StorageError) -> Self {
        Self::Checkout(error.into())
    }
}

impl RefundDraft {
    /// The number it will be asked for with, or is.
    pub const fn out_refund_no(&self) -> &OutRefundNo {
        &self.out_refund_no
    }

    /// The refund that is gone on with.
    pub const fn standing(&self) -> Option<&Refund> {
        self.standing.as_ref()
    }
}

impl RefundDraft {
    /// What it would give back.
    pub fn amount(&self) -> Fen {
        self.wanted.amount.unwrap_or_else(|| self.payment.left())
    }

    pub const fn order_id(&self) -> i64 {
        self.payment.order_id
    }

    /// The same, with something that belongs into its transaction.
    #[must_use]
    pub fn with(self, beside: Beside) -> Self {
        Self { beside: Some(beside), ..self }
    }

    /// Its money, as it is set aside.
    pub fn hold(&self) -> Hold {
        Hold {
            out_refund_no: self.out_refund_no.clone(),
            order_id: self.payment.order_id,
            payment_id: self.payment.id,
            amount: self.amount(),
            reason: self.wanted.reason.clone(),
        }
    }
}
