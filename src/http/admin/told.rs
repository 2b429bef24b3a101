//! How pages of staff tell times.

use jiff::Timestamp;

/// `2026-11-26 12:16:25`, in Beijing.
pub(super) fn beijing(at: Timestamp) -> String {
    jiff::tz::offset(8).to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
