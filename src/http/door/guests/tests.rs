use std::time::Duration;

use super::*;

const LIMITS: fn() -> DoorLimits = || DoorLimits { connections: 4, extra: 2, per_address: 3, ..DoorLimits::default() };

fn guests() -> Guests {
    let proxies = ["10.0.0.0/8".parse().expect("a network")];
    Guests::new(LIMITS(), proxies.into(), Crowd::default(), Metrics::default())
}

fn admit(guests: &Guests, peer: &str) -> Option<Arc<Guest>> {
    guests.admit(peer.parse().expect("an address"))
}

#[tokio::test]
async fn past_the_limit_the_longest_idle_one_goes_and_never_a_busy_one() {
    let guests = guests();
    let mut inside = Vec::new();
    for peer in 1..=4 {
        inside.push(admit(&guests, &format!("192.0.2.{peer}")).expect("room"));
    }
    let busy = inside[0].begin().expect("inside");
    let fifth = admit(&guests, "192.0.2.5").expect("the second one's place");
    assert!(!fifth.is_extra());
    assert_eq!(inside[1].farewell().await.reason, Reason::Room);
    assert!(inside[1].begin().is_none(), "it is too late for it");
    // The first one's request ends, and now the others have been idle for longer.
    drop(busy);
    admit(&guests, "192.0.2.6").expect("the third one's place");
    assert!(inside[0].signal.farewell.get().is_none() && inside[2].signal.farewell.get().is_some());
}

#[tokio::test]
async fn when_all_are_busy_a_few_more_come_in_and_the_idlest_of_these_go() {
    let guests = guests();
    let inside: Vec<_> = (1..=4).map(|peer| admit(&guests, &format!("192.0.2.{peer}")).expect("room")).collect();
    let _requests: Vec<_> = inside.iter().map(|guest| guest.begin().expect("inside")).collect();
    let mut extra = Vec::new();
    for peer in 5..=6 {
        extra.push(admit(&guests, &format!("192.0.2.{peer}")).expect("room"));
    }
    assert!(extra.iter().all(|guest| guest.is_extra()));
    let third = admit(&guests, "192.0.2.7").expect("the first extra one's place");
    assert!(third.is_extra() && extra[0].signal.farewell.get().is_some() && extra[1].signal.farewell.get().is_none());
    let _callbacks = (extra[1].begin(), third.begin());
    assert!(admit(&guests, "192.0.2.8").is_none(), "nobody can go");
    inside[2].leave(Reason::Done);
    assert!(!admit(&guests, "192.0.2.8").expect("room again").is_extra());
}

#[tokio::test]
async fn one_address_takes_no_more_than_its_share() {
    let guests = guests();
    let own: Vec<_> = (0..3).map(|_| admit(&guests, "192.0.2.1").expect("room")).collect();
    let fourth = admit(&guests, "192.0.2.1").expect("the place of its own first one");
    assert!(!fourth.is_extra() && own[0].signal.farewell.get().is_some());
    let _requests: Vec<_> = own[1..].iter().chain([&fourth]).map(|guest| guest.begin().expect("inside")).collect();
    assert!(admit(&guests, "192.0.2.1").expect("for a callback").is_extra());
    assert!(!admit(&guests, "192.0.2.2").expect("room").is_extra(), "others are not concerned");
}

#[tokio::test]
async fn a_proxy_and_this_machine_are_not_one_customer_and_a_network_is() {
    for peer in ["10.1.2.3", "127.0.0.1", "::1"] {
        let guests = guests();
        let inside: Vec<_> = (0..4).map(|_| admit(&guests, peer).expect("room")).collect();
        assert!(inside.iter().all(|guest| guest.signal.farewell.get().is_none()), "{peer}");
    }
    let guests = guests();
    let inside: Vec<_> = (0..4).map(|host| admit(&guests, &format!("2001:db8::{host}")).expect("room")).collect();
    assert!(inside[0].signal.farewell.get().is_some());
}

#[tokio::test]
async fn time_is_for_the_head_and_for_between_requests_and_never_for_a_request() {
    const HEAD: Duration = Duration::from_millis(40);
    const IDLE: Duration = Duration::from_millis(400);
    let limits = DoorLimits { head: HEAD, idle: IDLE, ..DoorLimits::default() };
    let guests = Guests::new(limits, Arc::new([]), Crowd::default(), Metrics::default());
    let started = Instant::now();
    let silent = admit(&guests, "192.0.2.1").expect("room");
    assert_eq!(silent.farewell().await.reason, Reason::Head);
    assert!(started.elapsed() >= HEAD);

    let guest = admit(&guests, "192.0.2.1").expect("room");
    let request = guest.begin().expect("inside");
    assert!(tokio::time::timeout(IDLE * 2, guest.farewell()).await.is_err(), "an answer may take long");
    let started = Instant::now();
    drop(request);
    let farewell = guest.farewell().await;
    assert_eq!((farewell.reason, farewell.gently), (Reason::Idle, true));
    assert!(started.elapsed() >= IDLE);

    // The beginning of another head.
    let guest = admit(&guests, "192.0.2.1").expect("room");
    drop(guest.begin());
    let byte = async {
        tokio::task::yield_now().await;
        guest.heard();
        guest.heard();
    };
    let (farewell, ()) = tokio::join!(guest.farewell(), byte);
    assert_eq!((farewell.reason, farewell.gently), (Reason::Head, false));
}

#[tokio::test]
async fn what_has_left_is_forgotten() {
    let guests = guests();
    for _ in 0..100 {
        let guest = admit(&guests, "192.0.2.1").expect("room");
        drop(guest.begin());
        guest.leave(Reason::Done);
    }
    let inside = guests.inside();
    assert!(inside.known.is_empty() && inside.waiting.is_empty() && inside.per_address.is_empty());
    assert_eq!(inside.extra, 0);
}

#[tokio::test]
async fn one_address_has_few_of_the_extra_places_and_a_named_proxy_all() {
    let proxies = ["10.0.0.0/8".parse().expect("a network")];
    let limits = DoorLimits { connections: 1, extra: 4, extra_per_address: 2, ..DoorLimits::default() };
    let guests = Guests::new(limits, proxies.into(), Crowd::default(), Metrics::default());
    let _busy = admit(&guests, "192.0.2.1").expect("room").begin().expect("inside");
    let own: Vec<_> = (0..3).map(|_| admit(&guests, "192.0.2.2").expect("room")).collect();
    assert!(
        own[0].signal.farewell.get().is_some() && own[1].signal.farewell.get().is_none(),
        "the third one had the first one's"
    );
    let _requests = (own[1].begin().expect("inside"), own[2].begin().expect("inside"));
    assert!(admit(&guests, "192.0.2.2").is_none(), "both are answered just now");
    assert!((0..2).all(|_| admit(&guests, "10.0.0.1").is_some()), "others have the rest");
}
