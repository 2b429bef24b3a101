//! Booking a payment: one way, whoever calls it (money rules 1 to 5).

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    error::CheckoutError,
    inbox::{NotifyContext, inbox},
    payments::{Booking, Proof, examine},
    shared::Checkout,
    verdict::{Mismatch, Verdict},
};
use crate::{
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
        let refund_notify_url = self.0.settings.refund_notify_url.clone();
        Booking { claim, source, vouched_by: serial.to_owned(), received, at, refund_notify_url }
    }

    async fn book(&self, booking: Booking) -> Result<Verdict, CheckoutError> {
        Ok(self.0.bookings.book(Arc::new(booking)).await?.verdict)
    }
}
