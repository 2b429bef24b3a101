//! Has notifications delivered when they are due: bounded, concurrent, on the retry ladder
//! (`wechatpay-v3.md` §6.3). Ends refunds when their time has come, since that makes more of them.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{courier, refunder};
use crate::sandbox::platform::Platform;

/// Deliveries at the same time.
const CONCURRENCY: usize = 64;
/// How often to look at the clock while something waits for its time: clocks can be set.
const LOOK: Duration = Duration::from_secs(1);

/// Runs until `shutdown`. What is under way then is delivered again after a restart.
pub(in crate::sandbox) async fn run(platform: Arc<Platform>, shutdown: CancellationToken) {
    let slots = Arc::new(Semaphore::new(CONCURRENCY));
    let deliveries = TaskTracker::new();
    while !shutdown.is_cancelled() {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            break;
        };
        refunder::end_due(&platform);
        let due = platform.ledger().take_due(platform.clock.now());
        if let Some(number) = due {
            let (platform, shutdown) = (Arc::clone(&platform), shutdown.clone());
            deliveries.spawn(async move {
                let delivered = shutdown.run_until_cancelled(courier::deliver(Arc::clone(&platform), number)).await;
                if delivered.is_none() {
                    platform.ledger().put_back(number);
                }
                drop(slot);
            });
        } else {
            drop(slot);
            let next = platform.ledger().next_due();
            let wait = next.map(|at| Duration::try_from(platform.clock.now().duration_until(at)).unwrap_or_default());
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = platform.wake.notified() => {}
                () = tokio::time::sleep(wait.unwrap_or_default().min(LOOK)), if wait.is_some() => {}
            }
        }
    }
    deliveries.close();
    deliveries.wait().await;
}
