//! Time on the wire (`wechatpay-v3.md` §1.4): RFC 3339 with offset, +08:00 when we write it.

use jiff::{Timestamp, civil::DateTime, tz};

/// To the second, as WeChat's replies have it.
pub(super) fn seconds(at: Timestamp) -> String {
    beijing(at).strftime("%Y-%m-%dT%H:%M:%S+08:00").to_string()
}

/// To the millisecond, for the control routes.
pub(super) fn millis(at: Timestamp) -> String {
    beijing(at).strftime("%Y-%m-%dT%H:%M:%S%.3f+08:00").to_string()
}

/// `yyyymmdd`, as transaction numbers have it.
pub(super) fn date(at: Timestamp) -> String {
    beijing(at).strftime("%Y%m%d").to_string()
}

/// A date and a time for people.
pub(super) fn for_people(at: Timestamp) -> String {
    beijing(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `2018-06-08T10:34:56+08:00`; `Z` and fractions of a second are read too, nothing else is.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let (clock, rest) = text.split_at_checked(19)?;
    let shape = clock.bytes().zip(b"dddd-dd-ddTdd:dd:dd").all(|(byte, shape)| match shape {
        b'd' => byte.is_ascii_digit(),
        _ => byte == *shape,
    });
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    let legal =
        zone == "Z" || (zone.len() == 6 && zone.starts_with(['+', '-']) && zone.as_bytes().get(3) == Some(&b':'));
    if shape && legal { text.parse().ok() } else { None }
}

fn beijing(at: Timestamp) -> DateTime {
    tz::offset(8).to_datetime(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_it_reads() {
        for (text, same) in [
            ("2018-06-08T10:34:56+08:00", "2018-06-08T10:34:56+08:00"),
            ("2018-06-08T02:34:56Z", "2018-06-08T10:34:56+08:00"),
            ("2018-06-08T02:34:56.999+00:00", "2018-06-08T10:34:56+08:00"),
        ] {
            assert_eq!(parse(text).map(seconds).as_deref(), Some(same));
        }
    }

    #[test]
    fn reads_nothing_else() {
        for bad in [
            "",
            "20180608103456",
            "1528425296",
            "2018-06-08",
            "2018-06-08 10:34:56+08:00",
            "2018-06-08T10:34:56",
            "2018-06-08T10:34:56 08:00",
            "2018-06-08T10:34:56+0800",
            "2018-06-08T10:34:56+08:00[Asia/Shanghai]",
            "2018-13-08T10:34:56+08:00",
            "２018-06-08T10:34:56+08:00",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
