//! Refund, refund query, abnormal refund (`wechatpay-v3.md` §7).

use std::sync::Arc;

use serde_json::json;
use url::form_urlencoded;

use crate::sandbox::{
    api::{gate::Admitted, reply::Success},
    books::refund::{Abnormal, Refund, RefundRequest, Source},
    callbacks::refunder,
    error::ApiError,
    platform::Platform,
};

pub(super) async fn create(platform: &Arc<Platform>, body: &[u8]) -> Result<Success, ApiError> {
    let request = RefundRequest::parse(body, &platform.place.plain_hosts)?;
    refuse_on_demand(platform)?;
    Ok(Success::Body(refunder::accept(platform, request).await?))
}

fn refuse_on_demand(platform: &Platform) -> Result<(), ApiError> {
    let mut faults = platform.faults();
    if faults.refund_refused.take() { Err(ApiError::refused(faults.refund_refusal)) } else { Ok(()) }
}

/// Knows the refunds that a console made, too. It has no parameters (§7.3).
pub(super) fn query(platform: &Platform, out_refund_no: &str, query: &str) -> Result<Success, ApiError> {
    if let Some((name, value)) = form_urlencoded::parse(query.as_bytes()).next() {
        return Err(ApiError::unknown_parameter("query", &format!("/{name}"), &json!(value)));
    }
    refunder::end_due(platform);
    let is_hidden = platform.faults().bills.console_refunds_hidden;
    let ledger = platform.ledger();
    let refund = ledger.refund(out_refund_no).filter(|refund| !is_hidden || refund.source != Source::Console);
    let refund = refund.map(Refund::reply);
    Ok(Success::Body(refund.ok_or_else(|| ApiError::resource_not_exists("退款单不存在"))?))
}

pub(super) fn apply_abnormal(platform: &Platform, refund_id: &str, admitted: &Admitted) -> Result<Success, ApiError> {
    let key = admitted.key.as_ref().unwrap_or(&platform.keys.public_key);
    let asked = Abnormal::parse(&admitted.body, key)?;
    Ok(Success::Body(refunder::resume(platform, refund_id, &asked)?))
}
