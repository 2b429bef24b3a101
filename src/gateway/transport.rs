//! HTTP with limits: time, size, no redirects, no proxy but a named one, at most one more attempt.

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};
use reqwest::{Client, Proxy, redirect};
use tokio::time::timeout;
use url::{Host, Url};

use super::{
    error::{Cause, GatewayError, RequestId, SetupError, UnknownOutcome},
    settings::GatewaySettings,
};
use crate::wall::{Channel, Wall};

#[derive(Debug)]
pub(super) struct Transport {
    client: Client,
    base: Url,
    backup: Option<Url>,
    total_limit: Duration,
    reply_most: usize,
    wall: Wall,
}

/// A reply as it came; nothing of it is trusted.
#[derive(Debug)]
pub(super) struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub(crate) fn request_id(&self) -> Option<RequestId> {
        RequestId::parse(self.headers.get("request-id")?.to_str().ok()?)
    }

    pub(crate) fn unknown(&self, cause: Cause) -> GatewayError {
        unknown(cause, Some(self.status), self.request_id())
    }
}

fn unknown(cause: Cause, status: Option<StatusCode>, request_id: Option<RequestId>) -> GatewayError {
    GatewayError::Unknown(UnknownOutcome { cause, status, told: None, request_id })
}

impl Transport {
    pub(crate) fn new(settings: &GatewaySettings) -> Result<Self, SetupError> {
        for base in [Some(&settings.base), settings.backup.as_ref()].into_iter().flatten() {
            require_origin(base)?;
        }
        let mut client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(settings.connect_limit)
            .pool_idle_timeout(settings.idle_limit);
        if let Some(proxy) = &settings.proxy {
            client = client.proxy(Proxy::https(proxy.url()).map_err(SetupError::Tls)?);
        }
        let plain = |base: &Url| base.scheme() == "http";
        if plain(&settings.base) && settings.backup.as_ref().is_none_or(plain) {
            // Loopback only: no need to read, or even to have, the system's root certificates.
            client = client.tls_certs_only([]);
        }
        Ok(Self {
            client: client.build().map_err(SetupError::Tls)?,
            base: settings.base.clone(),
            backup: settings.backup.clone(),
            total_limit: settings.total_limit,
            reply_most: settings.reply_most,
            wall: settings.wall.clone(),
        })
    }

    /// The main host, then the other one.
    pub(crate) fn bases(&self) -> impl Iterator<Item = &Url> {
        std::iter::once(&self.base).chain(&self.backup)
    }

    /// Whatever a host answers to nothing in particular.
    pub(crate) async fn greet(&self, base: &Url) -> Result<HeaderMap, String> {
        let answer = self.client.get(base.clone()).send().await;
        answer.map(|answer| answer.headers().clone()).map_err(|error| {
            let error = error.without_url();
            let mut told = error.to_string();
            let mut behind = std::error::Error::source(&error);
            while let Some(cause) = behind {
                told = format!("{told}: {cause}");
                behind = cause.source();
            }
            told
        })
    }

    /// Sends to the main host and, if that cannot be reached or the connection breaks, the very
    /// same bytes to the backup host: numbers are idempotent and the host is not signed (§10.2).
    /// The time limit is one for both.
    pub(crate) async fn send(
        &self,
        method: &Method,
        target: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Reply, GatewayError> {
        let attempts = async {
            let first = self.attempt(&self.base, method, target, headers, body).await;
            match (first, &self.backup) {
                (Err(Cause::Unreachable | Cause::Broken), Some(backup)) => {
                    tracing::warn!(host = self.base.host_str(), "platform not reached: asking the backup host");
                    self.attempt(backup, method, target, headers, body).await
                }
                (first, _) => first,
            }
        };
        let reply = timeout(self.total_limit, attempts)
            .await
            .unwrap_or(Err(Cause::Timeout))
            .map_err(|cause| unknown(cause, None, None))?;
        // Before anything of it is looked at: also its errors are none of WeChat's.
        if self.wall.refuses(&reply.headers, Channel::Reply) { Err(reply.unknown(Cause::Sandbox)) } else { Ok(reply) }
    }

    async fn attempt(
        &self,
        base: &Url,
        method: &Method,
        target: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Reply, Cause> {
        // `base` is an origin and its text ends in the slash with which `target` begins.
        let url = format!("{}{target}", base.as_str().trim_end_matches('/'));
        let request = self.client.request(method.clone(), url).headers(headers.clone()).body(body.to_vec());
        let mut response = request.send().await.map_err(|error| cause(&error))?;
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| cause(&error))? {
            if bytes.len() + chunk.len() > self.reply_most {
                return Err(Cause::TooLong);
            }
            bytes.extend_from_slice(&chunk);
        }
        let headers = std::mem::take(response.headers_mut());
        Ok(Reply { status: response.status(), headers, body: bytes })
    }
}

impl Transport {
    /// The platform's own origins.
    pub(super) fn origins(&self) -> impl Iterator<Item = &Url> {
        [Some(&self.base), self.backup.as_ref()].into_iter().flatten()
    }

    /// A file: its head, and its body as it comes. What of it is read, and for how long, is the caller's care.
    pub(super) async fn open(&self, url: Url, headers: &HeaderMap) -> Result<reqwest::Response, GatewayError> {
        let request = self.client.get(url).headers(headers.clone()).send();
        let response = timeout(self.total_limit, request).await;
        let response = response.map_err(|_| Cause::Timeout).and_then(|it| it.map_err(|error| cause(&error)));
        let response = response.map_err(|cause| unknown(cause, None, None))?;
        if self.wall.refuses(response.headers(), Channel::Reply) {
            return Err(unknown(Cause::Sandbox, Some(response.status()), None));
        }
        Ok(response)
    }

    /// The rest of an answer that is no file.
    pub(super) async fn read_short(&self, mut response: reqwest::Response) -> Result<Reply, GatewayError> {
        let status = response.status();
        let failed = |cause| unknown(cause, Some(status), None);
        let reading = async {
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(|error| failed(cause(&error)))? {
                if body.len() + chunk.len() > self.reply_most {
                    return Err(failed(Cause::TooLong));
                }
                body.extend_from_slice(&chunk);
            }
            Ok(Reply { status, headers: std::mem::take(response.headers_mut()), body })
        };
        timeout(self.total_limit, reading).await.map_err(|_| failed(Cause::Timeout))?
    }
}

pub(super) fn cause(error: &reqwest::Error) -> Cause {
    // A connection that is not there in time is one that cannot be had.
    if error.is_connect() {
        Cause::Unreachable
    } else if error.is_timeout() {
        Cause::Timeout
    } else {
        Cause::Broken
    }
}

/// https, or http on this very machine; nothing behind the port, since paths are signed as they
/// stand in this program.
fn require_origin(base: &Url) -> Result<(), SetupError> {
    let loopback = match base.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    // Without a user name and a password that may be in it.
    let shown = || base.origin().ascii_serialization();
    if base.scheme() != "https" && !(base.scheme() == "http" && loopback) {
        return Err(SetupError::Insecure(shown()));
    }
    let origin_only = base.path() == "/" && base.query().is_none() && base.fragment().is_none();
    if origin_only && base.username().is_empty() && base.password().is_none() {
        Ok(())
    } else {
        Err(SetupError::NotAnOrigin(shown()))
    }
}
