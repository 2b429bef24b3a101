//! One day, compared: fetch, sort, lay side by side, ask, write down.

use std::path::PathBuf;

use jiff::SignedDuration;
use tokio::{
    sync::mpsc,
    task::{JoinHandle, spawn_blocking},
};

use super::{
    BillDay, KINDS, Reconcile, ReconcileError,
    compare::{Before, Comparison, Finding},
    gather::{self, Bills},
    judge::{BOOKED_FROM_BILL, Judged, TOGETHER},
    pauses::back_off,
    queue::state_of,
    sorter::{Sorted, Sorter},
    totals::{Sum, Totals},
};
use crate::{
    gateway::BillKind,
    storage::bills::{
        days::{self, Conclusion, DayState, Run},
        differences,
        files::BillFile,
        ours,
    },
    wechatpay::bill::Rate,
};

/// Differences that have gone, closed by one transaction.
const CLOSED_TOGETHER: i64 = 200;
/// What is left over of a comparison is looked at again.
const SOON: SignedDuration = SignedDuration::from_mins(1);
/// Days without any movement of the account that may lie between two with one.
const LOOKED_BACK: i64 = 31;
/// Batches of findings that may wait for an answer.
const WAITING: usize = 4;

/// How a day stands after it was compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Agrees,
    Differs { open: i64 },
}

#[derive(Clone, Debug)]
pub struct Checked {
    pub day: BillDay,
    pub outcome: Outcome,
    pub totals: Totals,
}

impl Reconcile {
    /// Compares a day with its bills, which are fetched where this instance does not have them.
    ///
    /// # Errors
    /// The bills are not there, not whole, or the books are out of reach. What was compared before stands, and whoever
    /// looks after the calendar tries a day again that can be had.
    pub async fn check(&self, day: BillDay) -> Result<Checked, ReconcileError> {
        let _turn = self.0.turn.lock().await;
        self.require_obtainable(day).await?;
        let name = day.to_string();
        let added = name.clone();
        let now = self.0.clock.now();
        let added = self.0.db.write(move |c| {
            let name = added.clone();
            Box::pin(async move { days::add(c, &name, day.ready()).await })
        });
        added.await?;
        let files = self.obtain_both(day).await?;
        let begun = name.clone();
        let run = self.0.db.write(move |c| {
            let day = begun.clone();
            Box::pin(async move { days::begin(c, &day).await })
        });
        let run = run.await?;
        self.date_refunds(day).await?;
        let (sorter, totals) = self.read_theirs(day, &files).await?;
        let sorter = self.read_ours(day, sorter).await?;
        let before = self.account_before(day).await?;
        let (findings, comparing) = compare(sorter, (self.0.fee_rate, before), totals);
        let judged = self.judge_all(day, run, findings).await;
        // Whoever judges may have given up; then the comparison ends by itself.
        let totals = comparing.await.map_err(|_| ReconcileError::Broken)?;
        let judged = judged?;
        let mut totals = with_judged(totals?, &judged);
        if judged.answered > 0 {
            self.count_ours_again(day, &mut totals).await?;
        }
        // With more than is listed nobody knows what of the list is gone.
        if totals.unlisted == 0 {
            self.close_gone(&name, run.number).await?;
        }
        let outcome = self.conclude(day, run, &totals, judged.answered > 0).await?;
        tracing::info!(
            %day, rows = totals.rows, payments = totals.payments.count, outcome = ?outcome,
            seconds = self.0.clock.now().duration_since(now).as_secs(), "bill of {day} compared",
        );
        Ok(Checked { day, outcome, totals })
    }

    async fn obtain_both(&self, day: BillDay) -> Result<Vec<BillFile>, ReconcileError> {
        let is_today = day == self.today();
        let mut files = Vec::with_capacity(KINDS.len());
        for kind in KINDS {
            // Where today has a bill, it is another one every time.
            files.push(if is_today { self.fetch(day, kind).await? } else { self.obtain(day, kind).await? });
        }
        Ok(files)
    }

    async fn read_theirs(&self, day: BillDay, files: &[BillFile]) -> Result<(Sorter, Totals), ReconcileError> {
        let path = |kind: BillKind| -> Result<Option<PathBuf>, ReconcileError> {
            let is_there = files.iter().any(|file| file.kind == kind.code() && !file.is_empty());
            Ok(if is_there { Some(self.0.folder.path(day, kind)?) } else { None })
        };
        let mark = self.0.checkout.bill_mark();
        let bills = Bills { trades: path(BillKind::Trade)?, flows: path(BillKind::FundFlow)?, mark };
        let mut sorter = Sorter::new(self.0.folder.clone());
        let reading = spawn_blocking(move || {
            let totals = gather::read_bills(&bills, &mut sorter)?;
            Ok::<_, ReconcileError>((sorter, totals))
        });
        reading.await.map_err(|_| ReconcileError::Broken)?
    }

    /// As the last day has left it on which it moved, where all days since then are compared to their end.
    async fn account_before(&self, day: BillDay) -> Result<Option<Before>, ReconcileError> {
        let (from, to) = (day.plus_days(-LOOKED_BACK), day.plus_days(-1));
        let known = days::list(&mut *self.0.db.read().await?, &from.to_string(), &to.to_string()).await?;
        let mut expected = to;
        for stored in known.iter().rev() {
            let totals = stored.totals.as_deref().and_then(|text| serde_json::from_str::<Totals>(text).ok());
            let Some(totals) = totals.filter(|_| stored.day == expected.to_string() && stored.is_compared()) else {
                return Ok(None);
            };
            if let Some(account) = totals.account {
                return Ok(account.closing.map(|closing| Before { day: expected, closing }));
            }
            expected = expected.plus_days(-1);
        }
        Ok(None)
    }

    async fn judge_all(
        &self,
        day: BillDay,
        run: Run,
        mut findings: mpsc::Receiver<Vec<Finding>>,
    ) -> Result<Judged, ReconcileError> {
        let mut judged = Judged::default();
        while let Some(batch) = findings.recv().await {
            self.judge((day, run), batch, &mut judged).await?;
        }
        Ok(judged)
    }

    /// With what WeChat's answers have put into the books since they were read.
    async fn count_ours_again(&self, day: BillDay, totals: &mut Totals) -> Result<(), ReconcileError> {
        let (paid, back) = ours::sum(&mut *self.0.db.read().await?, day.span_ms()).await?;
        let sum = |(count, fen): ours::Sum| Sum { count: u64::try_from(count).unwrap_or_default(), fen };
        (totals.our_payments, totals.our_refunds) = (sum(paid), sum(back));
        Ok(())
    }

    async fn close_gone(&self, day: &str, run: i64) -> Result<(), ReconcileError> {
        loop {
            let (day, now) = (day.to_owned(), self.0.clock.now());
            let closed = self.0.db.write(move |c| {
                let day = day.clone();
                Box::pin(
                    async move { differences::close_gone(c, &day, run, BOOKED_FROM_BILL, CLOSED_TOGETHER, now).await },
                )
            });
            if closed.await? == 0 {
                return Ok(());
            }
        }
    }

    async fn conclude(
        &self,
        day: BillDay,
        run: Run,
        totals: &Totals,
        has_answers: bool,
    ) -> Result<Outcome, ReconcileError> {
        let now = self.0.clock.now();
        let text = serde_json::to_string(totals).map_err(|_| ReconcileError::Broken)?;
        let is_round_over = totals.unasked == 0;
        let is_in_vain = !is_round_over && !has_answers;
        let next = if is_in_vain {
            Some(now + back_off(run.tries))
        } else if !is_round_over {
            Some(now + SOON)
        } else {
            // Before its end, where that can be: once more after it.
            Some(day.ready()).filter(|ready| now < *ready)
        };
        let tries = if is_in_vain { run.tries.saturating_add(1) } else { 0 };
        let unlisted = totals.unlisted;
        let concluded = self.0.db.write(move |c| {
            let (day, totals) = (day.to_string(), text.clone());
            Box::pin(async move {
                let open = differences::count_open_of(c, &day).await?;
                let state = state_of(open, unlisted);
                let conclusion = Conclusion { state, totals, next, tries, is_round_over };
                days::conclude(c, &day, &conclusion, now).await?;
                Ok((state, open))
            })
        });
        let (state, open) = concluded.await?;
        Ok(if state == DayState::Agrees { Outcome::Agrees } else { Outcome::Differs { open } })
    }
}

/// Sorts and compares in a thread of its own; batches of findings come out of it.
fn compare(
    sorter: Sorter,
    (fee_rate, before): (Option<Rate>, Option<Before>),
    totals: Totals,
) -> (mpsc::Receiver<Vec<Finding>>, JoinHandle<Result<Totals, ReconcileError>>) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let comparing = spawn_blocking(move || {
        let mut comparison = Comparison::new(fee_rate, before, totals);
        let mut found = Vec::new();
        each_group(sorter.finish()?, |group| {
            comparison.group(group, &mut found);
            // Nobody listens any more when judging has failed: what comes out then is thrown away.
            if found.len() >= TOGETHER { sender.blocking_send(std::mem::take(&mut found)).is_ok() } else { true }
        })?;
        let totals = comparison.finish(&mut found);
        for batch in found.chunks(TOGETHER) {
            if sender.blocking_send(batch.to_vec()).is_err() {
                break;
            }
        }
        Ok(totals)
    });
    (receiver, comparing)
}

/// Rows that belong together, until `each` says that it is enough.
fn each_group(mut sorted: Sorted, mut each: impl FnMut(&[super::row::Row]) -> bool) -> Result<(), ReconcileError> {
    let mut group: Vec<super::row::Row> = Vec::new();
    while let Some(row) = sorted.next()? {
        let is_next = group.first().is_some_and(|first| (first.class, &first.key) != (row.class, &row.key));
        if is_next {
            if !each(&group) {
                return Ok(());
            }
            group.clear();
        }
        group.push(row);
    }
    each(&group);
    Ok(())
}

fn with_judged(mut totals: Totals, judged: &Judged) -> Totals {
    let moved = judged.ours_after_all;
    totals.refunds.count += moved.count;
    totals.refunds.fen += moved.fen;
    totals.foreign_refunds.count = totals.foreign_refunds.count.saturating_sub(moved.count);
    totals.foreign_refunds.fen -= moved.fen;
    totals.fees += judged.fees_after_all;
    totals.foreign_fees -= judged.fees_after_all;
    totals.unlisted = judged.unlisted;
    totals.unasked = judged.unasked;
    totals
}
