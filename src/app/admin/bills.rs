//! `/admin/bills`: the month as a calendar, a day, a difference.

use leptos::prelude::*;

use super::{
    bill_words::{Difference, DifferenceStanding, Standing},
    parts::{Csrf, Problem},
    words::Bills,
};
use crate::app::language::Language;

#[derive(Clone, Debug)]
pub struct DayCell {
    /// `2026-01-31`.
    pub day: String,
    pub number: i8,
    pub standing: Standing,
    pub open: i64,
}

#[derive(Clone, Debug)]
pub struct MonthView {
    /// `2026-01`.
    pub month: String,
    pub previous: String,
    pub next: String,
    /// How many days of the first week are of the month before.
    pub lead: usize,
    pub days: Vec<DayCell>,
    pub open: Vec<DifferenceRow>,
    pub is_manager: bool,
}

#[derive(Clone, Debug)]
pub struct DifferenceRow {
    pub id: i64,
    pub day: String,
    pub kind: Difference,
    pub subject: String,
    /// Yuan.
    pub theirs: String,
    pub ours: String,
    pub standing: DifferenceStanding,
    pub answer: String,
}

/// So many, and how much in yuan.
#[derive(Clone, Debug, Default)]
pub struct SumView {
    pub count: u64,
    pub yuan: String,
}

#[derive(Clone, Debug)]
pub struct TotalsView {
    pub payments: (SumView, SumView),
    pub refunds: (SumView, SumView),
    pub fees: String,
    pub net: String,
    pub foreign: Option<(SumView, SumView)>,
    pub account: Option<AccountView>,
    pub unlisted: u64,
}

/// The merchant's account: before and after, and its movements by name.
#[derive(Clone, Debug)]
pub struct AccountView {
    pub opening: String,
    pub closing: String,
    pub kinds: Vec<(String, SumView)>,
}

#[derive(Clone, Debug)]
pub struct FileView {
    pub kind: String,
    /// `None`: nothing happened.
    pub told: Option<String>,
}

#[derive(Clone, Debug)]
pub struct DayView {
    pub day: String,
    pub month: String,
    pub standing: Standing,
    pub problem: Option<String>,
    pub checked: Option<String>,
    pub totals: Option<TotalsView>,
    pub files: Vec<FileView>,
    pub differences: Vec<DifferenceRow>,
    /// The way to the next page of them.
    pub more: Option<String>,
    pub is_manager: bool,
    pub csrf: String,
}

#[derive(Clone, Debug)]
pub struct DifferenceView {
    pub row: DifferenceRow,
    pub transaction_id: Option<String>,
    pub out_trade_no: Option<String>,
    pub order: Option<String>,
    pub who: String,
    pub why: String,
    pub found: String,
    pub changed: String,
    pub is_manager: bool,
    pub csrf: String,
    /// What was typed, when it is shown again, and what is wrong with it.
    pub typed: String,
    pub problem: &'static str,
}

#[component]
pub fn BillsPage(language: Language, view: MonthView) -> impl IntoView {
    let words = Bills::of(language);
    let MonthView { month, previous, next, lead, days, open, is_manager } = view;
    let cells: Vec<Option<DayCell>> = std::iter::repeat_n(None, lead).chain(days.into_iter().map(Some)).collect();
    let sums = format!("/admin/bills/{month}-01/sums.csv");
    view! {
        <h1 class="page-heading">{words.bills}</h1>
        <p>{words.intro}</p>
        <nav class="bill-months" aria-label=words.bills>
            <a href=format!("/admin/bills?month={previous}")>{words.previous}</a>
            <strong>{month}</strong>
            <a href=format!("/admin/bills?month={next}")>{words.next}</a>
        </nav>
        <table class="bill-calendar">
            <thead><tr>{words.weekdays.map(|day| view! { <th scope="col">{day}</th> })}</tr></thead>
            <tbody>
                {cells.chunks(7).map(|week| view! {
                    <tr>{week.iter().map(|cell| view! { <Cell cell=cell.clone() words/> }).collect::<Vec<_>>()}</tr>
                }).collect::<Vec<_>>()}
            </tbody>
        </table>
        {is_manager.then(|| view! { <p><a class="button" href=sums download="">{words.month_sums}</a></p> })}
        <section class="bill-section" aria-labelledby="open">
            <h2 id="open">{words.open_differences}</h2>
            {if open.is_empty() {
                view! { <p>{words.none_open}</p> }.into_any()
            } else {
                view! { <Differences rows=open words with_day=true/> }.into_any()
            }}
        </section>
    }
}

#[component]
fn Cell(cell: Option<DayCell>, words: &'static Bills) -> impl IntoView {
    let Some(DayCell { day, number, standing, open }) = cell else { return view! { <td></td> }.into_any() };
    let told = words.standing(standing);
    view! {
        <td class=standing.class()>
            <a href=format!("/admin/bills/{day}")>
                <span class="bill-day__number">{number}</span>
                <span class="bill-day__sign" aria-hidden="true">{standing.sign()}</span>
                <span class="bill-day__standing">{told}</span>
                {(open > 0).then(|| view! { <span class="bill-day__open">{(words.open_count)(open)}</span> })}
            </a>
        </td>
    }
    .into_any()
}

#[component]
fn Differences(rows: Vec<DifferenceRow>, words: &'static Bills, with_day: bool) -> impl IntoView {
    let row = move |row: DifferenceRow| {
        let (name, _) = words.explained(row.kind);
        view! {
            <tr>
                {with_day.then(|| view! { <td><a href=format!("/admin/bills/{}", row.day)>{row.day.clone()}</a></td> })}
                <td><a href=format!("/admin/differences/{}", row.id)>{name}</a></td>
                <td class="bill-number">{row.subject}</td>
                <td class="bill-amount">{row.theirs}</td>
                <td class="bill-amount">{row.ours}</td>
                <td>{words.difference_standing(row.standing)}</td>
            </tr>
        }
    };
    view! {
        <div class="bill-scroll" role="region" aria-label=words.differences tabindex="0">
            <table class="bill-table">
                <thead>
                    <tr>
                        {with_day.then(|| view! { <th scope="col">{words.bills}</th> })}
                        <th scope="col">{words.kind}</th>
                        <th scope="col">{words.about}</th>
                        <th scope="col" class="bill-amount">{words.in_bill}</th>
                        <th scope="col" class="bill-amount">{words.in_books}</th>
                        <th scope="col">{words.state}</th>
                    </tr>
                </thead>
                <tbody>{rows.into_iter().map(row).collect::<Vec<_>>()}</tbody>
            </table>
        </div>
    }
}

#[component]
pub fn BillDayPage(language: Language, view: DayView) -> impl IntoView {
    let words = Bills::of(language);
    let DayView { day, month, standing, problem, checked, totals, files, differences, more, is_manager, csrf } = view;
    let has_no_permission = problem.as_deref() == Some("NO_AUTH");
    let has_rows = files.iter().any(|file| file.told.is_some());
    view! {
        <p><a href=format!("/admin/bills?month={month}")>{words.bills}" · "{month.clone()}</a></p>
        <h1 class="page-heading">{(words.day)(&day)}</h1>
        <p><strong class=standing.class()>{words.standing(standing)}</strong>
            {checked.map(|at| view! { " · " {words.checked} " " {at} })}</p>
        {problem.map(|code| view! {
            <p class="notice notice--bad">
                {if has_no_permission { words.no_permission.to_owned() } else { format!("{}: {code}", words.problem) }}
            </p>
        })}
        {totals.map(|totals| view! { <Totals totals words/> })}
        <section class="bill-section" aria-labelledby="differences">
            <h2 id="differences">{words.differences}</h2>
            {if differences.is_empty() {
                view! { <p>{words.no_differences}</p> }.into_any()
            } else {
                view! { <Differences rows=differences words with_day=false/> }.into_any()
            }}
            {more.map(|more| view! { <p><a href=more>{words.more}</a></p> })}
        </section>
        <section class="bill-section" aria-labelledby="files">
            <h2 id="files">{words.files}</h2>
            {files.is_empty().then(|| view! { <p>{words.no_file}</p> })}
            <ul>{files.into_iter().map(|file| view! {
                <li>{file.kind} " · " {file.told.unwrap_or_else(|| words.empty_file.to_owned())}</li>
            }).collect::<Vec<_>>()}</ul>
            {if is_manager {
                view! {
                    {has_rows.then(|| view! {
                        <p><a class="button" href=format!("/admin/bills/{day}/rows.csv") download="">{words.rows}</a></p>
                    })}
                    <form method="post" action=format!("/admin/bills/{day}/check")>
                        <Csrf token=csrf/>
                        <p>{words.check_hint}</p>
                        <button type="submit" class="button">{words.check_now}</button>
                    </form>
                }.into_any()
            } else {
                view! { <p>{words.managers_only}</p> }.into_any()
            }}
        </section>
    }
}

#[component]
fn Totals(totals: TotalsView, words: &'static Bills) -> impl IntoView {
    let TotalsView { payments, refunds, fees, net, foreign, account, unlisted } = totals;
    let line = move |name: &'static str, (theirs, ours): (SumView, SumView)| {
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td class="bill-amount">{theirs.yuan} " " {(words.pieces)(theirs.count)}</td>
                <td class="bill-amount">{ours.yuan} " " {(words.pieces)(ours.count)}</td>
            </tr>
        }
    };
    let foreign = foreign.map(|(payments, refunds)| {
        let told = |sum: SumView| format!("{} {}", sum.yuan, (words.pieces)(sum.count));
        view! {
            <dt>{words.foreign}</dt>
            <dd>{words.payments} " " {told(payments)} " · " {words.refunds} " " {told(refunds)}</dd>
        }
    });
    view! {
        <table class="bill-table bill-totals">
            <thead>
                <tr><th scope="col">{words.side}</th><th scope="col" class="bill-amount">{words.in_bill}</th><th scope="col" class="bill-amount">{words.in_books}</th></tr>
            </thead>
            <tbody>{line(words.payments, payments)} {line(words.refunds, refunds)}</tbody>
        </table>
        <dl class="admin-facts">
            <dt>{words.fees}</dt><dd>{fees}</dd>
            <dt>{words.net}</dt><dd>{net}</dd>
            {foreign}
            {account.map(|AccountView { opening, closing, kinds }| view! {
                <dt>{words.opening}</dt><dd>{opening}</dd>
                <dt>{words.closing}</dt><dd>{closing}</dd>
                {kinds.into_iter().map(|(name, sum)| view! {
                    <dt>{name}</dt><dd>{sum.yuan} " " {(words.pieces)(sum.count)}</dd>
                }).collect::<Vec<_>>()}
            })}
        </dl>
        {(unlisted > 0).then(|| view! { <p class="notice notice--bad">{(words.unlisted)(unlisted)}</p> })}
    }
}

#[component]
pub fn DifferencePage(language: Language, view: DifferenceView) -> impl IntoView {
    let words = Bills::of(language);
    let DifferenceView {
        row,
        transaction_id,
        out_trade_no,
        order,
        who,
        why,
        found,
        changed,
        is_manager,
        csrf,
        typed,
        problem,
    } = view;
    let (name, hint) = words.explained(row.kind);
    let is_open = row.standing == DifferenceStanding::Open;
    view! {
        <p><a href=format!("/admin/bills/{}", row.day)>{words.back_to_day} " " {row.day.clone()}</a></p>
        <h1 class="page-heading">{name}</h1>
        <p>{hint}</p>
        <dl class="admin-facts">
            <dt>{words.state}</dt><dd>{words.difference_standing(row.standing)}</dd>
            <dt>{words.about}</dt><dd class="bill-number">{row.subject}</dd>
            {transaction_id.map(|id| view! { <dt>"transaction_id"</dt><dd class="bill-number">{id}</dd> })}
            {out_trade_no.map(|number| view! { <dt>"out_trade_no"</dt><dd class="bill-number">{number}</dd> })}
            {order.map(|order| view! { <dt>{words.order}</dt><dd>{order}</dd> })}
            <dt>{words.in_bill}</dt><dd>{row.theirs}</dd>
            <dt>{words.in_books}</dt><dd>{row.ours}</dd>
            <dt>{words.answer}</dt><dd>{if row.answer.is_empty() { "—".to_owned() } else { row.answer }}</dd>
            <dt>{words.found}</dt><dd>{found}</dd>
            <dt>{words.changed}</dt><dd>{changed}</dd>
            {(!who.is_empty()).then(|| view! { <dt>{words.decided}</dt><dd>{who} ": " {why}</dd> })}
        </dl>
        {if is_manager {
            view! {
                <form method="post" class="bill-decision">
                    <Csrf token=csrf/>
                    <Problem words=problem.to_owned()/>
                    <label for="why">{words.why}</label>
                    <p id="why-hint">{words.why_hint}</p>
                    <textarea id="why" name="why" maxlength="500" rows="3" aria-describedby="why-hint">{typed}</textarea>
                    {if is_open {
                        view! {
                            <button type="submit" name="to" value="EXPLAINED" class="button button--primary">{words.explain}</button>
                            <button type="submit" name="to" value="SETTLED" class="button">{words.settle}</button>
                        }.into_any()
                    } else {
                        view! { <button type="submit" name="to" value="OPEN" class="button">{words.reopen}</button> }.into_any()
                    }}
                </form>
            }.into_any()
        } else {
            view! { <p>{words.managers_only}</p> }.into_any()
        }}
    }
}
