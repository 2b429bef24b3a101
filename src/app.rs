//! The pages: rendered whole by the server, with a few islands that come alive in the browser.
//!
//! Components know `domain` and [`api`]; no SQL, no key, no HTTP client, no use case. What needs JavaScript is
//! in [`components`] and stands in an [`island`]; everything else is HTML and forms.

#[cfg(feature = "ssr")]
pub mod admin;
pub mod api;
pub mod appearance;
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
pub mod view;
mod wire;
pub mod words;

use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::{
    ParamSegment, SsrMode, StaticSegment,
    components::{Route, Router, Routes},
};

pub use self::bundle::Bundle;
use self::bundle::Style;
use self::{
    appearance::Appearance,
    components::{Mark, Switch},
    pages::{Cancel, Catalogue, NotFound, Orders, Pay, ProductPage, Receipt},
    words::Frame,
};

/// The document around every page.
pub fn shell(bundle: Option<Bundle>) -> impl IntoView {
    ssr::send_policy();
    let language = ssr::find_language();
    provide_context(language);
    view! {
        <!DOCTYPE html>
        <html lang=language.tag()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="format-detection" content="telephone=no"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <Style bundle/>
                {ssr::appearance().style.map(|style| view! { <link rel="stylesheet" href=style/> })}
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
    let words = Frame::of(ssr::language());
    let Appearance { logo, footer, .. } = ssr::appearance();
    view! {
        <Title formatter=move |title: String| words::title(&title, &shop)/>
        <a class="skip-link" href="#main">{words.skip}</a>
        {ssr::is_sandbox().then(|| view! {
            <aside class="sandbox-banner" aria-label=words.sandbox>
                <strong>{words.sandbox}</strong>
                <span>{words.sandbox_explained}</span>
                <a href="/_sandbox/" target="_blank" rel="noopener">{words.sandbox_phone}</a>
            </aside>
        })}
        <header class="site-header">
            <a class="site-header__brand" href="/">
                <Mark logo/>
                {ssr::payee()}
            </a>
            <nav aria-label=words.navigation>
                <a href="/">{words.catalogue}</a>
                <a href="/orders">{words.orders}</a>
            </nav>
            <Switch language=ssr::language() back=ssr::address()/>
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
        <footer class="site-footer">
            {(!footer.is_empty()).then(|| view! { <p>{footer}</p> })}
            <p>{words.footer}</p>
        </footer>
    }
}
