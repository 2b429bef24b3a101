//! WeChat's word about a refund, whether it came in a reply or in a notice (`wechatpay-v3.md` §7.3, §7.4).

use jiff::Timestamp;

use crate::{
    domain::RefundState,
    gateway::Replied,
    storage::{events::Source, notifications::Received},
    wechatpay::model::{RefundNotice, RefundReply, RefundStatus},
};

/// The column holds so much of a `Request-ID`.
const REQUEST_ID: usize = 64;

#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub out_refund_no: String,
    pub refund_id: String,
    pub transaction_id: Option<String>,
    pub amount: i64,
    pub total: i64,
    /// `None` for a state that nobody knows.
    pub state: Option<RefundState>,
    /// `create_time`; a notice has none.
    pub accepted: Option<Timestamp>,
    pub success: Option<Timestamp>,
    /// It came by itself, and may have been on its way for a day.
    pub is_notice: bool,
    /// Of the reply.
    pub request_id: Option<String>,
}

/// A verified statement about a refund on its way into the books.
#[derive(Debug)]
pub(super) struct RefundBooking {
    pub statement: Statement,
    pub source: Source,
    /// How it came, if it came by itself.
    pub received: Option<Received>,
    pub at: Timestamp,
}

impl From<&Replied<RefundReply>> for Statement {
    fn from(replied: &Replied<RefundReply>) -> Self {
        let reply = &replied.content;
        Self {
            out_refund_no: reply.out_refund_no.clone(),
            refund_id: reply.refund_id.clone(),
            transaction_id: reply.transaction_id.clone(),
            amount: reply.amount.refund,
            total: reply.amount.total,
            state: state_of(&reply.status),
            accepted: reply.create_time,
            success: reply.success_time,
            is_notice: false,
            request_id: replied.request_id.as_ref().map(|id| clip(id.as_str())),
        }
    }
}

impl From<&RefundNotice> for Statement {
    fn from(notice: &RefundNotice) -> Self {
        Self {
            out_refund_no: notice.out_refund_no.clone(),
            refund_id: notice.refund_id.clone(),
            transaction_id: notice.transaction_id.clone(),
            amount: notice.amount.refund,
            total: notice.amount.total,
            state: state_of(&notice.refund_status),
            accepted: notice.create_time,
            success: notice.success_time,
            is_notice: true,
            request_id: None,
        }
    }
}

/// As it is kept.
pub(super) fn clip(request_id: &str) -> String {
    request_id.chars().take(REQUEST_ID).collect()
}

const fn state_of(status: &RefundStatus) -> Option<RefundState> {
    match status {
        RefundStatus::Processing => Some(RefundState::Processing),
        RefundStatus::Success => Some(RefundState::Success),
        RefundStatus::Closed => Some(RefundState::Closed),
        RefundStatus::Abnormal => Some(RefundState::Abnormal),
        RefundStatus::Unknown(_) => None,
    }
}
