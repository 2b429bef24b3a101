//! What pages ask of the server around them. In the browser nobody does.

use leptos::prelude::use_context;

#[cfg(feature = "ssr")]
use super::shop::shop;
use super::{appearance::Appearance, language::Language};

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

/// In which language this page is. Found once, see [`find_language`].
pub(crate) fn language() -> Language {
    use_context().unwrap_or_default()
}

#[cfg(feature = "ssr")]
pub(crate) fn find_language() -> Language {
    shop().map(|shop| shop.language()).unwrap_or_default()
}

#[cfg(not(feature = "ssr"))]
pub(crate) fn find_language() -> Language {
    Language::default()
}

/// What staff has chosen of how the shop looks.
#[cfg(feature = "ssr")]
pub(crate) fn appearance() -> Appearance {
    shop().map(|shop| shop.appearance()).unwrap_or_default()
}

#[cfg(not(feature = "ssr"))]
pub(crate) fn appearance() -> Appearance {
    Appearance::default()
}

/// Path and query of this page.
#[cfg(feature = "ssr")]
pub(crate) fn address() -> String {
    shop().map(|shop| shop.address()).unwrap_or_default()
}

#[cfg(not(feature = "ssr"))]
pub(crate) fn address() -> String {
    String::new()
}

/// This render's content security policy.
#[cfg(feature = "ssr")]
pub(crate) fn send_policy() {
    use http::{HeaderValue, header::CONTENT_SECURITY_POLICY};
    use leptos::nonce::use_nonce;

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
