//! Waiting for an order to change: the one mechanism behind `GET /api/orders/{token}` and the page.

use std::time::Duration;

use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use crate::{
    checkout::{
        error::CheckoutError,
        shared::Checkout,
        snapshot::OrderSnapshot,
        time_limits::{READ_MOST, in_time},
    },
    domain::OrderToken,
    storage::orders,
};

/// How often changes made by other processes are looked for.
const ELSEWHERE: Duration = Duration::from_secs(1);
/// Who may wait for one order at the same time. Each holds a place at the front door, and whoever has placed one order
/// could take all of them.
const WATCHERS_MOST: usize = 256;
/// How long an order is shown without being read again while its version stays: one that has been removed has none.
const SEEN_MOST: Duration = Duration::from_mins(5);
/// How many orders are looked up by one statement.
const CHUNK: usize = 1000;

impl Checkout {
    /// Answers at once when the order's version is past `after`, else when it changes or after
    /// `wait`. While somebody waits, what is due for the order is done. Thousands wait at a time: what reads the
    /// books is boxed, so that nobody keeps room for it while he waits.
    ///
    /// # Errors
    /// No such order, too many who wait for it already, or the books cannot be read.
    pub async fn watch(
        &self,
        token: &OrderToken,
        after: Option<i64>,
        wait: Duration,
    ) -> Result<OrderSnapshot, CheckoutError> {
        let end = Instant::now() + wait;
        let known = if wait.is_zero() { None } else { self.0.live.subscribe_again(token, WATCHERS_MOST) };
        let seen = known.as_ref().and_then(|(order_id, changes)| self.seen_before(*order_id, *changes.borrow()));
        let (mut read, mut snapshot) = match seen {
            Some(seen) => seen,
            None => (Instant::now(), Box::pin(self.load_snapshot(token)).await?),
        };
        let mut due = self.nudge(&snapshot);
        if after.is_none_or(|after| snapshot.order.version > after) || wait.is_zero() {
            return Ok(snapshot);
        }
        let mut changes = if let Some((_, changes)) = known {
            changes
        } else {
            let changes = self.0.live.subscribe_page(token, snapshot.order.id, WATCHERS_MOST);
            let changes = changes.ok_or(CheckoutError::TooManyWatchers)?;
            // What changed between the first look and the subscription would wake nobody.
            snapshot = Box::pin(self.load_snapshot(token)).await?;
            changes
        };
        // Others that wait may have read an older one; and what this one has read is to wake it no more.
        self.0.live.wake(snapshot.order.id, snapshot.order.version);
        if *changes.borrow_and_update() > snapshot.order.version {
            snapshot = Box::pin(self.load_snapshot(token)).await?;
        }
        let was_overdue = snapshot.is_overdue();
        while snapshot.order.version <= after.unwrap_or(0) && Instant::now() < end {
            // The code must not stay on a page past its time, however long closing takes.
            if snapshot.is_overdue() && !was_overdue {
                break;
            }
            let nap = due.map_or(end, |due| end.min(Instant::now() + due));
            tokio::select! {
                _ = changes.changed() => {
                    read = Instant::now();
                    snapshot = Box::pin(self.load_snapshot(token)).await?;
                }
                () = tokio::time::sleep_until(nap) => {
                    snapshot.now = self.now();
                    due = self.nudge(&snapshot);
                }
            }
        }
        snapshot.now = self.now();
        if snapshot.changes_with_version_only() {
            self.0.last_seen.leave(snapshot.order.id, (read, snapshot.clone()));
        }
        Ok(snapshot)
    }

    /// What the page saw that asks again, and when it was read; unless it is not the latest any more.
    fn seen_before(&self, order_id: i64, latest: i64) -> Option<(Instant, OrderSnapshot)> {
        let (read, seen) = self.0.last_seen.take_up(order_id)?;
        let is_latest = seen.order.version >= latest && read.elapsed() < SEEN_MOST;
        is_latest.then(|| (read, OrderSnapshot { now: self.now(), ..seen }))
    }

    /// How the order stands once `done` says so, at the latest after `limit`. Being woken is no sign
    /// that it is done: other changes wake as well.
    pub(super) async fn wait_until(
        &self,
        order_id: i64,
        changes: &mut watch::Receiver<i64>,
        limit: Duration,
        done: impl Fn(&OrderSnapshot) -> bool,
    ) -> Result<OrderSnapshot, CheckoutError> {
        let end = Instant::now() + limit;
        loop {
            let snapshot = self.load_by_id(order_id).await?;
            if done(&snapshot) || !matches!(timeout_at(end, changes.changed()).await, Ok(Ok(()))) {
                return Ok(snapshot);
            }
        }
    }

    /// Wakes the pages whose orders were changed by another process; runs until it is dropped.
    pub async fn follow_other_instances(&self) {
        let mut ticks = tokio::time::interval(ELSEWHERE);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.0.last_seen.age();
            if !self.0.live.prune() {
                continue;
            }
            if let Err(error) = in_time(READ_MOST, self.look_at_waiting()).await {
                tracing::error!(%error, "looking for changes of other instances");
            }
        }
    }

    async fn look_at_waiting(&self) -> Result<(), CheckoutError> {
        let waiting = self.0.live.waiting_orders();
        for known in waiting.chunks(CHUNK) {
            let ids: Vec<i64> = known.iter().map(|(id, _)| *id).collect();
            let mut c = self.0.db.read().await?;
            // Versions only rise, so the sum tells whether there is anything to be told: a row for each order costs
            // several times as much.
            let unchanged = (known.len(), known.iter().map(|(_, version)| version).sum());
            if orders::sum_versions(&mut c, &ids).await? == unchanged {
                continue;
            }
            for (id, version) in orders::list_versions(&mut c, &ids).await? {
                self.0.live.wake(id, version);
            }
        }
        Ok(())
    }
}
