//! The pages: rendered whole by the server, with a few islands that come alive in the browser.
//!
//! Components know `domain` and [`api`]; no SQL, no key, no HTTP client, no use case. What needs JavaScript is
//! in [`components`] and stands in an [`island`]; everything else is HTML and forms.

#[cfg(feature = "ssr")]
pub mod admin;
pub mod api;
mod bundle;
pub mod components;
pub mod error;
mod fields;
pub mod island;
pub mod language;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod shop;
mod ssr;
pub mod text;
pub mod view;
mod wire;

use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::{
    ParamSegment, SsrMode, StaticSegment,
    components::{Route, Router, Routes},
};

pub use self::bundle::Bundle;
use self::bundle::Style;
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
                <Style bundle/>
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
    let shop = ssr::payee();
    view! {
        <Title formatter=move |title: String| text::title(&title, &shop)/>
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
