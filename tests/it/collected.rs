//! What is kept from now on, for later: whom an attempt was asked for with, whose key vouched for a payment,
//! what it takes to verify a notification once more.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use saoma::{clock::Clock, wechatpay::PlatformKey};
use serde_json::{Value, json};
use sqlx::Row as _;
use tempfile::TempDir;

use crate::support::{App, Notice, Outside, Relay, Stage, free_port, until};

const OTHER_APPID: &str = "wx9999999999999999";

async fn text(app: &App, sql: &'static str) -> Option<String> {
    sqlx::query_scalar(sql).fetch_one(&app.books.pool).await.expect("reads")
}

/// The same shop with another app id, as after a restart with another `WXPAY_APPID`.
async fn with_another_appid(outside: &Outside, port: u16, app: App) -> (App, Arc<TempDir>) {
    let stage = Stage::new().beside(&app).live(outside, port).set("WXPAY_APPID", OTHER_APPID);
    let folder = Arc::clone(&app.folder);
    app.stop().await;
    (stage.start().await, folder)
}

#[tokio::test]
async fn a_code_on_a_screen_outlives_a_change_of_the_app_id() {
    let outside = Outside::start(&Clock::system()).await;
    let port = free_port();
    let app = Stage::new().live(&outside, port).start().await;
    let (told, asked) = (app.order(2).await, app.order(2).await);
    let old_instance = app.order(2).await;
    // Written by an instance of the version before, which knows no such column.
    sqlx::query("UPDATE attempts SET appid = '' WHERE out_trade_no = ?")
        .bind(&old_instance.order_no)
        .execute(&app.books.pool)
        .await
        .expect("writes");
    let (app, _folder) = with_another_appid(&outside, port, app).await;

    // The new one's name on an old number is none of ours.
    let mut wrong = app.forger.transaction(&told);
    wrong["appid"] = json!(OTHER_APPID);
    assert_eq!(app.deliver(&app.forger.callback(&Notice::of(wrong))).await.status, 200);
    assert_eq!(app.callbacks("MISMATCH_APPID").await, 1);
    assert_eq!(app.books.count("payments").await, 0);

    for order in [&told, &old_instance] {
        assert_eq!(app.deliver(&app.forger.payment(order)).await.status, 200);
        assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
    }
    // Lost callbacks are found by asking, as before.
    outside.site.faults(json!({"drop": "all"})).await;
    outside.site.pay(&asked.code_url).await;
    let browser = app.browser();
    until("the payment", async || {
        browser.submit("/api/ui/check_payment", &[("token", &asked.token)]).await;
        (app.books.status(&asked.order_no).await == "SUCCESS").then_some(())
    })
    .await;
    assert_eq!(app.callbacks("PAID").await, 2);
    assert_eq!(app.books.count("payments").await, 3);
}

#[tokio::test]
async fn what_later_work_needs_is_kept() {
    let outside = Outside::start(&Clock::system()).await;
    let app = Stage::new().live(&outside, free_port()).start().await;
    let order = app.order(2).await;
    let row = sqlx::query("SELECT appid, trade_type, request_id FROM attempts").fetch_one(&app.books.pool).await;
    let row = row.expect("an attempt");
    assert_eq!((row.get::<&str, _>("appid"), row.get::<&str, _>("trade_type")), (&*app.forger.appid, "NATIVE"));
    assert!(row.get::<&str, _>("request_id").ends_with("-0"), "of the platform's answer");
    let request: Value = serde_json::from_slice(&app.books.order(&order.order_no).await.request).expect("JSON");
    assert_eq!(request["attach"], "saoma:127.0.0.1");

    let callback = app.forger.payment(&order);
    assert_eq!(app.deliver(&callback).await.status, 200);
    assert_eq!(text(&app, "SELECT vouched_by FROM payments").await.as_deref(), Some(&*app.forger.public_key_id));
    let kept = text(&app, "SELECT signature FROM notifications").await.expect("is kept");
    assert_eq!(kept, callback.header("wechatpay-signature"));

    // What is in the books is enough to verify it once more.
    let row = sqlx::query("SELECT kind, pem FROM platform_keys WHERE serial = ?").bind(&app.forger.public_key_id);
    let row = row.fetch_one(&app.books.pool).await.expect("the key that has vouched");
    assert_eq!(row.get::<&str, _>("kind"), "PUBLIC_KEY");
    let key = PlatformKey::from_pem(row.get("pem")).expect("a key");
    let received = app.books.received().await.remove(0);
    let header = |name: &str| {
        let line = received.headers.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned));
        line.expect("is kept")
    };
    let message = [header("wechatpay-timestamp"), header("wechatpay-nonce"), String::new()].join("\n").into_bytes();
    let message = [message, received.body.clone(), b"\n".to_vec()].concat();
    let signature = STANDARD.decode(kept).expect("base64");
    assert!(key.verifies(&message, &signature) && !key.verifies(&received.body, &signature));
    assert!(!received.headers.to_lowercase().contains("wechatpay-signature:"));

    // Of an answer to our own question, its signer.
    let asked = app.order(2).await;
    outside.site.faults(json!({"drop": "all", "public_key_share": 0})).await;
    outside.site.pay(&asked.code_url).await;
    app.browser().submit("/api/ui/check_payment", &[("token", &asked.token)]).await;
    let serial = text(&app, "SELECT vouched_by FROM payments WHERE source <> 'CALLBACK'").await.expect("is there");
    assert!([&app.forger.public_key_id, &app.forger.certificate_serial].contains(&&serial), "{serial}");
    let kept: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM platform_keys WHERE serial = ?")
        .bind(&serial)
        .fetch_one(&app.books.pool)
        .await
        .expect("counts");
    assert_eq!(kept, 1);
}

#[tokio::test]
async fn a_request_from_before_is_repeated_as_it_was_stored() {
    let outside = Outside::start(&Clock::system()).await;
    let relay = Relay::start(&outside.site.origin).await;
    let app = Stage::new().live(&outside, free_port()).set("WXPAY_DOMAIN", &relay.origin).start().await;
    outside.site.faults(json!({"error_500": {"prepay": 2}})).await;
    assert_eq!(app.try_order(2).await.status, 502);
    // As a version without `attach` has left it.
    let request: Vec<u8> =
        sqlx::query_scalar("SELECT request FROM attempts").fetch_one(&app.books.pool).await.expect("reads");
    let mut old: Value = serde_json::from_slice(&request).expect("JSON");
    old.as_object_mut().expect("an object").remove("attach").expect("was there");
    let old = serde_json::to_vec_pretty(&old).expect("JSON");
    sqlx::query("UPDATE attempts SET appid = '', request = ?, prepay_until_ms = 0")
        .bind(&old)
        .execute(&app.books.pool)
        .await
        .expect("writes");
    let token: String = sqlx::query_scalar("SELECT token FROM orders").fetch_one(&app.books.pool).await.expect("reads");
    until("a code", async || {
        app.look(&token).await;
        (text(&app, "SELECT state FROM attempts").await.as_deref() == Some("OPEN")).then_some(())
    })
    .await;
    let sent = relay.passed().into_iter().rfind(|it| it.path.ends_with("/native")).expect("a prepay");
    assert_eq!(sent.request, old);
    assert_eq!(text(&app, "SELECT appid FROM attempts").await.as_deref(), Some(""));
    let order_no = text(&app, "SELECT out_trade_no FROM attempts").await.expect("a number");
    outside.site.pay(&text(&app, "SELECT code_url FROM attempts").await.expect("a code")).await;
    until("the payment", async || (app.books.status(&order_no).await == "SUCCESS").then_some(())).await;
}
