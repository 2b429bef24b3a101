//! Booking a payment: one way, whoever calls it (money rules 1 to 5).

use jiff::Timestamp;

use super::{
    error::CheckoutError,
    inbox::{NotifyContext, inbox},
    payments::{Booking, Proof, examine},
    shared::Checkout,
    verdict::{Mismatch, Verdict},
};
use crate::{
    domain::OrderStatus,
    storage::{events::Source, notifications::Received},
    wechatpay::{Content, Notification, Transaction},
};

impl Checkout {
    /// Books what a verified notification says and keeps it in the inbox, in one transaction.
    /// Nothing may be acknowledged before this has returned.
    ///
    /// # Errors
    /// The books cannot be written, or nobody can tell whether they were: the next delivery finds what there is.
    pub async fn apply_notification(
        &self,
        notification: &Notification,
        context: NotifyContext,
    ) -> Result<Verdict, CheckoutError> {
        let now = self.now();
        self.keep_key(&notification.serial).await?;
        let (claim, out_trade_no, transaction_id) = match &notification.content {
            Content::Transaction(transaction) if notification.event_type == "TRANSACTION.SUCCESS" => {
                let claim = examine(transaction, &self.0.settings.mchid, Source::Callback, now);
                (claim, Some(&*transaction.out_trade_no), transaction.transaction_id.as_deref())
            }
            Content::SecurityEcho { .. } => (Err(Verdict::Echo), None, None),
            Content::Transaction(_) | Content::Refund(_) | Content::Unknown { .. } => {
                (Err(Verdict::Mismatch(Mismatch::Event)), None, None)
            }
        };
        let received = inbox(notification, context, out_trade_no, transaction_id, now);
        self.book(self.booking(claim, Source::Callback, &notification.serial, Some(received), now)).await
    }

    /// Books once more what a notification in the inbox says, which has been verified again as of when it came.
    ///
    /// # Errors
    /// The books cannot be written, or nobody can tell whether they were.
    pub async fn replay(
        &self,
        notification: &Notification,
        received: Timestamp,
        source: Source,
    ) -> Result<Verdict, CheckoutError> {
        match &notification.content {
            Content::Transaction(transaction) if notification.event_type == "TRANSACTION.SUCCESS" => {
                let claim = examine(transaction, &self.0.settings.mchid, Source::Callback, received);
                self.book(self.booking(claim, source, &notification.serial, None, self.now())).await
            }
            Content::Refund(notice) if notification.event_type.starts_with("REFUND.") => {
                self.book_notice(notice, source).await
            }
            Content::SecurityEcho { .. } => Ok(Verdict::Echo),
            Content::Transaction(_) | Content::Refund(_) | Content::Unknown { .. } => {
                Ok(Verdict::Mismatch(Mismatch::Event))
            }
        }
    }

    /// Books what a query reply says that the key of this serial has signed.
    ///
    /// # Errors
    /// The books cannot be written, or nobody can tell whether they were: the next delivery finds what there is.
    pub(super) async fn settle_queried(
        &self,
        transaction: &Transaction,
        serial: &str,
        source: Source,
    ) -> Result<Verdict, CheckoutError> {
        let now = self.now();
        self.keep_key(serial).await?;
        let claim = examine(transaction, &self.0.settings.mchid, source, now);
        self.book(self.booking(claim, source, serial, None, now)).await
    }

    fn booking(
        &self,
        claim: Result<Proof, Verdict>,
        source: Source,
        serial: &str,
        received: Option<Received>,
        at: Timestamp,
    ) -> Booking {
        let way_back = claim.as_ref().ok().and_then(|proof| proof.way_back(&self.0.settings.refund_notify_url));
        Booking { claim, source, vouched_by: serial.to_owned(), received, at, way_back }
    }

    async fn book(&self, booking: Booking) -> Result<Verdict, CheckoutError> {
        let (claim, source) = (booking.claim.clone(), booking.source);
        let booked = self.0.bookings.book(booking).await?;
        if let Some(version) = booked.became_paid {
            self.0.metrics.order_entered(OrderStatus::Success);
            self.0.live.wake(booked.order_id, version);
        }
        self.report(&claim, booked.verdict, source);
        Ok(booked.verdict)
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
                    self.0.metrics.callback_lag(self.now().duration_since(proof.success));
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
