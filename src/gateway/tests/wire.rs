//! Hosts that are slow, gone, or send elsewhere.

use std::sync::Mutex;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    time::Instant,
};

use super::{platform::base_of, *};

/// A host that takes a request and hangs up. The second value holds what it was sent.
async fn start_rude() -> (Url, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = base_of(&listener);
    let log = Arc::new(Mutex::new(Vec::new()));
    let written = Arc::clone(&log);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = vec![0; 8192];
            let length = stream.read(&mut bytes).await.unwrap_or(0);
            written.lock().expect("a lock").extend_from_slice(&bytes[..length]);
        }
    });
    (base, log)
}

/// A host that sends `reply` and then keeps the connection open.
async fn start_raw(reply: &'static [u8]) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = base_of(&listener);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut bytes = vec![0; 8192];
                if stream.read(&mut bytes).await.is_ok() && stream.write_all(reply).await.is_ok() {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    base
}

/// An address where nobody listens.
async fn nobody() -> Url {
    base_of(&TcpListener::bind("127.0.0.1:0").await.expect("a port"))
}

fn quick(base: &Url) -> GatewaySettings {
    GatewaySettings { total_limit: Duration::from_millis(50), ..settings(base) }
}

#[tokio::test]
async fn a_silent_platform_costs_no_more_than_the_limit() {
    let platform = Platform::start([]).await;
    let backup = Platform::start([good_query()]).await;
    let settings = GatewaySettings { backup: Some(backup.base.clone()), ..quick(&platform.base) };
    let start = Instant::now();
    let error = build(&settings).query(&number()).await.expect_err("no answer");
    assert_eq!(cause(error), Cause::Timeout);
    assert!(start.elapsed() < Duration::from_secs(2));
    assert!(backup.seen().is_empty(), "the time of the call was used up");
}

#[tokio::test]
async fn a_reply_that_never_ends_is_a_timeout() {
    for reply in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"[..],
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n",
        b"HTTP/1.1 200",
    ] {
        let base = start_raw(reply).await;
        let error = build(&quick(&base)).query(&number()).await.expect_err("no answer");
        assert_eq!(cause(error), Cause::Timeout);
    }
}

#[tokio::test]
async fn a_reply_that_is_too_long_is_not_read_to_its_end() {
    let body = "x".repeat(1001);
    let backup = Platform::start([good_query()]).await;
    for (most, expected) in [(1000, Cause::TooLong), (1001, Cause::Unreadable)] {
        let platform = Platform::start([signed(200, &body)]).await;
        let settings =
            GatewaySettings { reply_most: most, backup: Some(backup.base.clone()), ..settings(&platform.base) };
        let error = build(&settings).query(&number()).await.expect_err("no transaction");
        assert_eq!(cause(error), expected);
        assert!(backup.seen().is_empty(), "the main host did answer");
    }
    // Announced, and sent in pieces without an end.
    let announced = start_raw(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\nxxxxxxxxxxxxxxxxxxxx").await;
    let settings = GatewaySettings { reply_most: 10, ..settings(&announced) };
    assert_eq!(cause(build(&settings).query(&number()).await.expect_err("no answer")), Cause::TooLong);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Platform::start([good_query(), good_query()]).await;
    for status in [301, 302, 303, 307, 308] {
        let headers = HeaderMap::from_iter([(
            http::header::LOCATION,
            HeaderValue::try_from(elsewhere.base.as_str()).expect("a value"),
        )]);
        let platform = Platform::start([Answer::Reply(status, headers, Vec::new())]).await;
        let error = gateway(&platform).query(&number()).await.expect_err("a redirect");
        assert_eq!(cause(error), Cause::Status, "{status}");
    }
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn the_backup_host_is_asked_when_nobody_is_there() {
    let backup = Platform::start([good_query()]).await;
    let settings = GatewaySettings { backup: Some(backup.base.clone()), ..settings(&nobody().await) };
    build(&settings).query(&number()).await.expect("a transaction");
    assert_eq!(backup.seen().len(), 1);
}

#[tokio::test]
async fn the_backup_host_gets_the_very_same_signed_request() {
    let (rude, log) = start_rude().await;
    let backup = Platform::start([signed(200, r#"{"code_url":"weixin://x"}"#)]).await;
    let settings = GatewaySettings { backup: Some(backup.base.clone()), ..settings(&rude) };
    let body = fixtures::bytes("requests/prepay.body");
    build(&settings).prepay(&body).await.expect("a link");

    let [seen] = backup.seen().try_into().expect("one request");
    assert_eq!(seen.body, body);
    let first = String::from_utf8(log.lock().expect("a lock").clone()).expect("text");
    let authorization = seen.headers["authorization"].to_str().expect("text");
    assert!(first.contains(authorization), "{first}");
    assert!(first.ends_with(&fixtures::text("requests/prepay.body")), "{first}");
}

#[tokio::test]
async fn an_answer_of_the_main_host_is_final_for_the_call() {
    for answer in [rejected(500, ""), rejected(503, ""), rejected(404, ""), rejected(200, "")] {
        let platform = Platform::start([answer]).await;
        let backup = Platform::start([good_query()]).await;
        let settings = GatewaySettings { backup: Some(backup.base.clone()), ..settings(&platform.base) };
        build(&settings).query(&number()).await.expect_err("no transaction");
        assert!(backup.seen().is_empty());
    }
}

#[tokio::test]
async fn without_any_host_the_outcome_is_unknown() {
    let (one, two) = (nobody().await, nobody().await);
    assert_eq!(cause(build(&settings(&one)).close(&number()).await.expect_err("nobody")), Cause::Unreachable);
    let settings = GatewaySettings { backup: Some(two), ..settings(&one) };
    assert_eq!(cause(build(&settings).close(&number()).await.expect_err("nobody")), Cause::Unreachable);
    let (rude, _) = start_rude().await;
    assert_eq!(cause(build(&self::settings(&rude)).close(&number()).await.expect_err("rude")), Cause::Broken);
}

#[tokio::test]
async fn an_address_that_would_send_keys_in_the_clear_is_refused() {
    let refused = |base: &str| {
        let settings = GatewaySettings::new(Url::parse(base).expect("a URL"));
        let backup = GatewaySettings {
            backup: Some(settings.base.clone()),
            ..GatewaySettings::new(Url::parse("https://api.mch.weixin.qq.com").expect("a URL"))
        };
        [settings, backup].map(|it| {
            Gateway::new(&it, merchant(public_keys(), None), Metrics::default(), Clock::mock(now()), Entropy::seeded(1))
                .err()
        })
    };
    for base in
        ["http://api.mch.weixin.qq.com", "http://192.168.0.1:9090", "http://localhost.example", "ftp://localhost"]
    {
        for error in refused(base) {
            assert!(matches!(error, Some(SetupError::Insecure(_))), "{base}");
        }
    }
    for base in ["https://a.example/v3", "https://a.example/?x", "https://a.example/#x", "https://u:p@a.example"] {
        for error in refused(base) {
            let Some(SetupError::NotAnOrigin(shown)) = error else { panic!("{base}") };
            assert_eq!(shown, "https://a.example", "no password");
        }
    }
    for base in ["https://api2.mch.weixin.qq.com", "http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1"] {
        assert!(refused(base).iter().all(Option::is_none), "{base}");
    }
}
