//! What clients and payers do to orders (`wechatpay-v3.md` §5.1, §5.3).

use jiff::Timestamp;

use super::{Change, CommitError, Ledger};
use crate::sandbox::{
    books::{
        delivery::NewDelivery,
        order::{Code, Lives, Order, Payment, TradeState},
        prepay::Prepay,
    },
    error::ApiError,
};

/// Why a scan leads nowhere. The texts are shown to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::sandbox) enum ScanError {
    #[error("没有这个二维码")]
    UnknownCode,
    #[error("二维码已被新的取代")]
    Superseded,
    #[error("二维码已过期")]
    CodeExpired,
    #[error("订单已过支付时间")]
    OrderExpired,
    #[error("订单已关闭")]
    OrderClosed,
    #[error("订单已支付")]
    OrderPaid,
    #[error("订单已由另一个微信账号打开")]
    OtherPayer,
}

/// A payment that has been booked.
pub(in crate::sandbox) struct Booked {
    pub(in crate::sandbox) out_trade_no: String,
    pub(in crate::sandbox) transaction_id: String,
    /// The notification of it.
    pub(in crate::sandbox) delivery: u64,
}

impl Ledger {
    pub(in crate::sandbox) fn find(&self, out_trade_no: &str) -> Option<&Order> {
        self.books.orders.get(out_trade_no)
    }

    pub(in crate::sandbox) fn find_transaction(&self, transaction_id: &str) -> Option<&Order> {
        self.find(self.books.transactions.get(transaction_id)?)
    }

    /// The order that a code was issued for, dead or alive.
    pub(in crate::sandbox) fn find_by_token(&self, token: &str) -> Option<&Order> {
        self.find(self.books.tokens.get(token)?)
    }

    /// Unpaid and not closed by the merchant, newest first.
    pub(in crate::sandbox) fn open_orders(&self) -> impl Iterator<Item = &Order> {
        self.books.open.iter().rev().filter_map(|(_, number)| self.find(number))
    }

    /// Paid orders in the order of payment.
    pub(in crate::sandbox) fn paid_orders(&self) -> impl DoubleEndedIterator<Item = &Order> {
        self.books.payments.iter().filter_map(|number| self.find(number))
    }

    /// A new order, or a fresh code for one that was sent before with the same parameters.
    pub(in crate::sandbox) fn prepay(
        &mut self,
        prepay: Prepay,
        token: String,
        now: Timestamp,
        lives: Lives,
    ) -> Result<(), ApiError> {
        let change = match self.find(&prepay.out_trade_no) {
            None => Change::Order(Box::new(Order::new(prepay, token, now))),
            Some(order) => {
                match order.state(now, lives) {
                    TradeState::Success | TradeState::Refund => return Err(ApiError::out_trade_no_used()),
                    TradeState::Closed => return Err(ApiError::order_closed("订单已关闭")),
                    TradeState::Notpay => {}
                }
                if order.parameters != prepay.parameters {
                    return Err(ApiError::other_parameters());
                }
                if order.is_past_time_expire(now) {
                    return Err(ApiError::order_closed("订单已过支付时间"));
                }
                Change::Code { out_trade_no: prepay.out_trade_no, code: Code::new(token, now) }
            }
        };
        Ok(self.commit(vec![change])?)
    }

    /// Closing again is fine (§5.3).
    pub(in crate::sandbox) fn close(
        &mut self,
        out_trade_no: &str,
        now: Timestamp,
        lives: Lives,
    ) -> Result<(), ApiError> {
        let order = self.find(out_trade_no).ok_or_else(ApiError::order_not_exist)?;
        match order.state(now, lives) {
            TradeState::Success | TradeState::Refund => Err(ApiError::order_paid()),
            TradeState::Closed => Ok(()),
            TradeState::Notpay => {
                let change = Change::Closed { out_trade_no: out_trade_no.to_owned(), at_ms: now.as_millisecond() };
                Ok(self.commit(vec![change])?)
            }
        }
    }

    /// The order behind a code, if it can be paid with it now.
    pub(in crate::sandbox) fn scan(&self, token: &str, now: Timestamp, lives: Lives) -> Result<&Order, ScanError> {
        let order = self.find_by_token(token).ok_or(ScanError::UnknownCode)?;
        match order.state(now, lives) {
            TradeState::Success | TradeState::Refund => return Err(ScanError::OrderPaid),
            TradeState::Closed => return Err(ScanError::OrderClosed),
            TradeState::Notpay => {}
        }
        let code = order.codes.last().filter(|code| code.token == token).ok_or(ScanError::Superseded)?;
        if order.is_past_time_expire(now) {
            Err(ScanError::OrderExpired)
        } else if code.is_over(now, lives) {
            Err(ScanError::CodeExpired)
        } else {
            Ok(order)
        }
    }

    /// Notes who opened the order by this code: nobody else can pay with it.
    pub(in crate::sandbox) fn open_cashier(
        &mut self,
        token: &str,
        openid: &str,
        now: Timestamp,
        lives: Lives,
    ) -> Result<Result<(), ScanError>, CommitError> {
        let order = match self.scan(token, now, lives) {
            Ok(order) => order,
            Err(error) => return Ok(Err(error)),
        };
        match order.codes.last().and_then(|code| code.openid.as_deref()) {
            Some(first) if first == openid => Ok(Ok(())),
            Some(_) => Ok(Err(ScanError::OtherPayer)),
            None => {
                let out_trade_no = order.out_trade_no.clone();
                self.commit(vec![Change::Scanned { out_trade_no, openid: openid.to_owned() }])?;
                Ok(Ok(()))
            }
        }
    }

    /// Books a payment together with the notification that tells of it.
    pub(in crate::sandbox) fn pay(
        &mut self,
        out_trade_no: &str,
        payment: Payment,
        delivery: NewDelivery,
    ) -> Result<Booked, CommitError> {
        let out_trade_no = out_trade_no.to_owned();
        let delivery = self.number(delivery);
        let paid = Booked {
            out_trade_no: out_trade_no.clone(),
            transaction_id: payment.transaction_id.clone(),
            delivery: delivery.number,
        };
        self.commit(vec![Change::Paid { out_trade_no, payment }, Change::Delivery(Box::new(delivery))])?;
        Ok(paid)
    }
}
