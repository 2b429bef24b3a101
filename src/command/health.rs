//! `saoma health`: whether the server that runs with these settings is ready. For a container's health check, where
//! there is no other program that could ask.

use std::{
    io::Write,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use futures::future::LocalBoxFuture;
use reqwest::{Client, StatusCode, redirect};

use super::CommandError;
use crate::config::{Environment, Settings};

/// Longer than the server takes to find out that its database does not answer.
const LIMIT: Duration = Duration::from_secs(8);

/// # Errors
/// Nobody answers, or it is not ready.
pub fn health<'a>(
    environment: &'a Environment,
    out: &'a mut (dyn Write + Send),
) -> LocalBoxFuture<'a, Result<(), CommandError>> {
    Box::pin(async move {
        let (listens, has_tls) = Settings::listen_address(environment)?;
        let address = reachable(listens);
        let answer = ask(address, has_tls).await;
        let (status, told) = answer.map_err(|error| CommandError::NoAnswer { address, error: error.without_url() })?;
        out.write_all(told.as_bytes())?;
        if status == StatusCode::OK { Ok(()) } else { Err(CommandError::NotReady { address }) }
    })
}

/// Who listens on every address is asked at his own machine's.
const fn reachable(listens: SocketAddr) -> SocketAddr {
    let ip = match listens.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listens.port())
}

async fn ask(address: SocketAddr, has_tls: bool) -> reqwest::Result<(StatusCode, String)> {
    let client = Client::builder().no_proxy().redirect(redirect::Policy::none()).timeout(LIMIT);
    // It is the shop's certificate and not this machine's, and nobody learns anything from who is asked here.
    let client = client.tls_danger_accept_invalid_certs(true).resolve("localhost", address).build()?;
    let scheme = if has_tls { "https" } else { "http" };
    let answer = client.get(format!("{scheme}://localhost:{}/readyz", address.port())).send().await?;
    Ok((answer.status(), answer.text().await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_everywhere_is_asked_here() {
        assert_eq!(reachable(([0, 0, 0, 0], 3000).into()), ([127, 0, 0, 1], 3000).into());
        assert_eq!(reachable((Ipv6Addr::UNSPECIFIED, 443).into()), (Ipv6Addr::LOCALHOST, 443).into());
        assert_eq!(reachable(([10, 0, 0, 5], 80).into()), ([10, 0, 0, 5], 80).into());
    }
}
