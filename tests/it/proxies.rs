//! What stands between a shopper and us: proxies in front, second names of the shop, a proxy on the way out.

use std::sync::Arc;

use base64::Engine as _;
use reqwest::{Method, header::ACCEPT};
use saoma::clock::Clock;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::support::{Answer, App, NATIVE_NOTIFY, Outside, Process, Site, Stage, folder, free_port, lay_keys, until};

const FORM: &str = "application/x-www-form-urlencoded";
const PEOPLE: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn order_from(app: &App, forwarded: &str) -> u16 {
    let request = app.request(Method::POST, "/api/wx-pay/native/native/1").header("x-forwarded-for", forwarded);
    app.send(request).await.status
}

#[tokio::test]
async fn a_port_behind_a_forwarded_address_does_not_make_one_customer_of_all() {
    let app = Stage::new().set("SAOMA_TRUSTED_PROXIES", "127.0.0.1").set("SAOMA_ORDERS_PER_MINUTE", "1").start().await;
    for customer in
        ["198.51.100.7:43210", "198.51.100.8:43210", "[2001:db8::7]:43210", "[2001:db8:1::7]", "198.51.100.9"]
    {
        assert_eq!(order_from(&app, customer).await, 200, "{customer}");
    }
    // The same ones by another port, or without.
    for customer in ["198.51.100.7", "198.51.100.8:1", "2001:db8::7", "[2001:db8:1::8]:9", "198.51.100.9:65535"] {
        assert_eq!(order_from(&app, customer).await, 429, "{customer}");
    }
}

fn lines<'a>(log: &'a str, word: &str) -> Vec<&'a str> {
    log.lines().filter(|line| line.contains(word)).collect()
}

#[tokio::test]
async fn a_proxy_that_nobody_named_and_a_foreign_name_are_said_once_with_the_remedy() {
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    let server = Process::serve(folder.path(), &[]).await;
    for _ in 0..5 {
        server.send(server.request(Method::GET, "/").header("x-forwarded-for", "198.51.100.7")).await;
        let request = server.request(Method::POST, "/api/ui/place_order").header("origin", "https://www.example.com");
        assert_eq!(server.send(request).await.status, 403);
    }
    let log = server.log();
    let proxy = lines(&log, "SAOMA_TRUSTED_PROXIES=127.0.0.1");
    assert!(proxy.len() == 1 && proxy[0].contains("WARN"), "{log}");
    let foreign = lines(&log, "SAOMA_PUBLIC_ORIGIN");
    assert!(foreign.len() == 1 && foreign[0].contains("WARN"), "{log}");
    assert!(foreign[0].contains("https://www.example.com") && foreign[0].contains(&server.origin), "{log}");
}

async fn from_alias(app: &App, accept: &str) -> Answer {
    let request = app.request(Method::POST, "/api/ui/place_order").header("content-type", FORM).body("product_id=1");
    // As behind a proxy that puts its own name of us into Host.
    let request = request.header("origin", "https://www.shop.example.com").header("sec-fetch-site", "same-origin");
    app.send(request.header(ACCEPT, accept)).await
}

#[tokio::test]
async fn under_a_second_name_a_shopper_reads_what_is_wrong_and_where_to_go() {
    let outside = Outside::start(&Clock::system()).await;
    let home = "https://shop.example.com";
    let app = Stage::new().live(&outside, free_port()).set("WXPAY_NOTIFY_DOMAIN", home).start().await;
    let page = from_alias(&app, PEOPLE).await;
    assert_eq!(page.status, 403);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.text().contains(&format!("<a href=\"{home}/\" class=\"button\">")), "{}", page.text());
    assert!(page.shown().contains("正式网址") && page.shown().contains("没有扣款"), "{}", page.shown());

    // The page's own program shows this error's words, with the address in them.
    let program = from_alias(&app, "application/json").await;
    assert_eq!((program.status, program.json()), (403, json!({ "Elsewhere": { "home": home } })));

    // Any other program.
    let other = from_alias(&app, "*/*").await;
    assert_eq!((other.status, other.json()["code"].as_i64()), (403, Some(403)));
    let form = app.request(Method::POST, "/api/ui/place_order").header(ACCEPT, PEOPLE).body(vec![b'x'; 20_000]);
    let too_long = app.send(form).await;
    assert_eq!((too_long.status, too_long.header("content-type")), (413, Some("text/html; charset=utf-8")));
    assert!(other.json()["message"].as_str().is_some_and(|message| message.contains(home)), "{other:?}");
    assert_eq!(app.books.count("orders").await, 0);
}

/// Nothing encrypts it, and it passes the name on, so all that tells is what the browser says of its page.
#[tokio::test]
async fn a_second_name_over_plain_http_takes_no_order_that_nobody_would_find_again() {
    let outside = Outside::start(&Clock::system()).await;
    let home = "https://shop.example.com";
    let app = Stage::new().live(&outside, free_port()).set("WXPAY_NOTIFY_DOMAIN", home).start().await;
    let order = |origin: &'static str| {
        let request = app.request(Method::POST, "/api/ui/place_order").header("content-type", FORM);
        let host = origin.split_once("://").expect("an origin").1;
        let request = request.body("product_id=1").header("origin", origin).header("host", host);
        app.send(request.header(ACCEPT, PEOPLE))
    };
    for origin in ["http://alias.example.com", "http://alias.example.com:8080", "http://192.0.2.7"] {
        let page = order(origin).await;
        assert_eq!(page.status, 403, "{origin}");
        assert!(page.text().contains(&format!("<a href=\"{home}/\" class=\"button\">")), "{}", page.text());
        assert!(page.shown().contains("正式网址"), "{}", page.shown());
    }
    assert_eq!(app.books.count("orders").await, 0);
    // There browsers keep the cookie.
    for origin in ["https://alias.example.com", "http://localhost:3000", "http://127.0.0.1:3000"] {
        assert_eq!(order(origin).await.status, 302, "{origin}");
    }
}

#[tokio::test]
async fn a_page_without_a_referrer_is_still_our_own() {
    let app = App::start().await;
    let form = |site: &'static str| {
        let request = app.request(Method::POST, "/api/ui/place_order").header("content-type", FORM);
        app.send(request.body("product_id=1").header("origin", "null").header("sec-fetch-site", site))
    };
    assert_eq!(form("same-origin").await.status, 200);
    for site in ["none", "same-site", "cross-site"] {
        assert_eq!(form(site).await.status, 403, "{site}");
    }
    assert_eq!(app.books.count("orders").await, 1);
}

#[tokio::test]
async fn the_shops_own_address_need_not_be_the_one_wechat_calls() {
    let outside = Outside::start(&Clock::system()).await;
    let stage = Stage::new().live(&outside, free_port()).set("WXPAY_NOTIFY_DOMAIN", "https://notify.example.com");
    let app = stage.set("SAOMA_PUBLIC_ORIGIN", "https://shop.example.com").start().await;
    let order = |origin: &'static str| {
        app.send(app.request(Method::POST, "/api/wx-pay/native/native/1").header("origin", origin))
    };
    let placed = order("https://shop.example.com").await;
    assert_eq!(placed.status, 200, "{placed:?}");
    let data = placed.json()["data"].clone();
    let pay_url = data["payUrl"].as_str().expect("an address");
    assert!(pay_url.starts_with("https://shop.example.com/pay/"), "{pay_url}");
    let stored = app.books.order(data["orderNo"].as_str().expect("a number")).await;
    let request: serde_json::Value = serde_json::from_slice(&stored.request).expect("JSON");
    assert_eq!(request["notify_url"], format!("https://notify.example.com{NATIVE_NOTIFY}"));
    assert_eq!(order("https://notify.example.com").await.status, 403);
}

#[tokio::test]
async fn an_unusable_address_or_proxy_is_named_without_its_password() {
    let outside = Outside::start(&Clock::system()).await;
    let variables = Stage::new().live(&outside, free_port());
    for (variable, value) in [
        ("SAOMA_PUBLIC_ORIGIN", "http://shop.example.com"),
        ("SAOMA_PUBLIC_ORIGIN", "https://shop.example.com/path"),
        ("SAOMA_EGRESS_PROXY", "socks5://user:geheim42@proxy.example:1080"),
        ("SAOMA_EGRESS_PROXY", "http://user:geheim42@proxy.example:80/path"),
        ("SAOMA_METRICS_TOKEN", "geheim42"),
    ] {
        let problems = variables.problems_with(variable, value);
        assert!(problems.contains(&format!("{variable}: must be")), "{problems}");
        assert!(!problems.contains("geheim42"), "{problems}");
    }
}

/// A proxy that notes what it is asked and connects nobody.
async fn deaf_proxy() -> (u16, Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let length = stream.read(&mut head).await.unwrap_or(0);
            noted.lock().expect("no panic").push(String::from_utf8_lossy(&head[..length]).into_owned());
            stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n").await.ok();
        }
    });
    (port, asked)
}

#[tokio::test]
async fn wechat_is_asked_through_the_proxy_that_is_named_and_through_no_other() {
    let (folder, dir) = (folder(), folder());
    let sandbox = Process::sandbox(dir.path()).await;
    let ((named, asked), (other, unasked)) = (deaf_proxy().await, deaf_proxy().await);
    let other = format!("http://127.0.0.1:{other}");
    let proxy = format!("http://saoma:geheim%2F42@127.0.0.1:{named}");
    let variables = [
        // Nobody is there; only the proxy is asked.
        ("WXPAY_DOMAIN", "https://localhost:1"),
        ("SAOMA_EGRESS_PROXY", &proxy),
        ("HTTPS_PROXY", &other),
        ("https_proxy", &other),
        ("ALL_PROXY", &other),
        ("RUST_LOG", "trace"),
    ];
    let credentials = dir.path().join("credentials.env");
    let server = Process::serve_live(folder.path(), free_port(), &credentials, None, &variables).await;
    let answer = Site::new(&server.origin).try_order(1).await;
    assert_eq!(answer.status, 502, "{answer:?}");
    until("a question to the proxy", async || asked.lock().expect("no panic").first().cloned()).await;
    let asked = asked.lock().expect("no panic").clone();
    let password = base64::engine::general_purpose::STANDARD.encode("saoma:geheim/42");
    for request in &asked {
        assert!(request.starts_with("CONNECT localhost:1 HTTP/1.1\r\n"), "{request}");
        assert!(request.to_lowercase().contains("proxy-authorization: basic "), "{request}");
        assert!(request.contains(&password), "{request}");
    }
    assert_eq!(*unasked.lock().expect("no panic"), Vec::<String>::new());
    let log = server.log();
    for secret in ["geheim", &password] {
        assert!(!log.contains(secret), "{}", lines(&log, secret).join("\n"));
    }
    drop(sandbox);
}
