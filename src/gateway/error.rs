//! How a call can end badly, told by what the caller has to do.

use std::fmt;

use http::StatusCode;

use crate::wechatpay::{ErrorCode, Explanation, Interface, VerifyError, explain, signer::SignError};

/// `Display` is fit for logs: status, code, request id; no key, signature or body.
#[derive(Clone, Debug, thiserror::Error)]
pub enum GatewayError {
    /// It may have happened or not. Keep the state, repeat with identical bytes or query (§10.5).
    #[error("outcome unknown: {0}")]
    Unknown(UnknownOutcome),
    /// WeChat says no. Unsigned, so advice and never proof: query before money state changes.
    #[error("rejected: {0}")]
    Rejected(Rejection),
    /// No order is to blame, and repeating does not help: somebody must mend the configuration.
    #[error("configuration alarm: {0}")]
    Misconfigured(#[from] Alarm),
}

/// The operator must act.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Alarm {
    /// `SIGN_ERROR`, `NO_AUTH`, `APPID_MCHID_NOT_MATCH`, `MCH_NOT_EXISTS`.
    #[error("{0}")]
    Refused(Rejection),
    /// The platform's certificates do not open: the APIv3 key is not the merchant console's.
    #[error("certificates do not open with this APIv3 key")]
    ApiV3Key,
    #[error("a request could not be signed: {0}")]
    Sign(#[from] SignError),
}

impl From<SignError> for GatewayError {
    fn from(error: SignError) -> Self {
        Self::Misconfigured(error.into())
    }
}

/// The code of an error reply, and what had been asked for: together they have a meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub code: ErrorCode,
    pub interface: Interface,
}

impl Told {
    pub fn explained(&self) -> &'static Explanation {
        explain(&self.code, self.interface)
    }
}

/// An error reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    pub status: StatusCode,
    pub told: Told,
    /// For staff; changes without notice.
    pub message: String,
    /// The field to blame, if WeChat names one.
    pub field: Option<String>,
    pub request_id: Option<RequestId>,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.told.code)?;
        if let Some(field) = &self.field {
            write!(f, " in {field}")?;
        }
        show_id(f, self.request_id.as_ref())?;
        write!(f, ": {}", self.told.explained())
    }
}

/// Why nobody knows, and what of a reply there was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownOutcome {
    pub cause: Cause,
    pub status: Option<StatusCode>,
    /// Of an error body, which is unsigned.
    pub told: Option<Told>,
    pub request_id: Option<RequestId>,
}

impl fmt::Display for UnknownOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cause)?;
        if let Some(status) = self.status {
            write!(f, ", status {}", status.as_u16())?;
        }
        if let Some(told) = &self.told {
            write!(f, " {}", told.code)?;
        }
        show_id(f, self.request_id.as_ref())?;
        self.told.as_ref().map_or(Ok(()), |told| write!(f, ": {}", told.explained()))
    }
}

fn show_id(f: &mut fmt::Formatter<'_>, id: Option<&RequestId>) -> fmt::Result {
    id.map_or(Ok(()), |id| write!(f, " (request {id})"))
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    #[error("not asked, because as much is asked already as may be")]
    NotAsked,
    #[error("no answer in time")]
    Timeout,
    #[error("the platform cannot be reached")]
    Unreachable,
    #[error("the connection broke")]
    Broken,
    /// 202, or the code `USER_PAYING`: accepted, not finished.
    #[error("accepted, but not finished")]
    Pending,
    /// 429, or a code that says the same. On close it can mean that somebody is paying right now.
    #[error("too many requests")]
    Limited,
    /// 5xx, or a code that says the same.
    #[error("trouble at the platform")]
    Trouble,
    /// 3xx, or a good status where another was due.
    #[error("a status that does not belong here")]
    Status,
    /// 4xx without an error of WeChat's in it: some proxy answered.
    #[error("no reply of the platform's")]
    Foreign,
    /// A good status that cannot be believed; also a signature probe (§2.4), after which the
    /// identical request is answered properly.
    #[error("reply not to be trusted: {0}")]
    Unverified(VerifyError),
    /// Whatever it says, and whether it verifies or not.
    #[error("the reply is a Saoma sandbox's, not WeChat Pay's")]
    Sandbox,
    #[error("the reply is too long")]
    TooLong,
    #[error("the verified reply cannot be read")]
    Unreadable,
    #[error("the verified reply is about another order, refund or merchant")]
    Mismatch,
}

impl Cause {
    const fn label(&self) -> &'static str {
        match self {
            Self::NotAsked => "not_asked",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::Broken => "broken",
            Self::Pending => "pending",
            Self::Limited => "limited",
            Self::Trouble => "trouble",
            Self::Status => "status",
            Self::Foreign => "foreign",
            Self::Unverified(_) => "unverified",
            Self::Sandbox => "sandbox",
            Self::TooLong => "too_long",
            Self::Unreadable => "unreadable",
            Self::Mismatch => "mismatch",
        }
    }
}

/// `Request-ID` of a reply, for support; absent on some errors (§1.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// `None` for what cannot be one: empty, over 128 characters, or not of letters, digits and `-`.
    pub fn parse(text: &str) -> Option<Self> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        ((1..=128).contains(&text.len()) && text.bytes().all(legal)).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl GatewayError {
    /// The code of an error reply, wherever it ended up.
    pub fn code(&self) -> Option<&ErrorCode> {
        self.told().map(|told| &told.code)
    }

    /// The same with what it means.
    pub const fn told(&self) -> Option<&Told> {
        match self {
            Self::Unknown(outcome) => outcome.told.as_ref(),
            Self::Rejected(rejection) | Self::Misconfigured(Alarm::Refused(rejection)) => Some(&rejection.told),
            Self::Misconfigured(Alarm::ApiV3Key | Alarm::Sign(_)) => None,
        }
    }

    pub fn request_id(&self) -> Option<&RequestId> {
        match self {
            Self::Unknown(outcome) => outcome.request_id.as_ref(),
            Self::Rejected(rejection) | Self::Misconfigured(Alarm::Refused(rejection)) => rejection.request_id.as_ref(),
            Self::Misconfigured(Alarm::ApiV3Key | Alarm::Sign(_)) => None,
        }
    }

    /// For `/metrics`.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Unknown(outcome) => outcome.cause.label(),
            Self::Rejected(_) => "rejected",
            Self::Misconfigured(_) => "misconfigured",
        }
    }

    /// Nobody knows whether it happened.
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// The question was not asked: its turn did not come.
    pub const fn not_asked() -> Self {
        Self::Unknown(UnknownOutcome { cause: Cause::NotAsked, status: None, told: None, request_id: None })
    }

    /// What the platform sealed does not open with our key.
    pub const fn is_wrong_api_v3_key(&self) -> bool {
        matches!(self, Self::Misconfigured(Alarm::ApiV3Key))
    }

    /// We ask too often, they say. On close it can mean something else: see [`Cause::Limited`].
    pub const fn is_limited(&self) -> bool {
        matches!(self, Self::Unknown(UnknownOutcome { cause: Cause::Limited, .. }))
    }

    /// Prepay or close: already paid, they say. Query, and settle what that says.
    pub fn is_order_paid(&self) -> bool {
        self.is_rejected_with(&ErrorCode::OrderPaid)
    }

    /// The number is dead, they say: query; then a new attempt needs a new number.
    pub fn is_order_closed(&self) -> bool {
        self.is_rejected_with(&ErrorCode::OrderClosed)
    }

    /// Never successfully created, they say; a prepay may still be under way (§1.6).
    pub fn is_order_not_exist(&self) -> bool {
        self.is_rejected_with(&ErrorCode::OrderNotExist)
    }

    /// Paid, of another product or with other parameters: query; settle, or close and take a new
    /// number (§1.6).
    pub fn is_out_trade_no_used(&self) -> bool {
        self.is_rejected_with(&ErrorCode::OutTradeNoUsed)
    }

    /// Query of a refund: no refund of this number was ever accepted, they say, so that the same one
    /// may be asked for again (§1.6). Asking for one: the payment is unknown or not paid, which
    /// right after paying may not be the last word.
    pub fn is_refund_not_exist(&self) -> bool {
        self.is_rejected_with(&ErrorCode::ResourceNotExists)
    }

    /// This merchant has no platform certificates, only a WeChat Pay public key (§3).
    pub fn is_certificates_unavailable(&self) -> bool {
        self.is_rejected_with(&ErrorCode::ResourceNotExists)
    }

    /// Bill: nothing happened on that day, they say.
    pub fn is_no_statement(&self) -> bool {
        self.is_rejected_with(&ErrorCode::NoStatementExist)
    }

    /// Bill: it is being made.
    pub fn is_statement_creating(&self) -> bool {
        self.is_rejected_with(&ErrorCode::StatementCreating)
    }

    fn is_rejected_with(&self, code: &ErrorCode) -> bool {
        matches!(self, Self::Rejected(rejection) if rejection.told.code == *code)
    }

    /// The serial that a reply named and that we have no key for.
    pub(super) fn unknown_serial(&self) -> Option<&str> {
        match self {
            Self::Unknown(UnknownOutcome { cause: Cause::Unverified(VerifyError::UnknownSerial(serial)), .. }) => {
                Some(serial)
            }
            _ => None,
        }
    }
}

/// The gateway cannot be built: the operator must act.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error("the platform's address {0} is neither https nor http on a loopback host")]
    Insecure(String),
    #[error("the platform's address {0} has more than scheme, host and port")]
    NotAnOrigin(String),
    #[error("TLS cannot be set up")]
    Tls(#[source] reqwest::Error),
}
