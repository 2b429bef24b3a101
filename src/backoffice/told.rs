//! Times for programs: seconds in UTC, as RFC 3339 writes them.

use jiff::Timestamp;
use serde::Serializer;

pub(crate) fn text(at: Timestamp) -> String {
    at.round(jiff::Unit::Second).unwrap_or(at).to_string()
}

pub(super) fn time<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text(*at))
}

#[expect(clippy::ref_option, reason = "serde hands it over like this")]
pub(super) fn optional<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => time(at, serializer),
        None => serializer.serialize_none(),
    }
}
