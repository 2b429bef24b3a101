use jiff::ToSpan as _;

use super::*;
use crate::tls::pair::made;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn failure(words: &str, keeps_out: bool) -> Failure {
    Failure { words: words.to_owned(), keeps_out }
}

#[test]
fn a_good_certificate_is_a_note_and_what_keeps_people_out_is_a_trouble() {
    let pair = made("shop.example.com", (2026, 1, 1), (2026, 4, 1));
    let late = failure("no answer", false);
    let tell = |failure, now| tell(Some(&pair), failure, (stand(Some(&pair), at(now)), at(now)));
    let (trouble, told) = tell(None, "2026-02-01T00:00:00Z");
    assert!(!trouble && told == "ends at 2026-04-01 08:00 +08:00", "{told}");
    // A renewal that fails in time keeps nobody out, and is said all the same.
    let (trouble, told) = tell(Some(&late), "2026-03-10T00:00:00Z");
    assert!(!trouble && told.ends_with("; no answer"), "{told}");
    let (trouble, told) = tell(Some(&late), "2026-03-29T00:00:00Z");
    assert!(trouble && told.contains("no newer one") && told.ends_with("; no answer"), "{told}");
    // However long it is good for.
    let refused = failure("is not for shop.example.com", true);
    let (trouble, told) = tell(Some(&refused), "2026-02-01T00:00:00Z");
    assert!(trouble && told.ends_with("; is not for shop.example.com"), "{told}");
    let (trouble, told) = tell(None, "2026-04-01T00:00:00Z");
    assert!(trouble && told.contains("has ended at 2026-04-01 08:00 +08:00"), "{told}");
    let (trouble, told) = tell(None, "2025-12-31T23:00:00Z");
    assert!(trouble && told.contains("begins at 2026-01-01 08:00 +08:00") && told.contains("clock said"), "{told}");
}

#[test]
fn without_one_nobody_gets_in() {
    let stands = (Standing::None, at("2026-01-01T00:00:00Z"));
    let (trouble, told) = tell(None, Some(&failure("the name is wrong", false)), stands);
    assert!(trouble && told.contains("nobody can reach the shop") && told.ends_with("; the name is wrong"), "{told}");
}

/// Lines of the level ERROR.
#[derive(Clone, Default)]
struct Loud(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Loud {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Loud {
    fn lines(&self) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.0.lock().expect("no panic"));
        String::from_utf8(bytes).expect("UTF-8").lines().map(str::to_owned).collect()
    }
}

#[test]
fn a_trouble_is_said_once_and_each_failure_during_it_again() {
    let loud = Loud::default();
    let writer = loud.clone();
    let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::ERROR).with_writer(move || writer.clone());
    let _log = tracing::subscriber::set_default(lines.finish());
    let clock = Clock::mock(at("2026-04-01T00:00:00Z"));
    let told = Told::new(Readiness::default(), Metrics::default(), clock.clone());
    let tls = Tls::new().expect("TLS");
    tls.show(made("shop.example.com", (2026, 1, 1), (2026, 4, 1)));
    for _ in 0..10 {
        told.standing(&tls);
        clock.advance(SignedDuration::from_mins(1));
    }
    let lines = loud.lines();
    assert!(lines.len() == 1 && lines[0].contains("has ended at"), "{lines:#?}");
    for _ in 0..3 {
        told.failed("no answer; it is tried again in 4 h".to_owned().into(), &tls);
    }
    let lines = loud.lines();
    assert!(lines.len() == 3 && lines.iter().all(|line| line.contains("no answer")), "{lines:#?}");
    // Another one that is over, too, is news.
    tls.show(made("shop.example.com", (2026, 1, 1), (2026, 3, 1)));
    told.standing(&tls);
    assert_eq!(loud.lines().len(), 1);
}

#[test]
fn spans_are_told_in_their_size() {
    let told = [30.seconds(), 5.minutes(), 240.minutes()].map(|it| span(SignedDuration::try_from(it).expect("fixed")));
    assert_eq!(told, ["30 s", "5 min", "4 h"]);
}
