//! Connections that come to nothing, and clocks that disagree (`wechatpay-v3.md` §10.5, §13).

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::harness::{Platform, REFUNDS};

/// A keep-alive connection of one's own.
struct Line(TcpStream);

impl Line {
    async fn open(platform: &Platform) -> Self {
        let address = platform.client.base.strip_prefix("http://").expect("http");
        Self(TcpStream::connect(address).await.expect("connects"))
    }

    /// Sends a request; the status, or none when the connection ends without a single byte.
    async fn ask(&mut self, platform: &Platform, method: &str, url: &str, body: &Value) -> Option<u16> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let client = &platform.client;
        let authorization = client.authorization(&client.signing(), method, url, body.as_bytes());
        let request = format!(
            "{method} {url} HTTP/1.1\r\nHost: x\r\nUser-Agent: t\r\nAccept: */*\r\nAuthorization: {authorization}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.0.write_all(request.as_bytes()).await.expect("sends");
        let mut answer = Vec::new();
        loop {
            let mut buffer = [0; 4096];
            let count = self.0.read(&mut buffer).await.expect("ends in an orderly way");
            answer.extend_from_slice(&buffer[..count]);
            let text = String::from_utf8_lossy(&answer);
            let end = text.find("\r\n\r\n").map(|end| end + 4);
            let length =
                text.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if count == 0 {
                assert!(answer.is_empty(), "{text}");
                return None;
            }
            if end.is_some_and(|end| answer.len() >= end + length.unwrap_or(0_usize)) {
                return text[9..12].parse().ok();
            }
        }
    }
}

#[tokio::test]
async fn a_stale_connection_ends_before_or_after_the_deed() {
    let platform = Platform::start().await;
    platform.faults(json!({"refund_ms": 0, "refund_gap_seconds": 0})).await;
    platform.paid("ORDER0001").await;
    let certificates = "/v3/certificates";
    let mut line = Line::open(&platform).await;
    assert_eq!(line.ask(&platform, "GET", certificates, &Value::Null).await, Some(200), "it is kept alive");
    platform.faults(json!({"stale_connection": {"refund": 1}})).await;
    let asked = platform.refund_of("ORDER0001", "REFUND1", 10);
    assert_eq!(line.ask(&platform, "POST", REFUNDS, &asked).await, None);
    assert_eq!(platform.query_refund("REFUND1").await.status, 404);
    let mut line = Line::open(&platform).await;
    assert_eq!(line.ask(&platform, "POST", REFUNDS, &asked).await, Some(200));

    platform.faults(json!({"stale_connection_after_commit": {"refund": 1}})).await;
    let asked = platform.refund_of("ORDER0001", "REFUND2", 10);
    assert_eq!(line.ask(&platform, "POST", REFUNDS, &asked).await, None);
    assert_eq!(platform.refund_status("REFUND2").await, "SUCCESS");
}

#[tokio::test]
async fn a_platform_that_is_down_answers_nothing_or_503() {
    let platform = Platform::start().await;
    let code_url = platform.prepay("ORDER0001").await;
    let query = format!("/v3/pay/transactions/out-trade-no/ORDER0001?mchid={}", platform.client.mchid);
    platform.faults(json!({"platform_down": "closed"})).await;
    for url in [query.as_str(), "/v3/certificates", "/v3/nothing"] {
        assert_eq!(Line::open(&platform).await.ask(&platform, "GET", url, &Value::Null).await, None, "{url}");
    }
    platform.faults(json!({"platform_down": "503"})).await;
    let answer = platform.query("ORDER0001").await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "SERVICE_UNAVAILABLE"));
    assert_eq!(platform.client.send(platform.client.bare("GET", "/v3/nothing", b"")).await.status, 503);
    // Shoppers pay all the same, and are told of.
    platform.pay(&code_url).await;
    platform.delivery("ORDER0001", "accepted").await;
    platform.faults(json!({"platform_down": "off"})).await;
    assert_eq!(platform.state("ORDER0001").await, "SUCCESS");
}

#[tokio::test]
async fn a_platform_whose_clock_is_wrong_signs_and_judges_by_it() {
    let platform = Platform::start().await;
    let code_url = platform.prepay("ORDER0001").await;
    for skew in [-400, 400] {
        platform.faults(json!({"clock_skew_seconds": skew})).await;
        let refused = platform.query("ORDER0001").await;
        assert_eq!((refused.status, refused.code().as_str()), (401, "SIGN_ERROR"), "{skew}");
    }
    // A little off, and it still lets us in.
    platform.faults(json!({"clock_skew_seconds": 200})).await;
    let answer = platform.query("ORDER0001").await;
    let ahead = |timestamp: &str| timestamp.parse::<i64>().expect("seconds") - platform.clock.now().as_second();
    let timestamp = answer.headers["Wechatpay-Timestamp"].to_str().expect("ASCII");
    assert!((195..=200).contains(&ahead(timestamp)), "{timestamp}");
    platform.faults(json!({"clock_skew_seconds": -1000})).await;
    platform.pay(&code_url).await;
    let received = platform.receiver.wait_for(1).await;
    let timestamp = received[0].header("Wechatpay-Timestamp").to_owned();
    assert!((-1005..=-1000).contains(&ahead(&timestamp)), "{timestamp}");
    assert_eq!(platform.client.verify(&received[0].headers, &received[0].body), Err("stale"));
}
