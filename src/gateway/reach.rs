//! For whoever looks whether a set-up is right: can WeChat's hosts be reached, and does the whole way work there and
//! back (§10.1, §10.6)? No order is touched.

use std::time::Duration;

use http::{Method, StatusCode, header::DATE};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::timeout;
use url::Url;

use super::{
    Gateway, Leave,
    error::{Cause, GatewayError},
};
use crate::wechatpay::{Interface, model::SECURITY_ECHO};

const LIMIT: Duration = Duration::from_secs(10);

/// One of WeChat's hosts, and how far our clock is ahead of its own.
#[derive(Clone, Debug)]
pub struct Reached {
    pub host: String,
    pub answered: Result<Option<SignedDuration>, String>,
}

impl Gateway {
    /// Every host, the main one first. Whatever it answers, it has answered.
    pub async fn reach(&self) -> Vec<Reached> {
        let mut reached = Vec::new();
        for base in self.transport.bases() {
            let host = base.host_str().unwrap_or_default().to_owned();
            let answered = match timeout(LIMIT, self.transport.greet(base)).await {
                Ok(Ok(headers)) => Ok(headers.get(DATE).and_then(|date| self.ahead_of(date.to_str().ok()?))),
                Ok(Err(why)) => Err(why),
                Err(_) => Err("no answer in time".to_owned()),
            };
            reached.push(Reached { host, answered });
        }
        reached
    }

    fn ahead_of(&self, date: &str) -> Option<SignedDuration> {
        let theirs: Timestamp = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
        Some(self.clock.now().duration_since(theirs))
    }

    /// WeChat's self-test: it answers, and then calls `notify_url` with the same message.
    ///
    /// # Errors
    /// See [`GatewayError`].
    pub async fn echo(&self, message: &str, notify_url: &Url) -> Result<(), GatewayError> {
        let body = json!({ "echo_message": message, "notify_url": notify_url.as_str() }).to_string();
        let reply = self.call(Interface::Echo, Leave::AtOnce, Method::POST, SECURITY_ECHO, body.as_bytes()).await?;
        let told: Value = reply.read(StatusCode::OK)?;
        if told["echo_message"] == message { Ok(()) } else { Err(reply.unknown(Cause::Mismatch)) }
    }
}
