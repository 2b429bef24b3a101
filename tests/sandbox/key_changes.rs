//! Certificates that follow one another, the switch between the kinds of key, a new `APIv3` key
//! (`wechatpay-v3.md` §2.3, §3, §4, §13).

use std::collections::BTreeSet;

use jiff::SignedDuration;
use saoma::{
    clock::Clock,
    sandbox::{KeyMode, SandboxOptions},
};
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Platform};

const CERTIFICATES: &str = "/_sandbox/certificates";

/// Whatever answers a request that names this key, or none.
async fn ask(platform: &Platform, serial: Option<&str>) -> Answer {
    if platform.query("ORDERASKED").await.status == 404 {
        platform.prepay("ORDERASKED").await;
    }
    let url = format!("/v3/pay/transactions/out-trade-no/ORDERASKED?mchid={}", platform.client.mchid);
    ask_for(platform, &url, serial).await
}

async fn ask_for(platform: &Platform, url: &str, serial: Option<&str>) -> Answer {
    let client = &platform.client;
    let authorization = client.authorization(&client.signing(), "GET", url, b"");
    let request = client.bare("GET", url, b"").header("Authorization", authorization);
    let request = request.header("User-Agent", "test/1").header("Accept", "*/*");
    let request = serial.into_iter().fold(request, |request, serial| request.header("Wechatpay-Serial", serial));
    client.send(request).await
}

/// Which keys sign so many replies to requests that name none. All of them must verify.
async fn signers(platform: &Platform, count: usize) -> BTreeSet<String> {
    let mut serials = BTreeSet::new();
    for _ in 0..count {
        let answer = ask(platform, None).await;
        assert_eq!(platform.client.verify(&answer.headers, &answer.body), Ok(()));
        serials.insert(answer.headers["Wechatpay-Serial"].to_str().expect("ASCII").to_owned());
    }
    serials
}

/// Takes over what `/v3/certificates` lists; the serials.
async fn learn(platform: &mut Platform) -> Vec<String> {
    let listed = platform.client.get("/v3/certificates").await.json();
    let mut serials = Vec::new();
    for certificate in listed["data"].as_array().expect("a list") {
        let pem = String::from_utf8(platform.client.open(&certificate["encrypt_certificate"])).expect("PEM");
        assert_eq!(certificate["serial_no"], platform.client.trust(&pem));
        serials.push(certificate["serial_no"].as_str().expect("a serial").to_owned());
    }
    serials
}

fn by_certificate(options: SandboxOptions) -> SandboxOptions {
    SandboxOptions { keys: KeyMode::Certificate, ..options }
}

fn set(serials: &[&str]) -> BTreeSet<String> {
    serials.iter().map(|serial| (*serial).to_owned()).collect()
}

#[tokio::test]
async fn one_certificate_follows_another_with_overlap() {
    let mut platform = Platform::start_as(by_certificate).await;
    let old = platform.client.certificate_serial().to_owned();
    let issued = platform.control("POST", CERTIFICATES, &Value::Null).await;
    assert_eq!(issued.status, 200);
    let new = issued.json()["serial_no"].as_str().expect("a serial").to_owned();
    assert_eq!(learn(&mut platform).await, [old.clone(), new.clone()]);

    // The newest is the one that the credentials name.
    let told = std::fs::read_to_string(platform.dir.join("credentials.env")).expect("is there");
    assert!(told.contains(&format!("WXPAY_PLATFORM_SERIAL_NO={new}")), "{told}");

    // At first only the old one signs, then both, then only the new one; callbacks and replies.
    let code_url = platform.prepay("ORDER0001").await;
    assert_eq!(signers(&platform, 10).await, set(&[&old]));
    platform.faults(json!({"new_certificate_share": 0.5, "duplicates": 29})).await;
    assert_eq!(signers(&platform, 30).await, set(&[&old, &new]));
    platform.pay(&code_url).await;
    let told: BTreeSet<String> = platform
        .receiver
        .wait_for(30)
        .await
        .iter()
        .inspect(|received| assert_eq!(platform.client.verify(&received.headers, &received.body), Ok(())))
        .map(|received| received.header("Wechatpay-Serial").to_owned())
        .collect();
    assert_eq!(told, set(&[&old, &new]));
    platform.faults(json!({"new_certificate_share": 1})).await;
    assert_eq!(signers(&platform, 10).await, set(&[&new]));
    for serial in [&old, &new] {
        assert_eq!(ask(&platform, Some(serial)).await.headers["Wechatpay-Serial"], serial.as_str());
    }

    let mut platform = platform.restart_as(by_certificate).await;
    assert_eq!(learn(&mut platform).await, [old.clone(), new.clone()]);
    let retired = platform.control("DELETE", &format!("{CERTIFICATES}/{old}"), &Value::Null).await.json();
    assert_eq!(retired["certificates"].as_array().map(Vec::len), Some(1));
    assert_eq!(learn(&mut platform).await, std::slice::from_ref(&new));
    assert_eq!(ask(&platform, Some(&old)).await.status, 400);
    assert_eq!(signers(&platform, 10).await, set(&[&new]), "whatever the share");
    let mut platform = platform.restart_as(by_certificate).await;
    assert_eq!(learn(&mut platform).await, std::slice::from_ref(&new));
    // And so on.
    assert_eq!(platform.control("POST", CERTIFICATES, &Value::Null).await.status, 200);
    assert_eq!(learn(&mut platform).await.len(), 2);
}

#[tokio::test]
async fn there_are_never_more_than_two_nor_fewer_than_one() {
    let platform = Platform::start().await;
    let old = platform.client.certificate_serial().to_owned();
    let delete =
        async |serial: &str| platform.control("DELETE", &format!("{CERTIFICATES}/{serial}"), &Value::Null).await;
    let last = delete(&old).await;
    assert_eq!((last.status, last.code().as_str()), (409, "LAST_CERTIFICATE"));
    assert_eq!(platform.control("POST", CERTIFICATES, &Value::Null).await.status, 200);
    let third = platform.control("POST", CERTIFICATES, &Value::Null).await;
    assert_eq!((third.status, third.code().as_str()), (409, "TWO_CERTIFICATES"));
    assert_eq!(delete("NOBODY").await.code(), "CERTIFICATE_UNKNOWN");
    assert_eq!(delete(&old).await.status, 200);
    assert_eq!(delete(&old).await.code(), "CERTIFICATE_UNKNOWN");
    let listed = platform.control("GET", CERTIFICATES, &Value::Null).await.json();
    assert_eq!(listed["certificates"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn replies_to_requests_that_name_no_key_switch_by_shares() {
    let platform = Platform::start().await;
    let (certificate, public_key) =
        (platform.client.certificate_serial().to_owned(), platform.client.public_key_id.clone());
    assert_eq!(signers(&platform, 10).await, set(&[&public_key]), "as for new merchants");
    platform.faults(json!({"public_key_share_replies": 0.5})).await;
    assert_eq!(signers(&platform, 30).await, set(&[&certificate, &public_key]));
    platform.faults(json!({"public_key_share_replies": 0})).await;
    assert_eq!(signers(&platform, 10).await, set(&[&certificate]), "as for old merchants");
    // Who names a key gets it.
    assert_eq!(ask(&platform, Some(&certificate)).await.headers["Wechatpay-Serial"], certificate.as_str());
}

#[tokio::test]
async fn replies_and_callbacks_are_signed_by_the_kind_that_was_asked_for_at_the_start() {
    for (mode, expected) in
        [(KeyMode::PublicKey, [true, false]), (KeyMode::Certificate, [false, true]), (KeyMode::Both, [true, true])]
    {
        let platform = Platform::start_as(|options| SandboxOptions { keys: mode, ..options }).await;
        let (certificate, public_key) =
            (platform.client.certificate_serial().to_owned(), platform.client.public_key_id.clone());
        let kinds = |serials: &BTreeSet<String>| [serials.contains(&public_key), serials.contains(&certificate)];
        assert_eq!(kinds(&signers(&platform, 20).await), expected, "{mode:?}");
        for number in 0..20 {
            platform.paid(&format!("ORDER{number:04}")).await;
        }
        let callbacks = platform.receiver.received();
        let callbacks = callbacks.iter().map(|callback| callback.header("Wechatpay-Serial").to_owned()).collect();
        assert_eq!(kinds(&callbacks), expected, "{mode:?}");
        // Whoever begins with the certificates has to be able to verify them by what is in them.
        let listed = ask_for(&platform, "/v3/certificates", None).await;
        assert_eq!(listed.headers["Wechatpay-Serial"], certificate.as_str(), "{mode:?}");
        // A client with a public key names it, and takes nothing else.
        let told = std::fs::read_to_string(platform.dir.join("credentials.env")).expect("is there");
        assert_eq!(told.contains("WXPAY_PUBLIC_KEY_"), expected[0], "{told}");
        // Back to the start is back to that.
        platform.faults(json!({"public_key_share": 0.5, "public_key_share_replies": 0.5})).await;
        let usual = platform.control("DELETE", "/_sandbox/faults", &Value::Null).await.json();
        assert_eq!(usual["public_key_share"], usual["public_key_share_replies"]);
        assert_eq!(kinds(&signers(&platform, 20).await), expected, "{mode:?}");
    }
}

#[tokio::test]
async fn a_new_api_v3_key_seals_at_once_and_is_in_the_credentials() {
    let noon = "2026-11-23T12:00:00+08:00".parse().expect("a time");
    let mut platform = Platform::start_with(Clock::mock(noon)).await;
    let old = platform.client.api_v3_key.clone();
    platform.receiver.answer(&[500]);
    let code_url = platform.prepay("ORDER0001").await;
    platform.pay(&code_url).await;
    platform.delivery_with_attempts("ORDER0001", 1).await;
    let told = platform.receiver.received()[0].open(&platform.client);

    let changed = platform.control("POST", "/_sandbox/api-v3-key", &Value::Null).await.json();
    assert_eq!(changed["previous"], old);
    let new = changed["api_v3_key"].as_str().expect("a key").to_owned();
    assert_ne!(new, old);
    let fresh = Client::new(&platform.dir, platform.clock.clone());
    assert_eq!(fresh.api_v3_key, new, "credentials.env has it");
    platform.client.api_v3_key.clone_from(&new);
    // The same notification is sealed with it when it is told again.
    platform.clock.advance(SignedDuration::from_secs(15));
    let received = platform.receiver.wait_for(2).await;
    assert_eq!(received[1].open(&platform.client), told);
    let listed = platform.client.get("/v3/certificates").await.json();
    assert!(platform.client.open(&listed["data"][0]["encrypt_certificate"]).starts_with(b"-----BEGIN"));

    let platform = platform.restart().await;
    assert_eq!(platform.client.api_v3_key, new);
}

#[tokio::test]
async fn the_api_v3_key_can_be_named_and_must_be_one() {
    let platform = Platform::start().await;
    let old = platform.client.api_v3_key.clone();
    for wrong in [json!({"api_v3_key": "short"}), json!({"api_v3_key": "x".repeat(31) + "葱"}), json!({"key": "x"})] {
        let answer = platform.control("POST", "/_sandbox/api-v3-key", &wrong).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "BAD_REQUEST"), "{wrong}");
    }
    let wanted = "0123456789abcdefghijklmnopqrstuv";
    let changed = platform.control("POST", "/_sandbox/api-v3-key", &json!({"api_v3_key": wanted})).await.json();
    assert_eq!(changed, json!({"api_v3_key": wanted, "previous": old}));
}
