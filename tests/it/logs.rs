//! The log of a whole purchase at `RUST_LOG=debug`: nothing secret is in it (money rule 10).

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::json;

use crate::support::{Process, Relay, Site, folder, free_port, lay_keys, password};

const OPENID: &str = "oLogTestOpenid0000000000042";

/// Everything a purchase can make a site say: the pages, a lost reply, a probe, a refusal, the
/// payment with its callback, the question by the button. The cookie and the page's token.
async fn purchase(site: &Site, platform: &Site) -> [String; 2] {
    let browser = site.browser();
    for path in ["/", "/products/1", "/orders", "/nothing", "/products/999"] {
        browser.get(path).await;
    }
    platform.faults(json!({"error_500_after_commit": {"prepay": 1}, "signtest_callbacks": 1})).await;
    let order = browser.order(1).await;
    browser.get(&format!("/pay/{}", order.token)).await;
    browser.call("/api/ui/check_payment", &[("token", &order.token)]).await;
    let scan = json!({"code_url": order.code_url, "action": "pay", "openid": OPENID});
    let paying = platform.control(reqwest::Method::POST, "/_sandbox/scan", &scan);
    let (told, paid) = tokio::join!(site.watch(&order.token, 2, 25), paying);
    assert_eq!((told["status"].as_str(), paid.status), (Some("SUCCESS"), 200), "{told} {paid:?}");
    platform.until_delivery(&order.order_no, "accepted").await;
    for path in [format!("/pay/{}", order.token), format!("/pay/{}/receipt", order.token), "/orders".to_owned()] {
        assert_eq!(browser.get(&path).await.status, 200);
    }
    site.try_order(999).await;

    // One whose callback tells the wrong amount, so that the question settles it.
    platform.faults(json!({"wrong_amount": 1, "signtest_replies": 1, "signtest_callbacks": 0})).await;
    let order = browser.order(2).await;
    let scan = json!({"code_url": order.code_url, "action": "pay", "openid": OPENID});
    assert_eq!(platform.control(reqwest::Method::POST, "/_sandbox/scan", &scan).await.status, 200);
    platform.until_delivery(&order.order_no, "accepted").await;
    crate::support::until("settled", async || {
        let checked = browser.call("/api/ui/check_payment", &[("token", &order.token)]).await;
        (checked.json() == json!("Settled")).then_some(())
    })
    .await;
    let cookie = browser.cookie().expect("a cookie");
    [cookie.split_once('=').expect("a pair").1.to_owned(), order.token]
}

/// Lines of the key files of a sandbox's folder, its APIv3 key, and the database's password.
fn keys_of(dir: &Path) -> Vec<String> {
    let account: serde_json::Value =
        serde_json::from_slice(&fs::read(dir.join("account.json")).expect("is there")).expect("JSON");
    let mut secrets = vec![account["api_v3_key"].as_str().expect("a key").to_owned()];
    secrets.extend(password());
    for file in ["apiclient_key.pem", "platform/pub_key_private.pem", "platform/cert_key.pem"] {
        let pem = fs::read_to_string(dir.join(file)).expect("is there");
        secrets.extend(pem.lines().filter(|line| line.len() > 16 && !line.starts_with("-----")).map(str::to_owned));
    }
    assert!(secrets.len() > 60, "{}", secrets.len());
    secrets
}

/// Every header that proves who somebody is.
fn proofs_of(relay: &Relay) -> BTreeSet<String> {
    let mut proofs = BTreeSet::new();
    for passed in relay.passed() {
        for headers in [&passed.request_headers, &passed.reply_headers] {
            for name in ["authorization", "wechatpay-signature"] {
                let Some(value) = headers.get(name) else { continue };
                let value = value.to_str().expect("text");
                proofs.insert(value.to_owned());
                if let Some(signature) = value.split("signature=\"").nth(1) {
                    proofs.insert(signature.split('"').next().expect("an end").to_owned());
                }
            }
        }
    }
    proofs
}

#[track_caller]
fn assert_silent(log: &str, secrets: impl IntoIterator<Item = String>) -> usize {
    let mut count = 0;
    for secret in secrets {
        assert!(secret.len() >= 16, "{secret:?} is too short to be looked for");
        if let Some(line) = log.lines().find(|line| line.contains(&secret)) {
            panic!("{secret:?} is in the log: {line}");
        }
        count += 1;
    }
    // Words that would stand beside a secret.
    for word in [
        "openid",
        OPENID,
        "\"payer\"",
        "payer_total",
        "trade_state_desc",
        "bank_type",
        "PRIVATE KEY",
        "Authorization",
        "authorization:",
        "nonce_str=",
        "signature=",
        "WECHATPAY2-SHA256-RSA2048 ",
        "set-cookie",
        "cookie:",
    ] {
        let line = log.lines().find(|line| line.contains(word));
        assert!(line.is_none(), "{word:?} is in the log: {line:?}");
    }
    count
}

#[tokio::test]
async fn the_log_of_a_live_purchase_at_debug_holds_no_secret() {
    let folder = folder();
    let sandbox_folder = folder.path().join("sandbox");
    lay_keys(&sandbox_folder);
    let sandbox = Process::sandbox(&sandbox_folder).await;
    let port = free_port();
    let there = Relay::start(&sandbox.origin).await;
    let back = Relay::start(&format!("http://127.0.0.1:{port}")).await;
    let variables = [("WXPAY_DOMAIN", there.origin.as_str()), ("RUST_LOG", "debug")];
    let credentials = sandbox_folder.join("credentials.env");
    let live = Process::serve_live(folder.path(), port, &credentials, Some(&back.origin), &variables).await;
    let secrets = purchase(&live, &sandbox).await;
    let mut live = live;
    live.terminate();
    assert_eq!(live.ended().await.code(), Some(0));

    let log = live.log();
    assert!(log.contains("DEBUG") && log.contains(" paid"), "it did log: {log}");
    let (requests, callbacks) = (proofs_of(&there), proofs_of(&back));
    assert!(requests.len() >= 8 && callbacks.len() >= 3, "{} {}", requests.len(), callbacks.len());
    let count =
        assert_silent(&log, keys_of(&sandbox_folder).into_iter().chain(requests).chain(callbacks).chain(secrets));
    println!("live purchase at debug: {} lines of log, none of {count} secrets in them", log.lines().count());
}

#[tokio::test]
async fn the_log_of_a_sandbox_purchase_at_debug_holds_no_secret() {
    let folder = folder();
    let sandbox_folder = folder.path().join("data/sandbox");
    lay_keys(&sandbox_folder);
    let mut process = Process::serve(folder.path(), &[("RUST_LOG", "debug")]).await;
    let secrets = purchase(&process, &process).await;
    process.terminate();
    assert_eq!(process.ended().await.code(), Some(0));
    let log = process.log();
    assert!(log.contains("DEBUG") && log.contains(" paid"), "it did log: {log}");
    let count = assert_silent(&log, keys_of(&sandbox_folder).into_iter().chain(secrets));
    println!("sandbox purchase at debug: {} lines of log, none of {count} secrets in them", log.lines().count());
}
