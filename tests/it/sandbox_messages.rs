//! A sandbox under WeChat Pay's name and address: what it says of itself is believed, and nothing else of it.

use saoma::{
    checkout::catalogue,
    clock::Clock,
    domain::{Fen, Product, ProductId},
};
use serde_json::json;

use crate::support::{App, Outside, Relay, Site, Stage, free_port};

const MARK: &str = "saoma-sandbox";
const REFUSED: &str = "saoma_sandbox_messages_refused_total";

/// A shop with real money, whose platform is a sandbox behind a relay that hides what it is.
async fn shop_with_money(outside: &Outside) -> (App, Relay) {
    let relay = Relay::start(&outside.site.origin).await;
    relay.hide(Some(MARK));
    let stage = Stage::new().live(outside, free_port()).set("WXPAY_DOMAIN", &relay.origin).with_real_money();
    let app = stage.start().await;
    assert_eq!(app.get("/api/product/list").await.json()["data"]["productList"], json!([]), "no demo products");
    let price = Fen::new(12_800).expect("money");
    let product = Product { id: ProductId(2), title: "龙井".to_owned(), summary: String::new(), price };
    catalogue::put(&app.state.db, product, false).await.expect("writes");
    (app, relay)
}

async fn assert_ready(site: &Site, ready: bool) {
    let answer = site.get("/readyz").await;
    assert_eq!(answer.status == 200, ready, "{answer:?}");
    assert_eq!(answer.text().contains("sandbox"), !ready, "{answer:?}");
}

#[tokio::test]
async fn a_verified_callback_of_a_sandbox_pays_nothing_where_there_is_money() {
    let outside = Outside::start(&Clock::system()).await;
    let (app, _relay) = shop_with_money(&outside).await;
    let order = app.order(2).await;
    let callback = app.forger.payment(&order);

    // Not verified: a forgery like any other, whatever it says.
    let forged = callback.clone().with(MARK, "1").with("wechatpay-signature", "d3Jvbmc=");
    assert_eq!(app.deliver(&forged).await.status, 401);
    assert_eq!(app.callbacks("signature").await, 1);
    assert_eq!(app.metric(REFUSED, "channel=\"callback\"").await, 0);
    assert_ready(&app, true).await;

    for time in 1..=3 {
        let answer = app.deliver(&callback.clone().with(MARK, "1")).await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (401, Some("FAIL")));
        assert_eq!(app.metric(REFUSED, "channel=\"callback\"").await, time);
    }
    assert_eq!((app.books.count("payments").await, app.books.count("notifications").await), (0, 0));
    assert_eq!(app.books.status(&order.order_no).await, "NOTPAY");
    assert_ready(&app, false).await;

    // It goes on all the same: the header is not signed, and a stranger may have sent it.
    assert_eq!(app.deliver(&callback).await.status, 200);
    assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
}

#[tokio::test]
async fn a_sandbox_in_wechats_place_is_found_out_by_its_replies_and_its_callbacks() {
    let outside = Outside::start(&Clock::system()).await;
    let (app, relay) = shop_with_money(&outside).await;
    let order = app.order(2).await;
    assert_ready(&app, true).await;

    // Its own callback comes straight from it.
    outside.site.pay(&order.code_url).await;
    let delivery = crate::support::until("an attempt", async || {
        let deliveries = outside.site.deliveries(&order.order_no).await;
        deliveries.first()?["attempts"].as_array().filter(|attempts| !attempts.is_empty()).cloned()
    })
    .await;
    assert!(delivery[0].to_string().contains("401"), "{delivery:?}");
    assert_ready(&app, false).await;

    // And so do the answers to our questions, verified as they are.
    relay.hide(None);
    let browser = app.browser();
    let answer = browser.submit("/api/ui/check_payment", &[("token", &order.token)]).await;
    assert_eq!(answer.header("location"), Some(format!("/pay/{}?checked=unknown", order.token).as_str()));
    assert_eq!(app.try_order(2).await.status, 502, "no code of a sandbox on a shop's page");
    assert!(app.metric(REFUSED, "channel=\"reply\"").await >= 2);
    assert_eq!((app.books.count("payments").await, app.books.count("notifications").await), (0, 0));
    assert_eq!(app.books.status(&order.order_no).await, "NOTPAY");

    // Errors, too, although they are unsigned for everybody.
    outside.site.faults(json!({"error_500": {"query": 1}})).await;
    let before = app.metric(REFUSED, "channel=\"reply\"").await;
    crate::support::until("another refusal", async || {
        browser.submit("/api/ui/check_payment", &[("token", &order.token)]).await;
        (app.metric(REFUSED, "channel=\"reply\"").await > before).then_some(())
    })
    .await;

    // Once WeChat Pay itself is there again, it goes on where it was.
    relay.hide(Some(MARK));
    crate::support::until("the payment", async || {
        browser.submit("/api/ui/check_payment", &[("token", &order.token)]).await;
        (app.books.status(&order.order_no).await == "SUCCESS").then_some(())
    })
    .await;
}

#[tokio::test]
async fn everything_a_sandbox_says_bears_its_mark_and_nothing_of_a_shop_does() {
    let outside = Outside::start(&Clock::system()).await;
    for path in ["/_sandbox/health", "/_sandbox/", "/_sandbox/ledger", "/v3/certificates", "/v3/nothing", "/nowhere"] {
        assert_eq!(outside.site.get(path).await.header(MARK), Some("1"), "{path}");
    }
    assert_eq!(outside.site.post("/_sandbox/scan").await.header(MARK), Some("1"));
    outside.site.faults(json!({"platform_down": "503"})).await;
    assert_eq!(outside.site.get("/v3/certificates").await.header(MARK), Some("1"));

    let app = App::start().await;
    for path in ["/_sandbox/health", "/_sandbox/", "/_sandbox/faults"] {
        assert_eq!(app.get(path).await.header(MARK), Some("1"), "{path}: on the site's port");
    }
    for path in ["/", "/api/product/list", "/healthz", "/nothing"] {
        assert_eq!(app.get(path).await.header(MARK), None, "{path}");
    }
    // A shop of a platform on loopback is paid by what bears it.
    let order = app.order(1).await;
    let callback = app.forger.payment(&order).with(MARK, "1");
    assert_eq!(app.deliver(&callback).await.status, 200);
    assert_ready(&app, true).await;
}
