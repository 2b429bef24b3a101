//! The interfaces of `/v3`, and the steps that every call takes: gate, faults, work, reply.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Path, Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};

use super::{
    error::ApiError,
    gate,
    interfaces::{self, Call},
    keys::KeyKind,
    platform::{Endpoint, Platform},
    reply,
};

type Shared = State<Arc<Platform>>;

/// A wrong path is 404 and a wrong method 405, both with an empty body (§1.4).
pub(super) fn router(platform: Arc<Platform>) -> Router {
    Router::new()
        .route(
            "/v3/pay/transactions/native",
            post(|State(platform): Shared, request: Request| answer(platform, Call::Prepay, request)),
        )
        .route(
            "/v3/pay/transactions/out-trade-no/{out_trade_no}",
            get(|State(platform): Shared, Path(number): Path<String>, request: Request| {
                answer(platform, Call::QueryByOutTradeNo(number), request)
            }),
        )
        .route(
            "/v3/pay/transactions/id/{transaction_id}",
            get(|State(platform): Shared, Path(number): Path<String>, request: Request| {
                answer(platform, Call::QueryByTransactionId(number), request)
            }),
        )
        .route(
            "/v3/pay/transactions/out-trade-no/{out_trade_no}/close",
            post(|State(platform): Shared, Path(number): Path<String>, request: Request| {
                answer(platform, Call::Close(number), request)
            }),
        )
        .route(
            "/v3/certificates",
            get(|State(platform): Shared, request: Request| answer(platform, Call::Certificates, request)),
        )
        .route(
            "/v3/security/echo",
            post(|State(platform): Shared, request: Request| answer(platform, Call::Echo, request)),
        )
        .fallback(|| async { StatusCode::NOT_FOUND })
        .method_not_allowed_fallback(|| async { StatusCode::METHOD_NOT_ALLOWED })
        .with_state(platform)
}

async fn answer(platform: Arc<Platform>, call: Call, request: Request) -> Response {
    let request_id = format!("{:032X}", platform.entropy.u128());
    let endpoint = call.endpoint();
    match process(&platform, call, request, &request_id).await {
        Ok(response) => response,
        Err(error) => {
            tracing::info!(?endpoint, status = error.status.as_u16(), code = error.code, "sandbox refuses");
            // §1.5: no Request-ID on a 401 from these interfaces.
            let hidden = error.status == StatusCode::UNAUTHORIZED && endpoint.is_payment();
            error.into_reply((!hidden).then_some(request_id.as_str())).into_response()
        }
    }
}

async fn process(
    platform: &Arc<Platform>,
    call: Call,
    request: Request,
    request_id: &str,
) -> Result<Response, ApiError> {
    let endpoint = call.endpoint();
    let admitted = gate::admit(platform, endpoint, request).await?;
    before(platform, endpoint)?;
    let probed = [admitted.method.as_bytes(), admitted.url.as_bytes(), &admitted.body].join(&b'\n');
    let key = admitted.key.unwrap_or_else(|| default_key(platform));
    let success = interfaces::perform(platform, call, &admitted).await?;
    after(platform, endpoint).await?;
    let probe = platform.probes_reply(probed);
    reply::build(platform, success, key, probe, request_id).await
}

/// Without `Wechatpay-Serial` the certificate signs, as for old merchants (§2.3).
fn default_key(platform: &Platform) -> KeyKind {
    if platform.faults().public_key_only { KeyKind::PublicKey } else { KeyKind::Certificate }
}

/// Faults that strike before anything is done.
fn before(platform: &Platform, endpoint: Endpoint) -> Result<(), ApiError> {
    let mut faults = platform.faults();
    if faults.error_429.take(endpoint) {
        Err(ApiError::frequency_limited())
    } else if faults.error_500.take(endpoint) {
        Err(ApiError::system_error())
    } else {
        Ok(())
    }
}

/// Faults that strike when the work is done.
async fn after(platform: &Platform, endpoint: Endpoint) -> Result<(), ApiError> {
    let withheld = {
        let mut faults = platform.faults();
        if faults.error_500_after_commit.take(endpoint) {
            return Err(ApiError::system_error());
        }
        faults.timeout_after_commit.take(endpoint).then(|| Duration::from_millis(faults.timeout_ms))
    };
    match withheld {
        None => Ok(()),
        Some(time) => {
            platform.stopping.run_until_cancelled(tokio::time::sleep(time)).await;
            Err(ApiError::system_error())
        }
    }
}
