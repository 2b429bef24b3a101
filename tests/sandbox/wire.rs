//! What SDKs see of the bytes themselves. The official Java SDK, apache-httpclient, gopay and others are no packages
//! here: what they need is pinned by sockets.

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::harness::Platform;

/// An answer as it came.
struct Raw {
    head: String,
}

impl Raw {
    /// The names of the headers, as they are written.
    fn names(&self) -> Vec<&str> {
        self.head.lines().skip(1).filter_map(|line| line.split_once(": ")).map(|(name, _)| name).collect()
    }

    /// By its exact name.
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// Reads a message as it comes: its head, and then its body.
async fn read(line: &mut TcpStream) -> Raw {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0_usize) {
                return Raw { head: head.to_owned() };
            }
        }
        assert!(line.read_buf(&mut bytes).await.expect("reads") > 0, "it ended: {text}");
    }
}

/// A signed request with these headers beside what it must have.
async fn ask(platform: &Platform, method: &str, url: &str, body: &str, serial: &str, more: &str) -> Raw {
    let client = &platform.client;
    let mut signing = client.signing();
    signing.serial_no = serial.to_owned();
    let authorization = client.authorization(&signing, method, url, body.as_bytes());
    let request = format!(
        "{method} {url} HTTP/1.1\r\nHost: api.mch.weixin.qq.com\r\nUser-Agent: t\r\nAccept: */*\r\n\
         Authorization: {authorization}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{more}\r\n{body}",
        body.len()
    );
    let address = client.base.strip_prefix("http://").expect("http");
    let mut line = TcpStream::connect(address).await.expect("connects");
    line.write_all(request.as_bytes()).await.expect("sends");
    read(&mut line).await
}

const OF_A_REPLY: [&str; 8] = [
    "Wechatpay-Timestamp",
    "Wechatpay-Nonce",
    "Wechatpay-Signature",
    "Wechatpay-Serial",
    "Wechatpay-Signature-Type",
    "Content-Type",
    "Cache-Control",
    "Saoma-Sandbox",
];

/// The official Java SDK keeps headers in a map whose keys have case.
#[tokio::test]
async fn the_names_of_headers_are_written_as_wechat_writes_them() {
    let platform = Platform::start().await;
    let own = platform.client.serial_no.clone();
    let reply = ask(&platform, "GET", "/v3/certificates", "", &own, "").await;
    assert!(reply.head.starts_with("HTTP/1.1 200"), "{}", reply.head);
    for name in OF_A_REPLY {
        assert!(reply.header(name).is_some_and(|value| !value.is_empty()), "{name}: {}", reply.head);
    }
    assert!(reply.names().iter().all(|name| name.starts_with(|c: char| c.is_ascii_uppercase())), "{}", reply.head);
    // Refusals and unknown paths, too.
    for (url, serial) in [("/v3/certificates", "AB"), ("/v3/nothing", own.as_str())] {
        let refused = ask(&platform, "GET", url, "", serial, "").await;
        assert!(refused.header("Saoma-Sandbox").is_some(), "{}", refused.head);
    }
}

#[tokio::test]
async fn a_callbacks_headers_are_written_alike() {
    let platform = Platform::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/notify", listener.local_addr().expect("bound"));
    let mut order = platform.order("ORDER0001");
    order["notify_url"] = json!(url);
    let code_url = platform.client.post("/v3/pay/transactions/native", &order).await.json()["code_url"].clone();
    platform.pay(code_url.as_str().expect("a code")).await;
    let (mut line, _) = listener.accept().await.expect("a callback");
    let callback = read(&mut line).await;
    line.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.expect("answers");
    for name in OF_A_REPLY.into_iter().chain(["User-Agent", "Accept", "Host", "Content-Length"]) {
        assert!(callback.header(name).is_some(), "{name}: {}", callback.head);
    }
    assert!(
        callback.names().iter().all(|name| name.starts_with(|c: char| c.is_ascii_uppercase())),
        "{}",
        callback.head
    );
}

/// A close has no body; some SDKs ask for its type before they look.
#[tokio::test]
async fn a_204_says_of_what_type_it_would_be() {
    let platform = Platform::start().await;
    platform.prepay("ORDER0001").await;
    let body = json!({ "mchid": platform.client.mchid }).to_string();
    let (url, own) = ("/v3/pay/transactions/out-trade-no/ORDER0001/close", platform.client.serial_no.clone());
    let reply = ask(&platform, "POST", url, &body, &own, "").await;
    assert!(reply.head.starts_with("HTTP/1.1 204"), "{}", reply.head);
    assert_eq!(reply.header("Content-Type"), Some("application/json; charset=utf-8"), "{}", reply.head);
    assert!(reply.header("Wechatpay-Signature").is_some() && reply.header("Transfer-Encoding").is_none());
}

/// The official Java SDK and apache-httpclient send the header empty while they have no certificate, others name the
/// merchant's own serial in it; wechatpay-node-v3 writes its letters small in `Authorization`.
#[tokio::test]
async fn serials_are_taken_as_sdks_send_them() {
    let platform = Platform::start().await;
    let own = platform.client.serial_no.clone();
    for serial in [&own, &own.to_lowercase()] {
        for named in [String::new(), "Wechatpay-Serial:\r\n".to_owned(), format!("Wechatpay-Serial: {own}\r\n")] {
            let reply = ask(&platform, "GET", "/v3/certificates", "", serial, &named).await;
            assert!(reply.head.starts_with("HTTP/1.1 200"), "{serial} {named}: {}", reply.head);
        }
    }
    let twice = format!("Wechatpay-Serial: {0}\r\nWechatpay-Serial: {0}\r\n", platform.client.public_key_id);
    let reply = ask(&platform, "GET", "/v3/certificates", "", &own, &twice).await;
    assert!(reply.head.starts_with("HTTP/1.1 400"), "{}", reply.head);
}
