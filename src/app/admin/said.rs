//! What a page says first about what was done before it: a word in the address stands for it.

use super::words::{Abnormal, Basics, Bills, Inbox, Orders, PutBack};
use crate::app::language::Language;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    LoggedOut,
    PasswordSet,
    ConfirmFirst,
    Confirmed,
    SessionEnded,
    /// A second person decides.
    Asked,
    Approved,
    Refused,
    Withdrawn,
    Expired,
    BillAsked,
    BillNotToBeHad,
    BillDecided,
    Saved,
    OrderAsked,
    OrderClosed,
    OrderClosing,
    Noted,
    Refunded,
    Refunding,
    AbnormalSent,
    AbnormalUnknown,
    Retried,
    GivenUp,
    Settled,
    Replayed,
    Released,
}

impl Said {
    const ALL: [Self; Self::Released as usize + 1] = [
        Self::LoggedOut,
        Self::PasswordSet,
        Self::ConfirmFirst,
        Self::Confirmed,
        Self::SessionEnded,
        Self::Asked,
        Self::Approved,
        Self::Refused,
        Self::Withdrawn,
        Self::Expired,
        Self::BillAsked,
        Self::BillNotToBeHad,
        Self::BillDecided,
        Self::Saved,
        Self::OrderAsked,
        Self::OrderClosed,
        Self::OrderClosing,
        Self::Noted,
        Self::Refunded,
        Self::Refunding,
        Self::AbnormalSent,
        Self::AbnormalUnknown,
        Self::Retried,
        Self::GivenUp,
        Self::Settled,
        Self::Replayed,
        Self::Released,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged-out",
            Self::PasswordSet => "password-set",
            Self::ConfirmFirst => "confirm-first",
            Self::Confirmed => "confirmed",
            Self::SessionEnded => "session-ended",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Asked => "asked",
            Self::BillAsked => "bill-asked",
            Self::BillNotToBeHad => "bill-not-to-be-had",
            Self::BillDecided => "bill-decided",
            Self::Saved => "saved",
            Self::OrderAsked => "order-asked",
            Self::OrderClosed => "order-closed",
            Self::OrderClosing => "order-closing",
            Self::Noted => "noted",
            Self::Refunded => "refunded",
            Self::Refunding => "refunding",
            Self::AbnormalSent => "abnormal-sent",
            Self::AbnormalUnknown => "abnormal-unknown",
            Self::Retried => "retried",
            Self::GivenUp => "given-up",
            Self::Settled => "settled",
            Self::Replayed => "replayed",
            Self::Released => "released",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|said| said.code() == code)
    }

    /// Something is still to be done.
    pub const fn is_warning(self) -> bool {
        matches!(
            self,
            Self::ConfirmFirst
                | Self::Asked
                | Self::Expired
                | Self::OrderClosing
                | Self::Refunding
                | Self::AbnormalUnknown
        )
    }

    pub fn words(self, language: Language) -> &'static str {
        let words = Basics::of(language);
        match self {
            Self::LoggedOut => words.said_logged_out,
            Self::PasswordSet => words.said_password_set,
            Self::ConfirmFirst => words.said_confirm_first,
            Self::Confirmed => words.said_confirmed,
            Self::SessionEnded => words.said_session_ended,
            Self::Approved => words.said_approved,
            Self::Refused => words.said_refused,
            Self::Withdrawn => words.said_withdrawn,
            Self::Expired => words.said_expired,
            Self::Asked => words.said_asked,
            Self::BillAsked => Bills::of(language).said_asked,
            Self::BillNotToBeHad => Bills::of(language).said_not_to_be_had,
            Self::BillDecided => Bills::of(language).said_decided,
            Self::Saved => words.said_saved,
            Self::OrderAsked => Orders::of(language).said_asked,
            Self::OrderClosed => Orders::of(language).said_closed,
            Self::OrderClosing => Orders::of(language).said_closing,
            Self::Noted => Orders::of(language).said_noted,
            Self::Refunded => Orders::of(language).said_refunded,
            Self::Refunding => Orders::of(language).said_refunding,
            Self::AbnormalSent => Abnormal::of(language).said_sent,
            Self::AbnormalUnknown => Abnormal::of(language).said_unknown,
            Self::Retried => Orders::of(language).said_retried,
            Self::GivenUp => Orders::of(language).said_given_up,
            Self::Settled => Orders::of(language).said_settled,
            Self::Replayed => Inbox::of(language).said_replayed,
            Self::Released => PutBack::of(language).said_released,
        }
    }
}
