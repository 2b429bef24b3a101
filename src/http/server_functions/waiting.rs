//! The address of `watch_order`, answered without Leptos: of a request that waits in there it keeps all headers,
//! with the buffer they were read into, and a world of its own to render in. A page that waits is the most
//! common request by far, and it waits for 25 s.

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONNECTION, USER_AGENT},
};
use leptos::server_fn::{ServerFn, codec::FromReq, codec::GetUrl, error::SERVER_FN_ERROR_HEADER};

use super::call::Call;
use crate::{
    app::{api::WatchOrder, error::PublicError},
    http::{language, shopper, state::AppState},
};

/// As the browser's half of it asks.
pub(crate) const PATH: &str = <WatchOrder as ServerFn>::PATH;

/// The route.
pub(crate) async fn watch(State(state): State<AppState>, request: Request) -> Response {
    let shopper = shopper::known(&state, request.headers());
    let counted = request.extensions().get().copied().unwrap_or_default();
    let language = language::of(request.headers());
    let call = Call::of_waiting(state, shopper, language, kept(request.headers()), counted);
    let asked = <WatchOrder as FromReq<GetUrl, Request, PublicError>>::from_req(request).await;
    let watched = match asked {
        Ok(asked) => call.watch(&asked.token, asked.after, asked.wait).await,
        Err(error) => Err(error),
    };
    let mut response = match watched {
        Ok((view, false)) => Json(view).into_response(),
        Ok((view, true)) => ([(CONNECTION, "close")], Json(view)).into_response(),
        Err(error) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, [(SERVER_FN_ERROR_HEADER, PATH)], Json(error)).into_response()
        }
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    response
}

/// Copies of what the answer depends on: a header itself holds on to the buffer it was read into.
fn kept(headers: &HeaderMap) -> HeaderMap {
    let agent = headers.get(USER_AGENT).and_then(|agent| HeaderValue::from_bytes(agent.as_bytes()).ok());
    agent.map(|agent| (USER_AGENT, agent)).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use std::future::Future;

    use super::*;
    use crate::http::order_status;

    fn two<A, B, F: Future>(_: fn(A, B) -> F) -> usize {
        size_of::<F>()
    }

    fn four<A, B, C, D, F: Future>(_: fn(A, B, C, D) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn thousands_can_wait_because_each_keeps_little() {
        let kept = [two(watch), four(order_status::show)];
        assert!(kept.iter().all(|bytes| *bytes <= 3 * 1024), "{kept:?} bytes");
    }

    #[test]
    fn what_is_kept_of_the_headers_is_the_browsers_name() {
        let given = [("user-agent", "a browser"), ("cookie", "saoma=0"), ("accept", "*/*")];
        let given = given.map(|(name, value)| (name.parse().expect("a name"), HeaderValue::from_static(value)));
        assert_eq!(
            kept(&HeaderMap::from_iter(given)),
            HeaderMap::from_iter([(USER_AGENT, "a browser".parse().expect("a value"))])
        );
        assert!(kept(&HeaderMap::new()).is_empty());
    }
}
