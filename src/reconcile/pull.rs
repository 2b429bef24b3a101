//! Fetching the bills of a day.

use super::{BillDay, KINDS, MONTHS, Reconcile, ReconcileError};
use crate::{
    gateway::{BillKind, FetchError, has_hash},
    storage::bills::files::{self, BillFile},
};

/// How often one is applied for anew, whose address has run out or whose download broke off.
const TRIES: usize = 3;

impl Reconcile {
    /// Fetches both bills of a day, whether they are there or not.
    ///
    /// # Errors
    /// See [`ReconcileError`]; what was whole before is whole still.
    pub async fn pull(&self, day: BillDay) -> Result<Vec<BillFile>, ReconcileError> {
        self.require_over(day)?;
        let mut fetched = Vec::with_capacity(KINDS.len());
        for kind in KINDS {
            fetched.push(self.fetch(day, kind).await?);
        }
        Ok(fetched)
    }

    fn require_over(&self, day: BillDay) -> Result<(), ReconcileError> {
        let today = self.today();
        let is_over = day < today || (day == today && self.0.bills_today);
        if is_over { Ok(()) } else { Err(ReconcileError::NotOver) }
    }

    /// WeChat has it no more.
    fn is_too_old(&self, day: BillDay) -> bool {
        day < self.today().minus_months(MONTHS)
    }

    /// Bills come of days that are over, from WeChat or, later than it has them, from what was kept here.
    ///
    /// # Errors
    /// There are none of this day, now or any more.
    pub async fn require_obtainable(&self, day: BillDay) -> Result<(), ReconcileError> {
        self.require_over(day)?;
        if self.is_too_old(day) {
            for kind in KINDS {
                self.find_kept(day, kind).await?.ok_or(ReconcileError::TooOld)?;
            }
        }
        Ok(())
    }

    /// The bill as this instance has it, whole and as it was fetched.
    async fn find_kept(&self, day: BillDay, kind: BillKind) -> Result<Option<BillFile>, ReconcileError> {
        let known = files::find(&mut *self.0.db.read().await?, &day.to_string(), kind.code()).await?;
        let Some(known) = known else { return Ok(None) };
        if known.is_empty() {
            return Ok(Some(known));
        }
        let Some(path) = self.0.folder.find(day, kind)? else { return Ok(None) };
        let hash = known.hash.clone();
        let checking = tokio::task::spawn_blocking(move || has_hash(&path, &hash));
        if let Ok(Ok(true)) = checking.await {
            return Ok(Some(known));
        }
        tracing::warn!(%day, kind = kind.code(), "the file of the bill has changed since it was fetched");
        Ok(None)
    }

    /// That, or fetched anew. Another instance may have fetched it first.
    pub(super) async fn obtain(&self, day: BillDay, kind: BillKind) -> Result<BillFile, ReconcileError> {
        match self.find_kept(day, kind).await? {
            // What was fetched before it was ready may be half of it; whoever was told in the morning that nothing had
            // happened may be told otherwise later.
            Some(kept) if self.is_too_old(day) || (!kept.is_empty() && kept.fetched >= day.ready()) => Ok(kept),
            _ => self.fetch(day, kind).await,
        }
    }

    pub(super) async fn fetch(&self, day: BillDay, kind: BillKind) -> Result<BillFile, ReconcileError> {
        if self.is_too_old(day) {
            return Err(ReconcileError::TooOld);
        }
        let path = self.0.folder.path(day, kind)?;
        let gateway = self.0.checkout.gateway();
        let mut tries = 0;
        let fetched = loop {
            tries += 1;
            let fetched = match gateway.apply_bill(kind, day.date()).await {
                Ok(ticket) => gateway.fetch_bill(&ticket, &path).await.map(Some),
                Err(FetchError::Gateway(error)) if error.is_no_statement() => Ok(None),
                // Of an application there is nothing to be tried again at once.
                Err(error) => return Err(error.into()),
            };
            match fetched {
                Ok(fetched) => break fetched,
                Err(error) if tries >= TRIES => return Err(error.into()),
                Err(error) => tracing::warn!(%error, %day, kind = kind.code(), "the bill is applied for anew"),
            }
        };
        let file = BillFile {
            day: day.to_string(),
            kind: kind.code().to_owned(),
            hash: fetched.as_ref().map(|it| it.hash.clone()).unwrap_or_default(),
            matched: fetched.as_ref().map_or("", |it| it.matched.code()).to_owned(),
            bytes: fetched.as_ref().map_or(0, |it| i64::try_from(it.bytes).unwrap_or(i64::MAX)),
            plain_bytes: fetched.as_ref().map_or(0, |it| i64::try_from(it.plain_bytes).unwrap_or(i64::MAX)),
            fetched: self.0.clock.now(),
        };
        if let Some(it) = &fetched {
            let matched = it.matched.code();
            tracing::info!(%day, kind = kind.code(), bytes = it.bytes, matched, "bill of {day} fetched: {matched} hash");
        } else {
            tracing::info!(%day, kind = kind.code(), "nothing happened on {day}, WeChat Pay says");
        }
        let kept = file.clone();
        let noted = self.0.db.write(move |c| {
            let file = kept.clone();
            Box::pin(async move { files::put(c, &file).await })
        });
        noted.await?;
        Ok(file)
    }
}
