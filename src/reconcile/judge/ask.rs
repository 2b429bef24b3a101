//! Asking WeChat, as often as one comparison may.

use jiff::Timestamp;

use super::{
    answer::{self, Answer, NOT_EXIST, clip},
    case::{Case, Known, Question},
    judged::Judged,
};
use crate::{
    checkout::BilledRefund,
    domain::{Fen, OutRefundNo},
    reconcile::{BillDay, Reconcile, ReconcileError, row::Row},
    storage::bills::{
        days::Run,
        differences::{DifferenceState, KnownDifference},
    },
    wechatpay::model::is_transaction_id,
};

impl Reconcile {
    pub(super) async fn answer(
        &self,
        (day, run): (BillDay, Run),
        case: &Case,
        known: &mut Known,
        judged: &mut Judged,
    ) -> Result<Answer, ReconcileError> {
        if case.question == Question::None {
            return Ok(Answer::none());
        }
        let before = known.differences.get(&(case.kind.code().to_owned(), case.subject.clone()));
        if let Some(before) = before.filter(|before| is_told(before, case, run)) {
            return Ok(Answer::before(before.state, &before.answer));
        }
        let before = before.map(|before| before.answer.as_str());
        if !judged.may_ask(self.0.asked_most) {
            judged.unasked += 1;
            return Ok(Answer::unasked(before));
        }
        let answer = match case.question {
            Question::None => Some(Answer::none()),
            Question::Payment { settles } => {
                let answer = self.ask_payment(day, case.number(), judged).await?;
                answer.map(|answer| if settles { answer } else { answer.unsettled() })
            }
            Question::Refund { settles } => {
                let answer = self.ask_refund(case.number(), judged).await?;
                answer.map(|answer| if settles { answer } else { answer.unsettled() })
            }
            Question::ConsoleRefund => match (self.ask_refund(case.number(), judged).await?, &case.bill) {
                (Some(answer), Some(row)) if answer.code == NOT_EXIST => Some(self.book_from_bill(row).await?),
                (answer, _) => answer,
            },
        };
        Ok(answer.unwrap_or_else(|| Answer::unasked(before)))
    }

    /// `None` without an answer.
    async fn ask_payment(&self, day: BillDay, id: &str, judged: &mut Judged) -> Result<Option<Answer>, ReconcileError> {
        if !is_transaction_id(id) {
            return Ok(Some(Answer::no_number()));
        }
        let hinted = self.0.checkout.follow_payment_hint(id).await?;
        Ok(judged.hear(hinted, |told| answer::of_payment(day, &told)))
    }

    async fn ask_refund(&self, number: &str, judged: &mut Judged) -> Result<Option<Answer>, ReconcileError> {
        let Ok(number) = OutRefundNo::parse_any(number) else { return Ok(Some(Answer::no_number())) };
        let hinted = self.0.checkout.follow_refund_hint(&number).await?;
        Ok(judged.hear(hinted, answer::of_refund))
    }

    async fn book_from_bill(&self, row: &Row) -> Result<Answer, ReconcileError> {
        let (Ok(out_refund_no), Ok(amount), Ok(accepted)) =
            (OutRefundNo::parse_any(&row.key), Fen::new(row.fen), Timestamp::from_millisecond(row.at_ms))
        else {
            return Ok(Answer::open(NOT_EXIST));
        };
        let (refund_id, transaction_id) = (clip(&row.refund_id, 64), row.transaction_id.clone());
        let billed = BilledRefund { out_refund_no, refund_id, transaction_id, amount, accepted };
        Ok(answer::of_billed(self.0.checkout.book_billed_refund(billed).await?))
    }
}

/// In this round already, and about these amounts.
fn is_told(before: &KnownDifference, case: &Case, run: Run) -> bool {
    before.asked_run >= run.round
        && before.state != DifferenceState::Settled
        && (before.theirs_fen, before.ours_fen) == (case.theirs_fen, case.ours_fen)
}
