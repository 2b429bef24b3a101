//! Replies of success: signed, 204 included (`wechatpay-v3.md` §1.5, §2.1).

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    http::{StatusCode, header},
    response::Response,
};
use serde_json::Value;

use super::{
    error::{ApiError, REQUEST_ID},
    keys::KeyKind,
    platform::{Platform, Signed},
    signature::{self, SCHEME},
};

/// What an interface has to say.
pub(super) enum Success {
    Body(Value),
    NoContent,
}

pub(super) async fn build(
    platform: &Arc<Platform>,
    success: Success,
    key: KeyKind,
    probe: bool,
    request_id: &str,
) -> Result<Response, ApiError> {
    let (status, body) = match success {
        Success::Body(value) => (StatusCode::OK, Bytes::from(value.to_string())),
        Success::NoContent => (StatusCode::NO_CONTENT, Bytes::new()),
    };
    let mut signed = platform.sign(key, platform.now(), body.clone()).await?;
    if probe {
        signed.signature = signature::probe(&platform.entropy.bytes::<254>());
    }
    let Signed { timestamp, nonce, signature, serial } = signed;
    let mut response = Response::builder()
        .status(status)
        .header("Wechatpay-Timestamp", timestamp)
        .header("Wechatpay-Nonce", nonce)
        .header("Wechatpay-Signature", signature)
        .header("Wechatpay-Serial", serial)
        .header("Wechatpay-Signature-Type", SCHEME)
        .header(REQUEST_ID, format!("{request_id}-0"))
        .header(header::CACHE_CONTROL, "no-cache, must-revalidate");
    if status != StatusCode::NO_CONTENT {
        response = response.header(header::CONTENT_TYPE, "application/json; charset=utf-8");
    }
    response.body(Body::from(body)).map_err(|_| ApiError::system_error())
}
