//! `/admin/doctor`: one list of what is wrong, and the button that asks outside.

use leptos::prelude::*;

use super::{parts::Csrf, words::Doctor};
use crate::app::language::Language;

#[derive(Clone, Debug)]
pub struct DoctorView {
    /// The times are Beijing's.
    pub looked: String,
    pub findings: Vec<FindingView>,
    pub unchecked: Vec<(String, String)>,
    pub asked: Option<String>,
    /// Since when, and which step it is at.
    pub running: Option<(String, usize)>,
    /// Of the form, for whoever may begin.
    pub csrf: Option<String>,
}

#[derive(Clone, Debug)]
pub struct FindingView {
    pub code: &'static str,
    pub is_broken: bool,
    pub is_certain: bool,
    pub detail: String,
    pub explained: String,
    pub means: &'static str,
    pub remedy: &'static str,
}

#[component]
pub fn DoctorPage(language: Language, view: DoctorView) -> impl IntoView {
    let words = Doctor::of(language);
    let DoctorView { looked, findings, unchecked, asked, running, csrf } = view;
    view! {
        <h1 class="page-heading">{words.title}</h1>
        <p>{words.intro}</p>
        <Findings words findings looked/>
        {(!unchecked.is_empty()).then(|| view! { <UncheckedList words unchecked/> })}
        <Outside words asked running csrf/>
    }
}

#[component]
fn Findings(words: &'static Doctor, findings: Vec<FindingView>, looked: String) -> impl IntoView {
    let summary = if findings.is_empty() {
        view! { <p class="notice notice--good">{words.well}</p> }.into_any()
    } else {
        view! { <p class="notice notice--bad">{(words.to_mend)(findings.len())}</p> }.into_any()
    };
    let items = findings.into_iter().map(|finding| view! { <One words finding/> }).collect::<Vec<_>>();
    view! {
        <section aria-labelledby="findings">
            <h2 id="findings">{words.findings}</h2>
            <p class="hint">
                {(words.looked)(&looked)} " · " <a href="/admin/doctor">{words.again}</a>
            </p>
            {summary}
            {items}
        </section>
    }
}

#[component]
fn One(words: &'static Doctor, finding: FindingView) -> impl IntoView {
    let FindingView { code, is_broken, is_certain, detail, explained, means, remedy } = finding;
    let (class, severity) =
        if is_broken { ("badge badge--bad", words.broken) } else { ("badge badge--waiting", words.risk) };
    let sure = if is_certain { words.certain } else { words.likely };
    view! {
        <article class="admin-card doctor-finding">
            <h3><span class=class>{severity}</span> " " {means}</h3>
            <dl class="doctor-facts">
                <Fact name=words.remedy value=remedy.to_owned()/>
                <Fact name=words.found value=detail/>
                <Fact name="WeChat Pay" value=explained/>
                <Fact name=words.sure value=sure.to_owned()/>
            </dl>
            <p class="hint">"saoma doctor" {words.separator} <code>{code}</code></p>
        </article>
    }
}

/// Nothing where there is nothing to say.
#[component]
fn Fact(name: &'static str, value: String) -> impl IntoView {
    (!value.is_empty()).then(|| view! { <div><dt>{name}</dt><dd>{value}</dd></div> })
}

#[component]
fn UncheckedList(words: &'static Doctor, unchecked: Vec<(String, String)>) -> impl IntoView {
    let row = |(what, why)| view! { <li>{what} {words.separator} {why}</li> };
    view! {
        <section class="admin-card" aria-labelledby="unchecked">
            <h2 id="unchecked">{words.unchecked}</h2>
            <ul class="doctor-list">{unchecked.into_iter().map(row).collect::<Vec<_>>()}</ul>
        </section>
    }
}

#[component]
fn Outside(
    words: &'static Doctor,
    #[prop(optional_no_strip)] asked: Option<String>,
    #[prop(optional_no_strip)] running: Option<(String, usize)>,
    #[prop(optional_no_strip)] csrf: Option<String>,
) -> impl IntoView {
    let content = if let Some((since, at)) = running {
        view! { <Progress words since at/> }.into_any()
    } else {
        let last = asked.map_or_else(|| words.never_asked.to_owned(), |at| (words.asked)(&at));
        view! {
            <p>{last}</p>
            {match csrf {
                Some(csrf) => view! {
                    <form method="post" action="/admin/doctor">
                        <Csrf token=csrf/>
                        <button class="button button--primary" type="submit">{words.ask}</button>
                    </form>
                }
                .into_any(),
                None => view! { <p class="hint">{words.managers_ask}</p> }.into_any(),
            }}
        }
        .into_any()
    };
    view! {
        <section class="admin-card doctor-outside" aria-labelledby="outside">
            <h2 id="outside">{words.outside}</h2>
            <p class="hint">{words.outside_hint}</p>
            {content}
        </section>
    }
}

#[component]
fn Progress(words: &'static Doctor, since: String, at: usize) -> impl IntoView {
    let step = |(place, name): (usize, &'static str)| {
        let (state, current) = match place.cmp(&at) {
            std::cmp::Ordering::Less => (words.step_done, None),
            std::cmp::Ordering::Equal => (words.step_now, Some("step")),
            std::cmp::Ordering::Greater => (words.step_next, None),
        };
        view! { <li aria-current=current>{name} " – " {state}</li> }
    };
    view! {
        <div role="status">
            <p>{(words.running)(&since)}</p>
            <ol class="doctor-list">{words.steps.into_iter().enumerate().map(step).collect::<Vec<_>>()}</ol>
        </div>
        <p><a class="button" href="/admin/doctor">{words.refresh}</a></p>
    }
}
