//! What the interfaces do, once a request is admitted.

pub(super) mod bills;
mod certificates;
mod echo;
mod refunds;
mod transactions;

use std::sync::Arc;

use serde_json::{Value, json};

use super::{gate::Admitted, reply::Success};
use crate::sandbox::{endpoint::Endpoint, error::ApiError, platform::Platform};

/// A request that has found its interface.
pub(super) enum Call {
    Prepay,
    QueryByOutTradeNo(String),
    QueryByTransactionId(String),
    Close(String),
    Certificates,
    Echo,
    Refund,
    /// By `out_refund_no`.
    RefundQuery(String),
    /// By WeChat's `refund_id`.
    Abnormal(String),
    TradeBill,
    FundFlowBill,
}

impl Call {
    pub(super) const fn endpoint(&self) -> Endpoint {
        match self {
            Self::Prepay => Endpoint::Prepay,
            Self::QueryByOutTradeNo(_) | Self::QueryByTransactionId(_) => Endpoint::Query,
            Self::Close(_) => Endpoint::Close,
            Self::Certificates => Endpoint::Certificates,
            Self::Echo => Endpoint::Echo,
            Self::Refund => Endpoint::Refund,
            Self::RefundQuery(_) => Endpoint::RefundQuery,
            Self::Abnormal(_) => Endpoint::Abnormal,
            Self::TradeBill | Self::FundFlowBill => Endpoint::Bill,
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
        Call::Refund => refunds::create(platform, &admitted.body).await,
        Call::RefundQuery(number) => refunds::query(platform, &number, &admitted.query),
        Call::Abnormal(number) => refunds::apply_abnormal(platform, &number, admitted),
        Call::TradeBill => bills::apply_trades(platform, admitted).await,
        Call::FundFlowBill => bills::apply_fund_flow(platform, admitted).await,
    }
}

/// What a 202 says: the same request is to be sent again later (§1.5, §1.6).
pub(super) fn unfinished(endpoint: Endpoint) -> Value {
    match endpoint {
        Endpoint::Close => json!({ "code": "USER_PAYING", "message": "用户支付中，请稍后重试" }),
        _ => json!({ "code": "ACCEPTED", "message": "已受理，处理尚未完成，请稍后用相同参数重试" }),
    }
}
