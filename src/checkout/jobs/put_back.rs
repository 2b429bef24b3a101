//! What older books have forgotten that were put back: every attempt that was open in them, and everything that was
//! made or paid since a day before they were copied, is asked about. An answer that is of no use is asked for again;
//! how far it has got stands in the books, so that any instance goes on.

use std::time::Duration;

use futures::{StreamExt as _, stream};
use jiff::{Timestamp, Unit, tz};
use tokio::time::sleep;

use crate::{
    checkout::{
        error::CheckoutError,
        shared::Checkout,
        time_limits::{LOOK_AFTER_MOST, READ_MOST, in_time},
    },
    domain::OutTradeNo,
    storage::restorations::{self, Restoration},
};

/// Written down together, how far it has got.
const TOGETHER: i64 = 32;
/// Asked about at the same time.
const AT_ONCE: usize = 8;
/// After an answer that was of no use.
const PAUSE: Duration = Duration::from_secs(2);

impl Checkout {
    /// Goes on with books that were put back. Returns how many attempts were asked about.
    ///
    /// # Errors
    /// The books are out of reach.
    pub async fn sweep_put_back(&self) -> Result<usize, CheckoutError> {
        let open = in_time(READ_MOST, async { Ok(self.find_gap().await?) }).await?;
        self.tell_gap(open.as_ref());
        let Some(open) = open else { return Ok(0) };
        if open.asked.is_none() {
            let asked = self.ask_on(&open).await?;
            if asked > 0 || !self.has_asked_all(&open).await? {
                return Ok(asked);
            }
        }
        if self.list_bills_of_gap(&open).await?.is_empty() {
            self.end_gap(&open).await?;
        }
        Ok(0)
    }

    fn tell_gap(&self, open: Option<&Restoration>) {
        self.0.readiness.note(
            "put_back",
            open.map(|open| {
                let since = open.since.round(Unit::Second).unwrap_or(open.since).display_with_offset(tz::offset(8));
                format!("the books are a copy of {since} that was put back: nothing is refunded yet")
            }),
        );
    }

    async fn ask_on(&self, open: &Restoration) -> Result<usize, CheckoutError> {
        let list = self.list_next(open).await?;
        let now = self.0.clock.now();
        let is_empty = list.is_empty();
        let ask = |(id, number): (i64, OutTradeNo)| {
            let checkout = self.clone();
            async move { (id, in_time(LOOK_AFTER_MOST, checkout.ask_for_put_back(number, now)).await) }
        };
        let mut answers = stream::iter(list.into_iter().map(ask)).buffered(AT_ONCE);
        let (mut reached, mut asked, mut failed) = (None, 0, None);
        while let Some((id, answer)) = answers.next().await {
            match answer {
                Ok(true) => (reached, asked) = (Some(id), asked + 1),
                Ok(false) => break,
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        drop(answers);
        if let Some(reached) = reached {
            let id = open.id;
            self.0.db.write(move |c| Box::pin(restorations::note_reached(c, id, reached))).await?;
        } else if !is_empty {
            sleep(PAUSE).await;
        }
        failed.map_or(Ok(asked), Err)
    }

    async fn list_next(&self, open: &Restoration) -> Result<Vec<(i64, OutTradeNo)>, CheckoutError> {
        let (reached, from) = (open.reached, open.asks_from());
        in_time(READ_MOST, async {
            Ok(restorations::list_to_ask(&mut *self.0.db.read().await?, reached, from, TOGETHER).await?)
        })
        .await
    }

    /// One that nobody can read keeps no other one waiting.
    async fn ask_for_put_back(self, number: OutTradeNo, now: Timestamp) -> Result<bool, CheckoutError> {
        match Box::pin(self.ask_again(&number, now)).await {
            Err(CheckoutError::Storage(error)) if error.is_about_one_row() => {
                tracing::error!(%error, order.out_trade_no = %number, "{number} cannot be asked about: staff must look");
                Ok(true)
            }
            Err(CheckoutError::NoSuchOrder) => Ok(true),
            answer => answer,
        }
    }

    async fn has_asked_all(&self, open: &Restoration) -> Result<bool, CheckoutError> {
        if !self.list_next(open).await?.is_empty() {
            return Ok(false);
        }
        let (id, now) = (open.id, self.0.clock.now());
        self.0.db.write(move |c| Box::pin(restorations::note_asked(c, id, now))).await?;
        tracing::warn!("everything that these put back books may have forgotten has been asked about");
        Ok(true)
    }

    async fn end_gap(&self, open: &Restoration) -> Result<(), CheckoutError> {
        let (id, now) = (open.id, self.0.clock.now());
        if self.0.db.write(move |c| Box::pin(restorations::end(c, id, now))).await? {
            tracing::warn!("the put back books are whole again as far as can be known: refunds are made again");
            self.tell_gap(None);
        }
        Ok(())
    }
}
