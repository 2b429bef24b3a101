//! Who waits for a change of which order. A change made in this process wakes its waiters at once;
//! changes made by other processes are picked up once a second, for all waiting orders together.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::watch;

/// The registry. Clones share one content. Holds an entry per order that somebody waits for.
#[derive(Clone, Debug, Default)]
pub struct LiveOrders(Arc<Mutex<HashMap<i64, watch::Sender<i64>>>>);

impl LiveOrders {
    /// Subscribe before reading the order, so that no change falls between the two.
    pub fn subscribe(&self, order_id: i64) -> watch::Receiver<i64> {
        self.map().entry(order_id).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// The order has reached `version`.
    pub fn wake(&self, order_id: i64, version: i64) {
        let mut map = self.map();
        let Some(sender) = map.get(&order_id) else { return };
        if sender.receiver_count() == 0 {
            map.remove(&order_id);
            return;
        }
        sender.send_if_modified(|known| {
            let newer = version > *known;
            *known = version.max(*known);
            newer
        });
    }

    /// Forgets orders nobody waits for any more, and tells whether any is left.
    pub fn prune(&self) -> bool {
        let mut map = self.map();
        map.retain(|_, sender| sender.receiver_count() > 0);
        !map.is_empty()
    }

    /// The orders that somebody waits for.
    pub fn waiting_orders(&self) -> Vec<i64> {
        self.map().keys().copied().collect()
    }

    /// How many wait for this one.
    pub fn waiting_for(&self, order_id: i64) -> usize {
        self.map().get(&order_id).map_or(0, watch::Sender::receiver_count)
    }

    /// How many pages wait.
    pub fn waiting(&self) -> usize {
        self.map().values().map(watch::Sender::receiver_count).sum()
    }

    fn map(&self) -> std::sync::MutexGuard<'_, HashMap<i64, watch::Sender<i64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn wakes_every_waiter_of_the_order_and_nobody_else() {
        let live = LiveOrders::default();
        let (mut a, mut b, mut other) = (live.subscribe(1), live.subscribe(1), live.subscribe(2));
        live.wake(1, 2);
        assert_eq!(*a.borrow_and_update(), 2);
        b.changed().await.expect("woken");
        assert!(!other.has_changed().expect("open"));
        other.mark_unchanged();
    }

    #[tokio::test]
    async fn an_older_version_wakes_nobody() {
        let live = LiveOrders::default();
        let mut waiter = live.subscribe(1);
        live.wake(1, 3);
        waiter.mark_unchanged();
        live.wake(1, 2);
        assert!(!waiter.has_changed().expect("open"));
    }

    #[test]
    fn forgets_orders_without_waiters() {
        let live = LiveOrders::default();
        let waiter = live.subscribe(1);
        assert!(live.prune());
        assert_eq!(live.waiting(), 1);
        drop(waiter);
        assert!(!live.prune());
    }
}
