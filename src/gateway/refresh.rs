//! Fetching platform certificates (§3): one request at a time, in a task of its own. Whoever needs its
//! answer waits for it and may go away; the request goes on, and whoever comes next finds what it brought.

use futures::FutureExt as _;
use http::Method;

use super::{
    Asker, Gateway, Leave,
    error::{Cause, GatewayError, UnknownOutcome},
    flight::{Flight, State},
    reply::{self, certificates_error},
};
use crate::wechatpay::{Interface, PlatformSerial, certificates, model::CERTIFICATES};

impl Gateway {
    /// Asks for the platform certificates and takes them over, for the first time and then every
    /// few hours. On failure the old ones stay. Returns how many there are.
    ///
    /// # Errors
    /// See [`GatewayError`]. [`GatewayError::is_certificates_unavailable`] is normal for a merchant
    /// who has a WeChat Pay public key only.
    pub async fn refresh_certificates(&self) -> Result<usize, GatewayError> {
        let flight = self.board(&mut self.refresh.state());
        flight.await
    }

    /// A reply or callback named a key we do not have: asks for certificates, but never more often
    /// than the settings' `refresh_gap`, whoever sends serials. `true` if the key is known now. Takes
    /// up to the time limit of a call; a caller that does not wait for so long stops nothing.
    pub async fn on_unknown_serial(&self, serial: &str) -> bool {
        // A public key comes from the merchant console only, and nonsense from nowhere.
        if !PlatformSerial::parse(serial).is_ok_and(|it| !it.is_public_key_id()) {
            return false;
        }
        if !self.knows(serial)
            && let Some(flight) = self.board_unless_recent()
            && let Err(error) = flight.await
        {
            tracing::warn!(%error, "platform certificates could not be refreshed");
        }
        self.knows(serial)
    }

    fn knows(&self, serial: &str) -> bool {
        self.merchant.keyring.snapshot().contains(serial)
    }

    fn board_unless_recent(&self) -> Option<Flight> {
        let mut state = self.refresh.state();
        let is_under_way = state.flight.as_ref().is_some_and(|flight| flight.peek().is_none());
        let now = self.clock.now();
        let is_recent = state.last.is_some_and(|last| now.duration_since(last).unsigned_abs() < self.refresh_gap);
        (is_under_way || !is_recent).then(|| self.board(&mut state))
    }

    /// The request that is under way, or a new one.
    fn board(&self, state: &mut State) -> Flight {
        if let Some(flight) = state.flight.as_ref().filter(|flight| flight.peek().is_none()) {
            return flight.clone();
        }
        let gateway = self.clone();
        let fetching = tokio::spawn(async move { gateway.fetch_certificates().await });
        // It ends early only when the process does, or by a mistake of ours, which must not hang its callers.
        let broken = UnknownOutcome { cause: Cause::Broken, status: None, told: None, request_id: None };
        let flight = async move { fetching.await.unwrap_or(Err(GatewayError::Unknown(broken))) };
        let flight = flight.boxed().shared();
        state.last = Some(self.clock.now());
        state.flight = Some(flight.clone());
        flight
    }

    async fn fetch_certificates(&self) -> Result<usize, GatewayError> {
        let outcome = self.take_certificates_over().await;
        self.metrics
            .wechat_call(Interface::Certificates.label(), outcome.as_ref().map_or_else(GatewayError::label, |_| "ok"));
        outcome
    }

    async fn take_certificates_over(&self) -> Result<usize, GatewayError> {
        let turn = self.questions.at_once(Asker::Certificates);
        let reply =
            self.send(Leave::AtOnce, Method::GET, CERTIFICATES, b"", self.merchant.public_key_id.as_ref()).await?;
        drop(turn);
        let opened = reply::triage(Interface::Certificates, &reply)
            .inspect_err(|error| self.questions.hear(error))
            .and_then(|()| {
                let known = self.merchant.keyring.snapshot();
                let keys = &self.merchant.api_v3_keys;
                certificates::open(&reply.headers, &reply.body, &known, keys, self.clock.now())
                    .map_err(|error| certificates_error(&reply, error))
            });
        self.note_word(&reply, opened.as_ref().err());
        let opened = opened?;
        let count = opened.certificates.len();
        for error in &opened.unusable {
            tracing::warn!(%error, "a platform certificate in the list cannot be used");
        }
        self.merchant.keyring.update(|keys| {
            if opened.unusable.is_empty() {
                keys.with_certificates(opened.certificates)
            } else {
                // What cannot be read now may be one that is known.
                keys.adding_certificates(opened.certificates)
            }
        });
        tracing::info!(count, "platform certificates loaded");
        Ok(count)
    }
}
