use leptos::prelude::*;

use super::{About, Problem};
use crate::{
    app::{
        api::list_products,
        components::Price,
        ssr,
        view::ProductView,
        words::{Frame, Products},
    },
    domain::Pictures,
};

/// `/`: what can be bought.
#[component]
pub fn Catalogue() -> impl IntoView {
    let frame = Frame::of(ssr::language());
    let words = Products::of(ssr::language());
    let products = OnceResource::new_blocking(list_products());
    view! {
        <h1 class="page-heading">{frame.catalogue}</h1>
        <Suspense>{move || Suspend::new(async move {
            match products.await {
                Ok(products) if products.is_empty() => view! {
                    <Introduction/>
                    <section class="message"><p>{words.none}</p><p>{words.none_hint}</p></section>
                }.into_any(),
                Ok(products) => view! {
                    <Introduction/>
                    <List products/>
                }.into_any(),
                Err(error) => view! { <Problem error/> }.into_any(),
            }
        })}</Suspense>
    }
}

#[component]
fn Introduction() -> impl IntoView {
    let (frame, words) = (Frame::of(ssr::language()), Products::of(ssr::language()));
    view! { <About title=frame.catalogue description=(words.catalogue_description)(&ssr::payee())/> }
}

/// A grid as soon as one of them has a picture; else a line each.
#[component]
fn List(products: Vec<ProductView>) -> impl IntoView {
    let is_pictured = products.iter().any(|product| product.pictures.is_some());
    let class = if is_pictured { "products products--pictured" } else { "products" };
    view! {
        <ul class=class>
            {products.into_iter().map(|product| view! { <Card product is_pictured/> }).collect_view()}
        </ul>
    }
}

#[component]
fn Card(product: ProductView, is_pictured: bool) -> impl IntoView {
    let ProductView { product, pictures } = product;
    let address = format!("/products/{}", product.id);
    let initial = product.title.chars().next().map(String::from).unwrap_or_default();
    view! {
        <li class="product-card">
            {is_pictured.then(|| view! { <Thumbnail pictures initial/> })}
            <h2 class="product-card__title"><a href=address>{product.title}</a></h2>
            <p class="product-card__summary">{product.summary}</p>
            <p class="product-card__price"><Price amount=product.price/></p>
        </li>
    }
}

/// The title beside it says what it shows. Between others that have pictures, one without has its first letter.
#[component]
fn Thumbnail(pictures: Option<Pictures>, initial: String) -> impl IntoView {
    match pictures {
        Some(Pictures { small, .. }) => {
            let (width, height) = small.size();
            view! {
                <img
                    class="product-card__picture"
                    src=small.address()
                    width=width
                    height=height
                    alt=""
                    loading="lazy"
                    decoding="async"
                />
            }
            .into_any()
        }
        None => view! { <span class="product-card__picture product-card__initial" aria-hidden="true">{initial}</span> }
            .into_any(),
    }
}
