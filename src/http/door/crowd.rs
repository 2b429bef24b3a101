//! Long polls that hold a place each while nothing happens. When somebody else needs a place they are answered early,
//! those that have waited the longest first: a page asks again, and is only a little worse off. Where it is one address
//! that has no place left, its own ones go, and nobody else's.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

/// How many places are made at once: whoever comes next finds one, too.
const TOGETHER: usize = 16;

/// Those who wait. Clones are one crowd.
#[derive(Clone, Debug, Default)]
pub struct Crowd(Arc<Mutex<Inside>>);

/// The address that the door counts a request for, in the request's extensions; `None` where it counts for nobody, as
/// of a proxy.
#[derive(Clone, Copy, Debug, Default)]
pub struct CountedFor(pub Option<IpAddr>);

#[derive(Debug, Default)]
struct Inside {
    next: u64,
    waiting: BTreeMap<u64, (CountedFor, oneshot::Sender<()>)>,
    per_address: BTreeSet<(IpAddr, u64)>,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub struct Waiting {
    crowd: Crowd,
    number: u64,
    pressed: oneshot::Receiver<()>,
}

impl Crowd {
    pub fn join(&self, counted: CountedFor) -> Waiting {
        let (sender, pressed) = oneshot::channel();
        let mut inside = self.inside();
        inside.next += 1;
        let number = inside.next;
        inside.waiting.insert(number, (counted, sender));
        inside.per_address.extend(counted.0.map(|address| (address, number)));
        drop(inside);
        Waiting { crowd: self.clone(), number, pressed }
    }

    /// Places are needed, or those of one address. Returns how many will be free in a moment.
    pub fn press(&self, address: Option<IpAddr>) -> usize {
        let mut inside = self.inside();
        let mut left = 0;
        while left < TOGETHER
            && let Some(number) = inside.longest(address)
        {
            let pressed = inside.remove(number).is_some_and(|waiting| waiting.send(()).is_ok());
            left += usize::from(pressed);
        }
        left
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    /// Who has waited the longest, of all or of one address.
    fn longest(&self, address: Option<IpAddr>) -> Option<u64> {
        match address {
            None => self.waiting.first_key_value().map(|(number, _)| *number),
            Some(own) => self.per_address.range((own, 0)..=(own, u64::MAX)).next().map(|(_, number)| *number),
        }
    }

    fn remove(&mut self, number: u64) -> Option<oneshot::Sender<()>> {
        let (CountedFor(address), waiting) = self.waiting.remove(&number)?;
        if let Some(address) = address {
            self.per_address.remove(&(address, number));
        }
        Some(waiting)
    }
}

impl Waiting {
    /// Its place is needed.
    pub async fn pressed(&mut self) {
        if (&mut self.pressed).await.is_err() {
            // Nobody is left who could need it.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.crowd.inside().remove(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_has_waited_the_longest_goes_first_and_who_has_gone_is_forgotten() {
        let crowd = Crowd::default();
        let mut waiting: Vec<_> = (0..=TOGETHER).map(|_| crowd.join(CountedFor(None))).collect();
        drop(waiting.remove(1));
        let mut later = crowd.join(CountedFor(None));
        assert_eq!(crowd.press(None), TOGETHER);
        for one in &mut waiting {
            one.pressed().await;
        }
        assert!(tokio::time::timeout(std::time::Duration::from_millis(10), later.pressed()).await.is_err());
        assert_eq!((crowd.press(None), crowd.press(None)), (1, 0));
    }

    #[test]
    fn an_address_without_a_place_presses_its_own_ones() {
        let [greedy, neighbour] = ["192.0.2.1", "192.0.2.2"].map(|it| it.parse().expect("an address"));
        let crowd = Crowd::default();
        let waiting: Vec<_> =
            [Some(neighbour), None, Some(greedy), Some(greedy)].map(|it| crowd.join(CountedFor(it))).into();
        assert_eq!((crowd.press(Some(greedy)), crowd.press(Some(greedy))), (2, 0));
        assert_eq!((crowd.press(None), crowd.press(Some(neighbour))), (2, 0));
        drop(waiting);
        let inside = crowd.inside();
        assert!(inside.waiting.is_empty() && inside.per_address.is_empty());
    }
}
