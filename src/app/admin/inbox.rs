//! What WeChat has delivered, and what others have.

use leptos::prelude::*;

use super::{order::Act, words::Inbox};
use crate::app::language::Language;

#[derive(Clone, Debug)]
pub struct InboxLine {
    pub id: i64,
    pub at: String,
    pub event: String,
    pub verdict: String,
    pub is_bad: bool,
    pub number: String,
    pub times: i64,
}

#[derive(Clone, Debug)]
pub struct InboxView {
    pub verdicts: Vec<&'static str>,
    pub verdict: String,
    pub number: String,
    pub lines: Vec<InboxLine>,
    pub next: Option<String>,
}

/// The two halves of the inbox.
#[component]
fn Halves(words: &'static Inbox, refused: bool) -> impl IntoView {
    view! {
        <nav class="admin-halves" aria-label=words.inbox>
            <a href="/admin/inbox" aria-current=(!refused).then_some("page")>{words.verified}</a>
            <a href="/admin/refused" aria-current=refused.then_some("page")>{words.refused}</a>
        </nav>
    }
}

#[component]
pub fn InboxPage(language: Language, page: InboxView) -> impl IntoView {
    let words = Inbox::of(language);
    let InboxView { verdicts, verdict, number, lines, next } = page;
    let option = |code: &'static str| {
        let name = words.verdict_words(code).unwrap_or(code);
        view! { <option value=code selected=code == verdict>{name}</option> }
    };
    let options = verdicts.into_iter().map(option).collect::<Vec<_>>();
    let is_empty = lines.is_empty();
    let rows = lines.into_iter().map(|line| view! { <Row words line/> }).collect::<Vec<_>>();
    view! {
        <h1 class="page-heading">{words.inbox}</h1>
        <Halves words refused=false/>
        <form class="admin-filter admin-filter--row" method="get" action="/admin/inbox">
            <div class="field">
                <label for="verdict">{words.verdict}</label>
                <select id="verdict" name="verdict"><option value="">{words.any}</option>{options}</select>
            </div>
            <div class="field">
                <label for="number">{words.number}</label>
                <input id="number" name="number" value=number maxlength="64" autocomplete="off"/>
            </div>
            <p><button class="button" type="submit">{words.show}</button></p>
        </form>
        {is_empty.then(|| view! { <p class="admin-empty">{words.none_here}</p> })}
        {(!is_empty).then(|| view! {
            <div class="table-scroll" tabindex="0" role="region" aria-label=words.verified>
                <table class="admin-table">
                    <caption class="visually-hidden">{words.verified}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{words.received}</th>
                            <th scope="col">{words.verdict}</th>
                            <th scope="col">{words.event}</th>
                            <th scope="col">{words.number}</th>
                            <th scope="col" class="number">{words.times}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        })}
        {next.map(|href| view! { <p><a class="button" href=href>{words.older}</a></p> })}
    }
}

#[component]
fn Row(words: &'static Inbox, line: InboxLine) -> impl IntoView {
    let class = if line.is_bad { "badge badge--bad" } else { "badge badge--good" };
    let verdict = words.verdict_words(&line.verdict).map_or_else(|| line.verdict.clone(), str::to_owned);
    view! {
        <tr>
            <th scope="row" class="nowrap"><a href=format!("/admin/inbox/{}", line.id)>{line.at}</a></th>
            <td><span class=class>{verdict}</span></td>
            <td class="mono">{line.event}</td>
            <td class="mono">{line.number}</td>
            <td class="number">{line.times}</td>
        </tr>
    }
}

#[derive(Clone, Debug)]
pub struct NotificationView {
    pub csrf: String,
    pub id: i64,
    pub verdict: String,
    pub is_bad: bool,
    pub facts: Vec<(&'static str, String)>,
    /// Of the order that it is about, if it is one of ours.
    pub order: Option<i64>,
    pub headers: String,
    pub body: String,
    pub emptied: Option<String>,
    /// Time and verdict.
    pub replayed: Option<(String, String)>,
    pub settled_by: Option<String>,
    pub may_act: bool,
    pub problem: String,
}

#[component]
pub fn NotificationPage(language: Language, page: NotificationView) -> impl IntoView {
    let words = Inbox::of(language);
    let in_words = |code: &str| words.verdict_words(code).map_or_else(|| code.to_owned(), str::to_owned);
    let class = if page.is_bad { "badge badge--bad" } else { "badge badge--good" };
    let facts = page.facts.into_iter().map(|(name, value)| {
        view! { <div><dt>{name}</dt><dd class="mono">{value}</dd></div> }
    });
    let facts = facts.collect::<Vec<_>>();
    let (id, csrf) = (page.id, page.csrf);
    let is_unsettled = page.is_bad && page.settled_by.is_none();
    let replayed = page.replayed.map(|(at, verdict)| (words.replayed)(&at, &in_words(&verdict)));
    view! {
        <p><a href="/admin/inbox">{words.inbox}</a></p>
        <h1 class="page-heading">
            {words.notification} " " {id} " " <span class=class>{in_words(&page.verdict)}</span>
        </h1>
        {(!page.problem.is_empty()).then(|| view! { <p class="notice notice--bad" role="alert">{page.problem}</p> })}
        <section class="admin-card">
            <dl class="admin-facts">{facts}</dl>
            {replayed.map(|line| view! { <p>{line}</p> })}
            {page.settled_by.map(|who| view! { <p>{(words.seen_by)(&who)}</p> })}
            {page.order.map(|order| view! { <p><a href=format!("/admin/orders/{order}")>{words.order}</a></p> })}
        </section>
        {page.may_act.then(|| view! {
            <section class="admin-card" aria-labelledby="actions">
                <h2 id="actions">{words.actions}</h2>
                <Act csrf=csrf.clone() action=format!("/admin/inbox/{id}/replay") name=words.replay hint=words.replay_hint/>
                {is_unsettled.then(|| view! {
                    <Act csrf=csrf action=format!("/admin/inbox/{id}/settle") name=words.seen hint=words.seen_hint/>
                })}
            </section>
        })}
        <Raw words headers=page.headers body=page.body hint=page.emptied.unwrap_or_else(|| words.body_hint.to_owned())/>
    }
}

/// As it came.
#[component]
fn Raw(words: &'static Inbox, headers: String, body: String, hint: String) -> impl IntoView {
    view! {
        <section class="admin-card">
            <h2 id="headers">{words.headers}</h2>
            <pre class="admin-raw" tabindex="0" role="region" aria-labelledby="headers">{headers}</pre>
            <h2 id="body">{words.body}</h2>
            <p class="hint">{hint}</p>
            <pre class="admin-raw" tabindex="0" role="region" aria-labelledby="body">{body}</pre>
        </section>
    }
}

#[derive(Clone, Debug)]
pub struct RefusedLine {
    pub id: i64,
    pub at: String,
    pub reason: String,
    pub is_probe: bool,
    pub address: String,
    pub serial: String,
    pub bytes: i64,
}

#[component]
pub fn RefusedPage(language: Language, lines: Vec<RefusedLine>, next: Option<String>) -> impl IntoView {
    let words = Inbox::of(language);
    let is_empty = lines.is_empty();
    let row = |line: RefusedLine| {
        let class = if line.is_probe { "badge" } else { "badge badge--bad" };
        let reason = words.reason_words(&line.reason).map_or_else(|| line.reason.clone(), str::to_owned);
        view! {
            <tr>
                <th scope="row" class="nowrap"><a href=format!("/admin/refused/{}", line.id)>{line.at}</a></th>
                <td><span class=class>{reason}</span></td>
                <td class="mono">{line.address}</td>
                <td class="mono">{line.serial}</td>
                <td class="number">{(words.bytes)(line.bytes)}</td>
            </tr>
        }
    };
    let rows = lines.into_iter().map(row).collect::<Vec<_>>();
    view! {
        <h1 class="page-heading">{words.inbox}</h1>
        <Halves words refused=true/>
        <p class="hint">{words.refused_hint}</p>
        {is_empty.then(|| view! { <p class="admin-empty">{words.none_here}</p> })}
        {(!is_empty).then(|| view! {
            <div class="table-scroll" tabindex="0" role="region" aria-label=words.refused>
                <table class="admin-table">
                    <caption class="visually-hidden">{words.refused}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{words.received}</th>
                            <th scope="col">{words.reason}</th>
                            <th scope="col">{words.address}</th>
                            <th scope="col">{words.serial}</th>
                            <th scope="col" class="number">{words.body}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        })}
        {next.map(|href| view! { <p><a class="button" href=href>{words.older}</a></p> })}
    }
}

#[derive(Clone, Debug)]
pub struct RefusedView {
    pub reason: String,
    pub facts: Vec<(&'static str, String)>,
    pub headers: String,
    pub body: String,
    pub shown: usize,
    pub bytes: i64,
}

#[component]
pub fn RefusedOnePage(language: Language, page: RefusedView) -> impl IntoView {
    let words = Inbox::of(language);
    let reason = words.reason_words(&page.reason).map_or_else(|| page.reason.clone(), str::to_owned);
    let facts = page.facts.into_iter().map(|(name, value)| {
        view! { <div><dt>{name}</dt><dd class="mono">{value}</dd></div> }
    });
    let facts = facts.collect::<Vec<_>>();
    view! {
        <p><a href="/admin/refused">{words.refused}</a></p>
        <h1 class="page-heading">{reason}</h1>
        <section class="admin-card"><dl class="admin-facts">{facts}</dl></section>
        <Raw words headers=page.headers body=page.body hint=(words.beginning)(page.shown, page.bytes)/>
    }
}
