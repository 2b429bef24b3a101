//! The site's HTTP face: [`router`] is the whole stack, in reading order.
//!
//! Routes are adapters: they parse what came in, call `checkout`, and say the outcome in HTTP. The
//! callback route takes the raw body and trusts nothing before the signature.

mod address;
pub mod admin;
mod behind_proxies;
mod body;
pub mod door;
mod dress;
mod health;
mod language;
mod long_poll;
mod looks;
mod merchant_api;
mod notices;
mod notify;
mod order_status;
mod pages;
mod pictures;
pub mod rate_limits;
pub mod redirect;
mod refusal;
mod security;
mod server_functions;
pub mod shopper;
mod site;
mod state;
mod switch;
mod this_machine;

use std::time::Duration;

use axum::{
    Router, middleware,
    routing::{get, post},
};
use http::StatusCode;
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{CompressionLayer, predicate::SizeAbove},
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    timeout::TimeoutLayer,
    trace::TraceLayer,
};

use self::door::First;
use crate::app::language::SWITCH;
pub use address::ClientAddress;
pub use looks::ShopLooks;
pub use notices::Notices;
pub use notify::{NATIVE_PATH as NATIVE_NOTIFY_PATH, REFUNDS_PATH as REFUNDS_NOTIFY_PATH};
pub use pages::addresses as shop_addresses;
pub use rate_limits::Limits;
pub use shopper::Shopper;
pub use site::{Site, SiteError};
pub use state::{AdminDoor, AppState, Shared};
pub use this_machine::is_this_machine;

/// What is answered first, whoever else is in.
pub const CALLBACKS: First = First { paths: &[notify::NATIVE_PATH, notify::REFUNDS_PATH], most: body::CALLBACK.most };

/// An answer to a shopper that has not begun by then is none: longer than a page waits (25 s) and than a
/// prepay at both hosts takes. What is left is a database server that has fallen silent. Callbacks and
/// `/readyz` have shorter limits of their own.
const ANSWER_LIMIT: Duration = Duration::from_secs(40);

/// What is shorter is sent in one piece anyway.
const ONE_PACKET: u16 = 1_400;

/// The whole site. `sandbox_pages` are the sandbox's own, in sandbox mode only.
pub fn router(state: AppState, sandbox_pages: Option<Router>) -> Router {
    // Called by WeChat: no cookie, no Origin check, its own body limit.
    let callbacks = Router::new()
        .route(notify::NATIVE_PATH, post(notify::native))
        .route(notify::REFUNDS_PATH, post(notify::refunds));

    let sandbox_pages: Router<AppState> = sandbox_pages.unwrap_or_default().with_state(());

    // Called by browsers and programs.
    let shop = Router::new()
        .route("/api/wx-pay/native/native/{product_id}", post(merchant_api::place_order))
        .merge(pages::router(&state))
        .route(SWITCH, post(switch::press))
        .layer(middleware::from_fn(language::mark))
        .layer(middleware::from_fn_with_state(state.clone(), pictures::fresh))
        .layer(middleware::from_fn_with_state(state.clone(), shopper::resolve))
        .route("/api/order-info/query-order-status/{order_no}", get(merchant_api::query_order_status))
        .route("/api/product/list", get(merchant_api::list_products))
        .route("/pictures/{name}", get(pictures::picture))
        .route("/looks/{name}", get(pictures::style))
        .merge(sandbox_pages.layer(middleware::from_fn_with_state(state.clone(), this_machine::guard_sandbox)))
        .layer(middleware::from_fn_with_state(state.clone(), body::read_form))
        .layer(middleware::from_fn_with_state(state.clone(), security::check_origin))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, ANSWER_LIMIT))
        .layer(CompressionLayer::new());

    // Of staff. Not compressed: what is secret stands beside what others may have sent.
    let admin = admin::router(&state)
        .layer(middleware::from_fn(language::mark))
        .layer(middleware::from_fn_with_state(state.clone(), pictures::fresh))
        .layer(middleware::from_fn_with_state(state.clone(), security::check_origin))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, ANSWER_LIMIT));

    // Long polls. Thousands wait at a time, each with whatever its layers keep of it; so they have none but these,
    // which keep next to nothing (`middleware::from_fn` keeps its own copy of everything further inside).
    let waiting = Router::new()
        .route("/api/orders/{token}", get(order_status::show))
        .route(server_functions::WATCH_PATH, get(server_functions::watch))
        .layer(
            ServiceBuilder::new()
                .layer(CompressionLayer::new().compress_when(SizeAbove::new(ONE_PACKET)))
                .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, ANSWER_LIMIT)),
        );

    let operations = Router::new().route("/healthz", get(health::alive)).route("/readyz", get(health::ready)).route(
        "/metrics",
        get(health::metrics).layer(middleware::from_fn_with_state(state.clone(), this_machine::guard_metrics)),
    );

    let with_client = {
        let state = state.clone();
        move |request| behind_proxies::resolve(&state, request)
    };
    let with_headers = {
        let state = state.clone();
        move |response| security::set_headers(&state, dress::dress(&state, response))
    };
    Router::new()
        .merge(callbacks)
        .merge(shop)
        .merge(admin)
        .merge(waiting)
        .merge(operations)
        .merge(site::pkg(&state.site))
        .layer(
            ServiceBuilder::new()
                .map_request(security::bound_request_id)
                .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
                .layer(TraceLayer::new_for_http().make_span_with(security::request_span))
                .layer(PropagateRequestIdLayer::x_request_id())
                // A mistake of ours costs its own request, not the connection that it came by.
                .layer(CatchPanicLayer::new())
                .map_request(with_client)
                .map_response(with_headers)
                .layer(middleware::from_fn(security::refuse_strange)),
        )
        .with_state(state)
}
