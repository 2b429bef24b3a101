//! Native order, query, close (`wechatpay-v3.md` §5).

use std::sync::Arc;

use serde_json::{Value, json};
use url::form_urlencoded;

use crate::sandbox::{
    api::reply::Success,
    books::{
        ledger::Ledger,
        order::Order,
        prepay,
        schema::{self, Kind, required},
    },
    callbacks::{courier, payer},
    error::ApiError,
    platform::{self, Platform},
};

pub(super) async fn prepay(platform: &Arc<Platform>, body: &[u8]) -> Result<Success, ApiError> {
    let now = platform.now();
    let account = &platform.keys.account;
    let prepay = prepay::parse(body, &account.mchid, &account.appid, now, &platform.place.plain_hosts)?;
    let out_trade_no = prepay.out_trade_no.clone();
    let token = platform.code_token();
    let lives = platform.lives();
    platform.ledger().prepay(prepay, token.clone(), now, lives)?;
    tracing::info!(order.out_trade_no = out_trade_no, "sandbox order {out_trade_no}");
    let paid_now = platform.faults().pay_before_reply.take();
    if paid_now {
        pay_before_reply(platform, &token).await?;
    }
    Ok(Success::Body(json!({ "code_url": platform::code_url(&token) })))
}

/// §6.3: a notification may come before the reply to the prepay. Here the first attempt is over
/// before the reply is sent.
async fn pay_before_reply(platform: &Arc<Platform>, token: &str) -> Result<(), ApiError> {
    let number = payer::pay_held(platform, token).map_err(|_| ApiError::system_error())?;
    courier::deliver_apart(platform, number).await
}

pub(super) fn query(platform: &Platform, out_trade_no: &str, query: &str) -> Result<Success, ApiError> {
    told(platform, query, |ledger| ledger.find(out_trade_no))
}

/// Knows paid orders only (§5.2).
pub(super) fn query_by_id(platform: &Platform, transaction_id: &str, query: &str) -> Result<Success, ApiError> {
    told(platform, query, |ledger| ledger.find_transaction(transaction_id))
}

fn told(platform: &Platform, query: &str, find: impl FnOnce(&Ledger) -> Option<&Order>) -> Result<Success, ApiError> {
    check_mchid_parameter(platform, query)?;
    let now = platform.now();
    let lives = platform.lives();
    let ledger = platform.ledger();
    let order = find(&ledger).ok_or_else(ApiError::order_not_exist)?;
    let account = &platform.keys.account;
    Ok(Success::Body(order.transaction(&account.mchid, &account.appid, order.state(now, lives))))
}

pub(super) fn close(platform: &Platform, out_trade_no: &str, body: &[u8]) -> Result<Success, ApiError> {
    let body = schema::read(&[required("mchid", Kind::Text { max: 32 })], body)?;
    check_mchid(platform, "body", body.get("mchid").and_then(Value::as_str).unwrap_or_default())?;
    let lives = platform.lives();
    platform.ledger().close(out_trade_no, platform.now(), lives)?;
    tracing::info!(order.out_trade_no = out_trade_no, "sandbox closed order {out_trade_no}");
    Ok(Success::NoContent)
}

/// Query has the merchant in the URL, close in the body (§5.3).
fn check_mchid_parameter(platform: &Platform, query: &str) -> Result<(), ApiError> {
    let mut mchid = None;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name != "mchid" || mchid.is_some() {
            return Err(ApiError::unknown_parameter("query", &format!("/{name}"), &json!(value)));
        }
        mchid = Some(value);
    }
    let Some(mchid) = mchid else {
        return Err(ApiError::parameter("query", "/mchid", &json!(""), "此字段为必填项"));
    };
    check_mchid(platform, "query", &mchid)
}

fn check_mchid(platform: &Platform, location: &str, mchid: &str) -> Result<(), ApiError> {
    if mchid == platform.keys.account.mchid {
        Ok(())
    } else {
        Err(ApiError::parameter(location, "/mchid", &json!(mchid), "与Authorization中的商户号不一致"))
    }
}
