//! The words of a bill. They are **not** those of the interfaces (§8.2), and new ones are kept.

/// `交易状态`: what a row is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BillTradeState {
    /// Money came.
    Success,
    /// Money goes back.
    Refund,
    /// A payment by code scanned at a counter was taken back.
    Revoked,
    Unknown(String),
}

impl BillTradeState {
    pub(super) fn parse(word: &str) -> Self {
        match word {
            "SUCCESS" => Self::Success,
            "REFUND" => Self::Refund,
            "REVOKED" => Self::Revoked,
            other => Self::Unknown(other.to_owned()),
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Success => "SUCCESS",
            Self::Refund => "REFUND",
            Self::Revoked => "REVOKED",
            Self::Unknown(word) => word,
        }
    }
}

/// `退款状态`, as it was when the bill was made. It is never updated, so it differs from what is true now.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BillRefundState {
    Success,
    Processing,
    Fail,
    /// It could not go back the way it came.
    Change,
    Unknown(String),
}

impl BillRefundState {
    pub(super) fn parse(word: &str) -> Self {
        match word {
            "SUCCESS" => Self::Success,
            "PROCESSING" => Self::Processing,
            "FAIL" => Self::Fail,
            "CHANGE" => Self::Change,
            other => Self::Unknown(other.to_owned()),
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Success => "SUCCESS",
            Self::Processing => "PROCESSING",
            Self::Fail => "FAIL",
            Self::Change => "CHANGE",
            Self::Unknown(word) => word,
        }
    }
}
