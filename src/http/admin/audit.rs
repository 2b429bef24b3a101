//! `/admin/audit`: who did what. Searched, and exported as CSV in pieces, however long it is.

use axum::{
    body::{Body, Bytes},
    extract::{Query, State},
    response::{IntoResponse as _, Response},
};
use futures::stream;
use http::{
    StatusCode,
    header::{CONTENT_DISPOSITION, CONTENT_TYPE},
};
use jiff::{Timestamp, civil::Date, tz};
use serde::Deserialize;

use super::{
    super::state::AppState,
    call::{StaffCall, go},
    times::second,
};
use crate::{
    app::admin::{AuditForm, AuditLine, AuditPage, WrongDays, words::Audit},
    backoffice::{
        orders::defused,
        staff::{Staff, StaffError, audit::what},
    },
    storage::audit::{Entry, Wanted},
};

/// On one page, and read at once for an export.
const MOST: i64 = 100;
const EXPORTED_AT_ONCE: i64 = 1_000;
/// Longer than any name or number of ours.
const TYPED_MOST: usize = 128;

#[derive(Clone, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    who: String,
    #[serde(default)]
    what: String,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
    before: Option<i64>,
}

impl Search {
    /// # Errors
    /// Which of the days are none, or that the first comes after the last.
    fn wanted(&self) -> Result<Wanted, WrongDays> {
        let (from, until) = (day(&self.from, 0), day(&self.until, 1));
        if from.is_err() || until.is_err() {
            return Err(WrongDays { from: from.is_err(), until: until.is_err(), is_backward: false });
        }
        let (from, until) = (from.unwrap_or_default(), until.unwrap_or_default());
        if from.zip(until).is_some_and(|(from, until)| from >= until) {
            return Err(WrongDays { is_backward: true, ..WrongDays::default() });
        }
        let typed = |text: &str| text.trim().chars().take(TYPED_MOST).collect::<String>();
        Ok(Wanted {
            who: typed(&self.who),
            what: typed(&self.what),
            subject: typed(&self.subject),
            from,
            until,
            before: self.before,
        })
    }

    fn form(&self, wrong: WrongDays) -> AuditForm {
        let Self { who, what, subject, from, until, .. } = self.clone();
        AuditForm { who, what, subject, from, until, wrong }
    }
}

/// The beginning of a Beijing day, or of one some days later; none where nothing is typed.
fn day(text: &str, later: i64) -> Result<Option<Timestamp>, jiff::Error> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let day: Date = text.parse()?;
    let day = day.checked_add(jiff::Span::new().try_days(later)?)?;
    tz::offset(8).to_timestamp(day.to_datetime(jiff::civil::Time::midnight())).map(Some)
}

pub(super) async fn show(State(state): State<AppState>, call: StaffCall, Query(search): Query<Search>) -> Response {
    let wanted = match search.wanted() {
        Ok(wanted) => wanted,
        Err(wrong) => return page(&call, StatusCode::UNPROCESSABLE_ENTITY, search.form(wrong), Vec::new()),
    };
    match state.staff.list_audit(&wanted, MOST).await {
        Ok(found) => page(&call, StatusCode::OK, search.form(WrongDays::default()), found),
        Err(error) => call.trouble(&error),
    }
}

fn page(call: &StaffCall, status: StatusCode, form: AuditForm, found: Vec<Entry>) -> Response {
    let is_full = found.len() >= usize::try_from(MOST).unwrap_or_default();
    let older = found.last().map(|entry| entry.id).filter(|_| is_full);
    let words = Audit::of(call.language);
    let line = |entry: Entry| AuditLine {
        at: second(entry.at),
        who: entry.who,
        what: (words.what)(&entry.what).to_owned(),
        subject: entry.subject,
        detail: entry.detail,
        address: entry.address,
        result: match &*entry.result {
            "DONE" => None,
            "ASKED" => Some(words.asked),
            _ => Some(words.refused),
        },
    };
    let lines = found.into_iter().map(line).collect();
    let language = call.language;
    let kinds = what::ALL.iter().map(|kind| ((*kind).to_owned(), (words.what)(kind).to_owned())).collect();
    call.page_with(status, words.audit, leptos::view! { <AuditPage language form kinds lines older/> })
}

struct Export {
    staff: Staff,
    wanted: Wanted,
    is_first: bool,
    is_over: bool,
}

/// Newest first, in pieces: what has been sent is not kept, and whoever goes away ends it.
/// That somebody takes it out of the house is in it.
pub(super) async fn export(State(state): State<AppState>, call: StaffCall, Query(search): Query<Search>) -> Response {
    let query = search.form(WrongDays::default()).query();
    let Ok(wanted) = search.wanted() else { return go(&format!("/admin/audit?{query}"), None) };
    if let Err(error) = state.staff.note(&call.actor(), what::AUDIT_EXPORTED, "audit", &query).await {
        return call.trouble(&error);
    }
    let export = Export { staff: state.staff.clone(), wanted, is_first: true, is_over: false };
    let pieces = stream::unfold(export, |mut export| async move {
        if export.is_over {
            return None;
        }
        let piece = next_piece(&mut export).await;
        export.is_over |= piece.is_err();
        Some((piece.map(Bytes::from).map_err(|error| std::io::Error::other(error.to_string())), export))
    });
    let headers =
        [(CONTENT_TYPE, "text/csv; charset=utf-8"), (CONTENT_DISPOSITION, "attachment; filename=\"audit.csv\"")];
    (headers, Body::from_stream(pieces)).into_response()
}

async fn next_piece(export: &mut Export) -> Result<Vec<u8>, StaffError> {
    let entries = export.staff.list_audit(&export.wanted, EXPORTED_AT_ONCE).await?;
    export.wanted.before = entries.last().map(|entry| entry.id).or(export.wanted.before);
    export.is_over = entries.is_empty();
    let mut rows = csv::Writer::from_writer(Vec::new());
    if export.is_first {
        let head = [
            "time",
            "who",
            "what",
            "subject",
            "detail",
            "address",
            "request_id",
            "result",
            "chain",
            "number",
            "previous",
            "hash",
        ];
        drop(rows.write_record(head));
    }
    for entry in &entries {
        let number = entry.number.to_string();
        let cells = [
            &second(entry.at),
            &entry.who,
            &entry.what,
            &entry.subject,
            &entry.detail,
            &entry.address,
            &entry.request_id,
            &entry.result,
            &entry.chain,
            &number,
            &entry.previous,
            &entry.hash,
        ];
        drop(rows.write_record(cells.map(|cell| defused(cell).into_owned())));
    }
    let rows = rows.into_inner().unwrap_or_default();
    // Without the mark some programs take UTF-8 for something else.
    let mark: &[u8] = if std::mem::take(&mut export.is_first) { b"\xef\xbb\xbf" } else { b"" };
    Ok([mark, &rows].concat())
}

#[cfg(test)]
mod tests {
    use super::{Audit, day, defused, what};
    use crate::app::language::Language;

    #[test]
    fn whatever_is_written_down_has_a_name_in_both_languages() {
        for language in [Language::Chinese, Language::English] {
            for code in what::ALL {
                assert_ne!((Audit::of(language).what)(code), *code, "{language:?}");
            }
        }
    }

    #[test]
    fn a_formula_is_a_text() {
        for formula in ["=1+1", "＝1+1", "＠x"] {
            assert_eq!(defused(formula), format!("'{formula}"));
        }
        assert_eq!(defused("demo-manager"), "demo-manager");
    }

    #[test]
    fn a_day_begins_in_beijing() {
        assert_eq!(day("2026-11-26", 0).ok(), Some("2026-11-25T16:00:00Z".parse().ok()));
        assert_eq!(day(" 2026-11-26 ", 1).ok(), Some("2026-11-26T16:00:00Z".parse().ok()));
        assert_eq!(day(" ", 0).ok(), Some(None));
        assert!(day("yesterday", 0).is_err() && day("2026-02-30", 0).is_err());
    }
}
