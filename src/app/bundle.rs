//! How a page gets its style and its program. The files bear a hash in their names, so which they are is
//! known to whoever serves them.

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
pub fn BundleLinks(bundle: Option<Bundle>) -> impl IntoView {
    // Only islands come alive in the browser: nothing else needs to tell it what it was made of.
    if let Some(shared) = Owner::current_shared_context() {
        shared.set_is_hydrating(false);
    }
    let nonce = use_nonce();
    bundle.map(|Bundle { js, wasm, css }| {
        let start = format!("{}({js:?}, {wasm:?})", include_str!("islands.js"));
        view! {
            <link id="saoma" rel="stylesheet" href=css/>
            <link rel="modulepreload" href=js/>
            <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin=""/>
            <script type="module" nonce=nonce>{start}</script>
        }
    })
}
