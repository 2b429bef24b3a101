//! Refusals for people in the shop's style, which whoever refuses does not know.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{
    HeaderValue,
    header::{CONTENT_LENGTH, CONTENT_SECURITY_POLICY},
};

use super::{refusal::Page, state::AppState};

const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'");

pub(crate) async fn dress(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let Some(page) = response.extensions_mut().remove::<Page>() else { return response };
    let Some(bundle) = state.site.bundle() else { return response };
    let (mut head, _) = response.into_parts();
    head.headers.remove(CONTENT_LENGTH);
    head.headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    Response::from_parts(head, page.html(Some(&bundle.css), state.checkout.payee()).into())
}
