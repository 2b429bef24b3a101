//! An order with all that belongs to it, and what staff does with it. Each of these may be said twice.

use crate::{
    backoffice::{
        acted::{Acted, Deed},
        office::Office,
        staff::audit::what,
    },
    checkout::{
        Answer, CheckoutError, NotGivenUp, Numbered, OrderHistory, RefundDraft, RefundError, RefundOf, RefundOrder,
    },
    domain::{Fen, OrderStatus, OutRefundNo},
    storage::{
        StorageError,
        approvals::{self, Approval},
        audit::{self, Outcome},
        concerns::{self, Concern},
        inbox::{self, Entry},
        notes::{self, NewNote, Note, TEXT_MOST},
        orders::{self, Order},
        refunds::{self, Refund},
    },
    wechatpay::model::is_disruptive,
};

/// Everything about one order.
#[derive(Clone, Debug)]
pub struct Sheet {
    pub history: OrderHistory,
    pub notes: Vec<Note>,
    pub notifications: Vec<Entry>,
    /// What WeChat has said of it that our books do not allow, and nobody has looked at.
    pub concerns: Vec<Concern>,
    /// Refunds that came back to the shop's own account, and of those the ones that the payer is still owed: their ids.
    pub to_shop: Vec<i64>,
    pub owed: Vec<i64>,
    /// What somebody of the staff has asked another one for, newest first.
    pub approvals: Vec<Approval>,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum NotActed {
    #[error("only an order that nobody has paid can be closed")]
    NotOpen(OrderStatus),
    #[error("a note has 1 to {TEXT_MOST} characters, none of which changes the direction of others")]
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

impl NotActed {
    /// The books or WeChat were out of reach: whether it was done, nobody can tell.
    const fn is_trouble(&self) -> bool {
        matches!(
            self,
            Self::Storage(_)
                | Self::Checkout(CheckoutError::Storage(_))
                | Self::Refund(RefundError::Checkout(CheckoutError::Storage(_)) | RefundError::Unconfirmed(_))
                | Self::NotGivenUp(NotGivenUp::Refund(RefundError::Checkout(CheckoutError::Storage(_))))
        )
    }
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
        let approvals = approvals::list_of_order(&mut c, order_id).await?;
        drop(c);
        let ids = |refunds: Vec<Refund>| refunds.into_iter().map(|refund| refund.id).collect();
        let to_shop = ids(self.0.checkout.list_sent_to_merchant(order_id).await?);
        let owed = ids(self.owed_of(&[order_id]).await?);
        Ok(Sheet { history, notes, notifications, concerns, to_shop, owed, approvals })
    }

    /// Asks WeChat at once.
    ///
    /// # Errors
    /// No such order, or the books are out of reach.
    pub async fn ask_about_order(&self, order_id: i64, who: &Acted) -> Result<Answer, NotActed> {
        self.must_exist(order_id).await?;
        let (checkout, source) = (self.0.checkout.clone(), who.source);
        let asking = async move { Ok(checkout.ask_now(order_id, source).await?) };
        self.ask_for(who, of_order(what::ORDER_ASKED, order_id), asking, |answer| Some(answer.code())).await
    }

    /// As it stands afterwards; `NOTPAY` when WeChat does not confirm it yet.
    ///
    /// # Errors
    /// No such order, it is paid, or the books are out of reach.
    pub async fn close_order(&self, order_id: i64, who: &Acted) -> Result<Order, NotActed> {
        self.must_exist(order_id).await?;
        let (checkout, source) = (self.0.checkout.clone(), who.source);
        let closing = async move {
            let order = checkout.close_now(order_id, source).await?;
            if order.status.is_paid() { Err(NotActed::NotOpen(order.status)) } else { Ok(order) }
        };
        let told = |order: &Order| (order.status != OrderStatus::NotPay).then_some("");
        self.ask_for(who, of_order(what::ORDER_CLOSED, order_id), closing, told).await
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
        let (checkout, source, retried) = (self.0.checkout.clone(), who.source, number.clone());
        let retrying = async move { Ok(checkout.retry_refund(&retried, source).await?) };
        self.ask_for(who, of_refund(what::REFUND_RETRIED, number), retrying, |refund| Some(refund.state.code())).await
    }

    /// Gives up a refund that WeChat does not know.
    ///
    /// # Errors
    /// WeChat knows it, or does not say.
    pub async fn give_up_refund(&self, number: &OutRefundNo, who: &Acted) -> Result<Refund, NotActed> {
        let (checkout, source, given_up) = (self.0.checkout.clone(), who.source, number.clone());
        let giving_up = async move { Ok(checkout.give_up_refund(&given_up, source).await?) };
        self.ask_for(who, of_refund(what::REFUND_GIVEN_UP, number), giving_up, |_| Some("")).await
    }

    /// Somebody has looked at a refund that was refused time and again, or has paid the payer otherwise what came back to
    /// the shop. `false` when somebody has before.
    ///
    /// # Errors
    /// The books cannot be written.
    pub async fn settle_refund(&self, refund: &Refund, who: &Acted) -> Result<bool, NotActed> {
        let noted = self.noted(who, &of_refund(what::REFUND_SEEN, &refund.out_refund_no), Outcome::Done, "");
        let owed = self.owed_of(&[refund.order_id]).await?.into_iter().any(|it| it.id == refund.id);
        let (now, by) = (self.0.surroundings.clock.now(), who.actor.name.clone());
        let (id, order_id, number) = (refund.id, refund.order_id, refund.out_refund_no.clone());
        let settled = self.0.db.write(move |c| {
            let (by, noted, number) = (by.clone(), noted.clone(), number.clone());
            Box::pin(async move {
                let is_settled = if owed {
                    concerns::settle_owed(c, order_id, &number, &by, now).await?
                } else {
                    refunds::settle(c, id, &by, now).await?
                };
                if is_settled {
                    noted.write(c).await?;
                    return Ok(true);
                }
                audit::is_there(c, &noted.entry.entry).await
            })
        });
        Ok(settled.await?)
    }

    /// Somebody has looked at what WeChat says of an order and our books do not allow. How many; none when somebody has
    /// before.
    ///
    /// # Errors
    /// No such order, or the books cannot be written.
    pub async fn settle_concerns(&self, order_id: i64, who: &Acted) -> Result<u64, NotActed> {
        self.must_exist(order_id).await?;
        let noted = self.noted(who, &of_order(what::ORDER_SEEN, order_id), Outcome::Done, "");
        let (now, by) = (self.0.surroundings.clock.now(), who.actor.name.clone());
        let settled = self.0.db.write(move |c| {
            let (by, noted) = (by.clone(), noted.clone());
            Box::pin(async move {
                let settled = concerns::settle(c, order_id, &by, now).await?;
                if settled > 0 {
                    noted.write(c).await?;
                }
                Ok(settled)
            })
        });
        Ok(settled.await?)
    }

    /// `form` is of the form that it was written in: sent twice it is one note.
    ///
    /// # Errors
    /// Empty or too long, no such order, or the books cannot be written.
    pub async fn add_note(&self, order_id: i64, text: &str, form: &str, who: &Acted) -> Result<(), NotActed> {
        let text = text.trim();
        let is_fit = (1..=TEXT_MOST).contains(&text.chars().count()) && !text.chars().any(is_disruptive);
        if !is_fit || form.is_empty() || form.len() > 32 {
            return Err(NotActed::Note);
        }
        self.must_exist(order_id).await?;
        let noted = self.noted(who, &of_order(what::ORDER_NOTED, order_id), Outcome::Done, "");
        let note = NewNote {
            order_id,
            at: self.0.surroundings.clock.now(),
            author: who.actor.name.clone(),
            text: text.to_owned(),
            form: form.to_owned(),
        };
        let added = self.0.db.write(move |c| {
            let (note, noted) = (note.clone(), noted.clone());
            Box::pin(async move {
                if notes::insert(c, &note).await? {
                    noted.write(c).await?;
                }
                Ok(())
            })
        });
        Ok(added.await?)
    }

    async fn must_exist(&self, order_id: i64) -> Result<(), NotActed> {
        let found = orders::find(&mut *self.0.db.read().await?, order_id).await?;
        found.map(drop).ok_or(NotActed::Checkout(CheckoutError::NoSuchOrder))
    }

    /// What WeChat is asked for: that it is wanted is written before, so that nothing is done that nobody is named for,
    /// and what came of it after. `told` says what, or nothing while that is still open. It goes on when whoever has
    /// asked goes away.
    pub(super) async fn ask_for<T: Send + 'static>(
        &self,
        who: &Acted,
        deed: Deed,
        act: impl Future<Output = Result<T, NotActed>> + Send + 'static,
        told: fn(&T) -> Option<&'static str>,
    ) -> Result<T, NotActed> {
        self.write_down(who, &deed, Outcome::Asked, "").await?;
        let (office, who) = (self.clone(), who.clone());
        let acting = self.0.checkout.spawn(async move {
            let done = act.await;
            let came = match &done {
                Ok(done) => told(done).map(|detail| (Outcome::Done, detail.to_owned())),
                Err(error) if error.is_trouble() => None,
                Err(error) => Some((Outcome::Refused, error.to_string())),
            };
            if let Some((outcome, detail)) = came
                && let Err(error) = office.write_down(&who, &deed, outcome, &detail).await
            {
                // That it was asked for stands, without an end: it says that nobody could tell.
                tracing::error!(%error, what = deed.what, "what came of it could not be written down");
            }
            done
        });
        acting.await.unwrap_or(Err(NotActed::Storage(StorageError::WriterGone)))
    }
}

pub(super) fn of_order(what: &'static str, order_id: i64) -> Deed {
    Deed { what, subject: format!("order:{order_id}") }
}

pub(super) fn of_refund(what: &'static str, number: &OutRefundNo) -> Deed {
    Deed { what, subject: format!("refund:{number}") }
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
            number: self.number.clone().map_or(Numbered::Fresh, Numbered::Shown),
            another: self.another,
        }
    }
}
