//! Replies of success: signed, 204 included (`wechatpay-v3.md` §1.5, §2.1).

use std::{io, sync::Arc};

use axum::{
    body::{Body, Bytes},
    http::{StatusCode, header},
    response::Response,
};
use serde_json::Value;

use crate::sandbox::{
    crypto::signature::{self, PlatformKey, SCHEME},
    error::{ApiError, REQUEST_ID},
    platform::{Platform, Signed},
};

/// What an interface has to say.
pub(super) enum Success {
    Body(Value),
    NoContent,
    /// 202: unfinished, to be asked again (§1.5).
    Accepted(Value),
}

pub(super) async fn build(
    platform: &Arc<Platform>,
    success: Success,
    key: Arc<PlatformKey>,
    probe: bool,
    request_id: &str,
) -> Result<Response, ApiError> {
    let (status, body) = match success {
        Success::Body(value) => (StatusCode::OK, Bytes::from(value.to_string())),
        Success::NoContent => (StatusCode::NO_CONTENT, Bytes::new()),
        Success::Accepted(value) => (StatusCode::ACCEPTED, Bytes::from(value.to_string())),
    };
    let mut signed = platform.sign(key, platform.signing_now(), body.clone()).await?;
    if probe {
        signed.signature = signature::probe(&platform.entropy.bytes::<254>());
    }
    let Signed { timestamp, nonce, signature, serial } = signed;
    // Also where there is no body: some SDKs look at it first.
    let response = Response::builder()
        .status(status)
        .header("Wechatpay-Timestamp", timestamp)
        .header("Wechatpay-Nonce", nonce)
        .header("Wechatpay-Signature", signature)
        .header("Wechatpay-Serial", serial)
        .header("Wechatpay-Signature-Type", SCHEME)
        .header(REQUEST_ID, format!("{request_id}-0"))
        .header(header::CACHE_CONTROL, "no-cache, must-revalidate")
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8");
    response.body(Body::from(body)).map_err(|_| ApiError::system_error())
}

/// No answer at all. A body that fails before its first byte makes the server close the connection
/// with the head still unsent.
pub(super) fn hang_up() -> Response {
    let failing = futures::stream::once(async { Err::<Bytes, _>(io::Error::other("the sandbox hangs up")) });
    Response::new(Body::from_stream(failing))
}
