//! Who gets in: the checks before an interface does its work, in WeChat's order
//! (`wechatpay-v3.md` §13; path and method are the router's business).

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, HeaderName, header},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::json;

use crate::sandbox::{
    crypto::{
        authorization::{self, Authorization},
        signature::{self, PlatformKey},
    },
    endpoint::Endpoint,
    error::ApiError,
    platform::Platform,
};

/// More than a prepay with all fields at their longest.
const BODY_LIMIT: usize = 64 * 1024;
/// §1.1: further away than this is refused, in both directions.
const WINDOW_SECONDS: u64 = 300;
/// §1.5: what `SIGN_ERROR` shows of the signed message's body.
const SHOWN_OF_BODY: usize = 8;

pub(super) const SERIAL: HeaderName = HeaderName::from_static("wechatpay-serial");

/// A request whose signature holds.
pub(super) struct Admitted {
    pub(super) method: String,
    /// Path and query as sent.
    pub(super) url: String,
    pub(super) query: String,
    /// By which name it was asked for.
    pub(super) host: String,
    pub(super) body: Bytes,
    /// The key that the request's `Wechatpay-Serial` names.
    pub(super) key: Option<Arc<PlatformKey>>,
}

pub(super) async fn admit(platform: &Platform, endpoint: Endpoint, request: Request) -> Result<Admitted, ApiError> {
    let (head, body) = request.into_parts();
    if checks_agent_first(endpoint) {
        check_agent(&head.headers)?;
    }
    let authorization = read_authorization(&head.headers)?;
    check_time(platform, &authorization)?;
    check_account(platform, &authorization)?;
    let body = read_body(body).await?;
    let method = head.method.as_str().to_owned();
    let url = head.uri.path_and_query().map_or("/", |url| url.as_str()).to_owned();
    check_signature(platform, &authorization, &method, &url, &body)?;
    if !checks_agent_first(endpoint) {
        check_agent(&head.headers)?;
    }
    check_content_type(&head.headers, &body)?;
    let key = read_serial(platform, endpoint, &head.headers)?;
    let host = head.uri.authority().map(|authority| authority.as_str().to_owned());
    let host = host.or_else(|| Some(head.headers.get(header::HOST)?.to_str().ok()?.to_owned())).unwrap_or_default();
    Ok(Admitted { method, url, query: head.uri.query().unwrap_or_default().to_owned(), host, body, key })
}

/// §1.3: some interfaces look at `User-Agent` before they look at the signature.
const fn checks_agent_first(endpoint: Endpoint) -> bool {
    match endpoint {
        Endpoint::Certificates | Endpoint::Refund | Endpoint::RefundQuery | Endpoint::Abnormal => true,
        Endpoint::Prepay
        | Endpoint::Query
        | Endpoint::Close
        | Endpoint::Echo
        | Endpoint::Bill
        | Endpoint::BillDownload => false,
    }
}

fn check_agent(headers: &HeaderMap) -> Result<(), ApiError> {
    let present = |name| headers.get(name).is_some_and(|value| !value.is_empty());
    if present(header::USER_AGENT) && present(header::ACCEPT) {
        Ok(())
    } else {
        Err(ApiError::invalid_request("Http头缺少Accept或User-Agent"))
    }
}

fn read_authorization(headers: &HeaderMap) -> Result<Authorization<'_>, ApiError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(ApiError::sign_error("Http头须有且只有一个Authorization"));
    };
    let text = value.to_str().map_err(|_| ApiError::sign_error("Http头Authorization值格式错误"))?;
    authorization::parse(text).map_err(|error| ApiError::sign_error(format!("Http头Authorization值格式错误: {error}")))
}

/// Before the signature is looked at (§1.1).
fn check_time(platform: &Platform, authorization: &Authorization<'_>) -> Result<(), ApiError> {
    if platform.signing_now().as_second().abs_diff(authorization.seconds) > WINDOW_SECONDS {
        return Err(ApiError::sign_error("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"));
    }
    Ok(())
}

fn check_account(platform: &Platform, authorization: &Authorization<'_>) -> Result<(), ApiError> {
    let account = &platform.keys.account;
    if authorization.mchid != account.mchid {
        Err(ApiError::sign_error("Http头Authorization中的商户号不存在"))
    } else if !account.is_merchant_serial(authorization.serial_no) {
        Err(ApiError::sign_error("商户证书序列号有误。请使用签名私钥匹配的证书序列号"))
    } else {
        Ok(())
    }
}

async fn read_body(body: Body) -> Result<Bytes, ApiError> {
    match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(ApiError::too_large()),
        Err(_) => Err(ApiError::invalid_request("请求体不完整")),
    }
}

/// A refusal tells what the platform signed in its place, the body cut short (§1.5).
fn check_signature(
    platform: &Platform,
    authorization: &Authorization<'_>,
    method: &str,
    url: &str,
    body: &[u8],
) -> Result<(), ApiError> {
    let message =
        |body: &[u8]| signature::request_message(method, url, authorization.timestamp, authorization.nonce_str, body);
    let whole = message(body);
    platform.keys.merchant.verify(&whole, authorization.signature).map_err(|_| {
        let shown = message(body.get(..SHOWN_OF_BODY).unwrap_or(body));
        ApiError::sign_error("签名错误，请检查后再试").with_detail(json!({
            "detail": { "issue": "sign not match" },
            "field": "signature",
            "location": "authorization",
            "sign_information": {
                "method": method,
                "url": url,
                "sign_message_length": whole.len(),
                "truncated_sign_message": String::from_utf8_lossy(&shown),
            },
        }))
    })
}

/// §1.3: required with a body; `; charset=utf-8` is fine.
fn check_content_type(headers: &HeaderMap, body: &[u8]) -> Result<(), ApiError> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    if body.is_empty() || essence.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(ApiError::invalid_request("Content-Type须为application/json"))
    }
}

/// §2.3: a serial that the platform does not know is refused; it is required where fields may be encrypted to
/// it (§7.3, §10.6). SDKs live on two exceptions elsewhere: an empty serial, before they know one, and the
/// merchant's own are as good as none.
fn read_serial(
    platform: &Platform,
    endpoint: Endpoint,
    headers: &HeaderMap,
) -> Result<Option<Arc<PlatformKey>>, ApiError> {
    let required = matches!(endpoint, Endpoint::Echo | Endpoint::Abnormal);
    let mut values = headers.get_all(SERIAL).iter();
    let serial = match (values.next(), values.next()) {
        (None, _) => "",
        (Some(value), None) => value.to_str().map_err(|_| ApiError::wrong_serial())?,
        (Some(_), Some(_)) => return Err(ApiError::wrong_serial()),
    };
    match platform.keys.find_platform(serial) {
        Some(key) => Ok(Some(key)),
        None if serial.is_empty() && required => Err(ApiError::no_serial()),
        None if serial.is_empty() => Ok(None),
        None if platform.keys.account.is_merchant_serial(serial) && !required => Ok(None),
        None => Err(ApiError::wrong_serial()),
    }
}
