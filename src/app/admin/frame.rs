//! What is around every page of staff.

use leptos::prelude::*;

use super::{
    parts::{Csrf, escaped},
    said::Said,
    words::Basics,
};
use crate::{
    app::{components::Switch, language::Language},
    domain::Role,
};

/// Who has come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    pub name: String,
    pub role: Role,
}

/// Where a page stands, and before whom.
#[derive(Clone, Debug)]
pub struct Setting {
    pub shop: String,
    /// Addresses of style sheets; none without a built site.
    pub css: Vec<String>,
    pub language: Language,
    pub is_sandbox: bool,
    pub who: Option<Who>,
    pub csrf: String,
    pub path: String,
    /// Of a page that answers a form: the one to go on with.
    pub answers: Option<String>,
    pub said: Option<Said>,
}

/// The way to a part, and who sees it.
struct Way {
    path: &'static str,
    /// What else is part of it.
    also: &'static [&'static str],
    least: Role,
    name: fn(&Basics) -> &'static str,
}

/// In this order; a new part has its line here.
const NAVIGATION: &[Way] = &[
    Way { path: "/admin", also: &[], least: Role::Viewer, name: |words| words.dashboard },
    Way { path: "/admin/orders", also: &[], least: Role::Viewer, name: |words| words.orders },
    Way { path: "/admin/inbox", also: &["/admin/refused"], least: Role::Viewer, name: |words| words.inbox },
    Way { path: "/admin/products", also: &[], least: Role::Viewer, name: |words| words.products },
    Way { path: "/admin/looks", also: &[], least: Role::Viewer, name: |words| words.looks },
    Way { path: "/admin/approvals", also: &[], least: Role::Viewer, name: |words| words.approvals },
    Way { path: "/admin/bills", also: &["/admin/differences"], least: Role::Viewer, name: |words| words.bills },
    Way { path: "/admin/staff", also: &[], least: Role::Viewer, name: |words| words.people },
    Way { path: "/admin/audit", also: &[], least: Role::Viewer, name: |words| words.audit },
    Way { path: "/admin/status", also: &["/admin/put-back"], least: Role::Viewer, name: |words| words.status },
    Way { path: "/admin/doctor", also: &[], least: Role::Viewer, name: |words| words.doctor },
];

#[component]
pub fn Frame(setting: Setting, title: String, content: AnyView) -> impl IntoView {
    let Setting { shop, css, language, is_sandbox, who, csrf, path, answers, said } = setting;
    let words = Basics::of(language);
    let whole_title = format!("{title} · {shop} · {}", words.admin);
    let ways = who.as_ref().map(|who| ways(who.role, &path, words));
    view! {
        <!DOCTYPE html>
        <html lang=language.tag()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="format-detection" content="telephone=no"/>
                <meta name="robots" content="noindex"/>
                <title inner_html=escaped(&whole_title)></title>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                {css.into_iter().map(|href| view! { <link rel="stylesheet" href=href/> }).collect::<Vec<_>>()}
            </head>
            <body class="admin">
                <a class="skip-link" href="#main">{words.skip}</a>
                {is_sandbox.then(|| view! {
                    <aside class="sandbox-banner" aria-label=words.sandbox>
                        <strong>{words.sandbox}</strong>
                        <span>{words.sandbox_explained}</span>
                    </aside>
                })}
                <header class="site-header">
                    <a class="site-header__brand" href="/admin">
                        <span class="site-header__mark" aria-hidden="true">"扫"</span>
                        {shop} " · " {words.admin}
                    </a>
                    {who.map(|who| view! { <Person who csrf words/> })}
                    <Switch language is_answer=answers.is_some() back=answers.unwrap_or(path)/>
                </header>
                {ways.map(|ways| view! { <nav class="admin-nav" aria-label=words.navigation>{ways}</nav> })}
                <main id="main">
                    {said.map(|said| {
                        let class = if said.is_warning() { "notice" } else { "notice notice--good" };
                        view! { <p class=class role="status">{said.words(language)}</p> }
                    })}
                    {content}
                </main>
            </body>
        </html>
    }
}

fn ways(role: Role, path: &str, words: &'static Basics) -> Vec<impl IntoView + use<>> {
    let seen = NAVIGATION.iter().filter(|way| role >= way.least);
    seen.map(|way| {
        let is_below = |part: &&str| path.strip_prefix(*part).is_some_and(|it| it.is_empty() || it.starts_with('/'));
        let is_here =
            path == way.path || (way.path != "/admin" && is_below(&way.path)) || way.also.iter().any(is_below);
        view! { <a href=way.path aria-current=is_here.then_some("page")>{(way.name)(words)}</a> }
    })
    .collect()
}

#[component]
fn Person(who: Who, csrf: String, words: &'static Basics) -> impl IntoView {
    view! {
        <div class="admin-person">
            <a href="/admin/account">{who.name} " · " {words.role(who.role)}</a>
            <form method="post" action="/admin/logout">
                <Csrf token=csrf/>
                <button type="submit" class="button--link">{words.log_out}</button>
            </form>
        </div>
    }
}
