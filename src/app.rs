//! The pages: rendered whole by the server, with a few islands that come alive in the browser.
//!
//! Components know `domain` and [`api`]; no SQL, no key, no HTTP client, no use case. What needs JavaScript is
//! in [`components`] and marked `#[island]`; everything else is HTML and forms.

pub mod api;
mod bundle;
pub mod components;
pub mod error;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod shop;
pub mod text;
pub mod view;

use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::{
    ParamSegment, SsrMode, StaticSegment,
    components::{Route, Router, Routes},
};

pub use self::bundle::Bundle;
use self::bundle::BundleLinks;
use self::pages::{Cancel, Catalogue, NotFound, Orders, Pay, ProductPage, Receipt};

/// The document around every page.
pub fn shell(bundle: Option<Bundle>) -> impl IntoView {
    ssr::send_policy();
    view! {
        <!DOCTYPE html>
        <html lang="zh-CN">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="format-detection" content="telephone=no"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <BundleLinks bundle/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// Frame and routes.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=|title: String| if title.is_empty() { text::SITE.to_owned() } else { format!("{title} · {}", text::SITE) }/>
        <a class="skip-link" href="#main">{text::SKIP}</a>
        {ssr::is_sandbox().then(|| view! {
            <aside class="sandbox-banner" aria-label=text::SANDBOX>
                <strong>{text::SANDBOX}</strong>
                <span>{text::SANDBOX_EXPLAINED}</span>
                <a href="/_sandbox/" target="_blank" rel="noopener">{text::SANDBOX_PHONE}</a>
            </aside>
        })}
        <header class="site-header">
            <a class="site-header__brand" href="/">
                <span class="site-header__mark" aria-hidden="true">"扫"</span>
                {ssr::payee()}
            </a>
            <nav aria-label=text::NAVIGATION>
                <a href="/">{text::CATALOGUE}</a>
                <a href="/orders">{text::ORDERS}</a>
            </nav>
        </header>
        <main id="main">
            <Router>
                <Routes fallback=NotFound>
                    <Route path=StaticSegment("") view=Catalogue ssr=SsrMode::Async/>
                    <Route path=(StaticSegment("products"), ParamSegment("id")) view=ProductPage ssr=SsrMode::Async/>
                    <Route path=(StaticSegment("pay"), ParamSegment("token")) view=Pay ssr=SsrMode::Async/>
                    <Route
                        path=(StaticSegment("pay"), ParamSegment("token"), StaticSegment("receipt"))
                        view=Receipt
                        ssr=SsrMode::Async
                    />
                    <Route
                        path=(StaticSegment("pay"), ParamSegment("token"), StaticSegment("cancel"))
                        view=Cancel
                        ssr=SsrMode::Async
                    />
                    <Route path=StaticSegment("orders") view=Orders ssr=SsrMode::Async/>
                </Routes>
            </Router>
        </main>
        <footer class="site-footer">{text::FOOTER}</footer>
    }
}

/// What pages ask of the server around them. In the browser nobody does.
mod ssr {
    #[cfg(feature = "ssr")]
    use super::shop::shop;

    #[cfg(feature = "ssr")]
    pub fn is_sandbox() -> bool {
        shop().is_ok_and(|shop| shop.is_sandbox())
    }

    #[cfg(not(feature = "ssr"))]
    pub fn is_sandbox() -> bool {
        false
    }

    #[cfg(feature = "ssr")]
    pub fn payee() -> String {
        shop().map(|shop| shop.payee()).unwrap_or_default()
    }

    #[cfg(not(feature = "ssr"))]
    pub fn payee() -> String {
        String::new()
    }

    /// This render's content security policy.
    #[cfg(feature = "ssr")]
    pub fn send_policy() {
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
    pub fn send_policy() {}
}
