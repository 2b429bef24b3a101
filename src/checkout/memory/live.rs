//! Who waits for a change of which order. A change made in this process wakes its waiters at once;
//! changes made by other processes are picked up once a second, for all waiting orders together.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::watch;

use crate::domain::OrderToken;

/// The registry. Clones share one content. Holds an entry per order that somebody waits for, or has a moment ago.
#[derive(Clone, Debug, Default)]
pub struct LiveOrders(Arc<Mutex<Orders>>);

#[derive(Debug, Default)]
struct Orders {
    /// The latest version of each that is known here.
    versions: HashMap<i64, watch::Sender<i64>>,
    /// Of those that pages wait for.
    ids: HashMap<OrderToken, i64>,
}

impl LiveOrders {
    /// Subscribe before reading the order, so that no change falls between the two.
    pub fn subscribe(&self, order_id: i64) -> watch::Receiver<i64> {
        self.orders().versions.entry(order_id).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// The same for a page, of which `most` may wait: who is refused has at no time counted among them.
    pub fn subscribe_page(&self, token: &OrderToken, order_id: i64, most: usize) -> Option<watch::Receiver<i64>> {
        let mut orders = self.orders();
        orders.ids.insert(token.clone(), order_id);
        let sender = orders.versions.entry(order_id).or_insert_with(|| watch::Sender::new(0));
        (sender.receiver_count() < most).then(|| sender.subscribe())
    }

    /// For a page that comes again, as all do that wait: without having to look up whose token it is.
    pub fn subscribe_again(&self, token: &OrderToken, most: usize) -> Option<(i64, watch::Receiver<i64>)> {
        let orders = self.orders();
        let order_id = *orders.ids.get(token)?;
        let sender = orders.versions.get(&order_id)?;
        (sender.receiver_count() < most).then(|| (order_id, sender.subscribe()))
    }

    /// The order has reached `version`.
    pub fn wake(&self, order_id: i64, version: i64) {
        let orders = self.orders();
        let Some(sender) = orders.versions.get(&order_id) else { return };
        sender.send_if_modified(|known| {
            let newer = version > *known;
            *known = version.max(*known);
            newer
        });
    }

    /// Forgets orders nobody waits for any more, and tells whether any is left.
    pub fn prune(&self) -> bool {
        let Orders { versions, ids } = &mut *self.orders();
        versions.retain(|_, sender| sender.receiver_count() > 0);
        ids.retain(|_, id| versions.contains_key(id));
        !versions.is_empty()
    }

    /// The orders that somebody waits for, each with the latest version that is known here.
    pub fn waiting_orders(&self) -> Vec<(i64, i64)> {
        self.orders().versions.iter().map(|(id, sender)| (*id, *sender.borrow())).collect()
    }

    /// How many pages wait.
    pub fn waiting(&self) -> usize {
        self.orders().versions.values().map(watch::Sender::receiver_count).sum()
    }

    fn orders(&self) -> std::sync::MutexGuard<'_, Orders> {
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
        let (live, token) = (LiveOrders::default(), OrderToken::build(7));
        assert!(live.subscribe_again(&token, 1).is_none());
        let waiter = live.subscribe_page(&token, 1, 1).expect("room");
        assert!(
            live.subscribe_page(&token, 1, 1).is_none() && live.subscribe_again(&token, 1).is_none(),
            "one may wait"
        );
        assert!(live.prune());
        assert_eq!(live.waiting(), 1);
        drop(waiter);
        live.wake(1, 5);
        let (order_id, again) = live.subscribe_again(&token, 1).expect("not forgotten yet");
        assert_eq!((order_id, *again.borrow(), live.waiting_orders()), (1, 5, vec![(1, 5)]));
        drop(again);
        assert!(!live.prune());
        assert!(live.subscribe_again(&token, 1).is_none());
    }
}
