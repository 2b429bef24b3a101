use leptos::prelude::*;

use super::words::{Basics, Entrance};
use crate::{app::language::Language, domain::Role};

/// `/admin/account`: what is one's own.
#[component]
pub fn AccountPage(language: Language, name: String, role: Role, has_factor: bool) -> impl IntoView {
    let (words, entrance) = (Basics::of(language), Entrance::of(language));
    view! {
        <h1 class="page-heading">{words.account}</h1>
        <dl class="admin-facts">
            <dt>{entrance.name}</dt><dd>{name}</dd>
            <dt>{words.role_heading}</dt><dd>{words.role(role)}</dd>
            <dt>{entrance.factor}</dt>
            <dd>{if has_factor { entrance.factor_there } else { entrance.factor_missing }}</dd>
        </dl>
        <p><a class="button" href="/admin/enrol">{entrance.enrol}</a></p>
    }
}
