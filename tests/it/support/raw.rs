//! HTTP written byte by byte, for what no client library would send.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
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
