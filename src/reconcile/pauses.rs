//! After how long a day is tried again that came to no end.

use jiff::SignedDuration;

/// After a failure, and then ever more rarely.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(2);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(6);

pub(super) fn back_off(tries: i64) -> SignedDuration {
    let doubled = 1_i32 << u32::try_from(tries).unwrap_or(u32::MAX).min(8);
    (FIRST_PAUSE * doubled).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_quarter_of_a_day() {
        let minutes = |tries| back_off(tries).as_mins();
        assert_eq!([0, 1, 2, 3, 10, i64::MAX].map(minutes), [2, 4, 8, 16, 360, 360]);
    }
}
