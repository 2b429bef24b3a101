use super::*;
use crate::tls::pair::made;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

#[test]
fn a_third_before_the_end_another_one_is_due() {
    let pair = made("shop.example.com", (2026, 1, 1), (2026, 4, 1));
    assert!(is_due(None, at("2026-01-01T00:00:00Z")));
    assert!(!is_due(Some(&pair), at("2026-03-01T00:00:00Z")));
    assert!(is_due(Some(&pair), at("2026-03-02T00:00:01Z")));
    assert!(is_due(Some(&pair), at("2026-05-01T00:00:00Z")));
    assert!(!is_due(Some(&pair), at("2025-12-31T00:00:00Z")), "order upon order, by a clock that is behind");
}

#[test]
fn five_failures_an_hour_are_too_many() {
    let mut failures = Failures::default();
    let (start, hour) = (at("2026-01-01T00:00:00Z"), SignedDuration::from_hours(1));
    let mut tries = 0;
    for second in 0..3600 {
        let now = start + SignedDuration::from_secs(second);
        if failures.may_try(now) {
            tries += 1;
            failures.note(now, AcmePace::default(), None);
        }
    }
    assert_eq!(tries, 4);
    let longest = (0..10).map(|_| failures.note(start + hour, AcmePace::default(), None)).max();
    assert_eq!(longest, Some(SignedDuration::from_hours(4)));
    assert!(failures.may_try(start), "a clock that was set back stops nothing");
}

#[test]
fn a_server_is_left_alone_for_as_long_as_it_says() {
    let mut failures = Failures::default();
    let now = at("2026-01-01T00:00:00Z");
    let told = SignedDuration::from_hours(30);
    assert_eq!(failures.note(now, AcmePace::default(), Some(told)), told);
    assert!(!failures.may_try(now + SignedDuration::from_hours(29)));
    assert!(failures.may_try(now + told));
}
