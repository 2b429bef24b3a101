//! Times, as shoppers read them.

use jiff::Timestamp;

pub(super) fn beijing(at: Timestamp, format: &str) -> String {
    jiff::tz::offset(8).to_datetime(at).strftime(format).to_string()
}
