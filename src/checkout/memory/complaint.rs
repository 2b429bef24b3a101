//! A trouble that shows again at every tick, or whenever somebody looks, is said once a minute.

use std::time::Duration;

use tokio::time::Instant;

const EVERY: Duration = Duration::from_mins(1);

#[derive(Debug, Default)]
pub(crate) struct Complaint {
    said: Option<Instant>,
    kept: u64,
}

impl Complaint {
    /// How often it has been kept silent since it was last said; `None` when this is one more time of that.
    pub(crate) fn is_due(&mut self) -> Option<u64> {
        self.is_due_at(Instant::now())
    }

    fn is_due_at(&mut self, now: Instant) -> Option<u64> {
        if self.said.is_some_and(|at| now.duration_since(at) < EVERY) {
            self.kept += 1;
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.kept))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_a_minute() {
        let (mut complaint, start) = (Complaint::default(), Instant::now());
        assert_eq!(complaint.is_due_at(start), Some(0));
        assert_eq!((complaint.is_due_at(start), complaint.is_due_at(start)), (None, None));
        assert_eq!(complaint.is_due_at(start + EVERY), Some(2));
    }
}
