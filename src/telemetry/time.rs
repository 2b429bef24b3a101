//! Times in the log are in the zone of everything else that people read here: of pages, commands and WeChat Pay's
//! own bills.

use std::fmt;

use tracing_subscriber::fmt::{format::Writer, time::FormatTime};

use crate::clock::Clock;

#[derive(Debug)]
pub(super) struct Beijing;

impl FormatTime for Beijing {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        write!(writer, "{:.6}", Clock::system().now().display_with_offset(jiff::tz::offset(8)))
    }
}
