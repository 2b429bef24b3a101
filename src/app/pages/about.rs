use leptos::prelude::*;
use leptos_meta::{Meta, Title};

use crate::app::{ssr, words::Frame};

/// How a page introduces itself: `title` to whoever has it open among others, `description` to search engines and
/// chats.
#[component]
pub fn About(
    #[prop(into)] title: String,
    /// By default the shop's name and the title.
    #[prop(into, default = String::new())]
    description: String,
) -> impl IntoView {
    let page_description = Frame::of(ssr::language()).page_description;
    let description = if description.is_empty() { page_description(&title, &ssr::payee()) } else { description };
    view! {
        <Title text=title/>
        <Meta name="description" content=description/>
    }
}
