//! Every reply of the platform says in `Date` what time it is by the clock that judges timestamps, as WeChat's do: a
//! client whose own clock is wrong can find out by it.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderValue, header::DATE},
    middleware::Next,
    response::Response,
};
use jiff::fmt::rfc2822::DateTimePrinter;

use crate::sandbox::platform::Platform;

static PRINTER: DateTimePrinter = DateTimePrinter::new();

pub(crate) async fn tell(State(platform): State<Arc<Platform>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let date = PRINTER.timestamp_to_rfc9110_string(&platform.signing_now()).ok();
    if let Some(date) = date.and_then(|date| HeaderValue::from_str(&date).ok()) {
        response.headers_mut().insert(DATE, date);
    }
    response
}
