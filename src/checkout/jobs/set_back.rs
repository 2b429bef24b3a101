//! The wall clock was ahead for a while and is right again: what was planned by it lies in the future, and
//! nobody would look after it for hours. It becomes due, spread over most of a minute; to look once too often
//! does no harm.
//!
//! A clock that jumps forward and stays needs nothing: deadlines pass, leases run out and are taken anew, and
//! while our time is wrong WeChat's answers do not verify, so that nothing is closed by mistake.

use jiff::Timestamp;
use sqlx::AnyConnection;

use crate::{
    checkout::{error::CheckoutError, memory::STEP, orders::CLAIM, shared::Checkout},
    storage::{JobFuture, heartbeats, set_back},
};

/// Rows changed by one transaction.
const TOGETHER: usize = 200;

impl Checkout {
    pub(super) async fn mend_after_set_back(&self, now: Timestamp) -> Result<(), CheckoutError> {
        self.0.inquiries.forget_plans();
        let limit = now + STEP;
        let db = &self.0.db;
        let ahead = set_back::list(&mut *db.read().await?, limit).await?;
        // First what others do with them.
        db.write_first(move |c| Box::pin(set_back::free_leases(c, now, limit))).await?;
        let expires = self.deadline(now);
        self.in_lots(&ahead.deadlines, move |c, ids| {
            Box::pin(async move { set_back::limit_deadlines(c, &ids, now, expires).await })
        })
        .await?;
        self.in_lots(&ahead.prepays, move |c, ids| {
            Box::pin(async move { set_back::allow_prepay(c, &ids, now, CLAIM, limit).await })
        })
        .await?;
        self.in_lots(&ahead.orders, move |c, ids| {
            Box::pin(async move { set_back::make_orders_due(c, &ids, now, limit).await })
        })
        .await?;
        self.in_lots(&ahead.refunds, move |c, ids| {
            Box::pin(async move { set_back::make_refunds_due(c, &ids, now, limit).await })
        })
        .await?;
        // Last, since they are what this is noticed by after a restart.
        db.write_first(move |c| Box::pin(heartbeats::remove_ahead(c, limit))).await?;
        let set_back::Ahead { orders, refunds, prepays, deadlines } = &ahead;
        let [orders, refunds, prepays, deadlines] = [orders, refunds, prepays, deadlines].map(Vec::len);
        if orders + refunds + prepays > 0 {
            tracing::warn!(orders, refunds, prepays, deadlines, "what lay ahead of the clock is due now");
        }
        Ok(())
    }

    /// Changes these rows, [`TOGETHER`] of them by a transaction.
    async fn in_lots<F>(&self, ids: &[i64], change: F) -> Result<(), CheckoutError>
    where
        F: for<'c> Fn(&'c mut AnyConnection, Vec<i64>) -> JobFuture<'c, ()> + Copy + Send + Sync + 'static,
    {
        for lot in ids.chunks(TOGETHER).map(<[i64]>::to_vec) {
            self.0.db.write(move |c| change(c, lot.clone())).await?;
        }
        Ok(())
    }
}
