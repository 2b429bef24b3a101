//! The interfaces of `/v3`, and the steps that every call takes: gate, faults, work, reply.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Path, Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::Response,
    routing::{MethodFilter, MethodRouter, on},
};

use super::{
    gate,
    interfaces::{self, Call},
    reply::{self, Success},
};
use crate::sandbox::{endpoint::Endpoint, error::ApiError, faults::Down, platform::Platform};

type Shared = State<Arc<Platform>>;

/// A wrong method is 405 with an empty body (§1.4).
pub(in crate::sandbox) fn router(platform: Arc<Platform>) -> Router {
    const GET: MethodFilter = MethodFilter::GET;
    const POST: MethodFilter = MethodFilter::POST;
    Router::new()
        .route("/v3/pay/transactions/native", plain(POST, || Call::Prepay))
        .route("/v3/pay/transactions/out-trade-no/{out_trade_no}", numbered(GET, Call::QueryByOutTradeNo))
        .route("/v3/pay/transactions/id/{transaction_id}", numbered(GET, Call::QueryByTransactionId))
        .route("/v3/pay/transactions/out-trade-no/{out_trade_no}/close", numbered(POST, Call::Close))
        .route("/v3/certificates", plain(GET, || Call::Certificates))
        .route("/v3/security/echo", plain(POST, || Call::Echo))
        .route("/v3/refund/domestic/refunds", plain(POST, || Call::Refund))
        .route("/v3/refund/domestic/refunds/{number}", numbered(GET, Call::RefundQuery))
        .route("/v3/refund/domestic/refunds/{number}/apply-abnormal-refund", numbered(POST, Call::Abnormal))
        .route("/v3/bill/tradebill", plain(GET, || Call::TradeBill))
        .route("/v3/bill/fundflowbill", plain(GET, || Call::FundFlowBill))
        .route("/v3/billdownload/file", on(GET, download))
        .fallback(not_simulated)
        .method_not_allowed_fallback(|| async { StatusCode::METHOD_NOT_ALLOWED })
        .layer(middleware::from_fn_with_state(Arc::clone(&platform), unless_down))
        .with_state(platform)
}

fn plain(method: MethodFilter, call: fn() -> Call) -> MethodRouter<Arc<Platform>> {
    on(method, move |State(platform): Shared, request: Request| answer(platform, call(), request))
}

/// An interface whose path holds a number.
fn numbered(method: MethodFilter, call: fn(String) -> Call) -> MethodRouter<Arc<Platform>> {
    on(method, move |State(platform): Shared, Path(number): Path<String>, request: Request| {
        answer(platform, call(number), request)
    })
}

/// 404, as WeChat answers a path that it does not have (§1.4). WeChat says nothing more; here it may be a path that
/// WeChat does have, and whoever asks for it is to know.
async fn not_simulated(request: Request) -> ApiError {
    let (method, path) = (request.method(), request.uri().path());
    tracing::warn!("sandbox: {method} {path} is not simulated");
    ApiError::not_simulated(method.as_str(), path)
}

/// While the platform is down no path of it is there, not even a wrong one.
async fn unless_down(State(platform): Shared, request: Request, next: Next) -> Response {
    let down = platform.faults().platform_down;
    match down {
        Down::Off => next.run(request).await,
        Down::Closed => reply::hang_up(),
        Down::Unavailable => ApiError::service_unavailable().into_reply(None),
    }
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
            error.into_reply((!hidden).then_some(request_id.as_str()))
        }
    }
}

/// The one answer of success that is not signed (§8.1); its request is, like any other.
async fn download(State(platform): Shared, request: Request) -> Response {
    match fetch(&platform, request).await {
        Ok(response) => response,
        Err(error) => error.into_reply(None),
    }
}

async fn fetch(platform: &Arc<Platform>, request: Request) -> Result<Response, ApiError> {
    let admitted = gate::admit(platform, Endpoint::BillDownload, request).await?;
    match before(platform, Endpoint::BillDownload)? {
        Turn::Go => interfaces::bills::download(platform, &admitted.query),
        // There is nothing to be accepted here.
        Turn::Accepted => Err(ApiError::system_error()),
        Turn::HangUp => Ok(reply::hang_up()),
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
    let accepted = || Success::Accepted(interfaces::unfinished(endpoint));
    let probed = [admitted.method.as_bytes(), admitted.url.as_bytes(), &admitted.body].join(&b'\n');
    let success = match before(platform, endpoint)? {
        Turn::Go => {
            let done = interfaces::perform(platform, call, &admitted).await;
            let done = done.map_err(|error| limited(platform, endpoint, error))?;
            match after(platform, endpoint).await? {
                Turn::Go => done,
                Turn::Accepted => accepted(),
                Turn::HangUp => return Ok(reply::hang_up()),
            }
        }
        Turn::Accepted => accepted(),
        Turn::HangUp => return Ok(reply::hang_up()),
    };
    let key = admitted.key.unwrap_or_else(|| {
        let shares = platform.faults().reply_keys(endpoint);
        platform.draw_key(shares)
    });
    let probe = platform.probes_reply(probed);
    reply::build(platform, success, key, probe, request_id).await
}

/// §7.2: too many failing refund calls within a second are all answered alike.
fn limited(platform: &Platform, endpoint: Endpoint, error: ApiError) -> ApiError {
    let counts =
        endpoint == Endpoint::Refund && error.status.is_client_error() && error.status != StatusCode::TOO_MANY_REQUESTS;
    if counts && platform.fails_too_often() { ApiError::frequency_limited() } else { error }
}

/// How a call goes on.
enum Turn {
    Go,
    /// With a 202.
    Accepted,
    /// Without an answer.
    HangUp,
}

/// Faults that strike before anything is done.
fn before(platform: &Platform, endpoint: Endpoint) -> Result<Turn, ApiError> {
    let mut faults = platform.faults();
    if faults.error_429.take(endpoint) {
        Err(ApiError::frequency_limited())
    } else if faults.error_500.take(endpoint) {
        Err(ApiError::system_error())
    } else if faults.stale_connection.take(endpoint) {
        Ok(Turn::HangUp)
    } else if faults.accepted_202.take(endpoint) {
        Ok(Turn::Accepted)
    } else {
        Ok(Turn::Go)
    }
}

/// Faults that strike when the work is done.
async fn after(platform: &Platform, endpoint: Endpoint) -> Result<Turn, ApiError> {
    let withheld = {
        let mut faults = platform.faults();
        if faults.error_500_after_commit.take(endpoint) {
            return Err(ApiError::system_error());
        }
        if faults.error_429_after_commit.take(endpoint) {
            return Err(ApiError::frequency_limited());
        }
        if faults.stale_connection_after_commit.take(endpoint) {
            return Ok(Turn::HangUp);
        }
        if faults.accepted_202_after_commit.take(endpoint) {
            return Ok(Turn::Accepted);
        }
        faults.timeout_after_commit.take(endpoint).then(|| Duration::from_millis(faults.timeout_ms))
    };
    match withheld {
        None => Ok(Turn::Go),
        Some(time) => {
            platform.stopping.run_until_cancelled(tokio::time::sleep(time)).await;
            Err(ApiError::system_error())
        }
    }
}
