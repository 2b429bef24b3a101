//! HTTP written byte by byte, for what no client library would send.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

use super::Site;

/// Sends `head` (without the empty line) and `body` and reads whatever comes until the other side
/// closes. A server that has heard enough may close before it has read everything.
pub async fn raw(site: &Site, head: &str, body: &[u8]) -> Vec<u8> {
    let address = site.origin.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("connects");
    let (mut reading, mut writing) = stream.split();
    let write = async {
        let head = format!("{head}\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        if writing.write_all(head.as_bytes()).await.is_ok() {
            writing.write_all(body).await.ok();
        }
    };
    let mut answer = Vec::new();
    let read = async {
        // A reset after the answer takes nothing away from what has been read.
        let mut chunk = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = reading.read(&mut chunk).await {
            answer.extend_from_slice(&chunk[..length]);
        }
    };
    tokio::join!(write, read);
    answer
}

/// A connection of the loopback address `source`, such as `127.0.0.2`: another customer than `127.0.0.1`.
pub async fn connect_from(site: &Site, source: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    let source: IpAddr = source.parse().expect("an address");
    socket.bind(SocketAddr::new(source, 0)).expect("binds");
    let address = site.origin.trim_start_matches("http://").parse().expect("an address");
    socket.connect(address).await.expect("connects")
}

/// A connection on which `bytes` were sent, and nothing more.
pub async fn connect_and_say(site: &Site, bytes: &str) -> TcpStream {
    let mut stream = connect_from(site, "127.0.0.1").await;
    stream.write_all(bytes.as_bytes()).await.expect("writes");
    stream
}

/// Everything that still comes until the other side closes.
pub async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut chunk = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = stream.read(&mut chunk).await {
        answer.extend_from_slice(&chunk[..length]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// One byte of `bytes` every `pause`, without end, until the other side closes; what it said.
pub async fn trickle(mut stream: TcpStream, byte: u8, pause: Duration) -> String {
    let (mut reading, mut writing) = stream.split();
    let mut answer = Vec::new();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        tokio::select! {
            read = reading.read(&mut chunk) => match read {
                Ok(length @ 1..) => answer.extend_from_slice(&chunk[..length]),
                Ok(0) | Err(_) => return String::from_utf8_lossy(&answer).into_owned(),
            },
            () = tokio::time::sleep(pause) => {
                // Once it has closed, the reading above ends.
                writing.write_all(&[byte]).await.ok();
            }
        }
    }
}
