//! Times on the wire: RFC 3339 with offset (§1.4).

use jiff::{Timestamp, tz};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// RFC 3339 in Beijing time (+08:00), whole seconds, fractions cut off: the form of `time_expire`.
pub fn rfc3339(time: Timestamp) -> String {
    let seconds = Timestamp::from_second(time.as_second()).unwrap_or(time);
    seconds.display_with_offset(tz::offset(8)).to_string()
}

/// A date and a time of Beijing, as bills write them.
pub fn for_people(time: Timestamp) -> String {
    tz::offset(8).to_datetime(time).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Any offset, `Z` and fractions of a second are understood.
pub fn parse(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// For a field that only informs: an absent or unreadable time, be it a number or whatever else in
/// JSON, is `None` and spoils nothing else.
pub(super) fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(value.as_str().and_then(parse))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_in_beijing_time() {
        for (seconds, text) in [
            (0, "1970-01-01T08:00:00+08:00"),
            (1_528_425_296, "2018-06-08T10:34:56+08:00"),
            (1_767_196_800, "2026-01-01T00:00:00+08:00"),
        ] {
            assert_eq!(rfc3339(Timestamp::from_second(seconds).expect("in range")), text);
        }
    }

    #[test]
    fn fractions_are_cut_off() {
        let time = Timestamp::from_millisecond(1_528_425_296_999).expect("in range");
        assert_eq!(rfc3339(time), "2018-06-08T10:34:56+08:00");
    }

    #[test]
    fn every_offset_is_read() {
        let expected = Timestamp::from_second(1_528_425_296).ok();
        for text in ["2018-06-08T10:34:56+08:00", "2018-06-08T02:34:56Z", "2018-06-07T21:34:56-05:00"] {
            assert_eq!(parse(text), expected, "{text}");
        }
        assert_eq!(parse("2018-06-08T10:34:56.000+08:00"), expected);
        assert_eq!(parse("20180608103456"), None);
        assert_eq!(parse("2018-06-08 10:34:56"), None);
    }
}
