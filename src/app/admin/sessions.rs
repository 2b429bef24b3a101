//! Sessions, as tables of them.

use leptos::prelude::*;

use super::{
    parts::Csrf,
    words::{Entrance, People},
};
use crate::app::language::Language;

/// Somebody who is logged in.
#[derive(Clone, Debug)]
pub struct SessionLine {
    pub id: i64,
    pub is_this: bool,
    pub name: String,
    pub began: String,
    pub seen: String,
    pub address: String,
    pub agent: String,
}

/// A table of them, each with a button that ends it.
#[component]
pub fn Sessions(
    language: Language,
    csrf: String,
    action: &'static str,
    lines: Vec<SessionLine>,
    with_names: bool,
) -> impl IntoView {
    let words = People::of(language);
    let row = move |line: SessionLine| {
        let label = format!("{} {}", words.end, line.began);
        view! {
            <tr>
                {with_names.then(|| view! { <th scope="row">{line.name}</th> })}
                <td class="nowrap">{line.began}</td>
                <td class="nowrap">{line.seen}</td>
                <td>{line.address}</td>
                <td class="admin-agent">{line.agent}</td>
                <td>
                    {if line.is_this {
                        view! { <span class="hint">{words.this_one}</span> }.into_any()
                    } else {
                        view! {
                            <form method="post" action=action>
                                <Csrf token=csrf.clone()/>
                                <input type="hidden" name="session" value=line.id.to_string()/>
                                <button type="submit" class="button--link" aria-label=label>{words.end}</button>
                            </form>
                        }
                        .into_any()
                    }}
                </td>
            </tr>
        }
    };
    view! {
        <div class="table-scroll" tabindex="0" role="group" aria-label=words.sessions>
            <table class="admin-table">
                <thead>
                    <tr>
                        {with_names.then(|| view! { <th scope="col">{Entrance::of(language).name}</th> })}
                        <th scope="col">{words.began}</th>
                        <th scope="col">{words.seen}</th>
                        <th scope="col">{words.address}</th>
                        <th scope="col">{words.agent}</th>
                        <th scope="col"><span class="visually-hidden">{words.end}</span></th>
                    </tr>
                </thead>
                <tbody>{lines.into_iter().map(row).collect::<Vec<_>>()}</tbody>
            </table>
        </div>
    }
}
