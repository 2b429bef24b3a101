//! How a page gets its style and its program. The files bear a hash in their names, so which they are is
//! known to whoever serves them.

#![expect(unreachable_pub, reason = "Leptos' macros make the properties of a component `pub`")]

use leptos::prelude::*;

/// Addresses of the browser's files on this site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    pub js: String,
    pub wasm: String,
    pub css: String,
}

/// What goes into the head of every page. Without a bundle pages are plain, and work all the same.
#[component]
pub fn Style(bundle: Option<Bundle>) -> impl IntoView {
    // Only islands come alive in the browser: nothing else needs to tell it what it was made of.
    if let Some(shared) = Owner::current_shared_context() {
        shared.set_is_hydrating(false);
    }
    bundle.map(|bundle| {
        let css = bundle.css.clone();
        provide_context(bundle);
        view! { <link rel="stylesheet" href=css/> }
    })
}

/// What brings the islands of a page to life, and keeps an order's page true until they are. Pages without
/// islands do without.
#[component]
pub fn Program() -> impl IntoView {
    let nonce = use_nonce();
    use_context::<Bundle>().map(|Bundle { js, wasm, .. }| {
        let start = format!("{}({js:?}, {wasm:?})", include_str!("islands.js"));
        view! {
            <link rel="modulepreload" href=js/>
            <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin=""/>
            <script nonce=nonce.clone()>{include_str!("follow.js")}</script>
            <script type="module" nonce=nonce>{start}</script>
        }
    })
}
