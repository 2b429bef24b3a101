//! Who works here, with which role, and the limits.

use leptos::prelude::*;

use super::{
    parts::{ConfirmFirst, Csrf, Problem},
    sessions::{SessionLine, Sessions},
    words::{Basics, Entrance, People},
};
use crate::{app::language::Language, domain::Role};

/// Somebody who works here.
#[derive(Clone, Debug)]
pub struct Person {
    pub name: String,
    pub role: Role,
    pub is_self: bool,
    pub has_password: bool,
    pub has_factor: bool,
    /// When he was put out; empty when not.
    pub disabled: String,
    pub created: String,
}

/// In yuan, as typed.
#[derive(Clone, Debug, Default)]
pub struct LimitsForm {
    pub per_refund: String,
    pub per_day: String,
}

/// `/admin/staff`.
#[component]
#[expect(clippy::too_many_arguments, reason = "the properties of a page")]
pub fn PeoplePage(
    language: Language,
    csrf: String,
    form: String,
    people: Vec<Person>,
    limits: LimitsForm,
    sessions: Vec<SessionLine>,
    is_manager: bool,
    is_confirmed: bool,
    problem: String,
) -> impl IntoView {
    let words = People::of(language);
    let may_change = is_manager && is_confirmed;
    let names: Vec<String> = people.iter().filter(|person| !person.is_self).map(|person| person.name.clone()).collect();
    let change = may_change.then(|| change(language, csrf.clone(), form.clone(), names));
    let asks = may_change.then(|| limit_fields(language, csrf.clone(), form, limits.clone()));
    let told = (!may_change).then(|| told(language, limits));
    let sessions = is_manager.then(|| {
        view! {
            <section class="admin-card" aria-labelledby="sessions">
                <h2 id="sessions">{words.sessions}</h2>
                <Sessions language csrf action="/admin/staff/session" lines=sessions with_names=true/>
            </section>
        }
    });
    view! {
        <h1 class="page-heading">{words.people}</h1>
        <p>{words.intro}</p>
        <Problem words=problem/>
        {(is_manager && !is_confirmed).then(|| view! { <ConfirmFirst language next="/admin/staff".to_owned()/> })}
        {table(language, people)}
        {change}
        <section class="admin-card" aria-labelledby="limits">
            <h2 id="limits">{words.limits}</h2>
            <p class="hint">{words.limits_hint}</p>
            {asks}
            {told}
        </section>
        {sessions}
    }
}

fn table(language: Language, people: Vec<Person>) -> impl IntoView + use<> {
    let (words, basics, entrance) = (People::of(language), Basics::of(language), Entrance::of(language));
    let row = move |person: Person| {
        let standing = match (person.disabled.is_empty(), person.has_password) {
            (false, _) => format!("{} {}", words.disabled, person.disabled),
            (true, false) => words.invited.to_owned(),
            (true, true) => String::new(),
        };
        view! {
            <tr>
                <th scope="row">
                    {person.name} {person.is_self.then(|| view! { <span class="hint">" (" {words.you} ")"</span> })}
                </th>
                <td>{basics.role(person.role)}</td>
                <td>{if person.has_factor { entrance.factor_there } else { entrance.factor_missing }}</td>
                <td class="nowrap">{person.created}</td>
                <td>{standing}</td>
            </tr>
        }
    };
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label=words.people>
            <table class="admin-table">
                <thead>
                    <tr>
                        <th scope="col">{entrance.name}</th>
                        <th scope="col">{basics.role_heading}</th>
                        <th scope="col">{entrance.factor}</th>
                        <th scope="col">{words.created}</th>
                        <th scope="col">{words.standing}</th>
                    </tr>
                </thead>
                <tbody>{people.into_iter().map(row).collect::<Vec<_>>()}</tbody>
            </table>
        </div>
    }
}

fn change(language: Language, csrf: String, form: String, names: Vec<String>) -> impl IntoView + use<> {
    let (words, basics, entrance) = (People::of(language), Basics::of(language), Entrance::of(language));
    let roles = Role::ALL.map(|role| (role.code(), (words.make)(basics.role(role))));
    let others = [("disable", words.disable), ("enable", words.enable), ("reset-factor", words.reset_factor)]
        .map(|(code, name)| (code, name.to_owned()));
    let choices = roles.into_iter().chain(others);
    view! {
        <section class="admin-card" aria-labelledby="change">
            <h2 id="change">{words.change}</h2>
            <form method="post" action="/admin/staff/change" class="admin-form">
                <Csrf token=csrf/>
                <input type="hidden" name="form" value=form/>
                <label for="who">{entrance.name}</label>
                <select id="who" name="name" required>
                    {names.into_iter().map(|name| view! { <option value=name.clone()>{name.clone()}</option> }).collect::<Vec<_>>()}
                </select>
                <label for="what">{words.change}</label>
                <select id="what" name="change" required>
                    {choices.map(|(code, name)| view! { <option value=code>{name}</option> }).collect::<Vec<_>>()}
                </select>
                <label for="note">{words.note}</label>
                <input id="note" name="note" maxlength="200"/>
                <button type="submit" class="button">{words.ask}</button>
            </form>
        </section>
    }
}

fn limit_fields(language: Language, csrf: String, form: String, limits: LimitsForm) -> impl IntoView + use<> {
    let words = People::of(language);
    view! {
        <form method="post" action="/admin/staff/limits" class="admin-form">
            <Csrf token=csrf/>
            <input type="hidden" name="form" value=format!("limits-{form}")/>
            <label for="per-refund">{words.per_refund}</label>
            <input id="per-refund" name="per_refund" value=limits.per_refund inputmode="decimal" maxlength="12"/>
            <label for="per-day">{words.per_day}</label>
            <input id="per-day" name="per_day" value=limits.per_day inputmode="decimal" maxlength="12"/>
            <button type="submit" class="button">{words.ask}</button>
        </form>
    }
}

fn told(language: Language, limits: LimitsForm) -> impl IntoView + use<> {
    let words = People::of(language);
    let limit = |yuan: String| if yuan.is_empty() { "—".to_owned() } else { format!("¥{yuan}") };
    view! {
        <dl class="admin-facts">
            <div><dt>{words.per_refund}</dt><dd class="number">{limit(limits.per_refund)}</dd></div>
            <div><dt>{words.per_day}</dt><dd class="number">{limit(limits.per_day)}</dd></div>
        </dl>
    }
}
