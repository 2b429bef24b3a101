//! The browser bundle: files with a hash in their name, compressed when they were built.

use axum::{Router, middleware::map_response, response::Response};
use http::{HeaderValue, StatusCode, header::CACHE_CONTROL};
use leptos::config::LeptosOptions;
use tower_http::services::ServeDir;

/// `/pkg`. A file that changes gets another name, so whoever has one keeps it.
pub fn pkg(options: &LeptosOptions) -> Router {
    let folder = std::path::Path::new(&*options.site_root).join(&*options.site_pkg_dir);
    let files = ServeDir::new(folder).precompressed_br().precompressed_gzip().append_index_html_on_directories(false);
    let hashed = options.hash_files;
    Router::new().fallback_service(files).layer(map_response(move |mut response: Response| async move {
        if hashed && matches!(response.status(), StatusCode::OK | StatusCode::NOT_MODIFIED) {
            let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
            response.headers_mut().insert(CACHE_CONTROL, forever);
        }
        response
    }))
}
