//! How the shop looks: name, colour, logo, what stands at the foot.

use leptos::prelude::*;

use super::{
    parts::{Csrf, Problem},
    words::Shelf,
};
use crate::{app::language::Language, domain::PictureName};

/// The shop's usual colour, where nobody has chosen one.
const USUAL: &str = "#018942";

/// What is typed of the looks, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct LooksForm {
    pub name: String,
    /// Empty: the usual one.
    pub accent: String,
    pub contact: String,
    pub footer: String,
    pub problem: String,
}

/// `/admin/looks`.
#[component]
pub fn LooksPage(
    language: Language,
    csrf: String,
    may_edit: bool,
    form: LooksForm,
    logo: Option<PictureName>,
    /// What the shop is called without a choice.
    usual_name: String,
) -> impl IntoView {
    let words = Shelf::of(language);
    let LooksForm { name, accent, contact, footer, problem } = form;
    let (is_own, has_logo) = (!accent.is_empty(), logo.is_some());
    let colour = if is_own { accent } else { USUAL.to_owned() };
    view! {
        <h1 class="page-heading">{words.looks}</h1>
        {(!may_edit).then(|| view! { <p class="notice">{words.read_only}</p> })}
        <form class="admin-form" method="post" enctype="multipart/form-data">
            <Csrf token=csrf/>
            <Problem words=problem/>
            <fieldset disabled=!may_edit>
                <legend class="visually-hidden">{words.looks}</legend>
                <label for="name">{words.name}</label>
                <input id="name" name="name" value=name maxlength="32" aria-describedby="name-hint"/>
                <p class="admin-hint" id="name-hint">{(words.usual_name)(&usual_name)}</p>
                <label class="admin-tick">
                    <input type="checkbox" name="own_accent" value="yes" checked=is_own/> {words.own_accent}
                </label>
                <label for="accent">{words.accent}</label>
                <input id="accent" type="color" name="accent" value=colour aria-describedby="accent-hint"/>
                <p class="admin-hint" id="accent-hint">{words.accent_hint}</p>
                <label for="logo">{words.logo}</label>
                {logo.map(|logo| {
                    let (width, height) = logo.size();
                    view! { <img class="admin-logo" src=logo.address() width=width height=height alt=words.logo/> }
                })}
                <input id="logo" type="file" name="logo" accept="image/jpeg,image/png,image/webp" aria-describedby="logo-hint"/>
                <p class="admin-hint" id="logo-hint">{words.logo_hint}</p>
                {has_logo.then(|| view! {
                    <label class="admin-tick"><input type="checkbox" name="no_logo" value="yes"/> {words.no_logo}</label>
                })}
                <label for="contact">{words.contact}</label>
                <input id="contact" name="contact" value=contact maxlength="200" aria-describedby="contact-hint"/>
                <p class="admin-hint" id="contact-hint">{words.contact_hint}</p>
                <label for="footer">{words.footer}</label>
                <input id="footer" name="footer" value=footer maxlength="200" aria-describedby="footer-hint"/>
                <p class="admin-hint" id="footer-hint">{words.footer_hint}</p>
                <p class="actions"><button type="submit" class="button button--primary">{words.save}</button></p>
            </fieldset>
        </form>
    }
}
