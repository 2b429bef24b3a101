//! The pages: Leptos' routes and server functions, and the 404 page for everything else.

use std::{
    convert::Infallible,
    sync::{Arc, LazyLock},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    middleware,
    response::Response,
};
use http::{HeaderValue, Method, StatusCode, header::CACHE_CONTROL};
use leptos::{
    prelude::provide_context,
    server_fn::{axum::server_fn_paths, error::SERVER_FN_ERROR_HEADER},
};
use leptos_axum::{AxumRouteListing, LeptosRoutes, generate_route_list_with_exclusions};

use super::{
    server_functions::{PageShop, WATCH_PATH},
    site,
    state::AppState,
};
use crate::app::{App, error::PublicError, shell, shop::Shop};

/// Made once in a process: while Leptos makes it, it keeps every page in the process from loading
/// anything, and a page that is being rendered for somebody at that moment would wait for ever. No
/// site has pages to show before it has this. Without `watch_order`, which has a route of its own.
static ROUTES: LazyLock<Vec<AxumRouteListing>> =
    LazyLock::new(|| generate_route_list_with_exclusions(App, Some(vec![WATCH_PATH.to_owned()])));

/// Every page of the shop and every server function, for whoever checks that each has its rule.
pub fn addresses() -> Vec<(Method, String)> {
    let pages = ROUTES.iter().map(|route| (Method::GET, route.path().to_owned()));
    let functions = server_fn_paths().map(|(path, method)| (method, path.to_owned()));
    pages.chain(functions).collect()
}

/// Routes with their state still open, so that the layers of `http` see them.
pub(crate) fn router(state: &AppState) -> Router<AppState> {
    let context = {
        let shop: Arc<dyn Shop> = Arc::new(PageShop(state.clone()));
        move || provide_context(Arc::clone(&shop))
    };
    let render = {
        let bundle = state.site.bundle();
        move || shell(bundle.clone())
    };
    let page = leptos_axum::render_app_async_with_context(context.clone(), render.clone());
    let missing = tower::service_fn(move |request: Request| {
        let page = page(request);
        async move { Ok::<Response, Infallible>(page.await) }
    });
    Router::new()
        .leptos_routes_with_context(state, ROUTES.clone(), context, render)
        .merge(site::files(&state.site, missing))
        .layer(middleware::map_response(give_status))
        .layer(middleware::map_response(|mut response: Response| async move {
            // A page shows one shopper's orders: no cache may keep it.
            response.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-store"));
            response
        }))
}

/// A call that cannot be read never reaches the server function that would give its error a status.
async fn give_status(response: Response) -> Response {
    let is_nameless = response.status() == StatusCode::INTERNAL_SERVER_ERROR
        && response.headers().contains_key(SERVER_FN_ERROR_HEADER);
    if !is_nameless {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let body = to_bytes(body, 1024).await.unwrap_or_default();
    let error = serde_json::from_slice::<PublicError>(&body).ok();
    if let Some(Ok(status)) = error.map(|error| StatusCode::from_u16(error.status())) {
        head.status = status;
    }
    Response::from_parts(head, Body::from(body))
}
