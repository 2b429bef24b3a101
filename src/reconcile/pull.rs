//! Fetching the bills of a day.

use super::{BillDay, KINDS, Reconcile, ReconcileError};
use crate::{
    gateway::{BillKind, FetchError, hash_of},
    storage::bills::files::{self, BillFile},
};

/// As far back as WeChat has bills.
const MONTHS: i64 = 3;
/// How often one is applied for anew, whose address has run out or whose download broke off.
const TRIES: usize = 3;

impl Reconcile {
    /// Fetches both bills of a day, whether they are there or not.
    ///
    /// # Errors
    /// See [`ReconcileError`]; what was whole before is whole still.
    pub async fn pull(&self, day: BillDay) -> Result<Vec<BillFile>, ReconcileError> {
        let today = self.today();
        if day > today || (day == today && !self.0.bills_today) {
            return Err(ReconcileError::NotOver);
        }
        if day < today.minus_months(MONTHS) {
            return Err(ReconcileError::TooOld);
        }
        let mut fetched = Vec::with_capacity(KINDS.len());
        for kind in KINDS {
            fetched.push(self.fetch(day, kind).await?);
        }
        Ok(fetched)
    }

    /// The bill as this instance has it, whole and as it was fetched; fetched anew where it has none. Another
    /// instance may have fetched it first.
    pub(super) async fn obtain(&self, day: BillDay, kind: BillKind) -> Result<BillFile, ReconcileError> {
        let known = files::find(&mut *self.0.db.read().await?, &day.to_string(), kind.code()).await?;
        let Some(known) = known else { return self.fetch(day, kind).await };
        if known.is_empty() {
            // Whoever was told so in the morning may be told otherwise later.
            return self.fetch(day, kind).await;
        }
        if let Some(path) = self.0.folder.find(day, kind)? {
            let checking = tokio::task::spawn_blocking(move || hash_of(&path));
            if let Ok(Ok((_, plain_bytes))) = checking.await
                && i64::try_from(plain_bytes) == Ok(known.plain_bytes)
            {
                return Ok(known);
            }
            tracing::warn!(%day, kind = kind.code(), "the file of the bill has changed since it was fetched: again");
        }
        self.fetch(day, kind).await
    }

    pub(super) async fn fetch(&self, day: BillDay, kind: BillKind) -> Result<BillFile, ReconcileError> {
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
