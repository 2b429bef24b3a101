//! What strangers can do, and what browsers are told.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, App, NATIVE_NOTIFY, Outside, Stage, free_port, raw};

const FORM: &str = "application/x-www-form-urlencoded";

/// Everything that changes something, with a body it would take.
fn changes(token: &str, code_url: &str) -> Vec<(Method, &'static str, &'static str, String)> {
    let scan = json!({"code_url": code_url, "action": "pay"}).to_string();
    let encoded: String = url::form_urlencoded::byte_serialize(code_url.as_bytes()).collect();
    vec![
        (Method::POST, "/api/wx-pay/native/native/1", "text/plain", String::new()),
        (Method::POST, "/api/ui/place_order", FORM, "product_id=1".to_owned()),
        (Method::POST, "/api/ui/check_payment", FORM, format!("token={token}")),
        (Method::POST, "/_sandbox/scan", "application/json", scan),
        (Method::PUT, "/_sandbox/faults", "application/json", r#"{"drop":"all"}"#.to_owned()),
        (Method::DELETE, "/_sandbox/faults", "text/plain", String::new()),
        (Method::POST, "/_sandbox/phone/pay", FORM, format!("code_url={encoded}&action=pay")),
    ]
}

#[tokio::test]
async fn another_site_cannot_make_a_browser_change_anything() {
    let app = App::start().await;
    let order = app.order(1).await;
    let port = app.state.origin.port().expect("a port");
    let other_port = format!("http://127.0.0.1:{}", port ^ 1);
    let other_scheme = format!("https://127.0.0.1:{port}x");
    let subdomain = format!("http://a.127.0.0.1:{port}");
    let own = app.origin.clone();
    let strangers: [&[(&str, &str)]; 9] = [
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", "")],
        &[("origin", &other_port)],
        &[("origin", &other_scheme)],
        &[("origin", &subdomain)],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site"), ("origin", &own)],
        &[("sec-fetch-site", "cross-site"), ("origin", &own)],
    ];
    let before = app.books.picture().await;
    for headers in strangers {
        for (method, path, kind, body) in changes(&order.token, &order.code_url) {
            let mut request = app.request(method.clone(), path).header("content-type", kind).body(body);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let answer = app.send(request).await;
            assert_eq!(answer.status, 403, "{method} {path} {headers:?}");
            assert_eq!(answer.json()["code"], 403);
            assert!(!answer.headers.contains_key("set-cookie"), "{method} {path}");
        }
    }
    assert_eq!(app.books.picture().await, before);
    assert_eq!(app.get("/_sandbox/faults").await.json()["drop"], 0);
    assert_eq!(app.scan(&order.code_url).await.status, 200, "nobody has paid it meanwhile");
}

#[tokio::test]
async fn the_sites_own_pages_and_programs_can_change_things() {
    let app = App::start().await;
    let own = app.origin.clone();
    let friends: [&[(&str, &str)]; 4] = [
        &[],
        &[("origin", &own)],
        &[("origin", &own), ("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "none")],
    ];
    for headers in friends {
        let order = app.order(1).await;
        for (method, path, kind, body) in changes(&order.token, &order.code_url) {
            let mut request = app.request(method.clone(), path).header("content-type", kind).body(body);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let answer = app.send(request).await;
            assert!(answer.status < 400, "{method} {path} {headers:?}: {}", answer.text());
        }
    }
    // Looking is free.
    let request = app.request(Method::GET, "/").header("origin", "https://evil.example");
    assert_eq!(app.send(request.header("sec-fetch-site", "cross-site")).await.status, 200);
}

#[tokio::test]
async fn callbacks_need_no_origin_and_no_cookie() {
    let app = App::start().await;
    let order = app.order(1).await;
    let callback =
        app.forger.payment(&order).with("origin", "https://evil.example").with("sec-fetch-site", "cross-site");
    let answer = app.deliver(&callback).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.headers.contains_key("set-cookie"));
}

/// One of every kind of answer.
async fn all_kinds(app: &App) -> Vec<(&'static str, Answer)> {
    let order = app.order(1).await;
    let order_path = format!("/api/orders/{}", order.token);
    vec![
        ("the list", app.get("/").await),
        ("a product", app.get("/products/1").await),
        ("an unknown product", app.get("/products/999").await),
        ("a pay page", app.get(&format!("/pay/{}", order.token)).await),
        ("a receipt", app.get(&format!("/pay/{}/receipt", order.token)).await),
        ("orders", app.get("/orders").await),
        ("nothing", app.get("/nothing/here").await),
        ("an order as JSON", app.get(&order_path).await),
        ("products as JSON", app.get("/api/product/list").await),
        ("an unknown order number", app.get("/api/order-info/query-order-status/xxxxxx").await),
        ("a new order", app.post("/api/wx-pay/native/native/1").await),
        ("a wrong method", app.get("/api/wx-pay/native/native/1").await),
        ("a refused callback", app.post(NATIVE_NOTIFY).await),
        ("a callback", app.deliver(&app.forger.payment(&order)).await),
        ("a server function", app.get("/api/ui/list_products").await),
        ("another site's request", {
            app.send(app.request(Method::POST, "/api/ui/place_order").header("origin", "https://evil.example")).await
        }),
        ("too much", app.send(app.request(Method::POST, "/api/ui/place_order").body(vec![0; 20_000])).await),
        ("health", app.get("/healthz").await),
        ("readiness", app.get("/readyz").await),
        ("metrics", app.get("/metrics").await),
        ("no file", app.get("/pkg/nothing.js").await),
        ("the phone", app.get("/_sandbox/").await),
        ("a control", app.get("/_sandbox/faults").await),
    ]
}

#[tokio::test]
async fn every_answer_carries_the_security_headers_and_an_id() {
    let app = App::start().await;
    let mut ids = BTreeSet::new();
    for (what, answer) in all_kinds(&app).await {
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{what}");
        assert!(answer.header("referrer-policy").is_some(), "{what}");
        assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"), "{what}");
        assert!(answer.header("permissions-policy").is_some_and(|it| it.contains("camera=()")), "{what}");
        assert_eq!(answer.header("strict-transport-security"), None, "{what}: plain http");
        let policy = answer.header("content-security-policy").unwrap_or_else(|| panic!("{what}"));
        assert!(policy.starts_with("default-src 'none'"), "{what}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{what}: {policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{what}: {policy}");
        let id = answer.header("x-request-id").unwrap_or_else(|| panic!("{what}"));
        assert!(ids.insert(id.to_owned()), "{what}: {id}");
        assert_eq!(answer.header("server"), None, "{what}");
    }
}

#[tokio::test]
async fn a_callers_request_id_is_one_short_word_or_ours() {
    let app = App::start().await;
    let told = async |ids: &[&str]| {
        let request = ids.iter().fold(app.request(Method::GET, "/healthz"), |it, id| it.header("x-request-id", *id));
        app.send(request).await.header("x-request-id").expect("an id").to_owned()
    };
    let longest = "a".repeat(128);
    for plain in ["req-1", "01J9ZK.7:a/b+c=@_", &longest] {
        assert_eq!(told(&[plain]).await, plain);
    }
    for odd in ["", "two words", "tab\tin it", "a;b", "<script>", &"a".repeat(129), &"a".repeat(5_000)] {
        let id = told(&[odd]).await;
        assert!(id != odd && id.len() == 36, "{odd}: {id}");
    }
    assert_eq!(told(&["one", "two"]).await.len(), 36);
}

#[tokio::test]
async fn a_pages_policy_allows_its_own_scripts_and_no_others() {
    let app = App::start().await;
    let order = app.order(1).await;
    let mut nonces = BTreeSet::new();
    for path in ["/", "/products/1", "/products/999", &format!("/pay/{}", order.token), "/orders", "/nothing/here"] {
        let answer = app.get(path).await;
        let policy = answer.header("content-security-policy").expect("a policy").to_owned();
        let nonce = policy.split("'nonce-").nth(1).and_then(|it| it.split('\'').next()).expect("a nonce").to_owned();
        assert!(nonce.len() >= 16, "{nonce}");
        for part in ["'wasm-unsafe-eval'", "connect-src 'self'", "form-action 'self'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        let html = answer.text().to_owned();
        for script in html.split("<script").skip(1) {
            let tag = script.split('>').next().expect("an end");
            assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{path}: <script{tag}>");
        }
        for inline in [" style=\"", " onclick=", " onload=", "javascript:"] {
            assert!(!html.contains(inline), "{path}: {inline}");
        }
        assert!(!html.contains("src=\"http") && !html.contains("href=\"http"), "{path}: nothing from elsewhere");
        assert_eq!(answer.header("cache-control"), Some("private, no-store"), "{path}");
        assert!(nonces.insert(nonce), "{path}: each answer has a nonce of its own");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_everywhere() {
    let app = App::start().await;
    for path in [
        "/api/ui/place_order",
        "/api/ui/check_payment",
        "/api/wx-pay/native/native/1",
        "/_sandbox/scan",
        "/_sandbox/phone/pay",
    ] {
        let body = format!("product_id=1&rest={}", "x".repeat(16 * 1024));
        let request = app.request(Method::POST, path).header("content-type", FORM).body(body.clone());
        assert_eq!(app.send(request).await.status, 413, "{path}");
        // In pieces, without a length in front.
        let head = format!("POST {path} HTTP/1.1\r\ncontent-type: {FORM}\r\ntransfer-encoding: chunked");
        let pieces = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        let answer = raw(&app, &head, pieces.as_bytes()).await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).unwrap_or_default();
        let ignored = path.starts_with("/api/wx-pay") && status == "200";
        assert!(status.starts_with('4') || ignored, "{path}: {answer}");
        assert!(!answer.contains("length limit") || status == "413", "{path}: {answer}");
    }
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
    let app = App::start().await;
    let answer = app.get("/").await;
    let baked: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(baked.len(), 1);
    let baked = baked[0].to_str().expect("text");
    let mut parts = baked.split("; ");
    let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a pair");
    assert_eq!((name, value.len()), ("saoma", 32));
    let parts: BTreeSet<_> = parts.collect();
    assert_eq!(parts, BTreeSet::from(["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=15552000"]));

    // Once, not with every answer; and never where no shopper is.
    let request = app.request(Method::GET, "/products/1").header("cookie", format!("saoma={value}"));
    assert!(!app.send(request).await.headers.contains_key("set-cookie"));
    for path in ["/api/product/list", "/healthz", "/metrics", "/_sandbox/", "/pkg/nothing.js"] {
        assert!(!app.get(path).await.headers.contains_key("set-cookie"), "{path}");
    }
    // The books hold its hash.
    let request = app.request(Method::POST, "/api/wx-pay/native/native/1").header("cookie", format!("saoma={value}"));
    assert_eq!(app.send(request).await.status, 200);
    assert!(!app.books.picture().await.concat().contains(value));
}

#[tokio::test]
async fn behind_https_cookie_and_headers_are_for_https_only() {
    let clock = saoma::clock::Clock::system();
    let outside = Outside::start(&clock).await;
    let app =
        Stage::new().live(&outside, free_port()).set("WXPAY_NOTIFY_DOMAIN", "https://shop.example.com").start().await;
    let answer = app.get("/").await;
    let baked = answer.header("set-cookie").expect("a cookie");
    assert!(baked.starts_with("__Host-saoma="), "{baked}");
    for flag in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(baked.split("; ").any(|it| it == flag), "{baked}");
    }
    assert!(!baked.contains("Domain"), "{baked}");
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"));
    // A cookie that an unencrypted page could have set names nobody.
    let token = "0".repeat(32);
    let request = app.request(Method::GET, "/").header("cookie", format!("saoma={token}"));
    assert!(app.send(request).await.headers.contains_key("set-cookie"));

    let request = app.request(Method::POST, "/api/wx-pay/native/native/1").header("origin", "https://shop.example.com");
    let answer = app.send(request.header("host", "10.0.0.5:3000")).await;
    assert_eq!(answer.status, 200);
    let pay_url = answer.json()["data"]["payUrl"].as_str().expect("an address").to_owned();
    assert!(pay_url.starts_with("https://shop.example.com/pay/"), "{pay_url}");
    let request = app.request(Method::POST, "/api/wx-pay/native/native/1").header("origin", "http://shop.example.com");
    assert_eq!(app.send(request).await.status, 403, "an unencrypted page of the same name is another site");
}

/// Words of our inside that nobody outside needs.
const INTERNAL: [&str; 16] = [
    "sqlx",
    "mysql",
    "MySql",
    "sqlite",
    "SQLITE",
    "SELECT",
    "pool",
    "panick",
    "src/",
    ".rs:",
    "Error {",
    "WriterGone",
    "writer",
    "tokio",
    "RUST_BACKTRACE",
    "/tmp/",
];

#[tokio::test]
async fn an_error_tells_nothing_of_the_inside() {
    let app = App::start().await;
    let browser = app.browser();
    let order = browser.order(1).await;
    app.state.db.close().await;
    let token = &order.token;
    let answers = [
        ("the list", browser.get("/").await),
        ("a product", browser.get("/products/1").await),
        ("a pay page", browser.get(&format!("/pay/{token}")).await),
        ("a receipt", browser.get(&format!("/pay/{token}/receipt")).await),
        ("orders", browser.get("/orders").await),
        ("an order as JSON", browser.get(&format!("/api/orders/{token}")).await),
        ("products as JSON", browser.get("/api/product/list").await),
        ("an order's status", browser.get(&format!("/api/order-info/query-order-status/{}", order.order_no)).await),
        ("a new order", browser.try_order(2).await),
        ("a new order of a page", browser.call("/api/ui/place_order", &[("product_id", "1")]).await),
        ("I have paid", browser.call("/api/ui/check_payment", &[("token", token)]).await),
        ("a callback", app.deliver(&app.forger.payment(&order)).await),
        ("readiness", browser.get("/readyz").await),
    ];
    for (what, answer) in answers {
        assert_eq!(answer.status, 503, "{what}: {}", answer.text());
        for word in INTERNAL {
            assert!(!answer.text().contains(word), "{what}: {word}: {}", answer.text());
        }
    }
    assert_eq!(browser.get("/healthz").await.status, 200, "the process is up");
    assert_eq!(app.metric("saoma_callbacks_total", "verdict=\"storage\"").await, 1);
    // A form comes back to a page that says what happened.
    let answer = browser.submit("/api/ui/place_order", &[("product_id", "1")]).await;
    assert_eq!(answer.header("location"), Some("/products/1?problem=busy"));
}

#[tokio::test]
async fn an_error_with_all_there_is_tells_nothing_of_the_inside_either() {
    let app = App::start().await;
    for (what, answer) in all_kinds(&app).await {
        if answer.status >= 400 {
            for word in INTERNAL {
                assert!(!answer.text().contains(word), "{what}: {word}: {}", answer.text());
            }
        }
    }
}

#[tokio::test]
async fn only_files_of_the_site_folder_are_served() {
    let folder = crate::support::folder();
    let pkg = folder.path().join("site/pkg");
    std::fs::create_dir_all(&pkg).expect("a folder");
    for file in ["saoma.js", "saoma_bg.wasm", "saoma.css"] {
        std::fs::write(pkg.join(file), "export {}").expect("writes");
    }
    std::fs::write(folder.path().join("site/robots.txt"), "User-agent: *").expect("writes");
    std::fs::write(folder.path().join("secret.txt"), "the secret").expect("writes");
    let root = folder.path().join("site").display().to_string();
    let app = Stage::new().set("LEPTOS_SITE_ROOT", &root).start().await;
    assert_eq!(app.get("/pkg/saoma.js").await.text(), "export {}");
    assert_eq!(app.get("/robots.txt").await.text(), "User-agent: *");
    let absolute = format!("/{}", folder.path().join("secret.txt").display());
    for path in [
        "/../secret.txt",
        "/pkg/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/pkg/%2e%2e/%2e%2e/secret.txt",
        "/pkg/..%2f..%2fsecret.txt",
        "/..%5csecret.txt",
        "/pkg/%00/../../../secret.txt",
        &absolute,
        "/pkg/",
        "/pkg",
    ] {
        let answer = raw(&app, &format!("GET {path} HTTP/1.1"), b"").await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(matches!(status, "400" | "404" | "307"), "{path}: {answer}");
        assert!(!answer.contains("the secret"), "{path}");
    }
}

#[tokio::test]
async fn nobody_is_connected_to_anybody_else_through_here() {
    let app = App::start().await;
    // The server as a whole, which has no page.
    for (method, status) in [("OPTIONS", "204"), ("GET", "400")] {
        let answer = raw(&app, &format!("{method} * HTTP/1.1"), b"").await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains("allow: GET"), "{answer}");
    }
    let answer = raw(&app, "CONNECT elsewhere.example:443 HTTP/1.1", b"").await;
    assert!(answer.starts_with(b"HTTP/1.1 405"), "{}", String::from_utf8_lossy(&answer));
}
