//! An order with all that belongs to it, and what staff does with it. Each of these may be said twice.

use crate::{
    backoffice::{acted::Acted, office::Office},
    checkout::{Answer, CheckoutError, NotGivenUp, OrderHistory, RefundDraft, RefundError, RefundOf, RefundOrder},
    domain::{Fen, OrderStatus, OutRefundNo},
    storage::{
        StorageError,
        concerns::{self, Concern},
        inbox::{self, Entry},
        notes::{self, NewNote, Note, TEXT_MOST},
        orders::Order,
        refunds::{self, Refund},
    },
};

/// Everything about one order.
#[derive(Clone, Debug)]
pub struct Sheet {
    pub history: OrderHistory,
    pub notes: Vec<Note>,
    pub notifications: Vec<Entry>,
    /// What WeChat has said of it that our books do not allow, and nobody has looked at.
    pub concerns: Vec<Concern>,
}

/// What is written down of it, before it is done: no money moves that nobody is named for.
mod what {
    pub(super) const ASKED: &str = "ORDER_ASKED";
    pub(super) const CLOSED: &str = "ORDER_CLOSED";
    pub(super) const NOTED: &str = "ORDER_NOTED";
    pub(super) const SEEN: &str = "ORDER_SEEN";
    pub(super) const RETRY: &str = "REFUND_RETRIED";
    pub(super) const GIVE_UP: &str = "REFUND_GIVEN_UP";
    pub(super) const REFUND_SEEN: &str = "REFUND_SEEN";
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum NotActed {
    #[error("only an order that nobody has paid can be closed")]
    NotOpen(OrderStatus),
    #[error("a note has 1 to {TEXT_MOST} characters")]
    Note,
    #[error(transparent)]
    Refund(#[from] RefundError),
    #[error(transparent)]
    NotGivenUp(#[from] NotGivenUp),
    #[error(transparent)]
    Checkout(#[from] CheckoutError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Notifications shown with an order.
const NOTIFICATIONS: i64 = 50;

impl Office {
    /// # Errors
    /// No such order, or the books cannot be read.
    pub async fn open_sheet(&self, order_id: i64) -> Result<Sheet, NotActed> {
        let history = self.0.checkout.load_history_of(order_id).await?;
        let mut c = self.0.db.read().await?;
        let mut notifications = Vec::new();
        for attempt in &history.attempts {
            let lead = inbox::Lead::Number(attempt.out_trade_no.as_str().to_owned());
            notifications.extend(inbox::list(&mut c, &lead, i64::MAX, NOTIFICATIONS).await?);
        }
        let notes = notes::list_of_order(&mut c, order_id).await?;
        let concerns = concerns::list_of_order(&mut c, order_id).await?;
        Ok(Sheet { history, notes, notifications, concerns })
    }

    /// Asks WeChat at once.
    ///
    /// # Errors
    /// No such order, or the books are out of reach.
    pub async fn ask_about_order(&self, order_id: i64, who: &Acted) -> Result<Answer, NotActed> {
        self.write_down(who, what::ASKED, order_id, "").await?;
        let (checkout, source) = (self.0.checkout.clone(), who.source);
        // Goes on when whoever has asked goes away.
        let asking = self.0.checkout.spawn(async move { checkout.ask_now(order_id, source).await });
        Ok(asking.await.unwrap_or(Ok(Answer::Unknown))?)
    }

    /// # Errors
    /// It is paid, or the books are out of reach.
    pub async fn close_order(&self, order_id: i64, who: &Acted) -> Result<Order, NotActed> {
        self.write_down(who, what::CLOSED, order_id, "").await?;
        let order = self.0.checkout.close_now(order_id, who.source).await?;
        if order.status.is_paid() { Err(NotActed::NotOpen(order.status)) } else { Ok(order) }
    }

    /// What a refund would be, with its number: nothing is written and nobody is asked.
    ///
    /// # Errors
    /// It cannot be given back.
    pub async fn draft_refund(&self, wanted: &Wanted, who: &Acted) -> Result<RefundDraft, NotActed> {
        Ok(self.0.checkout.draft_refund(&wanted.of, wanted.order(who)).await?)
    }

    /// Of an order.
    ///
    /// # Errors
    /// No such refund of it, or the books cannot be read.
    pub async fn find_refund(&self, order_id: i64, number: &str) -> Result<Refund, NotActed> {
        let sheet = self.0.checkout.load_history_of(order_id).await?;
        let found = sheet.refunds.into_iter().find(|refund| refund.out_refund_no.as_str() == number);
        Ok(found.ok_or(RefundError::NoSuchRefund)?)
    }

    /// Asks at once how a refund stands, and sends it again when WeChat does not know it.
    ///
    /// # Errors
    /// No such refund, or the books are out of reach.
    pub async fn retry_refund(&self, number: &OutRefundNo, who: &Acted) -> Result<Refund, NotActed> {
        self.write_down(who, what::RETRY, number, "").await?;
        Ok(self.0.checkout.retry_refund(number, who.source).await?)
    }

    /// Gives up a refund that WeChat does not know.
    ///
    /// # Errors
    /// WeChat knows it, or does not say.
    pub async fn give_up_refund(&self, number: &OutRefundNo, who: &Acted) -> Result<Refund, NotActed> {
        self.write_down(who, what::GIVE_UP, number, "").await?;
        Ok(self.0.checkout.give_up_refund(number, who.source).await?)
    }

    /// Somebody has looked at a refund that was refused time and again.
    ///
    /// # Errors
    /// The books cannot be written.
    pub async fn settle_refund(&self, id: i64, who: &Acted) -> Result<bool, NotActed> {
        self.write_down(who, what::REFUND_SEEN, id, "").await?;
        let (now, by) = (self.0.surroundings.clock.now(), who.actor.name.clone());
        let settled = self.0.db.write(move |c| {
            let by = by.clone();
            Box::pin(async move { refunds::settle(c, id, &by, now).await })
        });
        Ok(settled.await?)
    }

    /// Somebody has looked at what WeChat says of an order and our books do not allow.
    ///
    /// # Errors
    /// The books cannot be written.
    pub async fn settle_concerns(&self, order_id: i64, who: &Acted) -> Result<u64, NotActed> {
        self.write_down(who, what::SEEN, order_id, "").await?;
        let (now, by) = (self.0.surroundings.clock.now(), who.actor.name.clone());
        let settled = self.0.db.write(move |c| {
            let by = by.clone();
            Box::pin(async move { concerns::settle(c, order_id, &by, now).await })
        });
        Ok(settled.await?)
    }

    /// `form` is of the form that it was written in: sent twice it is one note.
    ///
    /// # Errors
    /// Empty or too long, no such order, or the books cannot be written.
    pub async fn add_note(&self, order_id: i64, text: &str, form: &str, who: &Acted) -> Result<(), NotActed> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > TEXT_MOST || form.is_empty() || form.len() > 32 {
            return Err(NotActed::Note);
        }
        self.0.checkout.load_history_of(order_id).await?;
        self.write_down(who, what::NOTED, order_id, "").await?;
        let note = NewNote {
            order_id,
            at: self.0.surroundings.clock.now(),
            author: who.actor.name.clone(),
            text: text.to_owned(),
            form: form.to_owned(),
        };
        let added = self.0.db.write(move |c| {
            let note = note.clone();
            Box::pin(async move { notes::insert(c, &note).await })
        });
        Ok(added.await.map(drop)?)
    }
}

/// What somebody wants to give back.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub of: RefundOf,
    /// All that is left when `None`.
    pub amount: Option<Fen>,
    pub reason: String,
    /// Once it has been shown.
    pub number: Option<OutRefundNo>,
    /// Although some of it was given back elsewhere, or the same was given back lately.
    pub another: bool,
}

impl Wanted {
    fn order(&self, who: &Acted) -> RefundOrder {
        RefundOrder {
            amount: self.amount,
            reason: self.reason.clone(),
            source: who.source,
            out_refund_no: self.number.clone(),
            another: self.another,
        }
    }
}
