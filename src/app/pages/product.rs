use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::Problem;
use crate::app::{
    api::load_product,
    components::{Buy, Price},
    error::PublicError,
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
                    Ok(product) => view! {
                        <Title text=product.title.clone()/>
                        <article class="product">
                            <div class="product__words">
                                <h1 class="product__title">{product.title}</h1>
                                <p class="product__summary">{product.summary}</p>
                                <p class="product__price"><Price amount=product.price/></p>
                            </div>
                            <div class="product__buy"><Buy product_id=product.id.0 problem/></div>
                        </article>
                    }.into_any(),
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })
        }}</Suspense>
    }
}
