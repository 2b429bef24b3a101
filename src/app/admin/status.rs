//! How this instance is set, and how it is.

use leptos::prelude::*;

use super::words::{Basics, Overview, PutBack};
use crate::app::language::Language;

/// A table of names and values.
#[derive(Clone, Debug)]
pub struct Listed {
    pub id: &'static str,
    pub title: &'static str,
    pub hint: &'static str,
    pub heads: (&'static str, &'static str),
    pub rows: Vec<(String, String)>,
    /// Said where there are none.
    pub none: &'static str,
}

#[component]
pub fn StatusPage(language: Language, lists: Vec<Listed>, put_back: bool) -> impl IntoView {
    let words = Overview::of(language);
    let lists = lists.into_iter().map(|list| view! { <List list/> }).collect::<Vec<_>>();
    view! {
        <h1 class="page-heading">{words.status}</h1>
        <p><a href="/admin/doctor">{Basics::of(language).doctor}</a></p>
        {put_back.then(|| view! { <p><a href="/admin/put-back">{PutBack::of(language).title}</a></p> })}
        {lists}
    }
}

#[component]
fn List(list: Listed) -> impl IntoView {
    let is_empty = list.rows.is_empty();
    let row = |(name, value)| view! { <tr><th scope="row" class="mono">{name}</th><td>{value}</td></tr> };
    let rows = list.rows.into_iter().map(row).collect::<Vec<_>>();
    view! {
        <section class="admin-card" aria-labelledby=list.id>
            <h2 id=list.id>{list.title}</h2>
            {(!list.hint.is_empty()).then(|| view! { <p class="hint">{list.hint}</p> })}
            {if is_empty {
                view! { <p>{list.none}</p> }.into_any()
            } else {
                view! {
                    <table class="admin-table admin-table--pairs">
                        <thead>
                            <tr><th scope="col">{list.heads.0}</th><th scope="col">{list.heads.1}</th></tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                }
                .into_any()
            }}
        </section>
    }
}
