//! What is asked of WeChat about orders and refunds, each question in its turn
//! ([`Questions`](crate::gateway::Questions)). Whoever looks after something holds the right to ask about it
//! and nothing else while he waits: no transaction, no lease of anybody's.

use jiff::Timestamp;

use super::shared::Checkout;
use crate::{
    domain::{OutRefundNo, OutTradeNo},
    gateway::{Asker, GatewayError, Replied, Turn},
    wechatpay::{RefundReply, Transaction},
};

/// One occasion of looking after an order: on whose behalf, since when it is due, and the turn that it has
/// already for its first question.
#[derive(Debug)]
pub(crate) struct Visit {
    asker: Asker,
    due: Timestamp,
    turn: Option<Turn>,
}

impl Visit {
    pub(crate) const fn new(asker: Asker, due: Timestamp) -> Self {
        Self { asker, due, turn: None }
    }

    /// It turned out that there is nothing to ask.
    pub(crate) fn call_off(self) {
        if let Some(turn) = self.turn {
            turn.give_back();
        }
    }
}

impl Checkout {
    /// Waits for the first turn of a visit, before anything is held; `None` once the server stops.
    pub(super) async fn visit(&self, asker: Asker, due: Timestamp) -> Option<Visit> {
        let turn = self.0.gateway.questions().turn(asker, due).await?;
        Some(Visit { asker, due, turn: Some(turn) })
    }

    async fn turn(&self, visit: &mut Visit) -> Result<Turn, GatewayError> {
        let turn = match visit.turn.take() {
            Some(turn) => Some(turn),
            None => self.0.gateway.questions().turn(visit.asker, visit.due).await,
        };
        turn.ok_or(GatewayError::not_asked())
    }

    pub(super) async fn query(
        &self,
        number: &OutTradeNo,
        visit: &mut Visit,
    ) -> Result<Replied<Transaction>, GatewayError> {
        let _turn = self.turn(visit).await?;
        self.0.gateway.query(number).await.inspect_err(|error| self.0.gateway.questions().hear(error))
    }

    /// Whatever others wait for: the answer decides whether any of them is asked at all.
    pub(super) async fn query_at_once(&self, number: &OutTradeNo) -> Result<Replied<Transaction>, GatewayError> {
        let _turn = self.0.gateway.questions().at_once(Asker::Quiet);
        self.0.gateway.query(number).await.inspect_err(|error| self.0.gateway.questions().hear(error))
    }

    /// By WeChat's number.
    pub(super) async fn query_transaction(
        &self,
        id: &str,
        visit: &mut Visit,
    ) -> Result<Replied<Transaction>, GatewayError> {
        let _turn = self.turn(visit).await?;
        self.0.gateway.query_transaction(id).await.inspect_err(|error| self.0.gateway.questions().hear(error))
    }

    /// A refusal "too often" of a close is not heard as one: it can mean that somebody is paying just now
    /// (`wechatpay-v3.md` §1.6).
    pub(super) async fn close_number(&self, number: &OutTradeNo, visit: &mut Visit) -> Result<(), GatewayError> {
        let _turn = self.turn(visit).await?;
        self.0.gateway.close(number).await
    }

    pub(super) async fn query_refund(&self, number: &OutRefundNo) -> Result<Replied<RefundReply>, GatewayError> {
        let mut visit = Visit::new(Asker::Refund, self.now());
        let _turn = self.turn(&mut visit).await?;
        self.0.gateway.query_refund(number).await.inspect_err(|error| self.0.gateway.questions().hear(error))
    }
}
