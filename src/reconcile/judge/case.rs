//! What a finding is, now that the books have been looked through whatever the day; and as what it is listed.

use std::collections::HashMap;

use super::{
    answer::{Answer, clip},
    judged::Judged,
};
use crate::{
    reconcile::{
        compare::{DifferenceKind, Finding},
        gather,
        row::{Class, Row},
    },
    storage::bills::{
        differences::{KnownDifference, NewDifference},
        ours::{OurPayment, OurRefund},
    },
};

/// What the books know of the findings, whatever the day; and what was listed of this one before.
pub(super) struct Known {
    pub(super) payments: HashMap<String, OurPayment>,
    pub(super) refunds: HashMap<String, OurRefund>,
    pub(super) attempts: HashMap<String, i64>,
    pub(super) differences: HashMap<(String, String), KnownDifference>,
}

/// What WeChat is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    None,
    /// Whether what it answers settles it; else somebody has to look.
    Payment {
        settles: bool,
    },
    Refund {
        settles: bool,
    },
    /// A refund of a payment of ours: when no query knows it, the bill's word has to do.
    ConsoleRefund,
}

/// A difference, but for WeChat's word about it.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) question: Question,
    pub(super) kind: DifferenceKind,
    /// As it is stored, like all texts in here.
    pub(super) subject: String,
    pub(super) bill: Option<Row>,
    ours: Option<Row>,
    order_id: Option<i64>,
    pub(super) theirs_fen: Option<i64>,
    pub(super) ours_fen: Option<i64>,
    why: String,
}

const NUMBER: usize = 64;
const WHY: usize = 500;

/// Without spaces at its end, which are none to some databases.
pub(super) fn subject(key: &str) -> String {
    clip(key, NUMBER).trim_end().to_owned()
}

impl Case {
    fn new(kind: DifferenceKind, question: Question, bill: Option<Row>, ours: Option<Row>) -> Self {
        Self {
            question,
            kind,
            subject: bill.as_ref().or(ours.as_ref()).map(|row| subject(&row.key)).unwrap_or_default(),
            order_id: ours.as_ref().map(|row| row.order_id),
            theirs_fen: bill.as_ref().map(|row| row.fen),
            ours_fen: ours.as_ref().map(|row| row.fen),
            bill,
            ours,
            why: String::new(),
        }
    }

    /// The number that WeChat is asked about, in full.
    pub(super) fn number(&self) -> &str {
        self.bill.as_ref().or(self.ours.as_ref()).map_or("", |row| &row.key)
    }

    pub(super) fn difference(self, answer: Answer) -> NewDifference {
        let any = self.bill.as_ref().or(self.ours.as_ref());
        let transaction_id = any.map(|row| match row.class {
            Class::Refund => &row.transaction_id,
            Class::Payment | Class::Flow => &row.key,
        });
        let mut rows = [&self.bill, &self.ours].into_iter().flatten();
        let out_trade_no = rows.find_map(|row| some(&row.out_trade_no));
        NewDifference {
            kind: self.kind.code(),
            transaction_id: transaction_id.and_then(|it| some(it)),
            out_trade_no,
            subject: self.subject,
            order_id: self.order_id,
            theirs_fen: self.theirs_fen,
            ours_fen: self.ours_fen,
            state: answer.state,
            answer: answer.code,
            who: answer.who,
            why: clip(if self.why.is_empty() { &answer.why } else { &self.why }, WHY),
            is_told: answer.is_told,
        }
    }
}

fn some(number: &str) -> Option<String> {
    Some(clip(number, NUMBER)).filter(|it| !it.is_empty())
}

/// `None` for what is none.
pub(super) fn sort(finding: Finding, known: &Known, judged: &mut Judged) -> Option<Case> {
    match finding {
        Finding::OnlyInBill(row) if row.class == Class::Payment => payment_in_bill(row, known),
        Finding::OnlyInBill(row) => refund_in_bill(row, known, judged),
        Finding::OnlyHere(row) if row.class == Class::Payment => {
            Some(Case::new(DifferenceKind::NotInBill, Question::Payment { settles: true }, None, Some(row)))
        }
        Finding::OnlyHere(row) => {
            Some(Case::new(DifferenceKind::RefundNotInBill, Question::Refund { settles: false }, None, Some(row)))
        }
        Finding::Amounts { bill, ours } => Some(amounts(bill, ours)),
        Finding::Plain { kind, subject: key, row, theirs_fen, ours_fen, why } => Some(Case {
            subject: subject(&key),
            theirs_fen: Some(theirs_fen),
            ours_fen: Some(ours_fen),
            why,
            ..Case::new(kind, Question::None, row, None)
        }),
    }
}

fn amounts(bill: Row, ours: Row) -> Case {
    // Whatever is signed: one of the two amounts is wrong.
    let (kind, question) = match bill.class {
        Class::Refund => (DifferenceKind::RefundAmount, Question::Refund { settles: false }),
        Class::Payment | Class::Flow => (DifferenceKind::Amount, Question::Payment { settles: false }),
    };
    Case::new(kind, question, Some(bill), Some(ours))
}

fn payment_in_bill(row: Row, known: &Known) -> Option<Case> {
    if let Some(payment) = known.payments.get(&row.key) {
        let ours = gather::of_payment(payment.clone());
        // Booked with another time: WeChat's word about it had none.
        return (ours.fen != row.fen).then(|| amounts(row, ours));
    }
    let order_id = known.attempts.get(&row.out_trade_no).copied();
    let kind = if order_id.is_some() { DifferenceKind::NotPaidHere } else { DifferenceKind::UnknownHere };
    Some(Case { order_id, ..Case::new(kind, Question::Payment { settles: true }, Some(row), None) })
}

fn refund_in_bill(row: Row, known: &Known, judged: &mut Judged) -> Option<Case> {
    if let Some(refund) = known.refunds.get(&row.key) {
        judged.after_all(&row);
        let ours = gather::of_refund(refund.clone());
        if ours.fen != row.fen {
            return Some(amounts(row, ours));
        }
        // Accepted, and dated otherwise than the bill has it; or not known to have been accepted at all.
        let is_accepted = !matches!(refund.state.as_str(), "REQUESTED" | "REFUSED");
        return (!is_accepted && !row.has_failed).then(|| {
            Case::new(DifferenceKind::RefundNotBooked, Question::Refund { settles: true }, Some(row), Some(ours))
        });
    }
    let order_id = known.payments.get(&row.transaction_id).map(|payment| payment.order_id);
    if order_id.is_none() && !row.is_ours {
        return None;
    }
    judged.after_all(&row);
    let is_set_aside = order_id.is_some() && !row.has_failed;
    let question = if is_set_aside { Question::ConsoleRefund } else { Question::Refund { settles: true } };
    Some(Case { order_id, ..Case::new(DifferenceKind::RefundUnknown, question, Some(row), None) })
}
