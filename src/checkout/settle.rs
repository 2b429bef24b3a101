//! Booking a payment: one function, whoever calls it (money rules 1 to 5).

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{Checkout, CheckoutError};
use crate::{
    domain::{Fen, OrderStatus, OutTradeNo},
    storage::{
        StorageError,
        attempts::{self, Owed},
        events::{self, EventKind, Source},
        notifications::{self, Received},
        orders,
        payments::{self, NewPayment, PaymentKind},
    },
    wechatpay::{Content, Notification, TradeState, Transaction},
};

/// What became of a verified statement by WeChat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Paid,
    /// It paid an order that had been closed.
    PaidLate,
    /// This transaction was booked before; nothing changed.
    Duplicate,
    /// The order had been paid by another transaction: money to give back.
    Surplus,
    UnknownOrder,
    /// Not what the order needs; sending it again cannot mend it.
    Mismatch(Mismatch),
    /// The platform's self-test (`wechatpay-v3.md` §10.6): concerns no order.
    Echo,
}

/// What did not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    Event,
    State,
    Mchid,
    Appid,
    Amount,
    Currency,
    /// Paid, it says, but without a usable `transaction_id`, or with the one of another order.
    TransactionId,
}

impl Verdict {
    /// As stored and counted.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Paid => "PAID",
            Self::PaidLate => "PAID_LATE",
            Self::Duplicate => "DUPLICATE",
            Self::Surplus => "SURPLUS",
            Self::UnknownOrder => "UNKNOWN_ORDER",
            Self::Echo => "ECHO",
            Self::Mismatch(Mismatch::Event) => "MISMATCH_EVENT",
            Self::Mismatch(Mismatch::State) => "MISMATCH_STATE",
            Self::Mismatch(Mismatch::Mchid) => "MISMATCH_MCHID",
            Self::Mismatch(Mismatch::Appid) => "MISMATCH_APPID",
            Self::Mismatch(Mismatch::Amount) => "MISMATCH_AMOUNT",
            Self::Mismatch(Mismatch::Currency) => "MISMATCH_CURRENCY",
            Self::Mismatch(Mismatch::TransactionId) => "MISMATCH_TRANSACTION_ID",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// How a notification came, for the inbox.
#[derive(Clone, Debug)]
pub struct NotifyContext {
    /// `name: value` lines, without the signature.
    pub headers: String,
    pub body: Vec<u8>,
}

/// A payment as WeChat states it, checked as far as that goes without the books.
#[derive(Clone, Debug)]
struct Proof {
    out_trade_no: OutTradeNo,
    transaction_id: String,
    total: Fen,
    success: Timestamp,
}

/// The columns of the inbox, longer than anything WeChat documents (`wechatpay-v3.md` §6.1).
const INBOX_TEXT: usize = 64;

impl Checkout {
    /// Books what a verified notification says and keeps it in the inbox, in one transaction.
    /// Nothing may be acknowledged before this has returned.
    ///
    /// # Errors
    /// The books cannot be written: then nothing has happened.
    pub async fn apply_notification(
        &self,
        notification: &Notification,
        context: NotifyContext,
    ) -> Result<Verdict, CheckoutError> {
        let now = self.0.clock.now();
        let (claim, out_trade_no, transaction_id) = match &notification.content {
            Content::Transaction(transaction) if notification.event_type == "TRANSACTION.SUCCESS" => {
                let claim = self.examine(transaction, now);
                (claim, Some(transaction.out_trade_no.clone()), transaction.transaction_id.clone())
            }
            Content::SecurityEcho { .. } => (Err(Verdict::Echo), None, None),
            Content::Transaction(_) | Content::Refund(_) | Content::Unknown { .. } => {
                (Err(Verdict::Mismatch(Mismatch::Event)), None, None)
            }
        };
        let clip = |text: &str| text.chars().take(INBOX_TEXT).collect::<String>();
        let received = Received {
            notify_id: clip(&notification.id),
            event_type: clip(&notification.event_type),
            out_trade_no: out_trade_no.as_deref().map(clip),
            transaction_id: transaction_id.as_deref().map(clip),
            headers: context.headers,
            body: context.body,
            at: now,
        };
        self.book(claim, Source::Callback, Some(received)).await
    }

    /// Books what a verified query reply says.
    ///
    /// # Errors
    /// The books cannot be written: then nothing has happened.
    pub(super) async fn settle_queried(&self, transaction: &Transaction) -> Result<Verdict, CheckoutError> {
        let claim = self.examine(transaction, self.0.clock.now());
        self.book(claim, Source::Query, None).await
    }

    /// Money rule 1, as far as it needs no table: `SUCCESS`, our mchid and appid, `CNY`.
    fn examine(&self, transaction: &Transaction, now: Timestamp) -> Result<Proof, Verdict> {
        let settings = &self.0.settings;
        let mismatch = |what| Err(Verdict::Mismatch(what));
        if transaction.mchid != settings.mchid.as_str() {
            return mismatch(Mismatch::Mchid);
        }
        if transaction.appid != settings.appid {
            return mismatch(Mismatch::Appid);
        }
        if transaction.trade_state != TradeState::Success {
            return mismatch(Mismatch::State);
        }
        if transaction.currency() != Some("CNY") {
            return mismatch(Mismatch::Currency);
        }
        let Some(total) = transaction.total() else { return mismatch(Mismatch::Amount) };
        let transaction_id = match &transaction.transaction_id {
            Some(id) if (1..=32).contains(&id.len()) => id.clone(),
            _ => return mismatch(Mismatch::TransactionId),
        };
        let out_trade_no = OutTradeNo::parse(&transaction.out_trade_no).map_err(|_| Verdict::UnknownOrder)?;
        Ok(Proof { out_trade_no, transaction_id, total, success: transaction.success_time.unwrap_or(now) })
    }

    async fn book(
        &self,
        claim: Result<Proof, Verdict>,
        source: Source,
        received: Option<Received>,
    ) -> Result<Verdict, CheckoutError> {
        let now = self.0.clock.now();
        let input = Arc::new((claim, received));
        let shared = Arc::clone(&input);
        let (verdict, changed) = self
            .0
            .db
            .write(move |c| {
                let input = Arc::clone(&shared);
                Box::pin(async move {
                    let (claim, received) = &*input;
                    let (verdict, changed) = match claim {
                        Ok(proof) => settle(c, proof, source, now).await?,
                        Err(verdict) => (*verdict, None),
                    };
                    if let Some(received) = received {
                        notifications::record(c, received, verdict.code()).await?;
                    }
                    Ok((verdict, changed))
                })
            })
            .await?;
        if let Some((order_id, version)) = changed {
            self.0.metrics.order_entered(OrderStatus::Success);
            self.0.live.wake(order_id, version);
        }
        self.report(&input.0, verdict, source);
        Ok(verdict)
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
                    self.0.metrics.callback_lag(self.0.clock.now().duration_since(proof.success));
                }
                tracing::info!(
                    order.out_trade_no = %number, wechatpay.transaction_id = proof.transaction_id,
                    source = source.code(), verdict = verdict.code(), "order {number} paid",
                );
            }
            Verdict::Duplicate => {
                tracing::info!(order.out_trade_no = %number, source = source.code(), "payment of {number} was booked before");
            }
            Verdict::Surplus | Verdict::UnknownOrder | Verdict::Mismatch(_) | Verdict::Echo => tracing::error!(
                order.out_trade_no = %number, wechatpay.transaction_id = proof.transaction_id,
                source = source.code(), verdict = verdict.code(), "payment for {number}: {verdict}",
            ),
        }
    }
}

/// The guarded statements (money rule 2). Answers with the order's new version when it became paid.
async fn settle(
    c: &mut AnyConnection,
    proof: &Proof,
    source: Source,
    now: Timestamp,
) -> Result<(Verdict, Option<(i64, i64)>), StorageError> {
    let Some(owed) = attempts::find_owed(c, &proof.out_trade_no).await? else {
        return Ok((Verdict::UnknownOrder, None));
    };
    if owed.total != proof.total {
        return Ok((Verdict::Mismatch(Mismatch::Amount), None));
    }
    let (verdict, kind, event) = meaning(owed.status);
    if !payments::insert(c, &new_payment(proof, &owed, kind, source, now)).await? {
        let booked = payments::find_attempt(c, &proof.transaction_id).await?;
        let same = booked == Some(owed.attempt_id);
        return Ok((if same { Verdict::Duplicate } else { Verdict::Mismatch(Mismatch::TransactionId) }, None));
    }
    attempts::mark_paid(c, owed.attempt_id).await?;
    events::append(c, owed.order_id, now, event, source, &proof.transaction_id).await?;
    if kind == PaymentKind::Surplus {
        orders::touch(c, owed.order_id, now).await?;
        return Ok((verdict, None));
    }
    orders::mark_paid(c, owed.order_id, owed.status, proof.success, now).await?;
    Ok((verdict, Some((owed.order_id, owed.version + 1))))
}

fn new_payment<'a>(proof: &'a Proof, owed: &Owed, kind: PaymentKind, source: Source, now: Timestamp) -> NewPayment<'a> {
    NewPayment {
        transaction_id: &proof.transaction_id,
        order_id: owed.order_id,
        attempt_id: owed.attempt_id,
        kind,
        source,
        total: proof.total,
        success: proof.success,
        booked: now,
    }
}

/// What new money means to an order in this state (money rules 3 and 5).
const fn meaning(status: OrderStatus) -> (Verdict, PaymentKind, EventKind) {
    match status {
        OrderStatus::NotPay => (Verdict::Paid, PaymentKind::First, EventKind::Paid),
        OrderStatus::Closed(_) => (Verdict::PaidLate, PaymentKind::Late, EventKind::PaidLate),
        OrderStatus::Success
        | OrderStatus::RefundProcessing
        | OrderStatus::RefundPartial
        | OrderStatus::RefundSuccess
        | OrderStatus::RefundAbnormal => (Verdict::Surplus, PaymentKind::Surplus, EventKind::SurplusPayment),
    }
}
