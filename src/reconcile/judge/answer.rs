//! What WeChat's answer means to a difference.

use crate::{
    checkout::{RefundVerdict, ToldPayment, Verdict},
    reconcile::BillDay,
    storage::bills::differences::DifferenceState,
};

/// The answer to a refund that only the bill vouches for. It stays open until somebody has looked.
pub(in crate::reconcile) const BOOKED_FROM_BILL: &str = "BOOKED_FROM_BILL";
pub(super) const NOT_EXIST: &str = "NOT_EXIST";
/// Of those that were too many for one comparison.
const NOT_ASKED: &str = "NOT_ASKED";
/// It is no number that anybody could be asked about.
const NO_NUMBER: &str = "NO_NUMBER";
const WECHAT: &str = "WECHAT";

/// As long as a column takes.
pub(super) fn clip(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) state: DifferenceState,
    pub(super) code: String,
    pub(super) who: &'static str,
    pub(super) why: String,
    /// It is WeChat's, and of this comparison.
    pub(super) is_told: bool,
}

impl Answer {
    pub(super) fn open(code: impl Into<String>) -> Self {
        Self { state: DifferenceState::Open, code: code.into(), who: "", why: String::new(), is_told: true }
    }

    /// Nobody can be asked.
    pub(super) fn none() -> Self {
        Self::open("")
    }

    pub(super) fn no_number() -> Self {
        Self::open(NO_NUMBER)
    }

    fn settled(code: impl Into<String>) -> Self {
        Self { state: DifferenceState::Settled, who: WECHAT, why: "BOOKED".to_owned(), ..Self::open(code) }
    }

    /// What was told before, if anything was; it is to be asked about again.
    pub(super) fn unasked(before: Option<&str>) -> Self {
        Self { is_told: false, ..Self::open(before.unwrap_or(NOT_ASKED)) }
    }

    /// Told in this round already.
    pub(super) fn before(state: DifferenceState, code: &str) -> Self {
        Self { state, is_told: false, ..Self::open(code) }
    }

    /// Whatever WeChat says of it: somebody has to look.
    pub(super) fn unsettled(self) -> Self {
        match self.state {
            DifferenceState::Settled => Self { is_told: self.is_told, ..Self::open(self.code) },
            DifferenceState::Open | DifferenceState::Explained => self,
        }
    }
}

pub(super) fn of_payment(day: BillDay, told: &ToldPayment) -> Answer {
    let code = told.verdict.code();
    match told.verdict {
        Verdict::Paid | Verdict::PaidLate | Verdict::Surplus => Answer::settled(code),
        Verdict::Duplicate => match told.success {
            // It is of another day, by WeChat's signature, and booked with a time of ours.
            Some(at) if !day.has(at) => Answer {
                state: DifferenceState::Explained,
                who: WECHAT,
                why: format!("PAID_ON {}", BillDay::of(at)),
                ..Answer::open(code)
            },
            _ => Answer::open(code),
        },
        Verdict::UnknownOrder | Verdict::Mismatch(_) | Verdict::Echo | Verdict::Refund(_) => Answer::open(code),
    }
}

pub(super) fn of_refund(verdict: RefundVerdict) -> Answer {
    let code = Verdict::Refund(verdict).code();
    match verdict {
        RefundVerdict::Booked | RefundVerdict::Repeated | RefundVerdict::Elsewhere | RefundVerdict::Revived => {
            Answer::settled(code)
        }
        RefundVerdict::Mismatch
        | RefundVerdict::Contradiction
        | RefundVerdict::Exceeds
        | RefundVerdict::UnknownPayment
        | RefundVerdict::TooEarly => Answer::open(code),
    }
}

pub(super) fn of_billed(verdict: RefundVerdict) -> Answer {
    match verdict {
        RefundVerdict::Elsewhere | RefundVerdict::Repeated => Answer::open(BOOKED_FROM_BILL),
        other => Answer::open(Verdict::Refund(other).code()),
    }
}
