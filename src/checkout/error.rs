//! Why a use case does not come to its end.

use std::fmt;

use crate::{
    domain::ProductId,
    storage::StorageError,
    wechatpay::{ErrorCode, Explanation, Interface, explain, model::InvalidPrepay},
};

/// What WeChat has named as its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhyRefused {
    pub code: ErrorCode,
    pub request_id: Option<String>,
}

impl WhyRefused {
    pub fn explained(&self) -> &'static Explanation {
        explain(&self.code, Interface::Prepay)
    }
}

impl fmt::Display for WhyRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        write!(f, ": {}", self.explained())
    }
}

/// Why a use case did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    #[error("no such product")]
    NoSuchProduct,
    /// Withdrawn: orders that were placed before go on.
    #[error("the product is not on sale any more")]
    NotOnSale,
    #[error("no such order")]
    NoSuchOrder,
    /// Of one order: nobody has so many pages of it open.
    #[error("too many wait for a change of one order")]
    TooManyWatchers,
    /// The catalogue holds something WeChat cannot be told: staff must mend it.
    #[error("product {product}: {reason}")]
    UnfitProduct { product: ProductId, reason: InvalidPrepay },
    /// No usable answer from WeChat so far; the order waits and the request is repeated.
    #[error("WeChat Pay gave no usable answer yet")]
    PlatformUnreachable,
    /// WeChat said no to this order.
    #[error("WeChat Pay refused the order{}", .0.as_ref().map(|why| format!(": {why}")).unwrap_or_default())]
    PlatformRefused(Option<WhyRefused>),
    #[error(transparent)]
    Storage(#[from] StorageError),
}
