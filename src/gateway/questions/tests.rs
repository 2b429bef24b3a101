use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::*;

fn questions(per_second: u32) -> (Questions, Clock) {
    let clock = Clock::mock(Timestamp::from_second(1_000).expect("in range"));
    (Questions::new(per_second, clock.clone()), clock)
}

async fn ask(questions: &Questions, asker: Asker) -> Option<Turn> {
    questions.turn(asker, Timestamp::UNIX_EPOCH).await
}

/// Whether it has its turn without the clock being moved.
async fn asks_at_once(questions: &Questions, asker: Asker) -> bool {
    tokio::time::timeout(Duration::from_millis(50), ask(questions, asker)).await.is_ok()
}

#[tokio::test]
async fn who_waits_has_a_turn_when_the_second_is_over() {
    let (questions, clock) = questions(2);
    assert!(asks_at_once(&questions, Asker::Page).await);
    assert!(asks_at_once(&questions, Asker::Page).await);
    assert!(!asks_at_once(&questions, Asker::Button).await);
    let waiting = tokio::spawn({
        let questions = questions.clone();
        async move { ask(&questions, Asker::Page).await.is_some() }
    });
    while questions.standing().lines.iter().all(|line| line.waiting == 0) {
        tokio::task::yield_now().await;
    }
    clock.advance(SignedDuration::from_secs(1));
    assert!(waiting.await.expect("no panic"));
    let standing = questions.standing();
    assert_eq!((standing.limit, standing.used), (2, 1));
    let page = standing.lines.iter().find(|line| line.asker == Asker::Page).expect("a line for each");
    assert_eq!((page.asked, page.waiting), (3, 0), "and who gave up waits no more");
}

#[tokio::test]
async fn a_turn_that_is_given_back_can_be_used_again() {
    let (questions, _clock) = questions(1);
    ask(&questions, Asker::Page).await.expect("open").give_back();
    assert_eq!(questions.standing().used, 0);
    assert!(asks_at_once(&questions, Asker::Quiet).await);
    assert!(!asks_at_once(&questions, Asker::Quiet).await);
}

#[tokio::test]
async fn nobody_waits_for_a_server_that_stops() {
    let (questions, _clock) = questions(1);
    let _turn = ask(&questions, Asker::Page).await;
    let waiting = tokio::spawn({
        let questions = questions.clone();
        async move { ask(&questions, Asker::Page).await.is_none() }
    });
    while questions.standing().lines.iter().all(|line| line.waiting == 0) {
        tokio::task::yield_now().await;
    }
    questions.close();
    assert!(waiting.await.expect("no panic"));
    assert!(ask(&questions, Asker::Button).await.is_none());
}

#[tokio::test]
async fn no_limit_is_none() {
    let (questions, _clock) = questions(0);
    for _ in 0..1_000 {
        assert!(ask(&questions, Asker::Quiet).await.is_some());
    }
    assert_eq!(questions.room(Asker::Quiet, 0), usize::MAX);
    assert_eq!(questions.standing().lines[Asker::Quiet.place()].asked, 1_000);
}
