//! What a service manager hears of this server. It is told that the server is alive as long as the tasks are that
//! nothing works without, and by nobody but the one who looks at them: a server whose jobs have died, or whose
//! runtime has come to a standstill, is silent, killed and started again.
//!
//! WeChat Pay out of reach, a full disk or a database that is away are none of its business: a new process could do
//! nothing about them, and `/readyz` says so.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{
    readiness::Readiness,
    service_manager::{ServiceManager, State},
};

/// The names under which they are supervised: bookings take in callbacks, the heartbeat proves that books are
/// written, and the others find what was lost.
const VITAL: [&str; 4] = ["bookings", "heartbeat", "orders", "refunds"];
/// Signs of life in the time in which one is expected.
const SIGNS: u32 = 4;
/// After which a manager that was busy is told once more that the server is ready.
const AGAIN: Duration = Duration::from_millis(100);
/// Where nobody waits for them, it is still shown how the server is.
const STATUS_EVERY: Duration = Duration::from_secs(10);

/// Says that the server is ready, and goes on until it stops.
pub(super) fn start(
    manager: Option<ServiceManager>,
    readiness: &Readiness,
    stop: &CancellationToken,
) -> Option<AbortOnDropHandle<()>> {
    let manager = manager?;
    let (readiness, stop) = (readiness.clone(), stop.clone());
    Some(AbortOnDropHandle::new(tokio::spawn(async move {
        tokio::select! {
            () = stop.cancelled() => drop(manager.tell(State::Stopping)),
            () = watch(&manager, &readiness) => {}
        }
    })))
}

async fn watch(manager: &ServiceManager, readiness: &Readiness) {
    while !manager.tell(State::Ready) {
        sleep(AGAIN).await;
    }
    let mut ticks =
        interval(manager.watchdog().map_or(STATUS_EVERY, |limit| (limit / SIGNS).max(Duration::from_millis(1))));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = None;
    loop {
        ticks.tick().await;
        let troubles = readiness.troubles();
        let dead = troubles.iter().find(|(what, _)| VITAL.contains(what));
        if dead.is_none() && manager.watchdog().is_some() {
            manager.tell(State::Alive);
        }
        let status = match troubles.first() {
            None => "ready".to_owned(),
            Some(first) => {
                let (what, trouble) = dead.unwrap_or(first);
                format!("not ready: {what}: {trouble}")
            }
        };
        if told.as_ref() != Some(&status) && manager.tell(State::Status(&status)) {
            told = Some(status);
        }
    }
}
