//! HTTPS by itself. Where a certificate is made, it is `pebble` that makes it: `make acme-tests`.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, time::Duration};

use jiff::SignedDuration;
use saoma::{clock::Clock, startup::TlsPace, tls::AcmePace};
use tokio::net::TcpListener;

use crate::{
    callbacks::assert_acknowledged,
    support::{
        App, Caller, LimitedAcme, Outside, Pebble, Process, Shown, Site, Stage, WAIT_HOURS, command, folder, free_port,
        mock_clock, until,
    },
};

const NAME: &str = "shop.example.com";

fn hasty() -> TlsPace {
    let acme = AcmePace {
        look_every: Duration::from_millis(50),
        first_pause: SignedDuration::from_millis(200),
        longest_pause: SignedDuration::from_millis(200),
        ..AcmePace::default()
    };
    TlsPace { acme, ..TlsPace::default() }
}

fn stage(outside: &Outside, port: u16, clock: &Clock, directory: &str, ca: Option<&Path>) -> Stage {
    let stage = Stage::new()
        .clock(clock)
        .live(outside, port)
        .set("WXPAY_NOTIFY_DOMAIN", &format!("https://{NAME}"))
        .set("SAOMA_TLS", "acme")
        .set("SAOMA_ACME_DIRECTORY", directory)
        .set("SAOMA_ACME_CONTACT", "shop@example.com")
        .set("SAOMA_REDIRECT_ADDR", "off")
        .tls(hasty());
    match ca {
        Some(ca) => stage.set("SAOMA_ACME_CA", &ca.display().to_string()),
        None => stage,
    }
}

fn caller(roots: &str) -> Caller<'_> {
    Caller { name: NAME, ..Caller::of(roots) }
}

async fn until_told(app: &App, what: &str) -> String {
    until(what, async || {
        let told = app.state.readiness.troubles().into_iter().chain(app.state.readiness.notes());
        told.map(|(_, told)| told).find(|told| told.contains(what))
    })
    .await
}

fn is_in_trouble(app: &App) -> bool {
    app.state.readiness.troubles().iter().any(|(what, _)| *what == "certificate")
}

/// Files and folders below, with their modes.
fn modes(folder: &Path) -> Vec<(String, u32)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let mode = fs::metadata(&path).expect("is there").permissions().mode() & 0o777;
        found.push((path.file_name().expect("a name").to_string_lossy().into_owned(), mode));
        if path.is_dir() {
            found.extend(modes(&path));
        }
    }
    found.sort();
    found
}

#[tokio::test]
#[ignore = "needs pebble: make acme-tests"]
async fn the_first_certificate_a_restart_and_the_renewal() {
    let clock = mock_clock();
    let outside = Outside::start(&clock).await;
    let port = free_port();
    let pebble = Pebble::start(port).await;
    let (directory, ca, roots) = (pebble.directory(), pebble.ca(), pebble.roots().await);
    let app = stage(&outside, port, &clock, &directory, Some(&ca)).start().await;
    let first = until("a certificate", async || caller(&roots).certificate(port).await.ok()).await;
    let mut http2 = caller(&roots).http2(port).await;
    assert_eq!(http2.get("/").await.expect("an answer").0, 200);
    let kept = modes(&app.folder.path().join("data/acme"));
    assert!(kept.iter().any(|(name, _)| name == "account.json"), "{kept:?}");
    for (name, mode) in kept {
        assert_eq!(mode, if name.contains("localhost") { 0o700 } else { 0o600 }, "{name}");
    }
    // The certificate may begin a second after the clock that stands still.
    app.advance(60);
    assert!(until_told(&app, "ends at").await.starts_with("ends at"));

    // What was kept is shown at once, and nothing is ordered.
    let orders = pebble.said("/order-plz");
    let folder = std::sync::Arc::clone(&app.folder);
    drop(http2);
    app.stop().await;
    let app = stage(&outside, port, &clock, &directory, Some(&ca)).again_in(&folder).start().await;
    assert_eq!(caller(&roots).certificate(port).await.expect("at once"), first);
    assert_eq!(pebble.said("/order-plz"), orders);

    // Two thirds of its life later, which is five years.
    let mut kept = caller(&roots).http2(port).await;
    assert_eq!(kept.get("/healthz").await.expect("an answer").0, 200);
    let (begins, ends) = lifetime(&first);
    app.advance((ends - begins) * 2 / 3 + 3600);
    until("another one", async || caller(&roots).certificate(port).await.ok().filter(|shown| *shown != first)).await;
    assert_eq!(kept.get("/healthz").await.expect("still in").0, 200);
    assert_eq!(pebble.said("/sign-me-up"), 1, "one account");
    assert!(!is_in_trouble(&app));
}

fn lifetime(certificate: &[u8]) -> (i64, i64) {
    use x509_cert::der::Decode as _;
    let certificate = x509_cert::Certificate::from_der(certificate).expect("DER");
    let validity = certificate.tbs_certificate().validity();
    let seconds = |time: x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_secs()).expect("in range");
    (seconds(validity.not_before), seconds(validity.not_after))
}

#[tokio::test]
#[ignore = "needs pebble: make acme-tests"]
async fn a_name_that_leads_elsewhere_is_told_and_the_shop_goes_on() {
    let clock = Clock::system();
    let outside = Outside::start(&clock).await;
    let port = free_port();
    let pebble = Pebble::start(port).await;
    pebble.know_name(NAME, false).await;
    let app = stage(&outside, port, &clock, &pebble.directory(), Some(&pebble.ca())).start().await;
    // Which Let's Encrypt itself calls by its name.
    let told = until_told(&app, "was not proved").await;
    assert!(told.contains("Could not resolve") && told.contains("by its A and AAAA records"), "{told}");
    pebble.lead_to("127.0.0.9").await;
    pebble.know_name(NAME, true).await;
    let told = until_told(&app, "reaches nobody").await;
    assert!(told.contains("there is none yet") && told.contains(NAME), "{told}");
    assert!(told.contains("does the name point to this machine") && told.contains("is tried again in"), "{told}");
    // From this machine the shop can be asked why, and nobody else sees a certificate that nobody vouches for.
    let roots = pebble.roots().await;
    assert!(caller(&roots).certificate(port).await.is_err());
    let here = reqwest::Client::builder().no_proxy().tls_danger_accept_invalid_certs(true).build().expect("a client");
    let ready = here.get(format!("https://localhost:{port}/readyz")).send().await.expect("an answer");
    assert_eq!(ready.status(), 503);
    assert!(ready.text().await.expect("text").contains("certificate: there is none yet"));
    // Somebody else is there.
    let folder = folder();
    Shown::lay(folder.path(), NAME).answer(TcpListener::bind(("127.0.0.9", port)).await.expect("listens"));
    until_told(&app, "somebody else answers").await;
    // Mended, without a restart.
    pebble.lead_to("127.0.0.1").await;
    until("a certificate", async || caller(&roots).certificate(port).await.ok()).await;
    until_told(&app, "ends at").await;
}

#[tokio::test]
#[ignore = "needs pebble: make acme-tests"]
async fn a_server_that_has_forgotten_everything_gets_a_new_account() {
    let clock = mock_clock();
    let outside = Outside::start(&clock).await;
    let port = free_port();
    let mut pebble = Pebble::start(port).await;
    let app = stage(&outside, port, &clock, &pebble.directory(), Some(&pebble.ca())).start().await;
    let roots = pebble.roots().await;
    let first = until("a certificate", async || caller(&roots).certificate(port).await.ok()).await;
    // Away when it is needed: the old one stays, and it is told.
    pebble.close();
    let (begins, ends) = lifetime(&first);
    app.advance((ends - begins) * 2 / 3 + 3600);
    let told = until_told(&app, "can this machine reach it").await;
    assert!(told.starts_with("ends at"), "{told}");
    assert_eq!(caller(&roots).certificate(port).await.expect("the old one"), first);
    assert!(!is_in_trouble(&app), "a third of its life is left");
    pebble.open().await;
    app.advance(1);
    let roots = pebble.roots().await;
    until("one of the new root", async || caller(&roots).certificate(port).await.ok()).await;
}

#[tokio::test]
async fn an_acme_server_that_is_not_there_or_not_believed_is_told() {
    let clock = Clock::system();
    let outside = Outside::start(&clock).await;
    let nobody = format!("https://localhost:{}/dir", free_port());
    let app = stage(&outside, free_port(), &clock, &nobody, None).start().await;
    let told = until_told(&app, "cannot be asked").await;
    assert!(told.contains(&nobody) && told.contains("is tried again in"), "{told}");
    // Another shop stands for one whose certificate is not believed, and, believed, for one that is none.
    let folder = folder();
    let shown = Shown::lay(folder.path(), "localhost");
    let other = Stage::new().https(&outside, free_port(), &shown).start().await;
    let directory = format!("{}/dir", other.origin);
    let app = stage(&outside, free_port(), &clock, &directory, None).start().await;
    let told = until_told(&app, "is not believed").await;
    assert!(told.contains("is this machine's clock right? It says 2") && told.contains("SAOMA_ACME_CA"), "{told}");
    let app = stage(&outside, free_port(), &clock, &directory, Some(&shown.certificate)).start().await;
    let told = until_told(&app, "nothing of ACME").await;
    assert!(told.contains(&directory), "{told}");
    // A shop that has no certificate serves what is asked from this machine all the same.
    let order = Site::https_unchecked(app.port()).order(1).await;
    assert_acknowledged(&Site::https_unchecked(app.port()).deliver(&app.forger.payment(&order)).await);
}

#[tokio::test]
async fn a_server_that_was_asked_too_often_is_left_alone_wherever_it_says_so() {
    let clock = Clock::system();
    let outside = Outside::start(&clock).await;
    let folder = folder();
    let shown = Shown::lay(folder.path(), "localhost");
    let limited = LimitedAcme::start(&shown).await;
    let stage = stage(&outside, free_port(), &clock, &limited.directory, Some(&shown.certificate));
    let app = stage.start().await;
    let told = until_told(&app, "has been asked too often").await;
    assert!(told.contains("too many proofs have failed"), "{told}");
    assert!(told.contains(&format!("it is tried again in {WAIT_HOURS} h")), "{told}");
    assert_eq!(limited.accounts(), 1);
}

/// A server counts accounts, and a second one is not what its operator agreed to.
#[tokio::test]
async fn an_account_that_cannot_be_read_is_no_reason_for_another_one() {
    let clock = Clock::system();
    let outside = Outside::start(&clock).await;
    let folder = folder();
    let shown = Shown::lay(folder.path(), "localhost");
    let limited = LimitedAcme::start(&shown).await;
    let port = free_port();
    let start = || stage(&outside, port, &clock, &limited.directory, Some(&shown.certificate));
    let app = start().start().await;
    until_told(&app, "has been asked too often").await;
    let data = std::sync::Arc::clone(&app.folder);
    app.stop().await;
    let kept = modes(&data.path().join("data/acme"));
    let server = kept.iter().map(|(name, _)| name).find(|name| name.contains("localhost")).expect("a folder");
    let account = data.path().join("data/acme").join(server).join("account.json");
    // Whoever runs this may read everything but a folder.
    fs::remove_file(&account).expect("is there");
    fs::create_dir(&account).expect("makes");
    let app = start().again_in(&data).start().await;
    let told = until_told(&app, "the account in SAOMA_DATA_DIR cannot be read").await;
    assert!(told.contains("is tried again in"), "{told}");
    assert_eq!(limited.accounts(), 1);
}

/// The platform is a program of its own that believes what pebble makes.
#[tokio::test]
#[ignore = "needs pebble: make acme-tests"]
async fn a_payment_is_told_to_a_shop_by_the_https_that_it_got_itself() {
    let (folder, port) = (folder(), free_port());
    let pebble = Pebble::start(port).await;
    let roots = pebble.roots().await;
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("roots.pem"), &roots).expect("writes");
    let platform_port = free_port();
    let mut sandbox = command(folder.path(), &["sandbox", "--listen", &format!("127.0.0.1:{platform_port}"), "--dir"]);
    sandbox.arg(path("sandbox")).env("SSL_CERT_FILE", path("roots.pem"));
    let mut sandbox = Process::spawn(sandbox, folder.path(), platform_port, "sandbox.log");
    sandbox.until_answered("/_sandbox/health").await;
    let mut shop = command(folder.path(), &["serve", "--env-file", &path("sandbox/credentials.env")]);
    shop.env("WXPAY_NOTIFY_DOMAIN", format!("https://localhost:{port}"))
        .env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}"))
        .env("SAOMA_REDIRECT_ADDR", "off")
        .env("SAOMA_TLS", "acme")
        .env("SAOMA_ACME_DIRECTORY", pebble.directory())
        .env("SAOMA_ACME_CA", pebble.ca());
    let shop = Process::spawn(shop, folder.path(), port, "serve.log");
    let site = Site::https(port, &roots);
    until("a certificate", async || {
        let asked = site.request(reqwest::Method::GET, "/readyz");
        Site::try_send(asked).await.ok().filter(|answer| answer.status == 200)
    })
    .await;
    let order = site.order(1).await;
    sandbox.pay(&order.code_url).await;
    sandbox.until_delivery(&order.order_no, "accepted").await;
    assert_eq!(site.order_status(&order.order_no).await.0, 0, "{}", shop.log());
}
