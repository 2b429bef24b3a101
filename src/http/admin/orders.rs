//! `/admin/orders`: lists, search and export.

use axum::{
    Form,
    body::{Body, Bytes},
    extract::{Query, State},
    response::{IntoResponse as _, Response},
};
use futures::TryStreamExt as _;
use http::{
    StatusCode,
    header::{CONTENT_DISPOSITION, CONTENT_TYPE},
};
use serde::Deserialize;

use super::{
    super::state::AppState,
    call::{StaffCall, go},
    times::minute,
};
use crate::{
    app::{
        admin::{FilterForm, FoundPage, OrderLine, OrdersPage, OrdersView, words::Orders},
        language::Language,
    },
    backoffice::{
        Office,
        orders::{Asked, Columns, Field, Filter, Form as ExportForm, Kind, Page, Row, Wrong},
        staff::StaffError,
    },
    domain::Fen,
};

/// A filter as it stands in an address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    first: String,
    last: String,
    status: String,
    product: String,
    least: String,
    most: String,
    found: String,
    needs: String,
    below: String,
}

impl Typed {
    fn asked(&self) -> Asked {
        Asked {
            first: self.first.clone(),
            last: self.last.clone(),
            kind: self.status.clone(),
            product: self.product.clone(),
            least: self.least.clone(),
            most: self.most.clone(),
            found: self.found.clone(),
            needs_someone: !self.needs.is_empty(),
        }
    }

    fn form(&self, words: &Orders, wrong: &[Field]) -> FilterForm {
        let name = |field: &Field| match field {
            Field::First => ("first", words.wrong_first),
            Field::Last => ("last", words.wrong_day),
            Field::Kind => ("status", words.wrong_choice),
            Field::Product => ("product", words.wrong_number),
            Field::Least => ("least", words.wrong_amount),
            Field::Most => ("most", words.wrong_amount),
            Field::Found => ("found", words.wrong_choice),
        };
        FilterForm {
            first: self.first.clone(),
            last: self.last.clone(),
            kind: self.status.clone(),
            product: self.product.clone(),
            least: self.least.clone(),
            most: self.most.clone(),
            found: self.found.clone(),
            needs_someone: !self.needs.is_empty(),
            wrong: wrong.iter().map(name).collect(),
        }
    }

    /// The same filter at another address.
    fn at(&self, path: &str, below: Option<i64>) -> String {
        let below = below.map(|below| below.to_string()).unwrap_or_default();
        let fields = [
            ("first", &self.first),
            ("last", &self.last),
            ("status", &self.status),
            ("product", &self.product),
            ("least", &self.least),
            ("most", &self.most),
            ("found", &self.found),
            ("needs", &self.needs),
            ("below", &below),
        ];
        let set = fields.into_iter().filter(|(_, value)| !value.is_empty());
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(set).finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }
}

fn line(Row { line, beside, owed }: Row) -> OrderLine {
    OrderLine {
        id: line.id,
        number: beside.out_trade_no,
        title: line.title,
        total: line.total,
        status: line.status,
        placed: minute(line.created),
        paid: line.paid.map(minute).unwrap_or_default(),
        found_by: beside.found_by.unwrap_or_default(),
        refunded: Fen::new(beside.refunded_fen).unwrap_or(Fen::ZERO),
        owed: owed > Fen::ZERO,
        set_aside: Fen::new(beside.set_aside_fen).unwrap_or(Fen::ZERO),
    }
}

pub(super) async fn list(State(state): State<AppState>, call: StaffCall, Query(typed): Query<Typed>) -> Response {
    let words = Orders::of(call.language);
    let (page, wrong) = match Filter::read(&typed.asked(), state.clock.now()) {
        Ok(filter) => match state.office.list_orders(&filter, typed.below.parse().ok()).await {
            Ok(page) => (page, Vec::new()),
            Err(error) => return call.trouble(&StaffError::from(error)),
        },
        Err(Wrong(fields)) => (Page::default(), fields),
    };
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = OrdersView {
        csrf: call.csrf(),
        kinds: Kind::ALL.iter().map(|kind| (kind.code(), kind.status())).collect(),
        form: typed.form(words, &wrong),
        next: page.below.map(|below| (typed.at("/admin/orders", Some(below)), page.is_cut)),
        lines: page.rows.into_iter().map(line).collect(),
        export: typed.at("/admin/orders/orders.csv", None),
    };
    let language = call.language;
    call.page_with(status, words.orders, leptos::view! { <OrdersPage language page=view/> })
}

#[derive(Debug, Deserialize)]
pub(super) struct Number {
    #[serde(default)]
    number: String,
}

/// Straight to the order where it is just one.
pub(super) async fn find(
    State(state): State<AppState>,
    call: StaffCall,
    Form(Number { number }): Form<Number>,
) -> Response {
    /// Shown again as it was typed, as far as anything can be a number.
    const MOST: usize = 128;
    let mut rows = match state.office.search(&number).await {
        Ok(rows) => rows,
        Err(error) => return call.trouble(&StaffError::from(error)),
    };
    if rows.len() == 1
        && let Some(row) = rows.pop()
    {
        return go(&format!("/admin/orders/{}", row.line.id), None);
    }
    let (language, csrf) = (call.language, call.csrf());
    let typed: String = number.chars().take(MOST).collect();
    let lines: Vec<OrderLine> = rows.into_iter().map(line).collect();
    call.page(Orders::of(language).search, leptos::view! { <FoundPage language csrf typed lines/> })
}

pub(super) async fn export(State(state): State<AppState>, call: StaffCall, Query(typed): Query<Typed>) -> Response {
    let Ok(filter) = Filter::read(&typed.asked(), state.clock.now()) else {
        return go(&typed.at("/admin/orders", None), None);
    };
    if let Err(error) = state.office.note_export(&acted(&call), &filter).await {
        return call.trouble(&StaffError::from(error));
    }
    let name = format!("orders-{}-{}.csv", filter.days.first, filter.days.last);
    let body = stream(&state.office, filter, call.language);
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, body).into_response()
}

fn acted(call: &StaffCall) -> crate::backoffice::Acted {
    crate::backoffice::Acted::by(call.actor())
}

/// An error in the middle cuts the connection, so that nobody takes half a file for a whole one.
fn stream(office: &Office, filter: Filter, language: Language) -> Body {
    let columns = match language {
        Language::Chinese => columns_of::<true>(),
        Language::English => columns_of::<false>(),
    };
    let pieces = office.export_orders(filter, ExportForm::Csv(columns)).pieces();
    let pieces = pieces.map_ok(|(piece, _)| Bytes::from(piece)).inspect_err(|error| {
        tracing::error!(%error, "an export was cut off");
    });
    Body::from_stream(pieces)
}

fn columns_of<const CHINESE: bool>() -> Columns {
    const fn words_of(chinese: bool) -> Language {
        if chinese { Language::Chinese } else { Language::English }
    }
    let words = Orders::of(words_of(CHINESE));
    let unit = words_of(CHINESE).choose(
        ("金额（元）", "已退（元）", "待退未受理（元）"),
        ("Amount (yuan)", "Refunded (yuan)", "Set aside (yuan)"),
    );
    Columns {
        headings: [
            words.number,
            words.title,
            words.product,
            unit.0,
            words.status,
            words.placed,
            words.paid,
            words.transaction,
            words.found_by,
            unit.1,
            unit.2,
        ],
        owed: words.owed,
        status: |status| Orders::of(words_of(CHINESE)).state(status),
        found: |code| Orders::of(words_of(CHINESE)).source(code).unwrap_or_default(),
    }
}
