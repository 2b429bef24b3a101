//! Reconciliation (对账): WeChat's bill of a day laid beside the books, both ways, to the fen.
//!
//! A bill is a hint and never proof (money rule 16): its download is not signed. Each difference is asked about, and
//! what WeChat's signature says is booked by the functions that book everything else. What is left is a queue for
//! staff. Comparing a day again changes nothing that is true already, and closes what has become right.
//!
//! | file | holds |
//! | --- | --- |
//! | [`day`] | a day of Beijing |
//! | [`folder`] | where the files lie, and for how long |
//! | [`pull`] | apply, download, note |
//! | [`row`], [`sorter`] | what of both sides is compared, sorted in a temporary file |
//! | [`gather`] | bill and books → rows |
//! | [`compare`] | rows → findings; pure |
//! | [`judge`] | findings → questions to WeChat → differences |
//! | [`check`] | all of that in its order, for one day |
//! | [`totals`] | what a day adds up to |
//! | [`pauses`] | after how long a day is tried again |
//! | [`job`] | every day after ten, by itself |
//! | [`export`] | what staff takes away |
//!
//! Nothing in here holds a transaction while it asks or reads: differences are written 200 at a time, the books are read
//! in pages, the rows of a bill are sorted in a file of their own.

pub mod check;
mod compare;
mod day;
mod error;
pub mod export;
mod folder;
mod gather;
mod job;
mod judge;
mod pauses;
mod pull;
mod queue;
mod row;
mod sorter;
mod totals;

use std::{path::PathBuf, sync::Arc};

use self::folder::Folder;
pub use self::{
    check::{Checked, Outcome},
    compare::DifferenceKind,
    day::BillDay,
    error::ReconcileError,
    queue::{Calendar, CalendarDay},
    totals::{Sum, Totals},
};
use crate::{
    checkout::Checkout, clock::Clock, gateway::BillKind, metrics::Metrics, storage::Database, wechatpay::bill::Rate,
};

/// What is decided about it where it is put together.
#[derive(Clone, Debug)]
pub struct ReconcileSettings {
    /// Where files lie: in the data folder.
    pub folder: PathBuf,
    /// What the merchant has agreed on with WeChat; `None`: whatever a row says.
    pub fee_rate: Option<Rate>,
    /// Where nobody's money is, today has a bill too.
    pub bills_today: bool,
    /// Questions of one comparison.
    pub asked_most: usize,
}

/// Reconciliation with what it needs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reconcile(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    checkout: Checkout,
    db: Database,
    folder: Folder,
    fee_rate: Option<Rate>,
    bills_today: bool,
    asked_most: usize,
    metrics: Metrics,
    clock: Clock,
    /// One comparison at a time in this process: each takes memory and a thread.
    turn: tokio::sync::Mutex<()>,
}

impl Reconcile {
    pub fn new(checkout: Checkout, db: Database, settings: ReconcileSettings, metrics: Metrics, clock: Clock) -> Self {
        let ReconcileSettings { folder, fee_rate, bills_today, asked_most } = settings;
        let folder = Folder::new(folder);
        let turn = tokio::sync::Mutex::default();
        Self(Arc::new(Inner { checkout, db, folder, fee_rate, bills_today, asked_most, metrics, clock, turn }))
    }

    /// Today in Beijing.
    pub fn today(&self) -> BillDay {
        BillDay::of(self.0.clock.now())
    }
}

/// As far back as WeChat has bills.
const MONTHS: i64 = 3;
/// Both bills of a day.
const KINDS: [BillKind; 2] = BillKind::ALL;
