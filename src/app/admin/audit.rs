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
}

impl AuditForm {
    /// The same search in an address.
    fn query(&self) -> String {
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
    let is_empty = lines.is_empty();
    view! {
        <h1 class="page-heading">{words.audit}</h1>
        <p>{words.intro}</p>
        {search(language, form, kinds)}
        <p><a href=export>{words.export}</a></p>
        {is_empty.then(|| view! { <p class="hint">{words.none}</p> })}
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
            <div class="field">
                <label for="from">{words.from}</label>
                <input id="from" name="from" type="date" value=form.from/>
            </div>
            <div class="field">
                <label for="until">{words.until}</label>
                <input id="until" name="until" type="date" value=form.until/>
            </div>
            <div class="field"><button type="submit" class="button">{words.search}</button></div>
        </form>
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
