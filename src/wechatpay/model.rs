//! What goes over the wire. Readers ignore fields they do not know, depend on no order of keys
//! (§1.4) and keep values of an enumeration that were invented later.

mod abnormal;
mod applied_bill;
mod error;
mod path;
mod prepay;
mod private;
mod refund;
mod stored;
mod text;
mod transaction;

pub use abnormal::{AbnormalRefund, Bank, BankAccount, CardKind, InvalidCard, PayeeName, SealedCard};
pub use applied_bill::AppliedBill;
pub use error::{ErrorBody, ErrorCode};
pub use path::{
    CERTIFICATES, NATIVE_PREPAY, REFUNDS, SECURITY_ECHO, abnormal_refund_path, close_path, fund_flow_bill_path,
    is_transaction_id, query_path, refund_path, trade_bill_path, transaction_path,
};
pub use prepay::{InvalidPrepay, NativePrepay, PrepayReply, close_body, fit_description, is_title};
pub use private::Private;
pub use refund::{InvalidRefund, RefundAmount, RefundNotice, RefundReply, RefundRequest, RefundStatus};
pub use stored::StoredPrepay;
pub use text::is_disruptive;
pub use transaction::{Payer, TradeState, Transaction, TransactionAmount};
