//! How our own numbers begin, those of orders and of refunds: the second in Beijing, so that staff can see when.

use jiff::Timestamp;

/// How the numbers of a moment begin: `20261123135222`.
pub(super) fn beijing_second(now: Timestamp) -> String {
    jiff::tz::offset(8).to_datetime(now).strftime("%Y%m%d%H%M%S").to_string()
}
