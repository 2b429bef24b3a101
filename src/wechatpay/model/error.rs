//! Error replies (§1.5, §1.6). They carry no signature: advice, never proof.

use std::fmt;

use serde::Deserialize;

/// An error body, cut to what may go into a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorBody {
    pub code: ErrorCode,
    /// For people; changes without notice. Printable, at most 200 characters.
    pub message: String,
    /// The field that is to blame: JSON Pointer or name, at most 100 characters.
    pub field: Option<String>,
}

#[derive(Deserialize)]
struct Wire {
    code: String,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    detail: Option<serde_json::Value>,
}

impl ErrorBody {
    /// `None` if `body` is no error of WeChat's: some proxy's page, or the empty body of 404 and 405.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let wire: Wire = serde_json::from_slice(body).ok()?;
        let field = wire.detail.as_ref().and_then(|detail| detail.get("field")?.as_str());
        Some(Self {
            code: ErrorCode::parse(&wire.code)?,
            message: printable(wire.message.as_deref().unwrap_or_default(), 200),
            field: field.map(|it| printable(it, 100)),
        })
    }
}

fn printable(text: &str, most: usize) -> String {
    text.chars().filter(|it| !it.is_control()).take(most).collect()
}

/// An error code, whichever of its two spellings was used: `ORDERNOTEXIST` of the older pages and
/// `ORDER_NOT_EXIST` of the newer ones are the same value (§1.6).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    AccountError,
    AppidMchidNotMatch,
    BankError,
    FrequencyLimited,
    InvalidRequest,
    InvalidTransactionId,
    MchNotExists,
    NoAuth,
    NoStatementExist,
    NotEnough,
    OpenidMismatch,
    OrderClosed,
    OrderNotExist,
    OrderPaid,
    OutTradeNoUsed,
    ParamError,
    RequestBlocked,
    ResourceNotExists,
    RuleLimit,
    ServiceUnavailable,
    SignError,
    StatementCreating,
    SystemError,
    TradeError,
    UserAccountAbnormal,
    UserPaying,
    /// Any other, without `_`, upper case, at most 64 characters.
    Other(String),
}

impl ErrorCode {
    /// `None` for what is no code: empty, or not of letters, digits, `_`, `-` and `.`.
    pub fn parse(text: &str) -> Option<Self> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        if !(1..=64).contains(&text.len()) || !text.bytes().all(legal) {
            return None;
        }
        let normal: String = text.chars().filter(|it| *it != '_').map(|it| it.to_ascii_uppercase()).collect();
        Some(match normal.as_str() {
            "" => return None,
            "ACCOUNTERROR" => Self::AccountError,
            "APPIDMCHIDNOTMATCH" => Self::AppidMchidNotMatch,
            "BANKERROR" => Self::BankError,
            // The page of status codes has the second name (§1.6).
            "FREQUENCYLIMITED" | "RATELIMITEXCEEDED" => Self::FrequencyLimited,
            "INVALIDREQUEST" => Self::InvalidRequest,
            "INVALIDTRANSACTIONID" => Self::InvalidTransactionId,
            "MCHNOTEXISTS" => Self::MchNotExists,
            "NOAUTH" => Self::NoAuth,
            "NOSTATEMENTEXIST" => Self::NoStatementExist,
            "NOTENOUGH" => Self::NotEnough,
            "OPENIDMISMATCH" => Self::OpenidMismatch,
            "ORDERCLOSED" => Self::OrderClosed,
            "ORDERNOTEXIST" => Self::OrderNotExist,
            "ORDERPAID" => Self::OrderPaid,
            "OUTTRADENOUSED" => Self::OutTradeNoUsed,
            "PARAMERROR" => Self::ParamError,
            "REQUESTBLOCKED" => Self::RequestBlocked,
            "RESOURCENOTEXISTS" => Self::ResourceNotExists,
            "RULELIMIT" => Self::RuleLimit,
            "SERVICEUNAVAILABLE" => Self::ServiceUnavailable,
            "SIGNERROR" => Self::SignError,
            "STATEMENTCREATING" => Self::StatementCreating,
            "SYSTEMERROR" => Self::SystemError,
            "TRADEERROR" => Self::TradeError,
            "USERACCOUNTABNORMAL" => Self::UserAccountAbnormal,
            "USERPAYING" => Self::UserPaying,
            _ => Self::Other(normal),
        })
    }

    /// The spelling of the newer pages.
    pub fn as_str(&self) -> &str {
        match self {
            Self::AccountError => "ACCOUNT_ERROR",
            Self::AppidMchidNotMatch => "APPID_MCHID_NOT_MATCH",
            Self::BankError => "BANK_ERROR",
            Self::FrequencyLimited => "FREQUENCY_LIMITED",
            Self::InvalidRequest => "INVALID_REQUEST",
            Self::InvalidTransactionId => "INVALID_TRANSACTIONID",
            Self::MchNotExists => "MCH_NOT_EXISTS",
            Self::NoAuth => "NO_AUTH",
            Self::NoStatementExist => "NO_STATEMENT_EXIST",
            Self::NotEnough => "NOT_ENOUGH",
            Self::OpenidMismatch => "OPENID_MISMATCH",
            Self::OrderClosed => "ORDER_CLOSED",
            Self::OrderNotExist => "ORDER_NOT_EXIST",
            Self::OrderPaid => "ORDERPAID",
            Self::OutTradeNoUsed => "OUT_TRADE_NO_USED",
            Self::ParamError => "PARAM_ERROR",
            Self::RequestBlocked => "REQUEST_BLOCKED",
            Self::ResourceNotExists => "RESOURCE_NOT_EXISTS",
            Self::RuleLimit => "RULE_LIMIT",
            Self::ServiceUnavailable => "SERVICE_UNAVAILABLE",
            Self::SignError => "SIGN_ERROR",
            Self::StatementCreating => "STATEMENT_CREATING",
            Self::SystemError => "SYSTEM_ERROR",
            Self::TradeError => "TRADE_ERROR",
            Self::UserAccountAbnormal => "USER_ACCOUNT_ABNORMAL",
            Self::UserPaying => "USER_PAYING",
            Self::Other(text) => text,
        }
    }

    /// Whatever its status: nothing is decided, ask again (§1.6).
    pub const fn is_undecided(&self) -> bool {
        matches!(
            self,
            Self::BankError | Self::FrequencyLimited | Self::ServiceUnavailable | Self::SystemError | Self::UserPaying
        )
    }

    /// Whatever its status: no order is to blame, the configuration is (§1.6).
    pub const fn is_configuration(&self) -> bool {
        matches!(self, Self::AppidMchidNotMatch | Self::MchNotExists | Self::NoAuth | Self::SignError)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
