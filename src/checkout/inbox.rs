//! What is kept of a notification beside what it does to the books.

use jiff::Timestamp;
use secrecy::SecretString;

use crate::{storage::notifications::Received, wechatpay::Notification};

/// How a notification came, for the inbox.
#[derive(Clone, Debug)]
pub struct NotifyContext {
    /// `name: value` lines, without the signature.
    pub headers: String,
    /// The signature itself: whoever wants to verify again needs it.
    pub signature: Option<SecretString>,
    pub body: Vec<u8>,
}

/// The columns of the inbox, longer than anything WeChat documents (`wechatpay-v3.md` §6.1).
const INBOX_TEXT: usize = 64;

/// What the inbox keeps of a notification.
pub(super) fn inbox(
    notification: &Notification,
    context: NotifyContext,
    out_trade_no: Option<&str>,
    transaction_id: Option<&str>,
    at: Timestamp,
) -> Received {
    let clip = |text: &str| match text.char_indices().nth(INBOX_TEXT) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.to_owned(),
    };
    Received {
        notify_id: clip(&notification.id),
        event_type: clip(&notification.event_type),
        out_trade_no: out_trade_no.map(clip),
        transaction_id: transaction_id.map(clip),
        headers: context.headers,
        signature: context.signature,
        body: context.body,
        at,
    }
}
