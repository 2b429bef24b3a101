//! The way to a shop, and why it was not found.

use std::{error::Error, io, sync::Arc};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio_rustls::rustls;

use crate::sandbox::books::delivery::{Outcome, Reason};

/// Writes the names of headers as WeChat does; follows nothing, and goes through nobody's proxy.
pub(in crate::sandbox) fn build() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .no_proxy()
        .http1_title_case_headers()
        .dns_resolver(Arc::new(Names))
        .redirect(reqwest::redirect::Policy::none())
        .build()
}

/// The system's names, with an error that can be told from others.
struct Names;

#[derive(Debug, thiserror::Error)]
#[error("{name} has no address")]
struct NoAddress {
    name: String,
    source: io::Error,
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map(Iterator::collect::<Vec<_>>);
            let addresses = found.map_err(|source| NoAddress { name: name.as_str().to_owned(), source })?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// What a call that got no answer has come to.
pub(super) fn outcome(error: &reqwest::Error) -> Outcome {
    if error.is_timeout() {
        return Outcome::Timeout;
    }
    let mut found = None;
    let mut detail = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        found = found.or_else(|| reason(error));
        detail = error.to_string();
        cause = error.source();
    }
    Outcome::Failed { reason: found.unwrap_or(Reason::Connection), detail }
}

fn reason(cause: &(dyn Error + 'static)) -> Option<Reason> {
    if cause.is::<NoAddress>() {
        return Some(Reason::Name);
    }
    if cause.is::<rustls::Error>() {
        return Some(Reason::Tls);
    }
    let io = cause.downcast_ref::<io::Error>()?;
    // What an I/O error wraps is not its source, and may be another one.
    let within = io.get_ref().and_then(|within| reason(within));
    within.or_else(|| (io.kind() == io::ErrorKind::ConnectionRefused).then_some(Reason::Refused))
}
