//! What a callback gets (design §2.4): who is believed, and how everybody else is refused. What a
//! believed one leads to is in `verdicts`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Answer, App, Callback, Forger, KeyKind, NATIVE_NOTIFY, Notice, Placed, SIGNING_HEADERS, Site, Stage, raw, until,
};

const SUCCESS: &str = r#"{"code":"SUCCESS","message":"成功"}"#;

#[track_caller]
pub fn assert_acknowledged(answer: &Answer) {
    assert_eq!((answer.status, answer.text()), (200, SUCCESS));
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

/// `{"code":"FAIL","message":…}` and nothing else.
#[track_caller]
pub fn assert_refused(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let json = answer.json();
    let object = json.as_object().expect("an object");
    assert_eq!(object.keys().collect::<Vec<_>>(), ["code", "message"]);
    assert_eq!(object["code"], "FAIL");
    assert!(!object["message"].as_str().expect("a text").is_empty());
}

/// Refused with `status`, counted as `label`, and nothing at all stored.
async fn assert_changes_nothing(app: &App, callback: &Callback, status: u16, label: &str) {
    let before = (app.books.picture().await, app.books.received().await, app.callbacks(label).await);
    let answer = app.deliver(callback).await;
    assert_refused(&answer, status);
    assert_eq!((app.books.picture().await, app.books.received().await), (before.0, before.1));
    assert_eq!(app.callbacks(label).await, before.2 + 1, "{label}");
}

// Good ones.

#[tokio::test]
async fn a_genuine_callback_pays_the_order_and_is_acknowledged() {
    let app = App::start().await;
    let order = app.order(2).await;
    let before = app.books.order(&order.order_no).await;
    assert_eq!((before.status.as_str(), before.state.as_str()), ("NOTPAY", "OPEN"));

    let transaction = app.forger.transaction(&order);
    let notice = Notice::of(transaction.clone());
    let callback = app.forger.callback(&notice);
    assert_acknowledged(&app.deliver(&callback).await);

    let after = app.books.order(&order.order_no).await;
    assert_eq!((after.status.as_str(), after.state.as_str()), ("SUCCESS", "PAID"));
    assert_eq!((after.version, after.closed_reason), (before.version + 1, None));
    let paid: jiff::Timestamp = transaction["success_time"].as_str().expect("a time").parse().expect("RFC 3339");
    assert_eq!(after.paid_ms, Some(paid.as_millisecond()));
    let payments = app.books.payments().await;
    assert_eq!(payments.len(), 1);
    let payment = &payments[0];
    assert_eq!(payment.transaction_id, transaction["transaction_id"]);
    assert_eq!((payment.kind.as_str(), payment.source.as_str()), ("FIRST", "CALLBACK"));
    assert_eq!((payment.out_trade_no.as_str(), payment.total_fen), (order.order_no.as_str(), 12_800));
    assert_eq!(app.books.events(&order.order_no).await, ["PLACED/SHOPPER", "CODE_READY/SHOPPER", "PAID/CALLBACK"]);

    let received = app.books.received().await;
    assert_eq!(received.len(), 1);
    let received = &received[0];
    assert_eq!((received.notify_id.as_str(), received.verdict.as_str()), (notice.id.as_str(), "PAID"));
    assert_eq!((received.event_type.as_str(), received.deliveries), ("TRANSACTION.SUCCESS", 1));
    assert_eq!(received.out_trade_no.as_deref(), Some(order.order_no.as_str()));
    assert_eq!(received.body, callback.body, "kept as it came");
    assert!(received.headers.contains(&app.forger.public_key_id));
    assert!(!received.headers.contains(callback.header("wechatpay-signature")), "{}", received.headers);

    assert_eq!(app.callbacks("PAID").await, 1);
    assert_eq!(app.metric("saoma_orders_total", "status=\"SUCCESS\"").await, 1);
    assert_eq!(app.metric("saoma_callback_open_seconds_count", "").await, 1);
    assert_eq!(app.metric("saoma_callback_lag_seconds_count", "").await, 1);
    assert_eq!(app.metric("saoma_orders_pending", "").await, 0);
    assert_eq!(app.order_status(&order.order_no).await, (0, "支付成功".to_owned()));
}

#[tokio::test]
async fn a_duplicate_is_acknowledged_and_changes_nothing() {
    let app = App::start().await;
    let order = app.order(1).await;
    let mut notice = Notice::of(app.forger.transaction(&order));
    let callback = app.forger.callback(&notice);
    assert_acknowledged(&app.deliver(&callback).await);
    let paid = app.books.picture().await;

    // The very same bytes; the same notification, signed and sealed anew; another one of the same
    // transaction.
    assert_acknowledged(&app.deliver(&callback).await);
    assert_acknowledged(&app.deliver(&app.forger.callback(&notice)).await);
    notice.id = "another-notification".to_owned();
    assert_acknowledged(&app.deliver(&app.forger.callback(&notice)).await);

    assert_eq!(app.books.picture().await, paid);
    let received = app.books.received().await;
    let told: Vec<_> = received.iter().map(|it| (it.verdict.as_str(), it.deliveries)).collect();
    assert_eq!(told, [("PAID", 3), ("DUPLICATE", 1)]);
    assert_eq!((app.callbacks("PAID").await, app.callbacks("DUPLICATE").await), (1, 3));
}

#[tokio::test]
async fn a_callback_signed_with_a_platform_certificate_is_accepted_beside_the_public_key() {
    let app = App::start().await;
    let order = app.order(1).await;
    // The site has only the public key so far, and fetches the certificate because of this.
    let envelope = app.forger.envelope(&Notice::of(app.forger.transaction(&order)));
    let callback = app.forger.signed_at(KeyKind::Certificate, envelope.to_string(), 0);
    assert_acknowledged(&app.deliver(&callback).await);
    assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
    assert_eq!((app.callbacks("PAID").await, app.callbacks("serial").await), (1, 0));
    assert!(app.books.received().await[0].headers.contains(&app.forger.certificate_serial));
}

#[tokio::test]
async fn what_does_not_matter_does_not_matter() {
    let app = App::start().await;
    let with_type = |callback: Callback, value: &str| callback.with("content-type", value);
    let variants: [(&str, &dyn Fn(Callback) -> Callback); 6] = [
        ("no signature type", &|it| it.without("wechatpay-signature-type")),
        ("a charset", &|it| with_type(it, "application/json; charset=utf-8")),
        ("a wrong content type", &|it| with_type(it, "text/xml")),
        ("an origin", &|it| it.with("origin", "https://evil.example").with("sec-fetch-site", "cross-site")),
        ("a cookie", &|it| it.with("cookie", "saoma=00000000000000000000000000000000")),
        ("accepts HTML", &|it| it.with("accept", "text/html")),
    ];
    for (what, variant) in variants {
        let order = app.order(1).await;
        let answer = app.deliver(&variant(app.forger.payment(&order))).await;
        assert_eq!(answer.status, 200, "{what}");
        assert_eq!(app.books.status(&order.order_no).await, "SUCCESS", "{what}");
        assert!(!answer.headers.contains_key("set-cookie"), "{what}");
    }

    // Nor do the order of keys, unknown fields, white space, or an absent associated_data.
    let order = app.order(1).await;
    let mut transaction = app.forger.transaction(&order);
    transaction["promotion_detail"] = json!([{"coupon_id": "1", "new": {"deep": null}}]);
    transaction["success_time"] = json!("2026-11-23T14:05:09.123+08:00");
    let notice = Notice { associated_data: String::new(), ..Notice::of(transaction) };
    let mut envelope = app.forger.envelope(&notice);
    envelope["resource"].as_object_mut().expect("an object").remove("associated_data");
    envelope["invented_later"] = json!([1, 2, 3]);
    let pretty = format!("\n\t {} \r\n", serde_json::to_string_pretty(&envelope).expect("JSON"));
    assert_acknowledged(&app.deliver(&app.forger.signed(pretty)).await);
    assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
}

// 400: headers.

#[tokio::test]
async fn a_missing_header_is_a_bad_request() {
    let app = App::start().await;
    let order = app.order(1).await;
    let good = app.forger.payment(&order);
    for header in ["wechatpay-timestamp", "wechatpay-nonce", "wechatpay-serial", "wechatpay-signature"] {
        assert_changes_nothing(&app, &good.clone().without(header), 400, "headers").await;
    }
    let bare = Callback { headers: reqwest::header::HeaderMap::new(), body: good.body.clone() };
    assert_changes_nothing(&app, &bare, 400, "headers").await;
    assert_acknowledged(&app.deliver(&good).await);
}

#[tokio::test]
async fn a_doubled_header_is_a_bad_request() {
    let app = App::start().await;
    let order = app.order(1).await;
    let good = app.forger.payment(&order);
    for header in SIGNING_HEADERS {
        assert_changes_nothing(&app, &good.clone().with_double(header), 400, "headers").await;
    }
    assert_acknowledged(&app.deliver(&good).await);
}

#[tokio::test]
async fn an_unparsable_header_is_a_bad_request() {
    let app = App::start().await;
    let order = app.order(1).await;
    let good = app.forger.payment(&order);
    let timestamp = good.header("wechatpay-timestamp").to_owned();
    let timestamps = [
        String::new(),
        "soon".to_owned(),
        "-1".to_owned(),
        format!("+{timestamp}"),
        format!("{timestamp}.0"),
        format!("0x{timestamp}"),
        format!("{timestamp} 0"),
        "1e9".to_owned(),
        "2026-11-23T14:05:09+08:00".to_owned(),
        "99999999999999999999999999".to_owned(),
    ];
    for timestamp in timestamps {
        assert_changes_nothing(&app, &good.clone().with("wechatpay-timestamp", timestamp), 400, "headers").await;
    }
    for header in ["wechatpay-timestamp", "wechatpay-nonce", "wechatpay-serial"] {
        assert_changes_nothing(&app, &good.clone().with(header, b"\xff\xfe"), 400, "headers").await;
    }
    assert_acknowledged(&app.deliver(&good).await);
}

#[tokio::test]
async fn an_unknown_signature_type_is_a_bad_request() {
    let app = App::start().await;
    let order = app.order(1).await;
    let good = app.forger.payment(&order);
    for other in
        ["WECHATPAY2-SM2-WITH-SM3", "WECHATPAY-BRAND-SHA256-RSA2048", "wechatpay2-sha256-rsa2048", "none", "", "\u{ff}"]
    {
        let callback = good.clone().with("wechatpay-signature-type", other);
        assert_changes_nothing(&app, &callback, 400, "signature_type").await;
    }
    assert_acknowledged(&app.deliver(&good).await);
}

// 400: bodies, all rightly signed.

#[tokio::test]
async fn a_body_that_is_no_notification_is_a_bad_request_although_signed() {
    let app = App::start().await;
    let order = app.order(1).await;
    let good = app.forger.envelope(&Notice::of(app.forger.transaction(&order)));
    let without = |name: &str| {
        let mut envelope = good.clone();
        envelope.as_object_mut().expect("an object").remove(name).expect("is there");
        envelope.to_string()
    };
    let without_in_resource = |name: &str| {
        let mut envelope = good.clone();
        envelope["resource"].as_object_mut().expect("an object").remove(name).expect("is there");
        envelope.to_string()
    };
    let with = |pointer: &str, value: Value| {
        let mut envelope = good.clone();
        *envelope.pointer_mut(pointer).expect("is there") = value;
        envelope.to_string()
    };
    let xml = "<xml><return_code><![CDATA[SUCCESS]]></return_code><out_trade_no><![CDATA[1]]></out_trade_no>\
               <result_code><![CDATA[SUCCESS]]></result_code><total_fee>1</total_fee></xml>";
    let bodies: [Vec<u8>; 22] = [
        b"".to_vec(),
        b" ".to_vec(),
        b"null".to_vec(),
        b"{}".to_vec(),
        b"[]".to_vec(),
        b"\"TRANSACTION.SUCCESS\"".to_vec(),
        b"notification".to_vec(),
        b"\xff\xfe\xfd".to_vec(),
        xml.as_bytes().to_vec(),
        format!("\u{feff}{good}").into_bytes(),
        format!("{good}{good}").into_bytes(),
        format!("{good},").into_bytes(),
        without("id").into_bytes(),
        without("event_type").into_bytes(),
        without("resource").into_bytes(),
        without_in_resource("ciphertext").into_bytes(),
        without_in_resource("nonce").into_bytes(),
        without_in_resource("algorithm").into_bytes(),
        without_in_resource("original_type").into_bytes(),
        with("/resource", json!("ciphertext")).into_bytes(),
        with("/id", json!(1)).into_bytes(),
        "[".repeat(60_000).into_bytes(),
    ];
    for body in bodies {
        assert_changes_nothing(&app, &app.forger.signed(body), 400, "envelope").await;
    }
    assert_changes_nothing(
        &app,
        &app.forger.signed(with("/resource/algorithm", json!("AEAD_SM4_GCM"))),
        400,
        "algorithm",
    )
    .await;
    assert_acknowledged(&app.deliver(&app.forger.signed(good.to_string())).await);
}

#[tokio::test]
async fn a_ciphertext_that_does_not_open_is_a_bad_request() {
    let app = App::start().await;
    let order = app.order(1).await;
    let forger = &app.forger;
    let notice = Notice::of(forger.transaction(&order));
    let good = forger.envelope(&notice);
    let text = notice.content.to_string();
    let other_key = Forger::seal("0123456789abcdef0123456789ABCDEF", "transaction", text.as_bytes());
    let other_data = Forger::seal(&forger.api_v3_key, "refund", text.as_bytes());
    let sealed = |(nonce, ciphertext): (String, String)| {
        let mut envelope = good.clone();
        envelope["resource"]["nonce"] = json!(nonce);
        envelope["resource"]["ciphertext"] = json!(ciphertext);
        envelope
    };
    let with = |name: &str, value: &str| {
        let mut envelope = good.clone();
        envelope["resource"][name] = json!(value);
        envelope
    };
    let envelopes = [
        sealed(other_key),
        sealed(other_data),
        with("nonce", ""),
        with("nonce", "short"),
        with("nonce", "thirteenbytes"),
        with("nonce", "twelve bytes"),
        with("nonce", "四个汉字"),
        with("ciphertext", ""),
        with("ciphertext", "AAAA"),
        with("ciphertext", "not base64!"),
        with("associated_data", ""),
        with("associated_data", "Transaction"),
    ];
    for envelope in envelopes {
        assert_changes_nothing(&app, &forger.signed(envelope.to_string()), 400, "ciphertext").await;
    }
    assert_acknowledged(&app.deliver(&forger.signed(good.to_string())).await);
}

#[tokio::test]
async fn a_content_that_is_not_of_its_type_is_a_bad_request() {
    let app = App::start().await;
    let order = app.order(1).await;
    for content in [
        json!({}),
        json!([]),
        json!("SUCCESS"),
        json!({"out_trade_no": order.order_no}),
        json!({"appid": 1, "mchid": 2, "out_trade_no": 3, "trade_state": 4}),
    ] {
        let callback = app.forger.callback(&Notice::of(content));
        assert_changes_nothing(&app, &callback, 400, "content").await;
    }
    // The amount as a text or a fraction is no amount, and must not be read as one.
    for total in [json!("1"), json!(1.5), json!(1.0), json!([1]), json!(1e300)] {
        let mut transaction = app.forger.transaction(&order);
        transaction["amount"]["total"] = total;
        let callback = app.forger.callback(&Notice::of(transaction));
        assert_changes_nothing(&app, &callback, 400, "content").await;
    }
    assert_eq!(app.books.status(&order.order_no).await, "NOTPAY");
}

// 401.

#[tokio::test]
async fn a_timestamp_five_minutes_away_is_unauthorized_and_one_second_less_is_not() {
    let app = App::start_with_mock_clock().await;
    let order = app.order(1).await;
    for seconds in [-300, 300, -301, 301, -86_400, 86_400, -1_000_000_000] {
        let envelope = app.forger.envelope(&Notice::of(app.forger.transaction(&order)));
        let callback = app.forger.signed_at(KeyKind::PublicKey, envelope.to_string(), seconds);
        assert_changes_nothing(&app, &callback, 401, "timestamp").await;
    }
    for far in ["0", "1", "18446744073709551615"] {
        let callback = app.forger.payment(&order).with("wechatpay-timestamp", far);
        assert_changes_nothing(&app, &callback, 401, "timestamp").await;
    }
    for seconds in [-299, 299] {
        let order = app.order(1).await;
        let envelope = app.forger.envelope(&Notice::of(app.forger.transaction(&order)));
        let callback = app.forger.signed_at(KeyKind::PublicKey, envelope.to_string(), seconds);
        assert_acknowledged(&app.deliver(&callback).await);
        assert_eq!(app.books.status(&order.order_no).await, "SUCCESS", "{seconds}");
    }
    // A genuine one that somebody kept is worth nothing five minutes later.
    let kept = app.forger.payment(&order);
    app.advance(300);
    assert_changes_nothing(&app, &kept, 401, "timestamp").await;
}

#[tokio::test]
async fn an_unknown_serial_is_unauthorized() {
    let app = App::start().await;
    let order = app.order(1).await;
    let good = app.forger.payment(&order);
    let id = app.forger.public_key_id.clone();
    let others = [
        String::new(),
        format!("{id}0"),
        id[..id.len() - 1].to_owned(),
        id.to_lowercase(),
        id.trim_start_matches("PUB_KEY_ID_").to_owned(),
        "PUB_KEY_ID_0000000000000000000000000000000000".to_owned(),
        "5157F09EFDC096DE15EBE81A47057A7232F1B8E1".to_owned(),
        "' OR 1=1 --".to_owned(),
        "x".repeat(5_000),
    ];
    for serial in others {
        assert_changes_nothing(&app, &good.clone().with("wechatpay-serial", serial), 401, "serial").await;
    }
    assert_acknowledged(&app.deliver(&good).await);
}

#[tokio::test]
async fn a_wrong_signature_is_unauthorized() {
    let app = App::start().await;
    let order = app.order(1).await;
    let good = app.forger.payment(&order);
    let signature = good.header("wechatpay-signature").to_owned();
    let other_body = app.forger.payment(&order);
    let by_other_key = app.forger.signed_at(KeyKind::Certificate, good.body.clone(), 0);
    let by_other_key = by_other_key.with("wechatpay-serial", &app.forger.public_key_id);
    let wrong = [
        by_other_key,
        good.clone().with("wechatpay-signature", other_body.header("wechatpay-signature")),
        good.clone().with_body(other_body.body),
        good.clone().with("wechatpay-nonce", "593BEC0C930BF1AFEB40B4A08C8FB242"),
        good.clone().with("wechatpay-nonce", ""),
        good.clone().with("wechatpay-signature", ""),
        good.clone().with("wechatpay-signature", "AAAA"),
        good.clone().with("wechatpay-signature", "not base64 at all"),
        good.clone().with("wechatpay-signature", b"\xff\xff\xff\xff"),
        good.clone().with("wechatpay-signature", format!(" {signature}A")),
        good.clone().with("wechatpay-signature", signature.repeat(2)),
        good.clone().with("wechatpay-signature", "A".repeat(344)),
    ];
    for callback in wrong {
        assert_changes_nothing(&app, &callback, 401, "signature").await;
    }
    assert_acknowledged(&app.deliver(&good).await);
}

#[tokio::test]
async fn a_signature_probe_is_unauthorized_and_counted_apart() {
    let app = App::start().await;
    let order = app.order(1).await;
    let good = app.forger.payment(&order);
    let signature = good.header("wechatpay-signature");
    for rest in ["", "AAAA", signature, "kaMaaaaa==", &"x".repeat(339)] {
        let probe = good.clone().with("wechatpay-signature", format!("WECHATPAY/SIGNTEST/{rest}"));
        assert_changes_nothing(&app, &probe, 401, "signature_probe").await;
    }
    assert_eq!(app.callbacks("signature").await, 0);
    assert_acknowledged(&app.deliver(&good).await);
}

// 413.

/// A notification of exactly this many bytes: JSON allows any amount of white space.
fn padded(app: &App, order: &Placed, length: usize) -> Callback {
    let mut body = app.forger.envelope(&Notice::of(app.forger.transaction(order))).to_string().into_bytes();
    assert!(body.len() < length);
    body.resize(length, b' ');
    app.forger.signed(body)
}

async fn status_of_raw(site: &Site, head: &str, body: &[u8]) -> (u16, String) {
    let answer = raw(site, head, body).await;
    let answer = String::from_utf8(answer).expect("UTF-8");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    let status = head.split(' ').nth(1).expect("a status").parse().expect("a number");
    (status, body.to_owned())
}

#[tokio::test]
async fn a_body_over_64_kib_is_too_large_and_one_of_exactly_64_kib_is_not() {
    const MOST: usize = 64 * 1024;
    let app = App::start().await;
    let order = app.order(1).await;
    let before = (app.books.picture().await, app.books.received().await);
    for length in [MOST + 1, 2 * MOST, 1024 * 1024] {
        let callback = padded(&app, &order, length);
        let (status, body) = status_of_raw(&app, &callback.head(), &callback.body).await;
        assert_eq!(status, 413, "{length}");
        let json: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(json["code"], "FAIL", "{length}");
    }
    // Without a length in front, in pieces.
    let callback = padded(&app, &order, MOST + 1);
    let head = callback.head().replace(&format!("content-length: {}", MOST + 1), "transfer-encoding: chunked");
    let mut pieces = Vec::new();
    for piece in callback.body.chunks(8 * 1024) {
        pieces.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        pieces.extend_from_slice(piece);
        pieces.extend_from_slice(b"\r\n");
    }
    pieces.extend_from_slice(b"0\r\n\r\n");
    assert_eq!(status_of_raw(&app, &head, &pieces).await.0, 413);
    assert_eq!((app.books.picture().await, app.books.received().await), before);
    assert_eq!(app.callbacks("too_long").await, 4);

    let (status, body) = {
        let callback = padded(&app, &order, MOST);
        status_of_raw(&app, &callback.head(), &callback.body).await
    };
    assert_eq!((status, body.as_str()), (200, SUCCESS));
    assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
}

#[tokio::test]
async fn a_body_that_ends_too_early_changes_nothing() {
    let app = App::start().await;
    let order = app.order(1).await;
    let callback = app.forger.payment(&order);
    let head = callback.head();
    let before = (app.books.picture().await, app.books.received().await);
    // The sender hangs up in the middle: nobody is there to be answered.
    {
        use tokio::io::AsyncWriteExt as _;
        let address = app.origin.trim_start_matches("http://").to_owned();
        let mut stream = tokio::net::TcpStream::connect(&address).await.expect("connects");
        let head = format!("{head}\r\nhost: {address}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("writes");
        stream.write_all(&callback.body[..callback.body.len() / 2]).await.expect("writes");
    }
    until("the broken delivery is counted", async || (app.callbacks("broken").await == 1).then_some(())).await;
    assert_eq!((app.books.picture().await, app.books.received().await), before);
    assert_acknowledged(&app.deliver(&callback).await);
}

// The route itself.

#[tokio::test]
async fn the_route_takes_posts_only() {
    let app = App::start().await;
    let order = app.order(1).await;
    let callback = app.forger.payment(&order);
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
        let request = app.request(method.clone(), NATIVE_NOTIFY).headers(callback.headers.clone());
        let answer = app.send(request.body(callback.body.clone())).await;
        assert_eq!(answer.status, 405, "{method}");
    }
    assert_eq!(app.books.status(&order.order_no).await, "NOTPAY");
}

#[tokio::test]
async fn a_callback_of_another_merchants_platform_is_not_believed() {
    // The same ids, but keys of its own: a second sandbox, made anew.
    let dir = crate::support::folder();
    let options = saoma::sandbox::SandboxOptions::new(([127, 0, 0, 1], 9090).into()).expect("an address");
    drop(saoma::sandbox::Sandbox::open(dir.path(), options).expect("opens"));
    let app = Stage::new().start().await;
    let order = app.order(1).await;
    let mut stranger = Forger::read(dir.path(), app.clock.clone());
    assert_ne!(stranger.public_key_id, app.forger.public_key_id);
    assert_changes_nothing(&app, &stranger.payment(&order), 401, "serial").await;
    stranger.public_key_id.clone_from(&app.forger.public_key_id);
    stranger.mchid.clone_from(&app.forger.mchid);
    stranger.appid.clone_from(&app.forger.appid);
    stranger.api_v3_key.clone_from(&app.forger.api_v3_key);
    assert_changes_nothing(&app, &stranger.payment(&order), 401, "signature").await;
}
