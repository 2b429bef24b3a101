//! What is on sale: the list, one product, its picture.

use leptos::prelude::*;

use super::{
    parts::{Csrf, Problem, escaped},
    words::Shelf,
};
use crate::{
    app::language::Language,
    domain::{Pictures, Product},
};

/// A product as staff sees it.
#[derive(Clone, Debug)]
pub struct ProductLine {
    pub product: Product,
    pub pictures: Option<Pictures>,
    pub is_on_sale: bool,
}

/// What is typed of a product, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct ProductForm {
    pub title: String,
    pub summary: String,
    pub price: String,
    pub problem: String,
    /// It is unusual, and can be meant.
    pub asks_force: bool,
    /// Of a form for a new one.
    pub form: String,
}

/// `/admin/products`.
#[component]
pub fn ProductList(
    language: Language,
    csrf: String,
    may_edit: bool,
    lines: Vec<ProductLine>,
    unreadable: usize,
) -> impl IntoView {
    let words = Shelf::of(language);
    let is_empty = lines.is_empty();
    view! {
        <div class="admin-heading">
            <h1 class="page-heading">{words.products}</h1>
            {may_edit.then(|| view! { <a class="button button--primary" href="/admin/products/new">{words.new}</a> })}
        </div>
        {(unreadable > 0).then(|| view! { <p class="notice notice--bad">{(words.unreadable)(unreadable)}</p> })}
        {is_empty.then(|| view! { <section class="message"><p>{words.none}</p><p>{words.none_hint}</p></section> })}
        {(!is_empty).then(|| view! {
            <div class="table-scroll" tabindex="0" role="region" aria-label=words.products>
                <table class="admin-table">
                    <thead>
                        <tr>
                            <th scope="col">{words.title}</th>
                            <th scope="col" class="number">{words.price}</th>
                            <th scope="col">{words.state}</th>
                            {may_edit.then(|| view! { <th scope="col">{words.order}</th> })}
                        </tr>
                    </thead>
                    <tbody>
                        {lines.into_iter().map(|line| view! { <Line words csrf=csrf.clone() may_edit line/> }).collect_view()}
                    </tbody>
                </table>
            </div>
        })}
    }
}

#[component]
fn Line(words: &'static Shelf, csrf: String, may_edit: bool, line: ProductLine) -> impl IntoView {
    let ProductLine { product, pictures, is_on_sale } = line;
    let page = format!("/admin/products/{}", product.id);
    let place = format!("{page}/place");
    let step = |way: &'static str, label: &'static str| {
        let name = format!("{label} {}", product.title);
        view! { <button type="submit" class="button--link" name="place" value=way aria-label=name>{label}</button> }
    };
    view! {
        <tr>
            <th scope="row">
                <span class="admin-product">
                    {pictures.map(|Pictures { small, .. }| {
                        let (width, height) = small.size();
                        view! { <img class="admin-product__picture" src=small.address() width=width height=height alt=""/> }
                    })}
                    <a href=page>{product.title.clone()}</a>
                </span>
            </th>
            <td class="number">{product.price.to_string()}</td>
            <td><State words is_on_sale/></td>
            {may_edit.then(|| view! {
                <td>
                    <form class="admin-steps" method="post" action=place>
                        <Csrf token=csrf/>
                        {step("up", words.up)}
                        {step("down", words.down)}
                    </form>
                </td>
            })}
        </tr>
    }
}

#[component]
fn State(words: &'static Shelf, is_on_sale: bool) -> impl IntoView {
    let (class, text) = if is_on_sale { ("badge badge--good", words.on_sale) } else { ("badge", words.withdrawn) };
    view! { <span class=class>{text}</span> }
}

/// `/admin/products/new`.
#[component]
pub fn NewProduct(language: Language, csrf: String, form: ProductForm) -> impl IntoView {
    let words = Shelf::of(language);
    view! {
        <h1 class="page-heading">{words.new}</h1>
        <p>{words.none_hint}</p>
        <form class="admin-form" method="post">
            <Csrf token=csrf/>
            <input type="hidden" name="form" value=form.form.clone()/>
            <Fields words form/>
            <p class="actions">
                <button type="submit" class="button button--primary">{words.create}</button>
                <a class="button" href="/admin/products">{words.back}</a>
            </p>
        </form>
    }
}

#[component]
fn Fields(words: &'static Shelf, form: ProductForm) -> impl IntoView {
    let ProductForm { title, summary, price, problem, asks_force, .. } = form;
    view! {
        <Problem words=problem/>
        <label for="title">{words.title}</label>
        <input id="title" name="title" value=title required maxlength="127" aria-describedby="title-hint"/>
        <p class="admin-hint" id="title-hint">{words.title_hint}</p>
        <label for="summary">{words.summary}</label>
        <textarea id="summary" name="summary" rows="3" maxlength="500" aria-describedby="summary-hint">{escaped(&summary)}</textarea>
        <p class="admin-hint" id="summary-hint">{words.summary_hint}</p>
        <label for="price">{words.price}</label>
        <input id="price" name="price" value=price required inputmode="decimal" autocomplete="off" aria-describedby="price-hint"/>
        <p class="admin-hint" id="price-hint">{words.price_hint}</p>
        {asks_force.then(|| view! {
            <label class="admin-tick"><input type="checkbox" name="force" value="yes"/> {words.force}</label>
        })}
    }
}

/// `/admin/products/{id}`.
#[component]
pub fn EditProduct(
    language: Language,
    csrf: String,
    may_edit: bool,
    line: ProductLine,
    form: ProductForm,
    picture_problem: String,
) -> impl IntoView {
    let words = Shelf::of(language);
    let ProductLine { product, pictures, is_on_sale } = line;
    let (page, shop) = (format!("/admin/products/{}", product.id), format!("/products/{}", product.id));
    let sale = format!("{page}/sale");
    let (verb, label, hint) = if is_on_sale {
        ("withdraw", words.withdraw, words.withdraw_hint)
    } else {
        ("offer", words.offer, words.offer_hint)
    };
    view! {
        <h1 class="page-heading">{product.title.clone()}</h1>
        <p>
            <State words is_on_sale/> " "
            {is_on_sale.then(|| view! { <a href=shop>{words.see}</a> " · " })}
            <a href="/admin/products">{words.back}</a>
        </p>
        {if may_edit {
            view! {
                <form class="admin-form" method="post" action=page.clone()>
                    <Csrf token=csrf.clone()/>
                    <input type="hidden" name="old_title" value=product.title.clone()/>
                    <input type="hidden" name="old_summary" value=product.summary.clone()/>
                    <input type="hidden" name="old_price" value=product.price.to_string()/>
                    <Fields words form/>
                    <p class="actions"><button type="submit" class="button button--primary">{words.save}</button></p>
                </form>
                <PictureForm words csrf=csrf.clone() page pictures title=product.title problem=picture_problem/>
                <form class="admin-form" method="post" action=sale>
                    <Csrf token=csrf/>
                    <h2>{label}</h2>
                    <p>{hint}</p>
                    <p class="actions"><button type="submit" class="button" name="sale" value=verb>{label}</button></p>
                </form>
            }.into_any()
        } else {
            view! {
                <p class="notice">{words.read_only}</p>
                <dl class="admin-facts">
                    <dt>{words.title}</dt><dd>{product.title.clone()}</dd>
                    <dt>{words.summary}</dt><dd>{product.summary}</dd>
                    <dt>{words.price}</dt><dd class="number">{product.price.to_string()}</dd>
                </dl>
                <Shown words pictures title=product.title/>
            }.into_any()
        }}
    }
}

#[component]
fn Shown(words: &'static Shelf, pictures: Option<Pictures>, title: String) -> impl IntoView {
    match pictures {
        Some(Pictures { large, .. }) => {
            let (width, height) = large.size();
            view! { <img class="admin-picture" src=large.address() width=width height=height alt=title/> }.into_any()
        }
        None => view! { <p>{words.no_picture}</p> }.into_any(),
    }
}

#[component]
fn PictureForm(
    words: &'static Shelf,
    csrf: String,
    page: String,
    pictures: Option<Pictures>,
    title: String,
    problem: String,
) -> impl IntoView {
    let (action, has_one) = (format!("{page}/picture"), pictures.is_some());
    view! {
        <form class="admin-form" method="post" action=action enctype="multipart/form-data">
            <Csrf token=csrf/>
            <h2>{words.picture}</h2>
            <Problem words=problem/>
            <Shown words pictures title/>
            <label for="picture">{words.choose}</label>
            <input id="picture" type="file" name="picture" accept="image/jpeg,image/png,image/webp" aria-describedby="picture-hint"/>
            <p class="admin-hint" id="picture-hint">{words.picture_hint}</p>
            <p class="actions">
                <button type="submit" class="button">{words.upload}</button>
                {has_one.then(|| view! {
                    <button type="submit" class="button button--quiet" name="remove" value="yes">{words.remove}</button>
                })}
            </p>
        </form>
    }
}
