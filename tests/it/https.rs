//! The shop's own HTTPS, with certificate files.

use std::{fs, time::Duration};

use reqwest::Method;
use saoma::{
    clock::Clock,
    http::door::DoorLimits,
    startup::{Application, StartupError, Surroundings, TlsPace},
};
use tokio::{io::AsyncWriteExt as _, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    callbacks::assert_acknowledged,
    support::{
        App, Caller, Outside, Shown, Site, Stage, command, connect_and_say, connect_from, database_url, folder,
        free_port, raw, rest, trickle, until,
    },
};

const SHORT: Duration = Duration::from_millis(300);

async fn shop(limits: DoorLimits) -> (App, Shown, Outside) {
    let outside = Outside::start(&Clock::system()).await;
    let folder = folder();
    let shown = Shown::lay(folder.path(), "localhost");
    let pace = TlsPace { look_at_files_every: Duration::from_millis(50), ..TlsPace::default() };
    let app = Stage::new().https(&outside, free_port(), &shown).tls(pace).door(limits).start().await;
    // The files are in it, and looked at for as long as the test runs.
    std::mem::forget(folder);
    (app, shown, outside)
}

#[tokio::test]
async fn a_purchase_over_the_shops_own_https() {
    let (app, shown, _outside) = shop(DoorLimits::default()).await;
    let page = app.get("/").await;
    assert_eq!(page.status, 200);
    assert!(page.header("strict-transport-security").is_some());
    let cookie = page.header("set-cookie").expect("a shopper's");
    assert!(cookie.starts_with("__Host-saoma=") && cookie.contains("; Secure"), "{cookie}");
    let order = app.order(1).await;
    assert_acknowledged(&app.deliver(&app.forger.payment(&order)).await);
    assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
    // Who is on this machine is so over TLS as well; what a proxy has left a trace on is not.
    assert_eq!(app.get("/metrics").await.status, 200);
    let forwarded = app.request(Method::GET, "/metrics").header("x-forwarded-for", "192.0.2.1");
    assert_eq!(app.send(forwarded).await.status, 403);
    let ready = app.get("/readyz").await;
    assert!(ready.status == 200 && ready.text().contains("certificate: ends at "), "{ready:?}");
    let mut health = command(app.folder.path(), &["health"]);
    health.env("SAOMA_TLS", "files").env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{}", app.port()));
    let health = tokio::task::spawn_blocking(move || health.output().expect("runs")).await.expect("ends");
    assert!(health.status.success() && health.stdout.starts_with(b"ready"), "{health:?}");
    assert!(app.metric("saoma_certificate_ends_timestamp_seconds", "").await > 1_700_000_000);

    let mut http2 = Caller::of(&shown.pem).http2(app.port()).await;
    let (status, headers, page) = http2.get("/").await.expect("an answer");
    assert!(status == 200 && page.contains("</html>") && headers.contains_key("strict-transport-security"));
    assert_eq!(http2.get("/metrics").await.expect("an answer").0, 200, "by its authority");
    let elsewhere = http::Request::get(format!("https://shop.example.com:{}/metrics", app.port())).body(());
    let answer = http2.ask(elsewhere.expect("a request"), b"").await.expect("asked");
    assert_eq!(answer.await.expect("an answer").status(), 403);
    // The page's own origin, as a browser says it, under the shop's name and under an alias.
    for (origin, status) in [("https://localhost:PORT", true), ("https://evil.example", false)] {
        let origin = origin.replace("PORT", &app.port().to_string());
        let request = http2.request("POST", "/api/wx-pay/native/native/1").header("origin", &origin).body(());
        let answer = http2.ask(request.expect("a request"), b"").await.expect("asked").await.expect("an answer");
        assert_eq!(answer.status() == 200, status, "{origin}: {}", answer.status());
    }
    let alias = http::Request::post(format!("https://alias.example:{}/api/wx-pay/native/native/1", app.port()));
    let alias = alias.header("origin", format!("https://alias.example:{}", app.port())).body(());
    let answer = http2.ask(alias.expect("a request"), b"").await.expect("asked").await.expect("an answer");
    assert_eq!(answer.status(), 200, "what it was asked under is its host");
}

#[tokio::test]
async fn half_a_handshake_is_as_half_a_head() {
    let limits = DoorLimits { head: SHORT, idle: SHORT, ..DoorLimits::default() };
    let (app, shown, _outside) = shop(limits).await;
    let plain = Site::new(app.origin.replace("https://localhost", "http://127.0.0.1"));
    // The beginning of a ClientHello that never comes to an end.
    let hello = "\u{16}\u{3}\u{1}\u{1}\u{0}\u{1}\u{0}\u{0}";
    let closed = |stream| async {
        let mut stream = stream;
        timeout(Duration::from_secs(20), rest(&mut stream)).await.expect("closed in time")
    };
    let silent = connect_from(&plain, "127.0.0.1").await;
    let half = connect_and_say(&plain, hello).await;
    let trickling = connect_and_say(&plain, hello).await;
    // TLS is there, and no request.
    let shaken = Caller::of(&shown.pem).call(app.port()).await.expect("shakes hands");
    let trickling = trickle(trickling, 0, Duration::from_millis(50));
    let (silent, half, _) = tokio::join!(closed(silent), closed(half), timeout(Duration::from_secs(20), trickling));
    assert_eq!((silent.as_str(), half.as_str()), ("", ""));
    let head = async || app.metric("saoma_connections_closed_total", "reason=\"head\"").await;
    until("all four are gone", async || (head().await == 4).then_some(())).await;
    drop(shaken);
    // What is no TLS at all ends at once.
    let answer = raw(&plain, "GET / HTTP/1.1", b"").await;
    assert!(!answer.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn files_that_change_are_read_again_and_a_broken_pair_is_not_shown() {
    let (app, shown, _outside) = shop(DoorLimits::default()).await;
    let port = app.port();
    let mut kept = Caller::of(&shown.pem).call(port).await.expect("shakes hands");
    let failures = async || Site::https(port, &shown.pem).metric("saoma_certificate_failures_total", "").await;
    assert_eq!(failures().await, 0);
    let another = folder();
    let new = Shown::lay(another.path(), "localhost");
    fs::write(&shown.key, &new.key_pem).expect("writes");
    until("it is told", async || (failures().await == 1).then_some(())).await;
    let ready = Site::https(port, &shown.pem).get("/readyz").await;
    let told = ready.text();
    assert_eq!(ready.status, 200, "the old one is good: {told}");
    assert!(told.contains("the old one stays") && told.contains("SAOMA_TLS_KEY") && told.contains("not the"), "{told}");
    assert!(!told.contains("shown.key") && told.contains("+08:00"), "where things lie is nobody's business: {told}");
    fs::write(&shown.certificate, &new.pem).expect("writes");
    until("the new one is shown", async || Caller::of(&new.pem).certificate(port).await.ok()).await;
    assert!(Caller::of(&shown.pem).certificate(port).await.is_err(), "the old one no longer");
    let told = Site::https(port, &new.pem).get("/readyz").await;
    assert!(!told.text().contains("stays"), "{told:?}");
    // Whoever was in, stays.
    kept.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.expect("still there");
    // One for another name is worse than the one there is.
    let wrong = Shown::lay(another.path(), "elsewhere.example");
    fs::write(&shown.certificate, &wrong.pem).expect("writes");
    fs::write(&shown.key, &wrong.key_pem).expect("writes");
    until("it is told", async || {
        let notes = app.state.readiness.notes();
        notes
            .iter()
            .any(|(_, note)| note.contains("the old one stays") && note.contains("is not for localhost"))
            .then_some(())
    })
    .await;
    Caller::of(&new.pem).certificate(port).await.expect("the old one is shown");
}

#[tokio::test]
async fn a_renewal_while_the_shop_starts_is_shown() {
    let outside = Outside::start(&Clock::system()).await;
    let (folder, another) = (folder(), folder());
    let shown = Shown::lay(folder.path(), "localhost");
    let port = free_port();
    let surroundings = Surroundings {
        tls: TlsPace { look_at_files_every: Duration::from_millis(20), ..TlsPace::default() },
        jobs_every: None,
        ..Surroundings::system()
    };
    let data = folder.path().join("data").display().to_string();
    let settings = Stage::new()
        .https(&outside, port, &shown)
        .set("SAOMA_DATA_DIR", &data)
        .set("DATABASE_URL", &database_url(&folder.path().join("data")))
        .settings();
    let application = Application::build(settings, surroundings).await.expect("starts");
    let new = Shown::lay(another.path(), "localhost");
    fs::write(&shown.certificate, &new.pem).expect("writes");
    fs::write(&shown.key, &new.key_pem).expect("writes");
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(application.run(shutdown.clone()));
    until("the new one is shown", async || Caller::of(&new.pem).certificate(port).await.ok()).await;
    shutdown.cancel();
    serving.await.expect("no panic").expect("ends well");
}

/// WeChat delivers nothing then, and whoever asks must see it.
#[tokio::test]
async fn a_start_with_a_certificate_of_another_name_is_not_ready() {
    let outside = Outside::start(&Clock::system()).await;
    let folder = folder();
    let wrong = Shown::lay(folder.path(), "elsewhere.example");
    let app = Stage::new().https(&outside, free_port(), &wrong).start().await;
    let elsewhere = Caller { name: "elsewhere.example", ..Caller::of(&wrong.pem) };
    elsewhere.certificate(app.port()).await.expect("there is no better one");
    let troubles = app.state.readiness.troubles();
    assert!(troubles.iter().any(|(_, told)| told.contains("is not for localhost")), "{troubles:?}");
}

#[tokio::test]
async fn a_start_without_a_usable_pair_says_what_is_wrong_with_it() {
    let outside = Outside::start(&Clock::system()).await;
    let (folder, another) = (folder(), folder());
    let shown = Shown::lay(folder.path(), "localhost");
    fs::write(&shown.key, "nothing").expect("writes");
    let settings = Stage::new().https(&outside, free_port(), &shown).settings();
    let error = Application::build(settings, Surroundings::system()).await.expect_err("refused");
    let told = error.to_string();
    assert!(matches!(error, StartupError::Tls(_)) && error.is_misconfigured());
    assert!(told.contains("shown.key") && told.contains("private key"), "{told}");
    // Half of a renewal: the next try, in a moment, may find the other half.
    fs::write(&shown.key, Shown::lay(another.path(), "localhost").key_pem).expect("writes");
    let settings = Stage::new().https(&outside, free_port(), &shown).settings();
    let error = Application::build(settings, Surroundings::system()).await.expect_err("refused");
    assert!(!error.is_misconfigured() && error.to_string().contains("the key is not the certificate's"), "{error}");
}

#[tokio::test]
async fn http_is_sent_on_and_answered_in_no_other_way() {
    let outside = Outside::start(&Clock::system()).await;
    let folder = folder();
    let shown = Shown::lay(folder.path(), "localhost");
    let stage = Stage::new().https(&outside, free_port(), &shown).set("SAOMA_REDIRECT_ADDR", "127.0.0.1:0");
    let app = stage.start().await;
    let http = Site::new(format!("http://{}", app.redirect.expect("listens")));
    for path in ["/", "/pay/x?a=b", "/metrics", "/readyz", "/api/wx-pay/native/notify"] {
        for method in [Method::GET, Method::POST] {
            let answer = http.send(http.request(method, path).header("host", "evil.example")).await;
            assert_eq!(answer.status, 308, "{path}");
            assert_eq!(answer.header("location"), Some(format!("{}{path}", app.origin).as_str()));
            assert!(answer.header("set-cookie").is_none() && answer.header("strict-transport-security").is_none());
        }
    }
}
