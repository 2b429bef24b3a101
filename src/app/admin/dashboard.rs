//! Where a day begins: what needs someone, sums and charts.

use leptos::prelude::*;

use super::{
    chart::{Bars, Chart},
    words::Overview,
};
use crate::{app::language::Language, domain::Fen};

/// What a day, or several, came to.
#[derive(Clone, Debug)]
pub struct Figures {
    pub title: &'static str,
    pub paid: Fen,
    pub paid_count: i64,
    pub refunded: Fen,
    pub refunds: i64,
    /// May be below zero.
    pub net: String,
    pub placed: i64,
    pub conversion: String,
    pub lag: String,
    pub slow: i64,
    pub by_question: String,
    pub refused: i64,
}

/// One thing that needs someone.
#[derive(Clone, Debug)]
pub struct NeedLine {
    pub code: &'static str,
    pub what: String,
    pub detail: String,
    pub since: String,
    pub amount: Option<Fen>,
    pub href: String,
}

#[derive(Clone, Debug)]
pub struct DashboardView {
    pub needs: Vec<NeedLine>,
    pub today: Figures,
    pub month: Figures,
    pub charts: Vec<Chart>,
}

/// `/admin`: where a day begins.
#[component]
pub fn Dashboard(language: Language, page: DashboardView) -> impl IntoView {
    let words = Overview::of(language);
    let charts = page.charts.into_iter().map(|chart| view! { <Bars chart/> }).collect::<Vec<_>>();
    view! {
        <h1 class="page-heading">{words.overview}</h1>
        <Needs words needs=page.needs/>
        <div class="admin-columns">
            <FiguresCard words figures=page.today id="today"/>
            <FiguresCard words figures=page.month id="month"/>
        </div>
        <p class="hint">{words.days_hint}</p>
        <div class="admin-charts">{charts}</div>
    }
}

/// Of what needs someone, so many are shown at once: the figures are below.
const FIRST: usize = 6;

#[component]
fn Needs(words: &'static Overview, needs: Vec<NeedLine>) -> impl IntoView {
    if needs.is_empty() {
        return view! { <p class="notice notice--good">{words.needs_nothing}</p> }.into_any();
    }
    let line = |need: NeedLine| {
        let (title, remedy) = words.need(need.code);
        let amount = need.amount.map(|amount| view! { " " <span class="amount">"¥"{amount.to_string()}</span> });
        let since = (!need.since.is_empty()).then(|| format!("{} {}", words.since, need.since));
        let told = [Some(need.detail), since].into_iter().flatten().filter(|it| !it.is_empty());
        let told = told.collect::<Vec<_>>().join(" · ");
        let spoken = format!("{}: {title} {}", words.go, need.what);
        view! {
            <li class="admin-need">
                <div>
                    <p><strong>{title}</strong>{amount}</p>
                    <p class="mono">{need.what}</p>
                    {(!told.is_empty()).then(|| view! { <p class="hint">{told}</p> })}
                    <p class="hint">{remedy}</p>
                </div>
                <a class="button" href=need.href aria-label=spoken>{words.go}</a>
            </li>
        }
    };
    let count = needs.len();
    let mut lines = needs.into_iter().map(line).collect::<Vec<_>>();
    let more = lines.split_off(count.min(FIRST));
    view! {
        <section class="admin-card admin-card--bad" aria-labelledby="needs">
            <h2 id="needs">{words.needs} " (" {count} ")"</h2>
            <ul class="admin-list">{lines}</ul>
            {(!more.is_empty()).then(|| view! {
                <details class="admin-more">
                    <summary>{(words.more)(more.len())}</summary>
                    <ul class="admin-list">{more}</ul>
                </details>
            })}
        </section>
    }
    .into_any()
}

#[component]
fn FiguresCard(words: &'static Overview, figures: Figures, id: &'static str) -> impl IntoView {
    let slow = (figures.slow > 0).then(|| (words.slow)(figures.slow));
    view! {
        <section class="admin-card" aria-labelledby=id>
            <h2 id=id>{figures.title}</h2>
            <dl class="admin-figures">
                <div class="admin-figures__first">
                    <dt>{words.net}</dt><dd class="amount">{figures.net}</dd>
                </div>
                <div><dt>{words.paid}</dt><dd>"¥"{figures.paid.to_string()}<br/><span class="hint">{(words.orders)(figures.paid_count)}</span></dd></div>
                <div><dt>{words.refunded}</dt><dd>"¥"{figures.refunded.to_string()}<br/><span class="hint">{(words.orders)(figures.refunds)}</span></dd></div>
                <div><dt>{words.placed}</dt><dd>{(words.orders)(figures.placed)}</dd></div>
                <div><dt>{words.conversion}</dt><dd>{figures.conversion}</dd></div>
                <div><dt>{words.lag}</dt><dd>{figures.lag}<br/><span class="hint">{slow}</span></dd></div>
                <div><dt>{words.by_question}</dt><dd>{figures.by_question}</dd></div>
                <div><dt>{words.refused}</dt><dd>{figures.refused}</dd></div>
            </dl>
        </section>
    }
}
