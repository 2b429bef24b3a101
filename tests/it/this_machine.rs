//! `/_sandbox/…` and `/metrics` answer this machine itself; only being opened makes them answer others.

use std::process::Command;

use reqwest::Method;
use serde_json::json;

use tokio::io::AsyncWriteExt as _;

use crate::support::{App, Process, Site, Stage, connect_from, folder, free_port, lay_keys, program, rest};

/// What a request bears that did not come from this machine, or not for it.
const TRACES: [(&str, &str); 9] = [
    ("host", "shop.example.com"),
    ("host", "rebound.evil.example:3000"),
    ("host", "192.0.2.1"),
    ("forwarded", "for=127.0.0.1"),
    ("x-forwarded-for", "127.0.0.1"),
    ("x-forwarded-host", "localhost"),
    ("x-forwarded-proto", "https"),
    ("x-real-ip", "127.0.0.1"),
    ("via", "1.1 proxy"),
];
const TOKEN: &str = "a-token-of-some-length";

async fn status(site: &Site, path: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = site.request(Method::GET, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    site.send(request).await.status
}

#[tokio::test]
async fn who_came_through_a_proxy_or_by_another_name_finds_them_closed() {
    let app = App::start().await;
    let order = app.order(1).await;
    for path in ["/metrics", "/_sandbox/", "/_sandbox/faults", "/_sandbox/ledger", "/_sandbox/records"] {
        for trace in TRACES {
            assert_eq!(status(&app, path, &[trace]).await, 403, "{path} {trace:?}");
        }
        let port = app.origin.rsplit(':').next().expect("a port");
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            assert_eq!(status(&app, path, &[("host", host)]).await, 200, "{path} {host}");
            assert_eq!(status(&app, path, &[("host", &format!("{host}:{port}"))]).await, 200, "{path} {host}");
        }
    }
    let scan = json!({"code_url": order.code_url, "action": "pay"}).to_string();
    for trace in TRACES {
        let request = app.request(Method::POST, "/_sandbox/scan").header("content-type", "application/json");
        assert_eq!(app.send(request.body(scan.clone()).header(trace.0, trace.1)).await.status, 403, "{trace:?}");
    }
    assert_eq!(app.books.status(&order.order_no).await, "NOTPAY");
    assert_eq!(app.scan(&order.code_url).await.status, 200);
}

#[tokio::test]
async fn a_token_opens_the_metrics_and_nothing_else() {
    let app = Stage::new().set("SAOMA_METRICS_TOKEN", TOKEN).start().await;
    let from_elsewhere = ("host", "shop.example.com");
    let bearer = format!("Bearer {TOKEN}");
    assert_eq!(status(&app, "/metrics", &[from_elsewhere, ("authorization", &bearer)]).await, 200);
    assert_eq!(status(&app, "/metrics", &[]).await, 200, "this machine needs none");
    for wrong in ["", "Bearer", "Bearer a-token", &bearer[..bearer.len() - 1], &format!("{bearer}x"), TOKEN] {
        let request = app.request(Method::GET, "/metrics").header(from_elsewhere.0, from_elsewhere.1);
        let answer = app.send(request.header("authorization", wrong)).await;
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Bearer")), "{wrong}");
    }
    assert_eq!(status(&app, "/_sandbox/", &[from_elsewhere, ("authorization", &bearer)]).await, 403);
}

#[tokio::test]
async fn the_token_may_be_in_a_file() {
    let folder = folder();
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{TOKEN}\n")).expect("writes");
    let app = Stage::new().set("SAOMA_METRICS_TOKEN_PATH", &file.display().to_string()).start().await;
    let bearer = format!("Bearer {TOKEN}");
    assert_eq!(status(&app, "/metrics", &[("via", "1.1 x"), ("authorization", &bearer)]).await, 200);
}

#[tokio::test]
async fn an_opened_sandbox_answers_everybody() {
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    let port = free_port();
    let mut command = Command::new(program());
    command.args(["serve", "--sandbox", "--sandbox-open"]).env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}"));
    let mut server = Process::spawn(command, folder.path(), port, "serve.log");
    server.until_answered("/healthz").await;
    for trace in TRACES {
        let expected = if trace.1.contains("example") { 403 } else { 200 };
        assert_eq!(status(&server, "/_sandbox/faults", &[trace]).await, expected, "{trace:?}");
        assert_eq!(status(&server, "/metrics", &[trace]).await, 403, "{trace:?}");
    }
    // The shop's own name, and another page that is open beside it.
    let name = ("host", "shop.example.com");
    let mut named = Command::new(program());
    let port = free_port();
    named.args(["serve", "--sandbox", "--sandbox-open"]).env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}"));
    named.env("SAOMA_PUBLIC_ORIGIN", "https://shop.example.com");
    let other = folder.path().join("named");
    std::fs::create_dir(&other).expect("makes");
    lay_keys(&other.join("data/sandbox"));
    let mut server = Process::spawn(named, &other, port, "serve.log");
    server.until_answered("/healthz").await;
    assert_eq!(status(&server, "/_sandbox/faults", &[name]).await, 200);
    let press = async |site: &str| {
        let form = server.request(Method::POST, "/_sandbox/records/redeliver").body("number=1");
        let form = form.header("content-type", "application/x-www-form-urlencoded").header(name.0, name.1);
        server.send(form.header("sec-fetch-site", site)).await.status
    };
    assert_eq!((press("cross-site").await, press("same-origin").await), (403, 409), "there is none");
}

#[tokio::test]
async fn a_sandbox_alone_is_for_developers_who_may_be_elsewhere_but_under_no_strange_name() {
    let dir = folder();
    let sandbox = Process::sandbox(dir.path()).await;
    for trace in TRACES {
        let expected = if trace.1.contains("example") { 403 } else { 200 };
        assert_eq!(status(&sandbox, "/_sandbox/faults", &[trace]).await, expected, "{trace:?}");
    }
}

/// `proxy_pass http://127.0.0.1:3000;` and not one line of headers: every stranger asks for 127.0.0.1.
#[tokio::test]
async fn a_named_proxy_that_passes_nothing_on_makes_nobody_this_machine() {
    let app = Stage::new().set("SAOMA_TRUSTED_PROXIES", "127.0.0.1").set("SAOMA_METRICS_TOKEN", TOKEN).start().await;
    for path in ["/_sandbox/", "/_sandbox/faults", "/_sandbox/ledger"] {
        assert_eq!(status(&app, path, &[]).await, 403, "{path}");
    }
    assert_eq!(status(&app, "/metrics", &[]).await, 401);
    assert_eq!(status(&app, "/metrics", &[("authorization", &format!("Bearer {TOKEN}"))]).await, 200);
    // Whoever is on this machine by another address than the proxy's still is.
    let mut own = connect_from(&app, "127.0.0.2").await;
    own.write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.expect("writes");
    assert!(rest(&mut own).await.starts_with("HTTP/1.1 200 OK"));
}
