//! `saoma health`: whether the server that runs with these settings is ready. For a container's health check, where
//! there is no other program that could ask.

use std::{
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use futures::future::LocalBoxFuture;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::CommandError;
use crate::config::{Environment, Settings};

/// Longer than the server takes to find out that its database does not answer.
const LIMIT: Duration = Duration::from_secs(8);
/// Of the answer, which is a few lines.
const MOST: u64 = 16 * 1024;

/// # Errors
/// Nobody answers, or it is not ready.
pub fn health<'a>(
    environment: &'a Environment,
    out: &'a mut (dyn Write + Send),
) -> LocalBoxFuture<'a, Result<(), CommandError>> {
    Box::pin(async move {
        let (listens, _) = Settings::listen_address(environment)?;
        let address = reachable(listens);
        let answer = timeout(LIMIT, ask(address)).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let answer = answer.map_err(|error| CommandError::NoAnswer { address, error })?;
        let told = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        out.write_all(told.as_bytes())?;
        if is_ready(&answer) { Ok(()) } else { Err(CommandError::NotReady { address }) }
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

/// The whole answer, with its head.
async fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    // By version 1.0, so that no part of it is sent in chunks.
    stream.write_all(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    let mut answer = Vec::new();
    stream.take(MOST).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn is_ready(answer: &str) -> bool {
    let mut words = answer.split(' ');
    words.next().is_some_and(|version| version.starts_with("HTTP/1.")) && words.next() == Some("200")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_is_what_says_200() {
        assert!(is_ready("HTTP/1.0 200 OK\r\n\r\nready\n") && is_ready("HTTP/1.1 200 OK\r\n"));
        for other in ["", "HTTP/1.1 503 Service Unavailable\r\n", "SSH-2.0 200 OK", "HTTP/1.1"] {
            assert!(!is_ready(other), "{other}");
        }
        assert_eq!(reachable(([0, 0, 0, 0], 3000).into()), ([127, 0, 0, 1], 3000).into());
        assert_eq!(reachable(([10, 0, 0, 5], 80).into()), ([10, 0, 0, 5], 80).into());
    }
}
