//! The sandbox says what it is on everything it says, whatever name and certificate it stands under: a shop
//! with real money refuses it.

use axum::http::{HeaderName, HeaderValue};
use tower_http::set_header::SetResponseHeaderLayer;

pub(super) const HEADER: HeaderName = HeaderName::from_static("saoma-sandbox");
pub(super) const VALUE: HeaderValue = HeaderValue::from_static("1");

/// On every reply, errors and unknown paths included.
pub(super) fn layer() -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(HEADER, VALUE)
}
