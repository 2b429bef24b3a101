//! Who did what: searched, and read page by page.

use leptos::prelude::*;

use super::words::{Audit, Basics};
use crate::app::language::Language;

/// What is searched for, as typed.
#[derive(Clone, Debug, Default)]
pub struct AuditForm {
    pub who: String,
    pub what: String,
    pub subject: String,
    pub from: String,
    pub until: String,
    pub wrong: WrongDays,
}

/// Which of the days cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WrongDays {
    pub from: bool,
    pub until: bool,
    /// The first comes after the last.
    pub is_backward: bool,
}

impl AuditForm {
    /// The same search in an address.
    pub fn query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let fields = [
            ("who", &self.who),
            ("what", &self.what),
            ("subject", &self.subject),
            ("from", &self.from),
            ("until", &self.until),
        ];
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        query.finish()
    }
}

#[derive(Clone, Debug)]
pub struct AuditLine {
    pub at: String,
    pub who: String,
    pub what: String,
    pub subject: String,
    pub detail: String,
    pub address: String,
    /// Where it is not just done.
    pub result: Option<&'static str>,
}

/// `/admin/audit`.
#[component]
pub fn AuditPage(
    language: Language,
    form: AuditForm,
    kinds: Vec<(String, String)>,
    lines: Vec<AuditLine>,
    older: Option<i64>,
) -> impl IntoView {
    let (words, basics) = (Audit::of(language), Basics::of(language));
    let query = form.query();
    let older = older.map(|before| format!("/admin/audit?{query}&before={before}"));
    let export = format!("/admin/audit.csv?{query}");
    // Nobody has looked for anything as long as a day cannot be read.
    let is_wrong = form.wrong != WrongDays::default();
    let is_empty = lines.is_empty();
    view! {
        <h1 class="page-heading">{words.audit}</h1>
        <p>{words.intro}</p>
        {search(language, form, kinds)}
        {(!is_wrong).then(|| view! { <p><a href=export>{words.export}</a></p> })}
        {(is_empty && !is_wrong).then(|| view! { <p class="hint">{words.none}</p> })}
        {(!is_empty).then(|| table(language, lines))}
        {older.map(|href| view! { <p><a class="button" href=href>{basics.older}</a></p> })}
    }
}

fn search(language: Language, form: AuditForm, kinds: Vec<(String, String)>) -> impl IntoView + use<> {
    let words = Audit::of(language);
    let chosen = form.what.clone();
    let kind = move |(code, name): (String, String)| {
        let is_chosen = code == chosen;
        view! { <option value=code selected=is_chosen>{name}</option> }
    };
    let AuditForm { from, until, wrong, .. } = form;
    view! {
        <form method="get" action="/admin/audit" class="admin-filter" role="search">
            <div class="field">
                <label for="who">{words.who}</label>
                <input id="who" name="who" value=form.who maxlength="128" autocapitalize="none" spellcheck="false"/>
            </div>
            <div class="field">
                <label for="what">{words.what_heading}</label>
                <select id="what" name="what">
                    <option value="">{words.any}</option>
                    {kinds.into_iter().map(kind).collect::<Vec<_>>()}
                </select>
            </div>
            <div class="field">
                <label for="subject">{words.subject}</label>
                <input id="subject" name="subject" value=form.subject maxlength="128" autocapitalize="none" spellcheck="false"/>
            </div>
            {day("from", words.from, from, if wrong.is_backward { Some(words.wrong_order) } else { wrong.from.then_some(words.wrong_day) })}
            {day("until", words.until, until, wrong.until.then_some(words.wrong_day))}
            <div class="field"><button type="submit" class="button">{words.search}</button></div>
        </form>
    }
}

/// A field for days shows nothing but days: what is none stays in one for any text.
fn day(name: &'static str, label: &'static str, typed: String, problem: Option<&'static str>) -> impl IntoView {
    let id = format!("{name}-problem");
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                id=name name=name type=if problem.is_some() { "text" } else { "date" } value=typed
                aria-describedby=id.clone() aria-invalid=problem.map(|_| "true")
            />
            <p class="field__problem" id=id>{problem}</p>
        </div>
    }
}

fn table(language: Language, lines: Vec<AuditLine>) -> impl IntoView + use<> {
    let words = Audit::of(language);
    let row = |line: AuditLine| {
        let result = line.result.map(|result| view! { <span class="admin-refused">" · " {result}</span> });
        view! {
            <tr>
                <td class="nowrap">{line.at}</td>
                <th scope="row">{line.who}</th>
                <td>{line.what} {result}</td>
                <td>{line.subject}</td>
                <td>{line.detail}</td>
                <td class="nowrap">{line.address}</td>
            </tr>
        }
    };
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label=words.audit>
            <table class="admin-table">
                <thead>
                    <tr>
                        <th scope="col">{words.at}</th>
                        <th scope="col">{words.who}</th>
                        <th scope="col">{words.what_heading}</th>
                        <th scope="col">{words.subject}</th>
                        <th scope="col">{words.detail}</th>
                        <th scope="col">{words.address}</th>
                    </tr>
                </thead>
                <tbody>{lines.into_iter().map(row).collect::<Vec<_>>()}</tbody>
            </table>
        </div>
    }
}
