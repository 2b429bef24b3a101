//! What becomes of a verified statement by WeChat, as it is stored, counted and answered.

use std::fmt;

/// What became of a verified statement by WeChat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Paid,
    /// It paid an order that had been closed.
    PaidLate,
    /// This transaction was booked before; nothing changed.
    Duplicate,
    /// The order had been paid by another transaction: money to give back.
    Surplus,
    UnknownOrder,
    /// Not what the order needs; sending it again cannot mend it.
    Mismatch(Mismatch),
    /// The platform's self-test (`wechatpay-v3.md` §10.6): concerns no order.
    Echo,
    /// About a refund.
    Refund(RefundVerdict),
}

/// What did not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    Event,
    State,
    Mchid,
    Appid,
    Amount,
    Currency,
    /// Paid, it says, but without a usable `transaction_id`, or with the one of another order.
    TransactionId,
}

impl Verdict {
    pub const ALL: [Self; 22] = [
        Self::Paid,
        Self::PaidLate,
        Self::Duplicate,
        Self::Surplus,
        Self::UnknownOrder,
        Self::Echo,
        Self::Refund(RefundVerdict::Booked),
        Self::Refund(RefundVerdict::Repeated),
        Self::Refund(RefundVerdict::Elsewhere),
        Self::Refund(RefundVerdict::Revived),
        Self::Refund(RefundVerdict::Mismatch),
        Self::Refund(RefundVerdict::Contradiction),
        Self::Refund(RefundVerdict::Exceeds),
        Self::Refund(RefundVerdict::UnknownPayment),
        Self::Refund(RefundVerdict::TooEarly),
        Self::Mismatch(Mismatch::Event),
        Self::Mismatch(Mismatch::State),
        Self::Mismatch(Mismatch::Mchid),
        Self::Mismatch(Mismatch::Appid),
        Self::Mismatch(Mismatch::Amount),
        Self::Mismatch(Mismatch::Currency),
        Self::Mismatch(Mismatch::TransactionId),
    ];

    /// WeChat has said it, and it is not in the orders: somebody has to look.
    pub const fn needs_someone(self) -> bool {
        match self {
            Self::Paid | Self::PaidLate | Self::Duplicate | Self::Surplus | Self::Echo => false,
            Self::UnknownOrder | Self::Mismatch(_) => true,
            Self::Refund(refund) => match refund {
                RefundVerdict::Booked | RefundVerdict::Repeated | RefundVerdict::Elsewhere | RefundVerdict::Revived => {
                    false
                }
                RefundVerdict::Mismatch
                | RefundVerdict::Contradiction
                | RefundVerdict::Exceeds
                | RefundVerdict::UnknownPayment
                | RefundVerdict::TooEarly => true,
            },
        }
    }

    /// As stored and counted.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Paid => "PAID",
            Self::PaidLate => "PAID_LATE",
            Self::Duplicate => "DUPLICATE",
            Self::Surplus => "SURPLUS",
            Self::UnknownOrder => "UNKNOWN_ORDER",
            Self::Echo => "ECHO",
            Self::Refund(RefundVerdict::Booked) => "REFUND",
            Self::Refund(RefundVerdict::Repeated) => "REFUND_REPEATED",
            Self::Refund(RefundVerdict::Elsewhere) => "REFUND_ELSEWHERE",
            Self::Refund(RefundVerdict::Revived) => "REFUND_REVIVED",
            Self::Refund(RefundVerdict::Mismatch) => "MISMATCH_REFUND",
            Self::Refund(RefundVerdict::Contradiction) => "REFUND_CONTRADICTION",
            Self::Refund(RefundVerdict::Exceeds) => "REFUND_EXCEEDS",
            Self::Refund(RefundVerdict::UnknownPayment) => "UNKNOWN_REFUND",
            Self::Refund(RefundVerdict::TooEarly) => "REFUND_TOO_EARLY",
            Self::Mismatch(Mismatch::Event) => "MISMATCH_EVENT",
            Self::Mismatch(Mismatch::State) => "MISMATCH_STATE",
            Self::Mismatch(Mismatch::Mchid) => "MISMATCH_MCHID",
            Self::Mismatch(Mismatch::Appid) => "MISMATCH_APPID",
            Self::Mismatch(Mismatch::Amount) => "MISMATCH_AMOUNT",
            Self::Mismatch(Mismatch::Currency) => "MISMATCH_CURRENCY",
            Self::Mismatch(Mismatch::TransactionId) => "MISMATCH_TRANSACTION_ID",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// What became of a verified statement about a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundVerdict {
    Booked,
    /// Nothing new.
    Repeated,
    /// Not made here: booked as made in the merchant console.
    Elsewhere,
    /// We had given it up, and WeChat did accept it: booked after all.
    Revived,
    /// Not what the refund or its payment is; sending it again cannot mend it.
    Mismatch,
    /// WeChat has told us the other end of it before.
    Contradiction,
    /// With it more goes back than came. Not booked; staff must look.
    Exceeds,
    UnknownPayment,
    /// The money is set aside for another refund of ours whose end is not known yet. One of the two fails
    /// at WeChat; until then the notice has to come again.
    TooEarly,
}

impl RefundVerdict {
    /// For the log.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Repeated => "nothing new",
            Self::Elsewhere => "not made here, booked",
            Self::Revived => "was given up here and WeChat did accept it, booked after all",
            Self::Mismatch => "what WeChat says does not fit, staff must look",
            Self::Contradiction => "WeChat says the opposite of what it said before, staff must look",
            Self::Exceeds => "more goes back than came, staff must look",
            Self::UnknownPayment => "of a payment that is not ours",
            Self::TooEarly => "does not fit while another refund is open",
        }
    }
}
