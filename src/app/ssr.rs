//! What pages ask of the server around them. In the browser nobody does.

#[cfg(feature = "ssr")]
use super::shop::shop;

#[cfg(feature = "ssr")]
pub(crate) fn is_sandbox() -> bool {
    shop().is_ok_and(|shop| shop.is_sandbox())
}

#[cfg(not(feature = "ssr"))]
pub(crate) fn is_sandbox() -> bool {
    false
}

#[cfg(feature = "ssr")]
pub(crate) fn payee() -> String {
    shop().map(|shop| shop.payee()).unwrap_or_default()
}

#[cfg(not(feature = "ssr"))]
pub(crate) fn payee() -> String {
    String::new()
}

/// This render's content security policy.
#[cfg(feature = "ssr")]
pub(crate) fn send_policy() {
    use http::{HeaderValue, header::CONTENT_SECURITY_POLICY};
    use leptos::{nonce::use_nonce, prelude::use_context};

    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<leptos_axum::ResponseOptions>()) else {
        return;
    };
    if let Ok(policy) = shop().map(|shop| shop.page_policy(&nonce.to_string()))
        && let Ok(policy) = HeaderValue::from_str(&policy)
    {
        response.insert_header(CONTENT_SECURITY_POLICY, policy);
    }
}

#[cfg(not(feature = "ssr"))]
pub(crate) fn send_policy() {}
