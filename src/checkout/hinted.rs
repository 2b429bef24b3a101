//! What came of a question that only a hint has led to.

use crate::gateway::GatewayError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hinted<T> {
    /// WeChat's verified word, booked as far as it could be.
    Told(T),
    /// WeChat does not know it, it says.
    NotExist,
    /// WeChat does not say, by this code; it would not tomorrow either.
    Refused(String),
    /// No usable answer. Another time there may be one.
    NoAnswer,
}

impl<T> Hinted<T> {
    pub(super) fn of(error: &GatewayError) -> Self {
        match error {
            GatewayError::Rejected(rejection) => Self::Refused(rejection.told.code.as_str().to_owned()),
            GatewayError::Unknown(_) | GatewayError::Misconfigured(_) => Self::NoAnswer,
        }
    }
}
