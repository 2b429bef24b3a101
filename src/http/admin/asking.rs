//! What became of the last time that somebody wanted an abnormal refund sent to a bank account.

use super::times::{explained, second};
use crate::{
    app::{admin::words::Abnormal, language::Language},
    checkout::{Asking, asking_of},
    domain::RefundState,
    storage::{events::Event, refunds::Refund},
    wechatpay::Interface,
};

/// Why WeChat did not want it, in words.
pub(super) fn refused(code: &str, words: &Abnormal, language: Language) -> String {
    let why = explained(code, Interface::AbnormalRefund, language);
    (words.refused)(&why.into_iter().next().unwrap_or_else(|| code.to_owned()))
}

/// What a refund's line says of the last time that somebody asked for it.
pub(super) fn told(events: &[Event], refund: &Refund, language: Language) -> String {
    let words = Abnormal::of(language);
    match asking_of(events, &refund.out_refund_no).filter(|_| refund.state == RefundState::Abnormal) {
        None => String::new(),
        Some(Asking::Standing(it)) => (words.asked)(&second(it.at), words.kind(&it.to), &it.by),
        Some(Asking::Refused(code)) if code == RefundState::Abnormal.code() => words.not_taken.to_owned(),
        Some(Asking::Refused(code)) => refused(&code, words, language),
    }
}
