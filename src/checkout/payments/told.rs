//! Who hears that a statement has been booked, beside whoever brought it: who brought it may have gone away.

use super::{
    claim::Proof,
    settle::{Booked, Booking},
};
use crate::{
    checkout::{memory::LiveOrders, verdict::Verdict},
    clock::Clock,
    domain::OrderStatus,
    metrics::Metrics,
    storage::events::Source,
};

/// The pages that wait, the metrics and the log.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) live: LiveOrders,
    pub(crate) metrics: Metrics,
    pub(crate) clock: Clock,
}

impl Told {
    /// After the commit.
    pub(super) fn tell(&self, booking: &Booking, booked: Booked) {
        if let Some(version) = booked.became_paid {
            self.metrics.order_entered(OrderStatus::Success);
            self.live.wake(booked.order_id, version);
        }
        self.report(&booking.claim, booked.verdict, booking.source);
    }

    fn report(&self, claim: &Result<Proof, Verdict>, verdict: Verdict, source: Source) {
        let Ok(proof) = claim else {
            if verdict != Verdict::Echo {
                tracing::error!(verdict = verdict.code(), "verified statement does not fit: {verdict}");
            }
            return;
        };
        let number = &proof.out_trade_no;
        match verdict {
            Verdict::Paid | Verdict::PaidLate => {
                if source == Source::Callback {
                    self.metrics.callback_lag(self.clock.now().duration_since(proof.success));
                }
                tracing::info!(
                    order.out_trade_no = %number, wechatpay.transaction_id = proof.transaction_id,
                    source = source.code(), verdict = verdict.code(), "order {number} paid",
                );
            }
            Verdict::Duplicate => {
                tracing::info!(order.out_trade_no = %number, source = source.code(), "payment of {number} was booked before");
            }
            Verdict::Surplus | Verdict::UnknownOrder | Verdict::Mismatch(_) | Verdict::Echo | Verdict::Refund(_) => {
                tracing::error!(
                    order.out_trade_no = %number, wechatpay.transaction_id = proof.transaction_id,
                    source = source.code(), verdict = verdict.code(), "payment for {number}: {verdict}",
                );
            }
        }
    }
}
