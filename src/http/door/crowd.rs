//! Long polls that hold a place each while nothing happens. When somebody else needs a place they are answered early,
//! those that have waited the longest first: a page asks again, and is only a little worse off.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

/// How many places are made at once: whoever comes next finds one, too.
const TOGETHER: usize = 16;

/// Those who wait. Clones are one crowd.
#[derive(Clone, Debug, Default)]
pub struct Crowd(Arc<Mutex<Inside>>);

#[derive(Debug, Default)]
struct Inside {
    next: u64,
    waiting: BTreeMap<u64, oneshot::Sender<()>>,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub struct Waiting {
    crowd: Crowd,
    number: u64,
    pressed: oneshot::Receiver<()>,
}

impl Crowd {
    pub fn join(&self) -> Waiting {
        let (sender, pressed) = oneshot::channel();
        let mut inside = self.inside();
        inside.next += 1;
        let number = inside.next;
        inside.waiting.insert(number, sender);
        drop(inside);
        Waiting { crowd: self.clone(), number, pressed }
    }

    /// Places are needed. Returns how many will be free in a moment.
    pub fn press(&self) -> usize {
        let mut inside = self.inside();
        let mut left = 0;
        while left < TOGETHER
            && let Some((_, waiting)) = inside.waiting.pop_first()
        {
            left += usize::from(waiting.send(()).is_ok());
        }
        left
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.crowd.inside().waiting.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_has_waited_the_longest_goes_first_and_who_has_gone_is_forgotten() {
        let crowd = Crowd::default();
        let mut waiting: Vec<_> = (0..=TOGETHER).map(|_| crowd.join()).collect();
        drop(waiting.remove(1));
        let mut later = crowd.join();
        assert_eq!(crowd.press(), TOGETHER);
        for one in &mut waiting {
            one.pressed().await;
        }
        assert!(tokio::time::timeout(std::time::Duration::from_millis(10), later.pressed()).await.is_err());
        assert_eq!((crowd.press(), crowd.press()), (1, 0));
    }
}
