//! Applying for the bill of a day and fetching it (§8.1). The application is signed and verified like any call; the
//! file is not, so it is fetched from the platform's own host alone and must have the hash that the verified reply
//! told. What stands in it is a hint all the same.

mod file;
mod outcome;

use std::{path::Path, time::Duration};

use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{ACCEPT, AUTHORIZATION, USER_AGENT},
};
use jiff::civil::Date;
use tokio::time::{Instant, timeout};
use url::Url;

use self::file::{Part, check_hash};
pub(crate) use self::{
    file::{MOST_PLAIN, has_hash},
    outcome::{FetchError, Fetched},
};
use super::{AGENT, Gateway, GatewayError, Leave, error::Cause, reply, transport};
use crate::wechatpay::{
    Interface,
    message::Request,
    model::{AppliedBill, fund_flow_bill_path, trade_bill_path},
};

/// Packed: a million trades are some 60 MB.
const MOST_PACKED: u64 = 1024 * 1024 * 1024;
/// Between two pieces.
const PIECE: Duration = Duration::from_secs(30);
/// Longer than the address lives in which it was begun.
const WHOLE: Duration = Duration::from_mins(15);
const ANY: HeaderValue = HeaderValue::from_static("*/*");

/// Which bill of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BillKind {
    Trade,
    FundFlow,
}

impl BillKind {
    pub const ALL: [Self; 2] = [Self::Trade, Self::FundFlow];

    /// As stored.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Trade => "TRADE",
            Self::FundFlow => "FUND_FLOW",
        }
    }

    fn path(self, day: Date) -> String {
        match self {
            Self::Trade => trade_bill_path(day),
            Self::FundFlow => fund_flow_bill_path(day),
        }
    }
}

/// The right to fetch a bill, for a few minutes.
#[derive(Debug)]
pub struct BillTicket {
    url: Url,
    hash: String,
}

impl Gateway {
    /// Applies for a bill.
    ///
    /// # Errors
    /// See [`GatewayError`]; [`GatewayError::is_no_statement`] and [`GatewayError::is_statement_creating`] are
    /// no failures. Or the reply leads elsewhere.
    pub async fn apply_bill(&self, kind: BillKind, day: Date) -> Result<BillTicket, FetchError> {
        let reply = self.call(Interface::Bill, Leave::AtOnce, Method::GET, &kind.path(day), b"").await?;
        let applied: AppliedBill = reply.read(StatusCode::OK)?;
        if !applied.hash_type.eq_ignore_ascii_case("SHA1") {
            return Err(FetchError::HashType(applied.hash_type.chars().take(16).collect()));
        }
        let url = Url::parse(&applied.download_url).map_err(|_| reply.unknown(Cause::Unreadable))?;
        let shown = || url.origin().ascii_serialization();
        let is_ours = self.transport.origins().any(|origin| origin.origin() == url.origin());
        let is_bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        if !is_ours || !is_bare {
            return Err(FetchError::Elsewhere(shown()));
        }
        Ok(BillTicket { url, hash: applied.hash_value.to_ascii_lowercase() })
    }

    /// Fetches a bill into the file `to`, which is replaced once the new one is whole, has its hash and is on the disk.
    ///
    /// # Errors
    /// See [`FetchError`]; an address whose time is over is a [`GatewayError::Rejected`]: apply again.
    pub async fn fetch_bill(&self, ticket: &BillTicket, to: &Path) -> Result<Fetched, FetchError> {
        let fetched = self.fetch(ticket, to).await;
        let label = match &fetched {
            Ok(_) => "ok",
            Err(FetchError::Gateway(error)) => error.label(),
            Err(_) => "broken",
        };
        self.metrics.wechat_call("bill_download", label);
        fetched
    }

    async fn fetch(&self, ticket: &BillTicket, to: &Path) -> Result<Fetched, FetchError> {
        let target = &ticket.url[url::Position::BeforePath..];
        let request = Request { method: "GET", target, body: b"" };
        let signed = self.merchant.signer.authorization(&request, self.clock.now(), &self.entropy.nonce());
        let signed = signed.map_err(GatewayError::from)?;
        let headers = HeaderMap::from_iter([(AUTHORIZATION, signed), (ACCEPT, ANY), (USER_AGENT, AGENT)]);
        let response = self.transport.open(ticket.url.clone(), &headers).await?;
        if response.status() != StatusCode::OK {
            let reply = self.transport.read_short(response).await?;
            reply::triage(Interface::Bill, &reply)?;
            return Err(reply.unknown(Cause::Status).into());
        }
        let mut part = Part::create(to)?;
        receive(response, &mut part).await?;
        let hash = ticket.hash.clone();
        // Reading, unpacking and hashing it is work for a thread of its own.
        let checking = tokio::task::spawn_blocking(move || check_hash(part, &hash));
        checking.await.map_err(|_| FetchError::CutOff)?
    }
}

async fn receive(mut response: reqwest::Response, part: &mut Part) -> Result<(), FetchError> {
    let begun = Instant::now();
    let mut bytes: u64 = 0;
    loop {
        let piece = timeout(PIECE, response.chunk()).await.map_err(|_| FetchError::TooSlow)?;
        let piece = piece.map_err(|error| match transport::cause(&error) {
            Cause::Timeout => FetchError::TooSlow,
            _ => FetchError::CutOff,
        })?;
        let Some(piece) = piece else { return Ok(()) };
        bytes += piece.len() as u64;
        if bytes > MOST_PACKED {
            return Err(FetchError::TooLong);
        }
        if begun.elapsed() > WHOLE {
            return Err(FetchError::TooSlow);
        }
        part.write(&piece)?;
    }
}

#[cfg(test)]
mod tests;
