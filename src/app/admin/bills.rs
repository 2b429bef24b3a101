//! `/admin/bills`: the month as a calendar, a day, a difference.

mod day;
mod difference;

use leptos::prelude::*;

use self::Column::{Name, Number};
pub use self::{day::BillDayPage, difference::DifferencePage};
use super::{
    bill_words::{Difference, DifferenceStanding, Standing},
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
    pub unsettled: Option<String>,
    pub settled: String,
    pub foreign: Option<(SumView, SumView)>,
    pub account: Option<AccountView>,
    pub unlisted: u64,
    pub unasked: u64,
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
    pub is_fund_flow: bool,
    /// Its size, its SHA-1 and when it was fetched; `None`: nothing happened.
    pub told: Option<[String; 3]>,
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
    /// It is over, and WeChat has its bills still, or they lie here.
    pub can_be_had: bool,
    pub csrf: String,
}

#[derive(Clone, Debug)]
pub struct DifferenceView {
    pub row: DifferenceRow,
    pub transaction_id: Option<String>,
    pub out_trade_no: Option<String>,
    /// Its id, and the number it goes by.
    pub order: Option<(i64, String)>,
    /// What WeChat has said, in words; may be empty.
    pub answer: String,
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
        <section class="bill-section">
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

/// What is decided first comes first: on a phone the numbers are behind the edge, where the table scrolls to.
#[component]
fn Differences(rows: Vec<DifferenceRow>, words: &'static Bills, with_day: bool) -> impl IntoView {
    let row = move |row: DifferenceRow| {
        let (name, _) = words.explained(row.kind);
        view! {
            <tr>
                <th scope="row" class="bill-kind"><a href=format!("/admin/differences/{}", row.id)>{name}</a></th>
                <td class="number">{row.theirs}</td>
                <td class="number">{row.ours}</td>
                <td class="nowrap">{words.difference_standing(row.standing)}</td>
                <td class="mono nowrap">{row.subject}</td>
                {with_day.then(|| view! {
                    <td class="nowrap"><a href=format!("/admin/bills/{}", row.day)>{row.day.clone()}</a></td>
                })}
            </tr>
        }
    };
    let columns =
        [Name(words.kind), Number(words.in_bill), Number(words.in_books), Name(words.state), Name(words.about)];
    let columns = columns.into_iter().chain(with_day.then_some(Name(words.date))).collect();
    view! { <List label=words.differences columns>{rows.into_iter().map(row).collect::<Vec<_>>()}</List> }
}

/// What stands over a column.
#[derive(Clone, Copy, Debug)]
enum Column {
    Name(&'static str),
    /// Of numbers, which are under each other by their ends.
    Number(&'static str),
}

/// Rows under the names of their columns. Where they are too wide they scroll, by keyboard too.
#[component]
fn List(label: &'static str, columns: Vec<Column>, children: Children) -> impl IntoView {
    let over = |column: Column| match column {
        Name(name) => view! { <th scope="col">{name}</th> }.into_any(),
        Number(name) => view! { <th scope="col" class="number">{name}</th> }.into_any(),
    };
    view! {
        <div class="table-scroll" role="region" aria-label=label tabindex="0">
            <table class="admin-table">
                <thead><tr>{columns.into_iter().map(over).collect::<Vec<_>>()}</tr></thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
}
