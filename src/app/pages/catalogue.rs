use leptos::prelude::*;

use super::{About, Problem};
use crate::{
    app::{
        api::list_products,
        components::Price,
        ssr,
        words::{Frame, Products},
    },
    domain::Product,
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
                    <ul class="products">{products.into_iter().map(|product| view! { <Card product/> }).collect_view()}</ul>
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

#[component]
fn Card(product: Product) -> impl IntoView {
    let address = format!("/products/{}", product.id);
    view! {
        <li class="product-card">
            <h2 class="product-card__title"><a href=address>{product.title}</a></h2>
            <p class="product-card__summary">{product.summary}</p>
            <p class="product-card__price"><Price amount=product.price/></p>
        </li>
    }
}
