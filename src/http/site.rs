//! The site folder: the browser bundle, whose files have a hash in their name, and what lies beside
//! it, such as the icon.

use std::{convert::Infallible, path::Path};

use axum::{
    Router,
    body::Body,
    extract::Request,
    middleware::map_response,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header::CACHE_CONTROL};
use leptos::config::LeptosOptions;
use tower::Service;
use tower_http::services::ServeDir;

fn serve(folder: &Path) -> ServeDir {
    ServeDir::new(folder).precompressed_br().precompressed_gzip().append_index_html_on_directories(false)
}

/// Everything in the site folder, and `missing` for what is not there. Without Leptos: its own file
/// handler takes over the response headers of whatever page is rendered at the same time.
pub fn files<S, C>(options: &LeptosOptions, missing: S) -> Router<C>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    C: Clone + Send + Sync + 'static,
{
    let service = serve(Path::new(&*options.site_root)).call_fallback_on_method_not_allowed(true).fallback(missing);
    Router::new().fallback_service(tower::ServiceExt::<Request<Body>>::map_response(service, |response| {
        let mut response = response.into_response();
        if response.status() == StatusCode::OK {
            let hour = HeaderValue::from_static("public, max-age=3600");
            response.headers_mut().entry(CACHE_CONTROL).or_insert(hour);
        }
        response
    }))
}

/// `/pkg`. A file that changes gets another name, so whoever has one keeps it.
pub fn pkg(options: &LeptosOptions) -> Router {
    let files = serve(&Path::new(&*options.site_root).join(&*options.site_pkg_dir));
    let hashed = options.hash_files;
    Router::new().fallback_service(files).layer(map_response(move |mut response: Response| async move {
        if hashed && matches!(response.status(), StatusCode::OK | StatusCode::NOT_MODIFIED) {
            let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
            response.headers_mut().insert(CACHE_CONTROL, forever);
        }
        response
    }))
}
