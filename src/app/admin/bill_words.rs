//! What a day and a difference can be, as pages tell it.

/// How a day stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Before,
    NotYet,
    Missing,
    Agrees,
    Differs,
}

impl Standing {
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Before => "bill-day bill-day--before",
            Self::NotYet => "bill-day bill-day--not-yet",
            Self::Missing => "bill-day bill-day--missing",
            Self::Agrees => "bill-day bill-day--agrees",
            Self::Differs => "bill-day bill-day--differs",
        }
    }

    /// Beside its colour and its word.
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Before | Self::NotYet => "·",
            Self::Missing => "?",
            Self::Agrees => "✓",
            Self::Differs => "!",
        }
    }
}

/// How a difference stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DifferenceStanding {
    Open,
    Explained,
    Settled,
}

/// What a difference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    NotPaidHere,
    UnknownHere,
    NotInBill,
    Amount,
    RefundUnknown,
    RefundNotBooked,
    RefundNotInBill,
    RefundAmount,
    Doubled,
    Fee,
    FeeRate,
    Balance,
    FundFlow,
}
