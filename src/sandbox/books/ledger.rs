//! The platform's books: orders, payments, refunds and deliveries. Every change is a line in the journal
//! before it is true in memory, and memory is made from the same changes after a restart.

mod deliveries;
mod orders;
mod refunds;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

pub(in crate::sandbox) use self::orders::{Booked, ScanError};
use super::{
    delivery::{Attempt, Delivery, Progress},
    journal::Journal,
    order::{Code, Order, Payment},
    refund::{Card, Ending, Refund, RefundStatus},
};
use crate::sandbox::{error::ApiError, failure::SandboxError, files};

/// One step. Steps that belong together share a line.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Change {
    Order(Box<Order>),
    Code {
        out_trade_no: String,
        code: Code,
    },
    Scanned {
        out_trade_no: String,
        openid: String,
    },
    Paid {
        out_trade_no: String,
        payment: Payment,
    },
    Closed {
        out_trade_no: String,
        at_ms: i64,
    },
    Refund(Box<Refund>),
    RefundEnded {
        out_refund_no: String,
        ending: Ending,
    },
    RefundResumed {
        out_refund_no: String,
        card: Card,
        ending: Ending,
    },
    Delivery(Box<Delivery>),
    Attempted {
        number: u64,
        attempts: Vec<Attempt>,
        progress: Progress,
    },
    /// By hand.
    Redelivered {
        number: u64,
        at_ms: i64,
    },
    /// A held delivery may go.
    Released {
        number: u64,
        at_ms: i64,
    },
}

pub(in crate::sandbox) struct Ledger {
    path: PathBuf,
    journal: Journal,
    books: Books,
}

#[derive(Default)]
struct Books {
    orders: HashMap<String, Order>,
    /// Every code ever issued, the dead ones too.
    tokens: HashMap<String, String>,
    transactions: HashMap<String, String>,
    /// Orders neither paid nor closed by the merchant, oldest first.
    open: BTreeSet<(i64, String)>,
    /// Payments in the order in which they were made.
    payments: Vec<String>,
    refunds: HashMap<String, Refund>,
    /// From WeChat's number to the merchant's.
    refund_ids: HashMap<String, String>,
    /// Refunds in the order in which they were made.
    refund_order: Vec<String>,
    /// When which refund ends.
    refunds_due: BTreeSet<(i64, String)>,
    deliveries: BTreeMap<u64, Delivery>,
    /// Numbers of deliveries that were forgotten, and may be under way, go up to this one.
    last_forgotten: u64,
    /// By order: deliveries that are held until a refund of it has been told.
    held: HashMap<String, u64>,
    /// When which delivery is to be tried; one that is being tried is not in here.
    due: BTreeSet<(i64, u64)>,
}

#[derive(Debug, thiserror::Error)]
pub(in crate::sandbox) enum CommitError {
    #[error("a change cannot be written down")]
    Format(#[from] serde_json::Error),
    #[error("the journal cannot be written")]
    Write(#[from] std::io::Error),
}

impl From<CommitError> for ApiError {
    fn from(error: CommitError) -> Self {
        Self::of("sandbox journal", &error)
    }
}

impl Ledger {
    /// Reads the journal, and shortens it to what still matters.
    pub(in crate::sandbox) fn open(path: &Path) -> Result<Self, SandboxError> {
        let broken = |source| files::broken(path, source);
        let mut books = Books::default();
        for (index, line) in Journal::read(path).map_err(broken)?.iter().enumerate() {
            let changes: Vec<Change> =
                serde_json::from_str(line).map_err(|source| SandboxError::Journal { line: index + 1, source })?;
            for change in changes {
                books.apply(change);
            }
        }
        let lines: Vec<String> = books
            .snapshot()
            .map(|change| serde_json::to_string(&[change]))
            .collect::<Result<_, _>>()
            .map_err(|source| SandboxError::Journal { line: 0, source })?;
        let journal = Journal::rewrite(path, lines.into_iter()).map_err(broken)?;
        Ok(Self { path: path.to_owned(), journal, books })
    }

    /// Forgets everything, as if nobody had ever ordered anything.
    pub(in crate::sandbox) fn reset(&mut self) -> Result<(), CommitError> {
        let last_forgotten = self.last_number();
        self.journal = Journal::rewrite(&self.path, std::iter::empty())?;
        self.books = Books { last_forgotten, ..Books::default() };
        Ok(())
    }

    fn commit(&mut self, changes: Vec<Change>) -> Result<(), CommitError> {
        self.journal.append(&serde_json::to_string(&changes)?)?;
        for change in changes {
            self.books.apply(change);
        }
        Ok(())
    }
}

impl Books {
    fn apply(&mut self, change: Change) {
        match change {
            Change::Order(order) => self.put_order(*order),
            Change::Code { out_trade_no, code } => {
                self.tokens.insert(code.token.clone(), out_trade_no.clone());
                self.change_order(&out_trade_no, |order| order.codes.push(code));
            }
            Change::Scanned { out_trade_no, openid } => self.change_order(&out_trade_no, |order| {
                if let Some(code) = order.codes.last_mut() {
                    code.openid = Some(openid);
                }
            }),
            Change::Paid { out_trade_no, payment } => {
                self.transactions.insert(payment.transaction_id.clone(), out_trade_no.clone());
                self.payments.push(out_trade_no.clone());
                self.change_order(&out_trade_no, |order| order.payment = Some(payment));
            }
            Change::Closed { out_trade_no, at_ms } => {
                self.change_order(&out_trade_no, |order| order.closed_ms = Some(at_ms));
            }
            Change::Refund(refund) => self.put_refund(*refund),
            Change::RefundEnded { out_refund_no, ending } => self.change_refund(&out_refund_no, |refund| {
                refund.status = ending.status;
                refund.success_ms = (ending.status == RefundStatus::Success).then_some(ending.at_ms);
                refund.ending = None;
            }),
            Change::RefundResumed { out_refund_no, card, ending } => self.change_refund(&out_refund_no, |refund| {
                refund.status = RefundStatus::Processing;
                refund.card = Some(card);
                refund.ending = Some(ending);
            }),
            Change::Delivery(delivery) => self.put_delivery(*delivery),
            Change::Attempted { number, attempts, progress } => self.change_delivery(number, |delivery| {
                delivery.attempts.extend(attempts);
                delivery.progress = progress;
            }),
            Change::Redelivered { number, at_ms } => self.change_delivery(number, |delivery| {
                delivery.progress = delivery.progress.again(at_ms);
            }),
            Change::Released { number, at_ms } => self.change_delivery(number, |delivery| {
                delivery.progress.next_try_ms = Some(at_ms);
            }),
        }
    }

    fn put_order(&mut self, order: Order) {
        for code in &order.codes {
            self.tokens.insert(code.token.clone(), order.out_trade_no.clone());
        }
        if let Some(payment) = &order.payment {
            self.transactions.insert(payment.transaction_id.clone(), order.out_trade_no.clone());
            self.payments.push(order.out_trade_no.clone());
        }
        let key = (order.created_ms, order.out_trade_no.clone());
        if order.payment.is_none() && order.closed_ms.is_none() {
            self.open.insert(key);
        }
        self.orders.insert(order.out_trade_no.clone(), order);
    }

    fn change_order(&mut self, out_trade_no: &str, change: impl FnOnce(&mut Order)) {
        if let Some(order) = self.orders.get_mut(out_trade_no) {
            change(order);
            if order.payment.is_some() || order.closed_ms.is_some() {
                self.open.remove(&(order.created_ms, order.out_trade_no.clone()));
            }
        }
    }

    fn put_refund(&mut self, refund: Refund) {
        let number = refund.out_refund_no.clone();
        if let Some(order) = self.orders.get_mut(&refund.out_trade_no) {
            order.refunds.push(number.clone());
        }
        self.refund_ids.insert(refund.refund_id.clone(), number.clone());
        self.refund_order.push(number.clone());
        self.refunds_due.extend(refund.ending.map(|ending| (ending.at_ms, number.clone())));
        self.refunds.insert(number, refund);
    }

    fn change_refund(&mut self, out_refund_no: &str, change: impl FnOnce(&mut Refund)) {
        if let Some(refund) = self.refunds.get_mut(out_refund_no) {
            let due = |refund: &Refund| refund.ending.map(|ending| (ending.at_ms, refund.out_refund_no.clone()));
            if let Some(due) = due(refund) {
                self.refunds_due.remove(&due);
            }
            change(refund);
            self.refunds_due.extend(due(refund));
        }
    }

    fn put_delivery(&mut self, delivery: Delivery) {
        if let Some(at) = delivery.progress.next_try_ms {
            self.due.insert((at, delivery.number));
        }
        if let Some(order) = delivery.held_for() {
            self.held.insert(order.to_owned(), delivery.number);
        }
        self.deliveries.insert(delivery.number, delivery);
    }

    fn change_delivery(&mut self, number: u64, change: impl FnOnce(&mut Delivery)) {
        if let Some(mut delivery) = self.deliveries.remove(&number) {
            if let Some(at) = delivery.progress.next_try_ms {
                self.due.remove(&(at, number));
            }
            if let Some(order) = delivery.held_for() {
                self.held.remove(order);
            }
            change(&mut delivery);
            self.put_delivery(delivery);
        }
    }

    /// Changes from which the same books arise: unpaid orders, then paid ones in the order of
    /// payment, then refunds, then deliveries.
    fn snapshot(&self) -> impl Iterator<Item = Change> {
        let unpaid = self.orders.values().filter(|order| order.payment.is_none());
        let paid = self.payments.iter().filter_map(|number| self.orders.get(number));
        let orders = unpaid.chain(paid).map(|order| Change::Order(Box::new(order.clone())));
        let deliveries = self.deliveries.values().map(|delivery| Change::Delivery(Box::new(delivery.clone())));
        let refunds = self.refund_order.iter().filter_map(|number| self.refunds.get(number));
        let refunds = refunds.map(|refund| Change::Refund(Box::new(refund.clone())));
        orders.chain(refunds).chain(deliveries)
    }
}
