//! How the shop looks, as this instance last read it. Pages read it anew when it is a few seconds old, so that every
//! instance shows what was chosen at one of them; where the books are out of reach, it looks as it did.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::{
    backoffice::products::Shelf,
    domain::{Accent, Looks},
};

const FRESH: SignedDuration = SignedDuration::from_secs(2);

#[derive(Debug)]
pub struct ShopLooks {
    shelf: Shelf,
    /// Of the settings, while staff has chosen no other name.
    payee: String,
    known: RwLock<(Arc<Looks>, Option<Timestamp>)>,
}

impl ShopLooks {
    pub fn new(shelf: Shelf, payee: String) -> Self {
        Self { shelf, payee, known: RwLock::default() }
    }

    pub(crate) fn known(&self) -> Arc<Looks> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner).0)
    }

    /// What the shop is called.
    pub(crate) fn name(&self) -> String {
        let looks = self.known();
        if looks.name.is_empty() { self.payee.clone() } else { looks.name.clone() }
    }

    /// Reads it again when it is time. Whoever comes meanwhile takes what is known.
    pub(crate) async fn refresh(&self, now: Timestamp) {
        {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            let is_fresh = |at: Timestamp| now >= at && now.duration_since(at) < FRESH;
            if known.1.is_some_and(is_fresh) {
                return;
            }
            known.1 = Some(now);
        }
        match self.shelf.looks().await {
            Ok(looks) => self.known.write().unwrap_or_else(PoisonError::into_inner).0 = Arc::new(looks),
            Err(error) => tracing::debug!(%error, "how the shop looks cannot be read"),
        }
    }

    /// What was changed here shows here at once.
    pub(crate) async fn reread(&self, now: Timestamp) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).1 = None;
        self.refresh(now).await;
    }
}

/// Where the style sheet of a colour is: its address says what is in it.
pub(crate) fn style_address(accent: Accent) -> String {
    let hash: String = Sha256::digest(accent.style()).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("/looks/{}-{hash}.css", accent.to_string().trim_start_matches('#'))
}
