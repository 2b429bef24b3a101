//! How many questions leave in a second, whatever the machine was busy with between giving a turn and using it.

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::*;

#[tokio::test]
async fn turns_that_are_used_late_and_together_do_not_leave_together() {
    const A_SECOND: usize = 3;
    let platform = Platform::start((0..2 * A_SECOND).map(|_| good_query())).await;
    let clock = Clock::mock(now());
    let settings = GatewaySettings { questions_per_second: 3, ..settings(&platform.base) };
    let merchant = merchant(public_keys(), Some(public_key_id()));
    let gateway = Gateway::new(&settings, merchant, Metrics::default(), clock.clone(), Entropy::seeded(1));
    let gateway = gateway.expect("a gateway");
    let mut turns = Vec::new();
    for _ in 0..2 {
        for _ in 0..A_SECOND {
            turns.push(gateway.questions().turn(Asker::Quiet, Timestamp::UNIX_EPOCH).await.expect("not closed"));
        }
        // Whoever has them is busy with something else.
        clock.advance(SignedDuration::from_secs(1));
    }
    let asking = tokio::spawn({
        let gateway = gateway.clone();
        let number = number();
        async move { join_all(turns.iter().map(|_| gateway.query(&number))).await }
    });
    let mut seen = 0;
    let mut until = async |wanted: usize| {
        let end = tokio::time::Instant::now() + Duration::from_secs(10);
        while seen < wanted {
            assert!(tokio::time::Instant::now() < end, "{seen} of {wanted}");
            tokio::time::sleep(Duration::from_millis(2)).await;
            seen += platform.seen().len();
        }
        // What does not come cannot be awaited: a while for one too many to arrive.
        tokio::time::sleep(Duration::from_millis(100)).await;
        seen += platform.seen().len();
        assert_eq!(seen, wanted);
    };
    until(A_SECOND).await;
    clock.advance(SignedDuration::from_secs(1));
    until(2 * A_SECOND).await;
    assert!(asking.await.expect("no panic").iter().all(Result::is_ok));
}
