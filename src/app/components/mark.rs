use leptos::prelude::*;

use crate::domain::PictureName;

/// The shop's own mark; its name stands beside it.
#[component]
pub fn Mark(logo: Option<PictureName>) -> impl IntoView {
    match logo {
        Some(logo) => {
            let (width, height) = logo.size();
            view! { <img class="site-header__logo" src=logo.address() width=width height=height alt=""/> }.into_any()
        }
        None => view! { <span class="site-header__mark" aria-hidden="true">"扫"</span> }.into_any(),
    }
}
