//! Refunds: their states, and what they make of the order they belong to.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Fen, OrderStatus};

/// How far one refund has come. Stored by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundState {
    /// Ours alone so far, or WeChat's answer was lost: the same request is repeated.
    Requested,
    /// Accepted by WeChat, not yet with the payer.
    Processing,
    Success,
    /// Failed at WeChat for good: another try needs a new `out_refund_no`.
    Closed,
    /// The payer's account did not take it: staff must say which bank account takes it, here or in the merchant console.
    Abnormal,
    /// Never accepted, as far as unsigned errors tell, and not repeated any more. A guess of ours: what
    /// WeChat signs later counts more.
    Refused,
}

/// What a verified statement is to a refund that stands otherwise in our books (money rule 12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// To be booked.
    News,
    /// Known, or overtaken by what is known.
    Nothing,
    /// Both cannot be true.
    Contradiction,
}

impl RefundState {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Processing => "PROCESSING",
            Self::Success => "SUCCESS",
            Self::Closed => "CLOSED",
            Self::Abnormal => "ABNORMAL",
            Self::Refused => "REFUSED",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        let all = [Self::Requested, Self::Processing, Self::Success, Self::Closed, Self::Abnormal, Self::Refused];
        all.into_iter().find(|state| state.code() == code)
    }

    /// Its amount is given back, or may still be: it cannot be given back a second time.
    pub const fn holds_money(self) -> bool {
        !self.has_failed()
    }

    /// On its way: nobody has to do anything but wait.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Requested | Self::Processing)
    }

    /// Nothing of it will reach the payer, as far as is known.
    pub const fn has_failed(self) -> bool {
        matches!(self, Self::Closed | Self::Refused)
    }

    /// Whether WeChat may truthfully report `next` after this. What WeChat called final stays; a reply
    /// that was overtaken by its own notification must not take anything back. Our own giving up is no
    /// end: it has no signature.
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Requested => !matches!(next, Self::Requested),
            Self::Processing => matches!(next, Self::Success | Self::Closed | Self::Abnormal),
            // Mended in the console, or given up there.
            Self::Abnormal => matches!(next, Self::Success | Self::Closed),
            Self::Refused => !matches!(next, Self::Requested | Self::Refused),
            Self::Success | Self::Closed => false,
        }
    }

    /// What WeChat's word that it is `next` is to a refund in this state.
    pub const fn hears(self, next: Self) -> Said {
        match (self, next) {
            (Self::Success, Self::Closed) | (Self::Closed, Self::Success) => Said::Contradiction,
            _ if self.may_become(next) => Said::News,
            _ => Said::Nothing,
        }
    }

    /// The same of one that WeChat has been asked to send to a bank account: that it is under way is no old word then.
    pub const fn hears_after_asking(self, next: Self) -> Said {
        match (self, next) {
            (Self::Abnormal, Self::Processing) => Said::News,
            _ => self.hears(next),
        }
    }
}

impl fmt::Display for RefundState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl OrderStatus {
    /// What an order is that was paid with `paid` and has these refunds of it.
    pub fn after_refunds(paid: Fen, refunds: impl IntoIterator<Item = (Fen, RefundState)>) -> Self {
        let (mut returned, mut open, mut abnormal) = (Fen::ZERO, false, false);
        for (amount, state) in refunds {
            match state {
                RefundState::Abnormal => abnormal = true,
                RefundState::Requested | RefundState::Processing => open = true,
                RefundState::Success => returned = returned.checked_add(amount).unwrap_or(Fen::MAX),
                RefundState::Closed | RefundState::Refused => {}
            }
        }
        if abnormal {
            Self::RefundAbnormal
        } else if open {
            Self::RefundProcessing
        } else if returned == Fen::ZERO {
            Self::Success
        } else if returned < paid {
            Self::RefundPartial
        } else {
            Self::RefundSuccess
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [RefundState; 6] = [
        RefundState::Requested,
        RefundState::Processing,
        RefundState::Success,
        RefundState::Closed,
        RefundState::Abnormal,
        RefundState::Refused,
    ];

    #[test]
    fn what_is_stored_is_read_back() {
        for state in ALL {
            assert_eq!(RefundState::parse(state.code()), Some(state));
        }
        assert_eq!(RefundState::parse("DONE"), None);
    }

    #[test]
    fn what_we_gave_up_ourselves_may_become_whatever_wechat_signs() {
        for to in [RefundState::Processing, RefundState::Success, RefundState::Closed, RefundState::Abnormal] {
            assert_eq!(RefundState::Refused.hears(to), Said::News, "{to}");
        }
        assert_eq!(RefundState::Processing.hears(RefundState::Refused), Said::Nothing, "a guess beats nothing");
    }

    #[test]
    fn two_ends_contradict_each_other_and_an_old_word_says_nothing() {
        use RefundState::{Abnormal, Closed, Processing, Success};
        for (here, there, said) in [
            (Closed, Success, Said::Contradiction),
            (Success, Closed, Said::Contradiction),
            (Success, Success, Said::Nothing),
            (Success, Processing, Said::Nothing),
            (Success, Abnormal, Said::Nothing),
            (Closed, Processing, Said::Nothing),
            (Abnormal, Processing, Said::Nothing),
            (Processing, Success, Said::News),
        ] {
            assert_eq!(here.hears(there), said, "{here}, and WeChat says {there}");
        }
    }

    #[test]
    fn an_abnormal_refund_is_under_way_again_only_after_somebody_asked_for_it() {
        use RefundState::{Abnormal, Processing, Success};
        assert_eq!(Abnormal.hears(Processing), Said::Nothing, "an old answer");
        assert_eq!(Abnormal.hears_after_asking(Processing), Said::News);
        assert_eq!(Processing.hears_after_asking(Abnormal), Said::News, "that account did not take it either");
        for here in ALL {
            for there in ALL.into_iter().filter(|there| (here, *there) != (Abnormal, Processing)) {
                assert_eq!(here.hears_after_asking(there), here.hears(there), "{here}, and WeChat says {there}");
            }
        }
        assert_eq!(Success.hears_after_asking(Processing), Said::Nothing, "an answer that its notice was faster than");
    }

    #[test]
    fn nothing_leaves_a_final_state_and_nothing_becomes_a_mere_request_again() {
        for from in ALL {
            for to in ALL {
                let last = matches!(from, RefundState::Success | RefundState::Closed);
                assert!(!(from.may_become(to) && last), "{from} to {to}");
                assert!(!from.may_become(RefundState::Requested) && !from.may_become(from), "{from} to {to}");
            }
        }
        assert!(!RefundState::Abnormal.may_become(RefundState::Processing), "an old answer");
    }

    #[test]
    fn an_order_is_what_its_refunds_make_of_it() {
        use RefundState::{Abnormal, Closed, Processing, Refused, Requested, Success};
        let fen = |fen| Fen::new(fen).expect("an amount");
        for (refunds, status) in [
            (vec![], OrderStatus::Success),
            (vec![(100, Requested)], OrderStatus::RefundProcessing),
            (vec![(30, Success), (20, Processing)], OrderStatus::RefundProcessing),
            (vec![(30, Success)], OrderStatus::RefundPartial),
            (vec![(30, Success), (70, Success)], OrderStatus::RefundSuccess),
            (vec![(30, Success), (70, Closed)], OrderStatus::RefundPartial),
            (vec![(100, Closed), (100, Refused)], OrderStatus::Success),
            (vec![(30, Abnormal), (20, Processing)], OrderStatus::RefundAbnormal),
        ] {
            let told =
                OrderStatus::after_refunds(fen(100), refunds.iter().map(|(amount, state)| (fen(*amount), *state)));
            assert_eq!(told, status, "{refunds:?}");
        }
    }
}
