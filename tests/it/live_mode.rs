//! Live mode: the settings are a sandbox's `credentials.env`, the platform is a sandbox of its own,
//! and nothing of the sandbox is in the site.

use reqwest::Method;
use saoma::clock::Clock;
use serde_json::json;

use crate::support::{App, Outside, Site, Stage, free_port};

const SANDBOX_ROUTES: [(Method, &str); 34] = [
    (Method::GET, "/_sandbox"),
    (Method::GET, "/_sandbox/"),
    (Method::GET, "/_sandbox/?code_url=weixin%3A%2F%2Fwxpay%2Fbizpayurl%3Fpr%3Dx"),
    (Method::GET, "/_sandbox/health"),
    (Method::POST, "/_sandbox/scan"),
    (Method::GET, "/_sandbox/faults"),
    (Method::PUT, "/_sandbox/faults"),
    (Method::DELETE, "/_sandbox/faults"),
    (Method::GET, "/_sandbox/deliveries"),
    (Method::GET, "/_sandbox/ledger"),
    (Method::GET, "/_sandbox/faults-page"),
    (Method::GET, "/_sandbox/records"),
    (Method::GET, "/_sandbox/certificates"),
    (Method::POST, "/_sandbox/certificates"),
    (Method::POST, "/_sandbox/api-v3-key"),
    (Method::POST, "/_sandbox/refund"),
    (Method::POST, "/_sandbox/faults-page/clear"),
    (Method::POST, "/_sandbox/faults-page/certificates"),
    (Method::POST, "/_sandbox/faults-page/certificates/retire"),
    (Method::POST, "/_sandbox/faults-page/api-v3-key"),
    (Method::POST, "/_sandbox/records/refund"),
    (Method::POST, "/_sandbox/records/move"),
    (Method::POST, "/_sandbox/phone/pay"),
    (Method::GET, "/_sandbox/assets/phone.css"),
    (Method::GET, "/_sandbox/assets/phone.js"),
    (Method::GET, "/v3/certificates"),
    (Method::POST, "/v3/pay/transactions/native"),
    (Method::GET, "/v3/pay/transactions/out-trade-no/123456"),
    (Method::POST, "/v3/pay/transactions/out-trade-no/123456/close"),
    (Method::GET, "/v3/pay/transactions/id/4200000000"),
    (Method::POST, "/v3/security/echo"),
    (Method::POST, "/v3/refund/domestic/refunds"),
    (Method::GET, "/v3/refund/domestic/refunds/1"),
    (Method::POST, "/v3/refund/domestic/refunds/1/apply-abnormal-refund"),
];

async fn status_of(site: &Site, method: &Method, path: &str) -> u16 {
    let request = site.request(method.clone(), path).header("content-type", "application/json");
    site.send(request.body("{}")).await.status
}

#[tokio::test]
async fn nothing_of_the_sandbox_is_reachable_in_live_mode() {
    let outside = Outside::start(&Clock::system()).await;
    let app = Stage::new().live(&outside, free_port()).start().await;
    for (method, path) in &SANDBOX_ROUTES {
        let status = status_of(&app, method, path).await;
        // The fallback answers reads with the 404 page and everything else with 404 or 405.
        assert!(status == 404 || (status == 405 && *method != Method::GET), "{method} {path}: {status}");
    }
    // They do exist: in sandbox mode on the site's port, and at the platform.
    let sandbox = App::start().await;
    for (method, path) in &SANDBOX_ROUTES {
        if path.starts_with("/_sandbox") {
            assert_ne!(status_of(&sandbox, method, path).await, 404, "{method} {path}");
        } else {
            assert_eq!(
                status_of(&sandbox, method, path).await,
                404,
                "{method} {path}: on the platform's own port only"
            );
        }
        if path.starts_with("/v3") {
            assert_ne!(status_of(&outside.site, method, path).await, 404, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_banner_is_there_in_sandbox_mode_and_not_in_live_mode() {
    let outside = Outside::start(&Clock::system()).await;
    let live = Stage::new().live(&outside, free_port()).start().await;
    let sandbox = App::start().await;
    for (app, there) in [(&live, false), (&sandbox, true)] {
        let order = app.order(1).await;
        for path in ["/", "/products/1", "/orders", &format!("/pay/{}", order.token), "/nothing"] {
            let page = app.get(path).await;
            assert_eq!(page.shown().contains("沙箱模式"), there, "{path}");
            assert_eq!(page.text().contains("_sandbox"), there, "{path}");
        }
    }
}

#[tokio::test]
async fn a_purchase_in_live_mode_works_the_same() {
    let outside = Outside::start(&Clock::system()).await;
    let app = Stage::new().live(&outside, free_port()).start().await;
    let browser = app.browser();
    let order = browser.order(2).await;
    let (told, transaction) = tokio::join!(app.watch(&order.token, 2, 25), outside.site.pay(&order.code_url));
    assert_eq!(told["status"], "SUCCESS");
    let payments = app.books.payments().await;
    assert_eq!((payments.len(), &payments[0].transaction_id), (1, &transaction));
    assert_eq!(payments[0].source, "CALLBACK");
    assert!(browser.get("/orders").await.shown().contains("支付成功"));
}

#[tokio::test]
async fn with_platform_certificates_alone_a_purchase_works_the_same() {
    let outside = Outside::start(&Clock::system()).await;
    let app = Stage::new()
        .live(&outside, free_port())
        .without("WXPAY_PUBLIC_KEY_ID")
        .without("WXPAY_PUBLIC_KEY_PATH")
        .start()
        .await;
    outside.site.faults(json!({"public_key_share": 0, "public_key_share_replies": 0})).await;
    let order = app.order(1).await;
    let (told, _) = tokio::join!(app.watch(&order.token, 2, 25), outside.site.pay(&order.code_url));
    assert_eq!(told["status"], "SUCCESS");
    assert_eq!(app.books.payments().await[0].source, "CALLBACK");
    // Nobody gave us the public key: what it signs cannot be believed.
    let order = app.order(1).await;
    assert_eq!(app.deliver(&app.forger.payment(&order)).await.status, 401);
}

#[tokio::test]
async fn while_wechat_moves_from_certificates_to_the_public_key_both_are_believed() {
    let outside = Outside::start(&Clock::system()).await;
    let app = Stage::new().live(&outside, free_port()).start().await;
    outside.site.faults(json!({"public_key_share": 0.5})).await;
    let mut serials = std::collections::BTreeSet::new();
    for _ in 0..40 {
        let order = app.order(1).await;
        outside.site.pay(&order.code_url).await;
        let delivery = outside.site.until_delivery(&order.order_no, "accepted").await;
        let attempts = delivery["attempts"].as_array().expect("a list");
        assert_eq!(attempts.len(), 1, "{attempts:?}");
        serials.insert(attempts[0]["serial"].as_str().expect("a serial").to_owned());
        assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
        if serials.len() == 2 {
            return;
        }
    }
    panic!("forty payments, one kind of key: {serials:?}");
}

#[tokio::test]
async fn a_sandbox_open_to_the_network_still_gets_its_callbacks() {
    let app = Stage::new().set("LEPTOS_SITE_ADDR", "0.0.0.0:0").start().await;
    let order = app.order(1).await;
    assert!(order.pay_url.starts_with("http://127.0.0.1:"), "{}", order.pay_url);
    assert_eq!(app.scan(&order.code_url).await.status, 403, "0.0.0.0 is no name of this machine");
    Site::new(order.pay_url.split("/pay/").next().expect("an origin")).pay(&order.code_url).await;
    app.until_status(&order.token, "SUCCESS").await;
    assert_eq!(app.books.payments().await[0].source, "CALLBACK");
}
