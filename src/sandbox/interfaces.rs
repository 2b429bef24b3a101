//! What the interfaces do, once a request is admitted.

mod certificates;
mod echo;
mod transactions;

use std::sync::Arc;

use super::{
    error::ApiError,
    gate::Admitted,
    platform::{Endpoint, Platform},
    reply::Success,
};

/// A request that has found its interface.
pub(super) enum Call {
    Prepay,
    QueryByOutTradeNo(String),
    QueryByTransactionId(String),
    Close(String),
    Certificates,
    Echo,
}

impl Call {
    pub(super) const fn endpoint(&self) -> Endpoint {
        match self {
            Self::Prepay => Endpoint::Prepay,
            Self::QueryByOutTradeNo(_) | Self::QueryByTransactionId(_) => Endpoint::Query,
            Self::Close(_) => Endpoint::Close,
            Self::Certificates => Endpoint::Certificates,
            Self::Echo => Endpoint::Echo,
        }
    }
}

pub(super) async fn perform(platform: &Arc<Platform>, call: Call, admitted: &Admitted) -> Result<Success, ApiError> {
    match call {
        Call::Prepay => transactions::prepay(platform, &admitted.body).await,
        Call::QueryByOutTradeNo(number) => transactions::query(platform, &number, &admitted.query),
        Call::QueryByTransactionId(number) => transactions::query_by_id(platform, &number, &admitted.query),
        Call::Close(number) => transactions::close(platform, &number, &admitted.body),
        Call::Certificates => certificates::list(platform, &admitted.query),
        Call::Echo => echo::echo(platform, admitted),
    }
}
