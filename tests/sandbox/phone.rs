//! The phone page without JavaScript: links and forms only.

use serde_json::json;

use crate::harness::{Answer, Platform};

/// What a browser would send for the cashier's form, and where it is led.
async fn press(platform: &Platform, code_url: &str, action: &str) -> (Answer, String) {
    let fields = [("code_url", code_url), ("action", action)].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let answer = platform.submit("/_sandbox/phone/pay", &fields).await;
    let location = answer.location().to_owned();
    (answer, location)
}

fn link(html: &str) -> String {
    let start = html.find("href=\"/_sandbox/?code_url=").expect("an order") + "href=\"".len();
    html[start..].split('"').next().expect("an end").replace("&amp;", "&")
}

#[tokio::test]
async fn an_order_is_listed_opened_and_paid() {
    let platform = Platform::start().await;
    assert!(platform.page("/_sandbox/").await.contains("还没有可以扫的订单"));
    let mut order = platform.order("20261123135222ABCDEF");
    order["description"] = json!("<葱> & \"油\"");
    order["amount"]["total"] = json!(12_345);
    let answer = platform.client.post("/v3/pay/transactions/native", &order).await.json();
    let code_url = answer["code_url"].as_str().expect("a code");

    let list = platform.page("/_sandbox/").await;
    assert!(list.contains("&lt;葱&gt; &amp; &quot;油&quot;") && list.contains("123.45") && list.contains("…ABCDEF"));
    assert!(list.contains("扫码演示商户"));
    let cashier = platform.page(&link(&list)).await;
    assert!(cashier.contains("确认支付") && cashier.contains("模拟支付失败") && cashier.contains("123.45"));
    assert!(cashier.contains("20261123135222ABCDEF"));

    let (failed, location) = press(&platform, code_url, "fail").await;
    assert_eq!(failed.status, 303);
    assert!(platform.page(&location).await.contains("支付未完成"));
    assert_eq!(platform.state("20261123135222ABCDEF").await, "NOTPAY");

    let (paid, location) = press(&platform, code_url, "pay").await;
    assert_eq!(paid.status, 303);
    let receipt = platform.page(&location).await;
    assert!(receipt.contains("支付成功") && receipt.contains("123.45") && receipt.contains("4200"));
    platform.delivery("20261123135222ABCDEF", "accepted").await;
    let list = platform.page("/_sandbox/").await;
    assert!(list.contains("还没有可以扫的订单") && list.contains("已支付"));
    // Pressing again, or coming back to the code, changes nothing.
    let (again, location) = press(&platform, code_url, "pay").await;
    assert_eq!(again.status, 303);
    assert!(platform.page(&location).await.contains("支付成功"));
    assert_eq!(platform.receiver.received().len(), 1);
}

#[tokio::test]
async fn a_code_that_is_dead_says_why() {
    let platform = Platform::start().await;
    let first = platform.prepay("ORDER0001").await;
    let second = platform.prepay("ORDER0001").await;
    let opened = async |code_url: &str| {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("code_url", code_url).finish();
        platform.page(&format!("/_sandbox/?{query}")).await
    };
    assert!(opened(&first).await.contains("二维码已被新的取代"));
    assert!(opened("weixin://wxpay/bizpayurl?pr=x").await.contains("没有这个二维码"));
    assert!(opened("<script>").await.contains("没有这个二维码"));
    assert!(opened(&second).await.contains("确认支付"));
    platform.close("ORDER0001").await;
    assert!(opened(&second).await.contains("订单已关闭"));
    let (_, location) = press(&platform, &second, "pay").await;
    assert!(platform.page(&location).await.contains("订单已关闭"));
    assert_eq!(press(&platform, "x", "pay").await.0.status, 303);
}

#[tokio::test]
async fn a_code_opened_by_another_account_is_not_ours() {
    let platform = Platform::start().await;
    let code_url = platform.prepay("ORDER0001").await;
    let scan = json!({"code_url": code_url, "openid": "oOther", "action": "fail"});
    assert_eq!(platform.control("POST", "/_sandbox/scan", &scan).await.status, 200);
    let (answer, _) = press(&platform, &code_url, "pay").await;
    assert!(String::from_utf8_lossy(&answer.body).contains("另一个微信账号"));
    assert_eq!(platform.state("ORDER0001").await, "NOTPAY");
}

#[tokio::test]
async fn style_and_script_are_files() {
    let platform = Platform::start().await;
    for (path, kind) in [("phone.css", "text/css"), ("phone.js", "text/javascript")] {
        let path = format!("/_sandbox/assets/{path}");
        let answer = platform.client.send(platform.client.bare("GET", &path, b"")).await;
        assert_eq!(answer.status, 200);
        assert!(answer.headers["Content-Type"].to_str().expect("ASCII").starts_with(kind));
        assert_eq!(answer.headers["X-Content-Type-Options"], "nosniff");
    }
    let bare = platform.client.send(platform.client.bare("GET", "/_sandbox", b"")).await;
    assert_eq!(bare.status, 200, "it leads to the page");
}
