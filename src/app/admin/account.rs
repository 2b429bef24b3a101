//! What is one's own: password, second factor, recovery codes, sessions.

use leptos::prelude::*;

use super::{
    parts::{ConfirmFirst, Csrf, Problem},
    sessions::{SessionLine, Sessions},
    words::{Basics, Entrance, People},
};
use crate::{app::language::Language, domain::Role};

/// What somebody sees of himself.
#[derive(Clone, Debug)]
pub struct Own {
    pub name: String,
    pub role: Role,
    pub has_factor: bool,
    pub recovery_codes: i64,
    pub sessions: Vec<SessionLine>,
}

/// `/admin/account`: what is one's own.
#[component]
pub fn AccountPage(language: Language, csrf: String, own: Own, problem: String, is_confirmed: bool) -> impl IntoView {
    let (words, entrance, people) = (Basics::of(language), Entrance::of(language), People::of(language));
    let Own { name, role, has_factor, recovery_codes, sessions } = own;
    let user = name.clone();
    let codes = has_factor.then(|| codes(language, csrf.clone(), recovery_codes, is_confirmed));
    view! {
        <h1 class="page-heading">{words.account}</h1>
        <Problem words=problem/>
        <dl class="admin-facts">
            <div><dt>{entrance.name}</dt><dd>{name}</dd></div>
            <div><dt>{words.role_heading}</dt><dd>{words.role(role)}</dd></div>
            <div>
                <dt>{entrance.factor}</dt>
                <dd>
                    {if has_factor { entrance.factor_there } else { entrance.factor_missing }} " "
                    <a href="/admin/enrol">{entrance.enrol}</a>
                </dd>
            </div>
        </dl>
        {codes}
        <section class="admin-card" aria-labelledby="sessions">
            <h2 id="sessions">{people.sessions}</h2>
            <Sessions language csrf=csrf.clone() action="/admin/account/session" lines=sessions with_names=false/>
        </section>
        <section class="admin-card" aria-labelledby="password-heading">
            <h2 id="password-heading">{people.change_password}</h2>
            <p class="hint" id="password-hint">{people.password_hint}</p>
            <form method="post" action="/admin/account/password" class="admin-form">
                <Csrf token=csrf/>
                <input type="hidden" name="username" value=user autocomplete="username"/>
                <label for="old">{people.old_password}</label>
                <input id="old" name="old" type="password" required maxlength="128" autocomplete="current-password"/>
                <label for="new">{entrance.new_password}</label>
                <input
                    id="new" name="new" type="password" required minlength="12" maxlength="128"
                    autocomplete="new-password" aria-describedby="password-hint"
                />
                <label for="again">{entrance.new_password_again}</label>
                <input
                    id="again" name="again" type="password" required minlength="12" maxlength="128"
                    autocomplete="new-password"
                />
                <button type="submit" class="button">{people.change_password}</button>
            </form>
        </section>
    }
}

fn codes(language: Language, csrf: String, left: i64, is_confirmed: bool) -> impl IntoView + use<> {
    let (entrance, people) = (Entrance::of(language), People::of(language));
    let action = if is_confirmed {
        view! {
            <form method="post" action="/admin/account/codes">
                <Csrf token=csrf/>
                <button type="submit" class="button">{people.new_codes}</button>
            </form>
        }
        .into_any()
    } else {
        view! { <ConfirmFirst language next="/admin/account".to_owned()/> }.into_any()
    };
    view! {
        <section class="admin-card" aria-labelledby="codes">
            <h2 id="codes">{entrance.recovery}</h2>
            <p>{(people.codes_left)(left)}</p>
            {action}
        </section>
    }
}
