//! The wall clock was ahead for a while and is right again: what was planned by it lies in the future, and
//! nobody would look after it for hours. It becomes due, spread over most of a minute; to look once too often
//! does no harm.
//!
//! Each step goes by the time at which it is made, and not by that of the beat that calls for it: a beat may have been
//! held up, by a lock or because the machine slept, and what was planned since lies ahead of the beat alone.
//!
//! A clock that jumps forward and stays needs nothing: deadlines pass, leases run out and are taken anew, and
//! while our time is wrong WeChat's answers do not verify, so that nothing is closed by mistake.

use jiff::Timestamp;
use sqlx::AnyConnection;

use crate::{
    checkout::{
        error::CheckoutError,
        memory::STEP,
        orders::{CLAIM, deadline},
        shared::Checkout,
    },
    storage::{JobFuture, heartbeats, set_back},
};

/// Rows changed by one transaction.
const TOGETHER: usize = 200;

impl Checkout {
    pub(super) async fn mend_after_set_back(&self) -> Result<(), CheckoutError> {
        self.0.inquiries.forget_plans();
        let db = &self.0.db;
        let clock = self.0.clock.clone();
        let listed = clock.now() + STEP;
        let ahead = set_back::list(&mut *db.read().await?, listed).await?;
        // First what others do with them.
        db.write_first(move |c| {
            let now = clock.now();
            Box::pin(set_back::free_leases(c, now, listed.max(now + STEP)))
        })
        .await?;
        let pay_time = self.0.settings.pay_time;
        self.in_lots(&ahead.deadlines, move |c, ids, now| {
            Box::pin(async move { set_back::limit_deadlines(c, &ids, now, deadline(now, pay_time)).await })
        })
        .await?;
        self.in_lots(&ahead.prepays, |c, ids, now| {
            Box::pin(async move { set_back::allow_prepay(c, &ids, now, CLAIM, now + STEP).await })
        })
        .await?;
        self.in_lots(&ahead.orders, |c, ids, now| {
            Box::pin(async move { set_back::make_orders_due(c, &ids, now, now + STEP).await })
        })
        .await?;
        self.in_lots(&ahead.refunds, |c, ids, now| {
            Box::pin(async move { set_back::make_refunds_due(c, &ids, now, now + STEP).await })
        })
        .await?;
        // Last, since they are what this is noticed by after a restart. None that has come to lie ahead since the list
        // was made, because the clock was set back once more: what was planned by that one has not been mended.
        let (clock, instance) = (self.0.clock.clone(), self.0.instance.id.clone());
        db.write_first(move |c| {
            let (now, instance) = (clock.now(), instance.clone());
            Box::pin(async move { heartbeats::forget_ahead(c, &instance, listed.max(now + STEP), now).await })
        })
        .await?;
        let set_back::Ahead { orders, refunds, prepays, deadlines } = &ahead;
        let [orders, refunds, prepays, deadlines] = [orders, refunds, prepays, deadlines].map(Vec::len);
        if orders + refunds + prepays > 0 {
            tracing::warn!(orders, refunds, prepays, deadlines, "what lay ahead of the clock is due now");
        }
        Ok(())
    }

    /// Changes these rows, [`TOGETHER`] of them by a transaction, by the time at which it has begun.
    async fn in_lots<F>(&self, ids: &[i64], change: F) -> Result<(), CheckoutError>
    where
        F: for<'c> Fn(&'c mut AnyConnection, Vec<i64>, Timestamp) -> JobFuture<'c, ()> + Copy + Send + Sync + 'static,
    {
        for lot in ids.chunks(TOGETHER).map(<[i64]>::to_vec) {
            let clock = self.0.clock.clone();
            self.0.db.write(move |c| change(c, lot.clone(), clock.now())).await?;
        }
        Ok(())
    }
}
