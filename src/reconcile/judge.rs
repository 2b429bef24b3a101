//! Findings → differences: what the books know under another day is none; of the rest WeChat is asked, its verified
//! answer is booked, and what that does not put right is listed for staff.
//!
//! One comparison asks a bounded number of questions. What is left is asked in the next one: a round of questions goes
//! on over as many comparisons as it takes, and in one round nothing is asked about twice.

mod answer;
mod ask;
mod case;
mod judged;

use self::case::Known;
pub(super) use self::{answer::BOOKED_FROM_BILL, judged::Judged};
use super::{BillDay, Reconcile, ReconcileError, compare::Finding, row::Class};
use crate::storage::bills::{
    days::Run,
    differences::{self, NewDifference},
    ours,
};

/// Looked up, judged and written together; fewer than a transaction may have rows.
pub(super) const TOGETHER: usize = 64;
/// Differences that are listed. Past that, something else is wrong than single payments.
const LISTED_MOST: u64 = 10_000;

impl Reconcile {
    pub(super) async fn judge(
        &self,
        (day, run): (BillDay, Run),
        findings: Vec<Finding>,
        judged: &mut Judged,
    ) -> Result<(), ReconcileError> {
        let mut known = self.look_up(day, &findings).await?;
        let mut found: Vec<NewDifference> = Vec::with_capacity(findings.len());
        for finding in findings {
            let Some(case) = case::sort(finding, &known, judged) else { continue };
            let answer = self.answer((day, run), &case, &mut known, judged).await?;
            let difference = case.difference(answer);
            if judged.listed >= LISTED_MOST {
                judged.unlisted += 1;
            } else {
                judged.listed += 1;
                found.push(difference);
            }
        }
        if found.is_empty() {
            return Ok(());
        }
        let (now, run) = (self.0.clock.now(), run.number);
        let written = self.0.db.write(move |c| {
            let found = found.clone();
            Box::pin(async move { differences::put(c, &day.to_string(), run, &found, now).await })
        });
        Ok(written.await?)
    }

    async fn look_up(&self, day: BillDay, findings: &[Finding]) -> Result<Known, ReconcileError> {
        let of = |class| {
            findings.iter().filter_map(move |finding| match finding {
                Finding::OnlyInBill(row) if row.class == class => Some(row),
                _ => None,
            })
        };
        let mut transactions: Vec<&str> = of(Class::Payment).map(|row| row.key.as_str()).collect();
        transactions.extend(of(Class::Refund).map(|row| row.transaction_id.as_str()));
        let numbers: Vec<&str> = of(Class::Refund).map(|row| row.key.as_str()).collect();
        let attempts: Vec<&str> = of(Class::Payment).map(|row| row.out_trade_no.as_str()).collect();
        let subjects: Vec<String> = findings.iter().map(|finding| case::subject(finding.subject())).collect();
        let subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
        let mut reader = self.0.db.read().await?;
        Ok(Known {
            payments: ours::find_payments(&mut reader, &transactions).await?,
            refunds: ours::find_refunds(&mut reader, &numbers).await?,
            attempts: ours::find_attempts(&mut reader, &attempts).await?,
            differences: differences::list_known(&mut reader, &day.to_string(), &subjects).await?,
        })
    }
}

impl Finding {
    fn subject(&self) -> &str {
        match self {
            Self::OnlyInBill(row) | Self::OnlyHere(row) | Self::Amounts { bill: row, .. } => &row.key,
            Self::Plain { subject, .. } => subject,
        }
    }
}
