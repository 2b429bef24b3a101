use std::borrow::Cow;

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use serde::Serialize;

use super::{About, Problem};
use crate::{
    app::{
        api::load_product,
        bundle::Program,
        components::{Buy, Price},
        error::PublicError,
        island::Island,
        ssr,
        view::ProductView,
        words::{self, Products},
    },
    domain::{PictureName, Product, ProductId},
};

/// `/products/{id}`: the product and its buy form; the pay panel opens here.
#[component]
pub fn ProductPage() -> impl IntoView {
    let id = use_params_map().read_untracked().get("id").unwrap_or_default();
    let problem = use_query_map().read_untracked().get("problem").as_deref().and_then(PublicError::from_word);
    let product = OnceResource::new_blocking(load_product(id));
    view! {
        <Suspense>{move || {
            let problem = problem.clone();
            Suspend::new(async move {
                match product.await {
                    Ok(ProductView { product, pictures }) => view! {
                        <Introduction product=product.clone()/>
                        <article class="product">
                            <div class="product__words">
                                {pictures.map(|pictures| view! { <Picture name=pictures.large title=product.title.clone()/> })}
                                <h1 class="product__title">{product.title}</h1>
                                <p class="product__summary">{product.summary}</p>
                                <p class="product__price"><Price amount=product.price/></p>
                            </div>
                            <div class="product__buy"><BuyForm id=product.id problem/></div>
                        </article>
                        <Program/>
                    }.into_any(),
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })
        }}</Suspense>
    }
}

#[component]
fn Picture(name: PictureName, title: String) -> impl IntoView {
    let (width, height) = name.size();
    view! { <img class="product__picture" src=name.address() width=width height=height alt=title/> }
}

#[component]
fn Introduction(product: Product) -> impl IntoView {
    let (yuan, shop) = (product.price.to_string(), ssr::payee());
    let describe = Products::of(ssr::language()).product_description;
    let description = describe(&product.title, &yuan, &product.summary, &shop);
    view! { <About title=product.title description/> }
}

/// What the form is made of in the browser.
#[derive(Clone, Serialize)]
struct Given {
    words: String,
    panel: String,
    product_id: String,
    problem: Cow<'static, str>,
}

#[component]
fn BuyForm(id: ProductId, problem: Option<PublicError>) -> impl IntoView {
    let words = words::Buy::of(ssr::language());
    let panel = words::Panel::of(ssr::language());
    let problem = problem.map(|problem| problem.message(words)).unwrap_or_default();
    let given = Given { words: words.lines(), panel: panel.lines(), product_id: id.to_string(), problem };
    let Given { product_id, problem, .. } = given.clone();
    view! { <Island name="buy" given><Buy words panel product_id problem=problem.into_owned()/></Island> }
}
