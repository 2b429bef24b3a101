//! What one callback costs: headers and raw body to a typed, verified, decrypted notification,
//! beside its parts alone. The budget is 22 µs on one core. `cargo bench --bench notify`

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::{error::Error, fs, hint::black_box, path::PathBuf, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use saoma::wechatpay::{
    ApiV3Key, ApiV3Keys, PlatformKey, PlatformKeys, PlatformSerial, Transaction, headers::SignatureHeaders, message,
    notify,
};
use serde_json::Value;
use tokio::time::Instant;

type Failure = Box<dyn Error>;

const BUDGET_NANOS: u128 = 22_000;
const BATCHES: usize = 501;
/// Shorter than a time slice, so that some batches run undisturbed.
const BATCH: Duration = Duration::from_millis(1);

fn main() -> Result<(), Failure> {
    let (headers, body) = (headers()?, read("answers/transaction.body")?);
    let key = PlatformKey::from_pem(&text("keys/wechatpay_public.pem")?)?;
    let other = PlatformKey::from_pem(&text("keys/wechatpay_public.pem")?)?;
    let signed = SignatureHeaders::read(&headers)?;
    let platform = PlatformKeys::default().with_public_key(&PlatformSerial::parse(signed.serial)?, key);
    let keys = ApiV3Keys::new(ApiV3Key::parse("0123456789abcdefghijABCDEFGHIJ_-")?);
    let now = Timestamp::from_second(1_767_196_800)?;

    let message = message::of_answer(signed.timestamp, signed.nonce, &body);
    let signature = STANDARD.decode(signed.signature)?;
    let envelope: Value = serde_json::from_slice(&body)?;
    let part = |name: &str| envelope["resource"][name].as_str().unwrap_or_default().to_owned();
    let (nonce, associated_data, ciphertext) = (part("nonce"), part("associated_data"), part("ciphertext"));
    let plaintext = keys.open(&nonce, &associated_data, &ciphertext)?;

    let open = || notify::open(&headers, &body, &platform, &keys, now);
    open()?;
    if !other.verifies(&message, &signature) {
        return Err("the vector does not verify".into());
    }

    println!("one callback, body {} bytes, content {} bytes", body.len(), plaintext.len());
    println!("{:<34} {:>10} {:>10} {:>8}", "", "median", "fastest", "of all");
    let whole = measure(|| open().is_ok());
    row("open: verify, decrypt, read", whole, whole);
    row("  headers", measure(|| SignatureHeaders::read(black_box(&headers)).is_ok()), whole);
    row("  RSA-2048 verification", measure(|| other.verifies(black_box(&message), black_box(&signature))), whole);
    row(
        "  AES-256-GCM with base64",
        measure(|| keys.open(&nonce, &associated_data, black_box(&ciphertext)).is_ok()),
        whole,
    );
    row(
        "  JSON of the content",
        measure(|| serde_json::from_slice::<Transaction>(black_box(&plaintext)).is_ok()),
        whole,
    );
    row(
        "  (JSON of the envelope, untyped)",
        measure(|| serde_json::from_slice::<Value>(black_box(&body)).is_ok()),
        whole,
    );
    let verdict = if whole.median <= BUDGET_NANOS { "kept" } else { "EXCEEDED" };
    println!("budget {} µs: {verdict}", BUDGET_NANOS / 1000);
    Ok(())
}

#[derive(Clone, Copy)]
struct Nanos {
    median: u128,
    fastest: u128,
}

/// Nanoseconds per call, over batches of equal size.
fn measure(mut call: impl FnMut() -> bool) -> Nanos {
    let start = Instant::now();
    let mut calls = 0_u128;
    while start.elapsed() < BATCH * 100 {
        black_box(call());
        calls += 1;
    }
    let batch = (calls / 100).max(1);
    let mut times: Vec<_> = (0..BATCHES)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..batch {
                black_box(call());
            }
            start.elapsed().as_nanos() / batch
        })
        .collect();
    times.sort_unstable();
    Nanos { median: times[BATCHES / 2], fastest: times[0] }
}

fn row(name: &str, nanos: Nanos, whole: Nanos) {
    let micros = |nanos: u128| format!("{}.{:02} µs", nanos / 1000, nanos % 1000 / 10);
    let ratio = format!("{} %", nanos.median * 100 / whole.median.max(1));
    println!("{name:<34} {:>10} {:>10} {ratio:>8}", micros(nanos.median), micros(nanos.fastest));
}

fn headers() -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for line in text("answers/transaction.headers")?.lines() {
        let (name, value) = line.split_once(": ").ok_or("a header line without a colon")?;
        headers.insert(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
    }
    Ok(headers)
}

fn text(name: &str) -> Result<String, Failure> {
    Ok(String::from_utf8(read(name)?)?)
}

fn read(name: &str) -> Result<Vec<u8>, Failure> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name);
    Ok(fs::read(path)?)
}
