//! Why a day cannot be fetched or compared now.

use std::io;

use crate::{
    checkout::CheckoutError,
    gateway::{FetchError, GatewayError},
    storage::StorageError,
    wechatpay::bill::BillError,
};

/// Characters of a person's reason.
pub(super) const REASON_MOST: usize = 500;

#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    #[error("the bill is still being made: WeChat Pay has it after ten in the morning of the next day, Beijing time")]
    NotYet,
    #[error("that day is not over: its bill comes after ten in the morning of the next day, Beijing time")]
    NotOver,
    #[error("WeChat Pay keeps bills for three months")]
    TooOld,
    /// A setting to make in WeChat's console.
    #[error("this merchant number may not fetch bills (NO_AUTH): allow it in WeChat Pay's merchant console")]
    NoPermission,
    #[error("the bill cannot be fetched: {0}")]
    Fetch(#[source] FetchError),
    #[error("the file is no whole bill: {0}")]
    Bill(#[from] BillError),
    #[error("the bill's file: {0}")]
    File(#[from] io::Error),
    #[error("no bill of that day has been compared")]
    NotCompared,
    #[error("there is no such difference, or it has changed meanwhile")]
    NoSuchDifference,
    #[error("a reason is needed")]
    NoReason,
    #[error("a reason has {REASON_MOST} characters at most")]
    LongReason,
    #[error(transparent)]
    Checkout(#[from] CheckoutError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A programming error.
    #[error("the comparison broke off")]
    Broken,
}

impl From<FetchError> for ReconcileError {
    fn from(error: FetchError) -> Self {
        match &error {
            FetchError::Gateway(it) if it.is_statement_creating() => Self::NotYet,
            FetchError::Gateway(GatewayError::Misconfigured(_)) if code(&error).as_deref() == Some("NO_AUTH") => {
                Self::NoPermission
            }
            _ => Self::Fetch(error),
        }
    }
}

fn code(error: &FetchError) -> Option<String> {
    match error {
        FetchError::Gateway(error) => error.code().map(|code| code.as_str().to_owned()),
        _ => None,
    }
}

impl ReconcileError {
    /// For the calendar, short.
    pub fn label(&self) -> String {
        match self {
            Self::NotYet => "STATEMENT_CREATING".to_owned(),
            Self::NotOver => "NOT_OVER".to_owned(),
            Self::TooOld => "TOO_OLD".to_owned(),
            Self::NoPermission => "NO_AUTH".to_owned(),
            Self::Fetch(error) => code(error).unwrap_or_else(|| "DOWNLOAD".to_owned()),
            Self::Bill(_) => "BILL".to_owned(),
            Self::File(_) => "FILE".to_owned(),
            Self::NotCompared => "NOT_COMPARED".to_owned(),
            Self::NoSuchDifference => "NO_SUCH_DIFFERENCE".to_owned(),
            Self::NoReason => "NO_REASON".to_owned(),
            Self::LongReason => "LONG_REASON".to_owned(),
            Self::Checkout(_) | Self::Storage(_) => "BOOKS".to_owned(),
            Self::Broken => "BROKEN".to_owned(),
        }
    }
}
