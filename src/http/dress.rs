//! Refusals for people in the shop's style, which whoever refuses does not know.

use axum::response::Response;
use http::{
    HeaderValue,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY},
};

use super::{refusal::Page, state::AppState};

const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'");

pub(crate) fn dress(state: &AppState, mut response: Response) -> Response {
    let Some(page) = response.extensions_mut().remove::<Page>() else { return response };
    let Some(bundle) = state.site.bundle() else { return response };
    let (mut head, _) = response.into_parts();
    // Of the page that was there, which may have been compressed.
    head.headers.remove(CONTENT_LENGTH);
    head.headers.remove(CONTENT_ENCODING);
    head.headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    Response::from_parts(head, page.html(Some(&bundle.css), &state.looks.name()).into())
}
