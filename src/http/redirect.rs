//! Where people who have typed no `https://` find the shop. Nothing else is answered there.

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header::LOCATION};
use url::Url;

/// Sends everything on to the same place under `origin`, whatever name it was asked under.
pub fn to_https(origin: &Url) -> Router {
    let origin = origin.as_str().trim_end_matches('/').to_owned();
    Router::new().fallback(send_on).with_state(origin)
}

/// The method stays the same (308): what is a callback here is one there.
async fn send_on(State(origin): State<String>, request: Request) -> Response {
    let rest = request.uri().path_and_query().map_or("/", |rest| rest.as_str());
    let place = if rest.starts_with('/') { format!("{origin}{rest}") } else { format!("{origin}/") };
    match HeaderValue::from_str(&place) {
        Ok(place) => (StatusCode::PERMANENT_REDIRECT, [(LOCATION, place)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}
