//! Bad callbacks in numbers: a genuine notification, spoiled in every place. None pays, none
//! crashes the site, none is acknowledged.

use std::collections::BTreeMap;

use futures::{StreamExt as _, stream};

use crate::{
    callbacks::{assert_acknowledged, assert_refused},
    support::{App, Callback, Notice, Placed, Stage},
};

/// Requests under way at once.
const AT_ONCE: usize = 16;

/// Delivers all of them; how often each status was the answer.
async fn deliver_all(app: &App, callbacks: impl IntoIterator<Item = Callback>) -> BTreeMap<u16, usize> {
    let answers = stream::iter(callbacks).map(|callback| async move { app.deliver(&callback).await });
    let answers: Vec<_> = answers.buffer_unordered(AT_ONCE).collect().await;
    let mut counts = BTreeMap::new();
    for answer in &answers {
        assert!(!(200..300).contains(&answer.status), "acknowledged");
        assert_refused(answer, answer.status);
        *counts.entry(answer.status).or_default() += 1;
    }
    counts
}

async fn stage() -> (App, Placed, Callback) {
    let app = Stage::new().set("SAOMA_REJECTED_CALLBACKS_PER_MINUTE", "0").start().await;
    let order = app.order(1).await;
    let good = app.forger.payment(&order);
    (app, order, good)
}

/// Nothing was stored, and the genuine one still pays.
async fn assert_unharmed(app: &App, order: &Placed, good: &Callback) {
    assert_eq!(app.books.status(&order.order_no).await, "NOTPAY");
    assert_eq!((app.books.count("payments").await, app.books.count("notifications").await), (0, 0));
    assert_eq!(app.get("/healthz").await.status, 200);
    assert_acknowledged(&app.deliver(good).await);
    assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
    assert_eq!(app.books.count("payments").await, 1);
}

#[tokio::test]
async fn every_single_bit_of_a_body_counts() {
    let (app, order, good) = stage().await;
    let places = (0..good.body.len()).flat_map(|place| (0..8).map(move |bit| (place, bit)));
    let altered: Vec<_> = places
        .map(|(place, bit)| {
            let mut body = good.body.clone();
            body[place] ^= 1 << bit;
            good.clone().with_body(body)
        })
        .collect();
    let (bytes, sent) = (good.body.len(), altered.len());
    let counts = deliver_all(&app, altered).await;
    println!("each bit of {bytes} bytes altered: {sent} sent, answers {counts:?}");
    assert_eq!(counts, BTreeMap::from([(401, sent)]));
    assert_unharmed(&app, &order, &good).await;
}

#[tokio::test]
async fn every_single_byte_of_a_sealed_content_counts_even_when_signed() {
    let (app, order, good) = stage().await;
    let envelope: serde_json::Value = serde_json::from_slice(&good.body).expect("JSON");
    let ciphertext = envelope["resource"]["ciphertext"].as_str().expect("a text").to_owned();
    let altered = (0..ciphertext.len()).map(|place| {
        let mut text = ciphertext.clone().into_bytes();
        text[place] = if text[place] == b'A' { b'B' } else { b'A' };
        let mut envelope = envelope.clone();
        envelope["resource"]["ciphertext"] = String::from_utf8(text).expect("ASCII").into();
        app.forger.signed(envelope.to_string())
    });
    let counts = deliver_all(&app, altered).await;
    println!("each character of the ciphertext altered, signed: {} sent, answers {counts:?}", ciphertext.len());
    assert_eq!(counts, BTreeMap::from([(400, ciphertext.len())]));
    assert_unharmed(&app, &order, &good).await;
}

#[tokio::test]
async fn every_single_character_of_a_signature_counts() {
    let (app, order, good) = stage().await;
    let signature = good.header("wechatpay-signature").to_owned();
    let mut altered = Vec::new();
    for place in 0..signature.len() {
        for other in "ABab09+/=-_! ".bytes() {
            let mut text = signature.clone().into_bytes();
            let at_the_edge = (place == 0 || place + 1 == text.len()) && other == b' ';
            if text[place] != other && !at_the_edge {
                text[place] = other;
                altered.push(good.clone().with("wechatpay-signature", text));
            }
        }
    }
    let sent = altered.len();
    let counts = deliver_all(&app, altered).await;
    println!("each of {} characters of the signature altered: {sent} sent, answers {counts:?}", signature.len());
    assert_eq!(counts, BTreeMap::from([(401, sent)]));
    assert_unharmed(&app, &order, &good).await;
}

#[tokio::test]
async fn every_single_character_of_timestamp_nonce_and_serial_counts() {
    let (app, order, good) = stage().await;
    let mut altered = Vec::new();
    for header in ["wechatpay-timestamp", "wechatpay-nonce", "wechatpay-serial"] {
        let value = good.header(header).to_owned().into_bytes();
        for place in 0..value.len() {
            for other in *b"09azAZ_" {
                if value[place] != other {
                    let mut value = value.clone();
                    value[place] = other;
                    altered.push(good.clone().with(header, value));
                }
            }
        }
    }
    let sent = altered.len();
    let counts = deliver_all(&app, altered).await;
    println!("each character of timestamp, nonce, serial altered: {sent} sent, answers {counts:?}");
    assert!(counts.keys().all(|status| [400, 401].contains(status)), "{counts:?}");
    assert_unharmed(&app, &order, &good).await;
}

#[tokio::test]
async fn a_truncated_body_or_signature_is_refused_at_every_length() {
    let (app, order, good) = stage().await;
    let lengths = 0..good.body.len();
    let cut = lengths.clone().map(|length| good.clone().with_body(&good.body[..length]));
    let counts = deliver_all(&app, cut).await;
    println!("body cut at every length: {} sent, answers {counts:?}", good.body.len());
    assert_eq!(counts, BTreeMap::from([(401, good.body.len())]));

    let signed = lengths.map(|length| app.forger.signed(&good.body[..length]));
    let counts = deliver_all(&app, signed).await;
    println!("body cut at every length, then signed: {} sent, answers {counts:?}", good.body.len());
    assert_eq!(counts, BTreeMap::from([(400, good.body.len())]));

    let signature = good.header("wechatpay-signature").to_owned();
    let cut = (0..signature.len()).map(|length| good.clone().with("wechatpay-signature", &signature[..length]));
    let counts = deliver_all(&app, cut).await;
    println!("signature cut at every length: {} sent, answers {counts:?}", signature.len());
    assert_eq!(counts, BTreeMap::from([(401, signature.len())]));
    assert_unharmed(&app, &order, &good).await;
}

#[tokio::test]
async fn something_added_to_a_body_is_refused() {
    let (app, order, good) = stage().await;
    let mut altered = Vec::new();
    for added in [&b" "[..], b"\n", b"\r\n", b"\0", b"}", b",", b"\xef\xbb\xbf"] {
        altered.push(good.clone().with_body([added, &good.body].concat()));
        altered.push(good.clone().with_body([&good.body[..], added].concat()));
    }
    let sent = altered.len();
    let counts = deliver_all(&app, altered).await;
    println!("something put before or behind the body: {sent} sent, answers {counts:?}");
    assert_eq!(counts, BTreeMap::from([(401, sent)]));
    assert_unharmed(&app, &order, &good).await;
}

#[tokio::test]
async fn bodies_of_64_kib_and_1_mib_of_anything_are_refused() {
    let (app, order, good) = stage().await;
    let mut counts = BTreeMap::<u16, usize>::new();
    for length in [64 * 1024, 64 * 1024 + 1, 1024 * 1024] {
        for filling in [b' ', b'0', b'{', b'[', b'"', 0, 0xff] {
            let callback = app.forger.signed(vec![filling; length]);
            let answer = crate::support::raw(&app, &callback.head(), &callback.body).await;
            let line = String::from_utf8_lossy(&answer[..answer.len().min(12)]).into_owned();
            let status = line.split(' ').nth(1).unwrap_or_else(|| panic!("no answer to {length}")).parse();
            *counts.entry(status.expect("a number")).or_default() += 1;
        }
    }
    println!("64 KiB, 64 KiB + 1 and 1 MiB of 7 fillings, signed: answers {counts:?}");
    assert_eq!(counts, BTreeMap::from([(400, 7), (413, 14)]));
    assert_unharmed(&app, &order, &good).await;
}

#[tokio::test]
async fn line_ends_are_part_of_what_is_signed_and_are_accepted_as_they_are() {
    let app = App::start().await;
    let mut accepted = 0;
    for (before, after, pretty) in
        [("", "\n", false), ("", "\r\n", false), ("\r\n", "\r\n\r\n", false), ("", "", true), ("\n", "\n", true)]
    {
        let order = app.order(1).await;
        let envelope = app.forger.envelope(&Notice::of(app.forger.transaction(&order)));
        let text = if pretty { serde_json::to_string_pretty(&envelope).expect("JSON") } else { envelope.to_string() };
        let body = format!("{before}{}{after}", text.replace('\n', "\r\n"));
        assert_acknowledged(&app.deliver(&app.forger.signed(body)).await);
        assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
        accepted += 1;
    }
    println!("CRLF and trailing line ends, signed as they are: {accepted} of 5 accepted");
}
