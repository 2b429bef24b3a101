//! `/admin`: where a day begins.

use std::time::Duration;

use axum::{extract::State, response::Response};

use super::{super::state::AppState, call::StaffCall, times::minute};
use crate::{
    app::admin::{
        Chart, Dashboard, DashboardView, Figures, NeedLine, Series,
        words::{Approvals, Inbox, Orders, Overview},
    },
    backoffice::{
        attention::{Item, Need, Place},
        reports::{Report, Totals},
        staff::StaffError,
    },
    domain::{Fen, shown_yuan},
};

pub(super) async fn show(State(state): State<AppState>, call: StaffCall) -> Response {
    let words = Overview::of(call.language);
    let gathered = async { Ok((state.office.report().await?, state.office.what_needs_someone().await?)) };
    let (report, needs): (Report, Vec<Item>) = match gathered.await {
        Ok(gathered) => gathered,
        Err(error) => return call.trouble(&StaffError::Storage(error)),
    };
    let inbox = Inbox::of(call.language);
    let view = DashboardView {
        needs: needs.into_iter().map(|item| need(&call, item)).collect(),
        today: figures(words, words.today, &report.today()),
        month: figures(words, words.month, &report.total),
        charts: charts(words, inbox, &report),
    };
    let language = call.language;
    call.page(words.overview, leptos::view! { <Dashboard language page=view/> })
}

fn need(call: &StaffCall, item: Item) -> NeedLine {
    let href = match item.place {
        Place::Order(id) => format!("/admin/orders/{id}"),
        Place::Notification(id) => format!("/admin/inbox/{id}"),
        Place::Approval(id) => format!("/admin/approvals/{id}"),
        Place::Difference(id) => format!("/admin/differences/{id}"),
        Place::Status => "/admin/status".to_owned(),
        Place::PutBack => "/admin/put-back".to_owned(),
    };
    let (inbox, orders) = (Inbox::of(call.language), Orders::of(call.language));
    let detail = match item.need {
        Need::QuarantinedNotification => inbox.verdict_words(&item.detail).map(str::to_owned),
        Need::WaitingApproval => Some(Approvals::of(call.language).kind(&item.detail).to_owned()),
        Need::BillDifference => super::bills::kind_words(call.language, &item.detail).map(str::to_owned),
        Need::Contradiction => orders.event(&item.detail).map(str::to_owned),
        _ => None,
    };
    NeedLine {
        code: item.need.code(),
        what: item.what,
        detail: detail.unwrap_or(item.detail),
        since: item.since.map(minute).unwrap_or_default(),
        amount: item.amount,
        href,
    }
}

/// From the same address with a slash behind it.
pub(super) async fn lead() -> Response {
    super::call::go("/admin", None)
}

fn fen(fen: i64) -> Fen {
    Fen::new(fen).unwrap_or(Fen::ZERO)
}

fn percent(thousandths: Option<i64>, nothing: &str) -> String {
    thousandths.map_or_else(|| nothing.to_owned(), |it| format!("{}.{}%", it / 10, it % 10))
}

fn seconds(lag: Duration) -> String {
    format!("{}.{}", lag.as_secs(), lag.subsec_millis() / 100)
}

fn figures(words: &Overview, title: &'static str, totals: &Totals) -> Figures {
    Figures {
        title,
        paid: fen(totals.paid_fen),
        paid_count: totals.paid,
        refunded: fen(totals.refunded_fen),
        refunds: totals.refunds,
        net: shown_yuan(totals.net_fen()),
        placed: totals.placed,
        conversion: percent(totals.paid_of_placed(), words.nothing),
        lag: totals.lag().map_or_else(|| words.nothing.to_owned(), |lag| (words.seconds)(&seconds(lag))),
        slow: totals.slow,
        by_question: percent(totals.asked_of_paid(), words.nothing),
        refused: totals.refused_in_all(),
    }
}

fn charts(words: &'static Overview, inbox: &'static Inbox, report: &Report) -> Vec<Chart> {
    let places: Vec<String> = report.days.iter().map(|(day, _)| day.to_string()).collect();
    let series = |name, class, value: fn(&Totals) -> Option<i64>| Series {
        name,
        class,
        values: report.days.iter().map(|(_, totals)| value(totals)).collect(),
    };
    let chart = |title, series: Vec<Series>, write: fn(i64) -> String| {
        let most = series.iter().flat_map(|it| &it.values).copied().flatten().max().unwrap_or_default();
        let label = (words.highest)(title, &write(most));
        Chart { title, label, axis: words.day, places: places.clone(), series, write, table: words.table }
    };
    let mut charts = vec![
        chart(
            words.chart_money,
            vec![
                series(words.paid, "chart--one", |it| Some(it.paid_fen)),
                series(words.refunded, "chart--two", |it| Some(it.refunded_fen)),
            ],
            shown_yuan,
        ),
        chart(
            words.chart_orders,
            vec![
                series(words.placed, "chart--three", |it| Some(it.placed)),
                series(words.paid, "chart--one", |it| Some(it.paid)),
            ],
            |count| count.to_string(),
        ),
        chart(
            words.chart_lag,
            vec![series(words.lag, "chart--one", |it| {
                it.lag().map(|lag| i64::try_from(lag.as_millis()).unwrap_or(i64::MAX))
            })],
            |millis| seconds(Duration::from_millis(millis.unsigned_abs())),
        ),
    ];
    let refused = &report.total.refused;
    if !refused.is_empty() {
        let name = |code: &String| inbox.reason_words(code).map_or_else(|| code.clone(), str::to_owned);
        let values: Vec<i64> = refused.values().copied().collect();
        let most = values.iter().copied().max().unwrap_or_default();
        charts.push(Chart {
            title: words.chart_refused,
            label: (words.highest)(words.chart_refused, &most.to_string()),
            axis: words.reason,
            places: refused.keys().map(name).collect(),
            series: vec![Series {
                name: words.count,
                class: "chart--two",
                values: values.into_iter().map(Some).collect(),
            }],
            write: |count| count.to_string(),
            table: words.table,
        });
    }
    charts
}
