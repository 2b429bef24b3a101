//! Findings → differences: what the books know under another day is none; of the rest WeChat is asked, its verified
//! answer is booked, and what that does not put right is listed for staff.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{
    BillDay, Reconcile, ReconcileError,
    compare::{DifferenceKind, Finding},
    row::{Class, Row, Side},
    totals::Sum,
};
use crate::{
    checkout::{BilledRefund, Hinted, RefundVerdict, ToldPayment, Verdict},
    domain::{Fen, OutRefundNo},
    storage::bills::{
        differences::{self, DifferenceState, NewDifference},
        ours::{self, OurPayment, OurRefund},
    },
};

/// Looked up, judged and written together; fewer than a transaction may have rows.
pub(super) const TOGETHER: usize = 64;
/// Questions of one comparison; what is left is asked in the next one.
const ASKED_MOST: usize = 1000;
/// Differences that are listed. Past that, something else is wrong than single payments.
const LISTED_MOST: u64 = 10_000;
/// The answer to a refund that only the bill vouches for. It stays open until somebody has looked.
pub(super) const BOOKED_FROM_BILL: &str = "BOOKED_FROM_BILL";
const NOT_ASKED: &str = "NOT_ASKED";

/// What of the findings has become of a comparison.
#[derive(Debug, Default)]
pub(super) struct Judged {
    asked: usize,
    listed: u64,
    pub(super) unlisted: u64,
    pub(super) unasked: u64,
    /// Refunds that looked like another system's, of payments of ours: how many, and their fees.
    pub(super) ours_after_all: Sum,
    pub(super) fees_after_all: i64,
}

/// What the books know of the findings, whatever the day.
struct Known {
    payments: HashMap<String, OurPayment>,
    refunds: HashMap<String, OurRefund>,
    attempts: HashMap<String, i64>,
}

/// What WeChat's answer means to a difference.
struct Answer {
    state: DifferenceState,
    code: String,
    who: &'static str,
    why: String,
}

const WECHAT: &str = "WECHAT";

impl Answer {
    fn open(code: impl Into<String>) -> Self {
        Self { state: DifferenceState::Open, code: code.into(), who: "", why: String::new() }
    }

    fn settled(code: impl Into<String>) -> Self {
        Self { state: DifferenceState::Settled, code: code.into(), who: WECHAT, why: "BOOKED".to_owned() }
    }
}

impl Reconcile {
    pub(super) async fn judge(
        &self,
        (day, run): (BillDay, i64),
        findings: Vec<Finding>,
        judged: &mut Judged,
    ) -> Result<(), ReconcileError> {
        let known = self.look_up(&findings).await?;
        let mut found = Vec::with_capacity(findings.len());
        for finding in findings {
            let Some(difference) = self.judge_one(day, finding, &known, judged).await? else { continue };
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
        let now = self.0.clock.now();
        let written = self.0.db.write(move |c| {
            let found = found.clone();
            Box::pin(async move { differences::put(c, &day.to_string(), run, &found, now).await })
        });
        Ok(written.await?)
    }

    async fn look_up(&self, findings: &[Finding]) -> Result<Known, ReconcileError> {
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
        let mut reader = self.0.db.read().await?;
        Ok(Known {
            payments: ours::find_payments(&mut reader, &transactions).await?,
            refunds: ours::find_refunds(&mut reader, &numbers).await?,
            attempts: ours::find_attempts(&mut reader, &attempts).await?,
        })
    }

    async fn judge_one(
        &self,
        day: BillDay,
        finding: Finding,
        known: &Known,
        judged: &mut Judged,
    ) -> Result<Option<NewDifference>, ReconcileError> {
        match finding {
            Finding::OnlyInBill(row) if row.class == Class::Payment => {
                self.payment_in_bill(day, row, known, judged).await
            }
            Finding::OnlyInBill(row) => self.refund_in_bill(row, known, judged).await,
            Finding::OnlyHere(row) if row.class == Class::Payment => {
                let answer = self.ask_payment(day, &row.key, judged).await?;
                Ok(Some(difference(DifferenceKind::NotInBill, None, Some(&row), answer)))
            }
            Finding::OnlyHere(row) => {
                let answer = self.ask_refund(&row.key, judged).await?.unsettled();
                Ok(Some(difference(DifferenceKind::RefundNotInBill, None, Some(&row), answer)))
            }
            Finding::Amounts { bill, ours } => self.amounts(day, &bill, &ours, judged).await.map(Some),
            Finding::Plain { kind, subject, row, theirs_fen, ours_fen, why } => {
                let mut plain = difference(kind, row.as_ref(), None, Answer::open(""));
                plain.subject = clip(&subject, 64);
                plain.theirs_fen = Some(theirs_fen);
                plain.ours_fen = Some(ours_fen);
                plain.why = why;
                Ok(Some(plain))
            }
        }
    }

    async fn amounts(
        &self,
        day: BillDay,
        bill: &Row,
        ours: &Row,
        judged: &mut Judged,
    ) -> Result<NewDifference, ReconcileError> {
        Ok(if bill.class == Class::Payment {
            // Whatever is signed: one of the two amounts is wrong.
            let answer = self.ask_payment(day, &bill.key, judged).await?.unsettled();
            difference(DifferenceKind::Amount, Some(bill), Some(ours), answer)
        } else {
            let answer = self.ask_refund(&bill.key, judged).await?.unsettled();
            difference(DifferenceKind::RefundAmount, Some(bill), Some(ours), answer)
        })
    }

    async fn payment_in_bill(
        &self,
        day: BillDay,
        row: Row,
        known: &Known,
        judged: &mut Judged,
    ) -> Result<Option<NewDifference>, ReconcileError> {
        if let Some(payment) = known.payments.get(&row.key) {
            let ours = super::gather::of_payment(payment.clone());
            // Booked with another time: WeChat's word about it had none.
            return if ours.fen == row.fen { Ok(None) } else { self.amounts(day, &row, &ours, judged).await.map(Some) };
        }
        let answer = self.ask_payment(day, &row.key, judged).await?;
        let order_id = known.attempts.get(&row.out_trade_no).copied();
        let kind = if order_id.is_some() { DifferenceKind::NotPaidHere } else { DifferenceKind::UnknownHere };
        Ok(Some(NewDifference { order_id, ..difference(kind, Some(&row), None, answer) }))
    }

    async fn refund_in_bill(
        &self,
        row: Row,
        known: &Known,
        judged: &mut Judged,
    ) -> Result<Option<NewDifference>, ReconcileError> {
        let payment = known.payments.get(&row.transaction_id);
        if let Some(refund) = known.refunds.get(&row.key) {
            after_all(&row, judged);
            let ours = super::gather::of_refund(refund.clone());
            if ours.fen != row.fen {
                let answer = self.ask_refund(&row.key, judged).await?.unsettled();
                return Ok(Some(difference(DifferenceKind::RefundAmount, Some(&row), Some(&ours), answer)));
            }
            // Accepted, and dated otherwise than the bill has it; or not known to have been accepted at all.
            if !matches!(refund.state.as_str(), "REQUESTED" | "REFUSED") || row.has_failed {
                return Ok(None);
            }
            let answer = self.ask_refund(&row.key, judged).await?;
            return Ok(Some(difference(DifferenceKind::RefundNotBooked, Some(&row), Some(&ours), answer)));
        }
        let order_id = payment.map(|payment| payment.order_id);
        if order_id.is_none() && !row.is_ours {
            return Ok(None);
        }
        after_all(&row, judged);
        let answer = match self.ask_refund(&row.key, judged).await? {
            Answer { code, .. } if code == NOT_EXIST && order_id.is_some() && !row.has_failed => {
                self.book_from_bill(&row).await?
            }
            answer => answer,
        };
        Ok(Some(NewDifference { order_id, ..difference(DifferenceKind::RefundUnknown, Some(&row), None, answer) }))
    }

    async fn ask_payment(&self, day: BillDay, id: &str, judged: &mut Judged) -> Result<Answer, ReconcileError> {
        if !judged.may_ask() {
            return Ok(Answer::open(NOT_ASKED));
        }
        Ok(match self.0.checkout.follow_payment_hint(id).await? {
            Hinted::Told(told) => of_payment(day, &told),
            Hinted::NotExist => Answer::open(NOT_EXIST),
            Hinted::Unknown(code) => Answer::open(clip(&code, 64)),
        })
    }

    async fn ask_refund(&self, number: &str, judged: &mut Judged) -> Result<Answer, ReconcileError> {
        let Ok(number) = OutRefundNo::parse_any(number) else { return Ok(Answer::open(NOT_ASKED)) };
        if !judged.may_ask() {
            return Ok(Answer::open(NOT_ASKED));
        }
        Ok(match self.0.checkout.follow_refund_hint(&number).await? {
            Hinted::Told(verdict) => {
                let code = Verdict::Refund(verdict).code();
                match verdict {
                    RefundVerdict::Booked
                    | RefundVerdict::Repeated
                    | RefundVerdict::Elsewhere
                    | RefundVerdict::Revived => Answer::settled(code),
                    RefundVerdict::Mismatch
                    | RefundVerdict::Contradiction
                    | RefundVerdict::Exceeds
                    | RefundVerdict::UnknownPayment
                    | RefundVerdict::TooEarly => Answer::open(code),
                }
            }
            Hinted::NotExist => Answer::open(NOT_EXIST),
            Hinted::Unknown(code) => Answer::open(clip(&code, 64)),
        })
    }

    async fn book_from_bill(&self, row: &Row) -> Result<Answer, ReconcileError> {
        let (Ok(out_refund_no), Ok(amount), Ok(accepted)) =
            (OutRefundNo::parse_any(&row.key), Fen::new(row.fen), Timestamp::from_millisecond(row.at_ms))
        else {
            return Ok(Answer::open(NOT_EXIST));
        };
        let (refund_id, transaction_id) = (clip(&row.extra, 64), row.transaction_id.clone());
        let billed = BilledRefund { out_refund_no, refund_id, transaction_id, amount, accepted };
        Ok(match self.0.checkout.book_billed_refund(billed).await? {
            RefundVerdict::Elsewhere | RefundVerdict::Repeated => Answer::open(BOOKED_FROM_BILL),
            other => Answer::open(Verdict::Refund(other).code()),
        })
    }
}

const NOT_EXIST: &str = "NOT_EXIST";

impl Judged {
    const fn may_ask(&mut self) -> bool {
        if self.asked >= ASKED_MOST {
            self.unasked += 1;
            return false;
        }
        self.asked += 1;
        true
    }
}

impl Answer {
    /// Whatever WeChat says of it: somebody has to look.
    fn unsettled(self) -> Self {
        match self.state {
            DifferenceState::Settled => Self::open(self.code),
            DifferenceState::Open | DifferenceState::Explained => self,
        }
    }
}

fn of_payment(day: BillDay, told: &ToldPayment) -> Answer {
    let code = told.verdict.code();
    match told.verdict {
        Verdict::Paid | Verdict::PaidLate | Verdict::Surplus => Answer::settled(code),
        Verdict::Duplicate => match told.success {
            // It is of another day, by WeChat's signature, and booked with a time of ours.
            Some(at) if !day.has(at) => Answer {
                state: DifferenceState::Explained,
                code: code.to_owned(),
                who: WECHAT,
                why: format!("PAID_ON {}", BillDay::of(at)),
            },
            _ => Answer::open(code),
        },
        Verdict::UnknownOrder | Verdict::Mismatch(_) | Verdict::Echo | Verdict::Refund(_) => Answer::open(code),
    }
}

/// A refund that was counted as another system's turns out to be of ours.
const fn after_all(row: &Row, judged: &mut Judged) {
    if !row.is_ours {
        judged.ours_after_all.add(row.fen);
        judged.fees_after_all = judged.fees_after_all.saturating_add(row.fee);
    }
}

fn clip(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

fn difference(kind: DifferenceKind, bill: Option<&Row>, ours: Option<&Row>, answer: Answer) -> NewDifference {
    let any = bill.or(ours);
    let number = |row: &Row| match row.class {
        Class::Refund => row.transaction_id.clone(),
        Class::Payment | Class::Flow => row.key.clone(),
    };
    let out_trade_no = bill.map(|row| &row.out_trade_no).filter(|it| !it.is_empty());
    let out_trade_no = out_trade_no.or_else(|| ours.map(|row| &row.out_trade_no)).filter(|it| !it.is_empty());
    NewDifference {
        kind: kind.code(),
        subject: any.map(|row| clip(&row.key, 64)).unwrap_or_default(),
        transaction_id: any.map(number).map(|it| clip(&it, 64)).filter(|it| !it.is_empty()),
        out_trade_no: out_trade_no.map(|it| clip(it, 64)),
        order_id: ours.filter(|row| row.side == Side::Ours).map(|row| row.order_id),
        theirs_fen: bill.map(|row| row.fen),
        ours_fen: ours.map(|row| row.fen),
        state: answer.state,
        answer: answer.code,
        who: answer.who,
        why: clip(&answer.why, 500),
    }
}
