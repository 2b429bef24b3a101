//! The pages: Leptos' routes and server functions, and the 404 page for everything else.

use axum::{Router, extract::State, middleware, response::IntoResponse};
use http::{HeaderValue, header::CACHE_CONTROL};
use leptos::prelude::provide_context;
use leptos_axum::{LeptosRoutes, generate_route_list};

use super::AppState;
use crate::app::{App, shell};

/// Routes with their state still open, so that the layers of `http` see them.
pub fn router(state: &AppState) -> Router<AppState> {
    let routes = generate_route_list(App);
    let context = {
        let state = state.clone();
        move || provide_context(state.clone())
    };
    let render = {
        let options = state.leptos.clone();
        move || shell(options.clone())
    };
    let missing = leptos_axum::file_and_error_handler_with_context::<AppState, _>(context.clone(), shell);
    Router::new()
        .leptos_routes_with_context(state, routes, context, render)
        .fallback(move |uri: http::Uri, state: State<AppState>, request: axum::extract::Request| async move {
            missing(uri, state, request).await.into_response()
        })
        .layer(middleware::map_response(|mut response: axum::response::Response| async move {
            // A page shows one shopper's orders: no cache may keep it.
            response.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-store"));
            response
        }))
}
