//! What a shopper sees and can do after ordering: cancel, another code, refunds, the list, the receipt. All
//! of it without JavaScript, as forms and pages.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    callbacks::assert_acknowledged,
    support::{Answer, App, Browser, Notice, Placed, Stage, mock_clock, until},
};

/// `SAOMA_PAY_MINUTES`, by default.
const PAY_TIME: i64 = 15 * 60;

/// Where a form that was understood leads.
fn location(answer: &Answer) -> &str {
    assert_eq!(answer.status, 302, "{answer:?}");
    answer.header("location").expect("a place to go")
}

async fn cancel(browser: &Browser<'_>, token: &str) -> Answer {
    browser.submit("/api/ui/cancel_order", &[("token", token)]).await
}

/// Another code in place of the one of this `out_trade_no`.
async fn renew(browser: &Browser<'_>, token: &str, out_trade_no: &str) -> Answer {
    browser.submit("/api/ui/renew_code", &[("token", token), ("out_trade_no", out_trade_no)]).await
}

/// What somebody sees of an order's page.
async fn shown(browser: &Browser<'_>, token: &str) -> String {
    browser.get(&format!("/pay/{token}")).await.shown()
}

async fn view(browser: &Browser<'_>, token: &str) -> Value {
    let path = format!("/api/ui/watch_order?token={token}&after=0&wait=0");
    let answer = browser.send(browser.site.request(Method::GET, &path)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// The answer to whatever the page's program asked.
fn assert_no_such_order(answer: &Answer) {
    assert_eq!((answer.status, answer.json()), (404, json!("NoSuchOrder")));
}

/// WeChat tells of a refund, made here or in the merchant console.
async fn refund(app: &App, order: &Placed, transaction: &str, number: &str, fen: i64, status: &str) {
    let success = app.clock.now().to_string();
    let notice = Notice {
        event_type: "REFUND.SUCCESS".to_owned(),
        original_type: "refund".to_owned(),
        associated_data: "refund".to_owned(),
        ..Notice::of(json!({
            "mchid": app.forger.mchid,
            "out_trade_no": order.order_no,
            "transaction_id": transaction,
            "out_refund_no": number,
            "refund_id": format!("5030{number}"),
            "refund_status": status,
            "success_time": success,
            "user_received_account": "支付用户零钱",
            "amount": { "total": order.total, "refund": fen, "payer_total": order.total, "payer_refund": fen },
        }))
    };
    let callback = app.forger.callback(&notice);
    let request = app.request(Method::POST, "/api/wx-pay/refunds/notify").headers(callback.headers);
    assert_acknowledged(&app.send(request.body(callback.body)).await);
}

/// Pays with a forged callback; the transaction id.
async fn pay(app: &App, order: &Placed) -> String {
    let transaction = app.forger.transaction(order);
    assert_acknowledged(&app.deliver(&app.forger.callback(&Notice::of(transaction.clone()))).await);
    transaction["transaction_id"].as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn an_order_is_cancelled_after_a_question() {
    let app = App::start().await;
    let browser = app.browser();
    let order = browser.order(1).await;
    let (page, question) = (format!("/pay/{}", order.token), format!("/pay/{}/cancel", order.token));
    let answer = browser.get(&page).await;
    assert!(answer.shown().contains("取消订单") && answer.text().contains(&format!("href=\"{question}\"")));

    let asked = browser.get(&question).await;
    assert!(asked.status == 200 && asked.shown().contains("取消这笔订单？"), "{}", asked.shown());
    assert!(asked.text().contains("action=\"/api/ui/cancel_order\""));
    assert!(!asked.text().contains("http-equiv=\"refresh\""), "nobody is hurried");
    assert_eq!(app.books.status(&order.order_no).await, "NOTPAY", "asking is not cancelling");

    assert_eq!(location(&cancel(&browser, &order.token).await), page);
    let answer = browser.get(&page).await;
    let said = answer.shown();
    assert!(said.contains("订单已取消") && said.contains("重新购买") && said.contains("没有扣款"), "{said}");
    assert!(answer.text().contains("href=\"/products/1\""));
    for gone in ["取消订单", "换一个", "刷新二维码", "请使用微信扫一扫"] {
        assert!(!said.contains(gone), "{gone}");
    }
    assert!(!answer.text().contains("http-equiv=\"refresh\""), "nothing more is to come");
    let stored = app.books.order(&order.order_no).await;
    assert_eq!((stored.status.as_str(), stored.closed_reason.as_deref()), ("CLOSED", Some("CANCELLED")));
    assert_eq!(app.scan(&order.code_url).await.status, 409, "nobody can pay it any more");

    // Once more, from a page that was left open.
    assert_eq!(location(&cancel(&browser, &order.token).await), page);
    assert!(browser.get(&question).await.shown().contains("这笔订单现在不能取消"));
    assert!(browser.get("/orders").await.shown().contains("订单已取消"));
}

#[tokio::test]
async fn a_paid_order_cannot_be_cancelled() {
    let app = App::start().await;
    let browser = app.browser();
    let order = browser.order(1).await;
    pay(&app, &order).await;
    let question = browser.get(&format!("/pay/{}/cancel", order.token)).await.shown();
    assert!(question.contains("这笔订单现在不能取消") && !question.contains("确认取消"), "{question}");
    cancel(&browser, &order.token).await;
    assert!(shown(&browser, &order.token).await.contains("支付成功"));
}

#[tokio::test]
async fn a_payment_that_nobody_has_heard_of_wins_over_cancelling() {
    let app = App::start().await;
    app.faults(json!({"drop": "all"})).await;
    let browser = app.browser();
    let order = browser.order(1).await;
    app.pay(&order.code_url).await;
    cancel(&browser, &order.token).await;
    assert!(shown(&browser, &order.token).await.contains("支付成功"));
    assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
}

#[tokio::test]
async fn while_wechat_does_not_confirm_it_a_cancelled_order_says_so_and_turns_by_itself() {
    let app = App::start_with_mock_clock().await;
    let browser = app.browser();
    let order = browser.order(1).await;
    app.faults(json!({"error_500": {"close": "all"}})).await;
    let page = format!("/pay/{}", order.token);
    assert_eq!(location(&cancel(&browser, &order.token).await), page);
    let answer = browser.get(&page).await;
    let said = answer.shown();
    assert!(said.contains("正在取消…") && said.contains("请不要再付款"), "{said}");
    for gone in ["请使用微信扫一扫", "取消订单", "换一个", "没有扣款"] {
        assert!(!said.contains(gone), "{gone}");
    }
    assert!(answer.text().contains("http-equiv=\"refresh\""));
    let told = view(&browser, &order.token).await;
    assert_eq!((&told["stage"], &told["is_final"]), (&json!("Cancelling"), &json!(false)));
    assert_eq!(told["qr"]["path"], "", "a code that is about to die is not offered");
    assert_eq!(app.look(&order.token).await["wish"], "CANCEL");
    let list = browser.get("/orders").await.shown();
    assert!(list.contains("正在取消…") && !list.contains("继续付款"), "{list}");

    app.faults(json!({"error_500": {"close": 0}})).await;
    until("it has turned", async || {
        app.advance(6);
        shown(&browser, &order.token).await.contains("订单已取消").then_some(())
    })
    .await;
    assert_eq!(app.look(&order.token).await.get("wish"), None);
}

#[tokio::test]
async fn another_code_is_the_same_order_under_another_number() {
    let app = App::start().await;
    let browser = app.browser();
    let old = browser.order(1).await;
    let page = format!("/pay/{}", old.token);
    let answer = browser.get(&page).await;
    assert!(answer.shown().contains("二维码无法支付？ 换一个"), "{}", answer.shown());
    assert!(answer.text().contains("action=\"/api/ui/renew_code\""));

    assert_eq!(location(&renew(&browser, &old.token, &old.order_no).await), page);
    let new = browser.order(1).await;
    assert_eq!(new.token, old.token);
    assert!(new.order_no != old.order_no && new.code_url != old.code_url);
    let said = shown(&browser, &old.token).await;
    assert!(said.contains("请使用微信扫一扫") && said.contains(&new.order_no) && !said.contains(&old.order_no));
    assert_eq!(app.scan(&old.code_url).await.status, 409, "the old code is dead");

    // A second click, or a second tab: the code it would replace has been replaced.
    assert_eq!(location(&renew(&browser, &old.token, &old.order_no).await), page);
    assert_eq!(app.books.count("attempts").await, 2);
    // The next one is another one.
    assert_eq!(location(&renew(&browser, &new.token, &new.order_no).await), page);
    assert_eq!((app.books.count("orders").await, app.books.count("attempts").await), (1, 3));

    let newest = browser.order(1).await;
    app.pay(&newest.code_url).await;
    app.until_status(&old.token, "SUCCESS").await;
    assert!(shown(&browser, &old.token).await.contains("支付成功"));
}

#[tokio::test]
async fn while_wechat_does_not_close_the_old_code_the_page_waits_for_the_new_one() {
    let app = App::start_with_mock_clock().await;
    let browser = app.browser();
    let order = browser.order(1).await;
    app.faults(json!({"error_500": {"close": "all"}})).await;
    renew(&browser, &order.token, &order.order_no).await;
    let said = shown(&browser, &order.token).await;
    assert!(said.contains("正在更换二维码…") && said.contains("不要再扫旧码"), "{said}");
    assert!(!said.contains("请使用微信扫一扫") && !said.contains("取消订单"), "{said}");
    assert!(browser.get("/orders").await.shown().contains("待付款"));

    app.faults(json!({"error_500": {"close": 0}})).await;
    let said = until("the new code", async || {
        app.advance(6);
        Some(shown(&browser, &order.token).await).filter(|said| said.contains("请使用微信扫一扫"))
    })
    .await;
    assert!(!said.contains(&order.order_no), "{said}");
}

#[tokio::test]
async fn an_expired_code_is_refreshed_in_the_same_order() {
    let app = App::start_with_mock_clock().await;
    let browser = app.browser();
    let old = browser.order(1).await;
    app.advance(PAY_TIME + 1);
    app.until_status(&old.token, "CLOSED").await;
    let answer = browser.get(&format!("/pay/{}", old.token)).await;
    let said = answer.shown();
    assert!(said.contains("二维码已过期") && said.contains("刷新二维码") && !said.contains("重新购买"), "{said}");
    assert!(answer.text().contains(&format!("name=\"out_trade_no\" value=\"{}\"", old.order_no)));

    let path = location(&renew(&browser, &old.token, &old.order_no).await).to_owned();
    assert_eq!(path, format!("/pay/{}", old.token));
    assert!(browser.get(&path).await.shown().contains("请使用微信扫一扫"), "its code is there with the page");
    assert_eq!(location(&renew(&browser, &old.token, &old.order_no).await), path, "a double click");
    assert_eq!((app.books.count("orders").await, app.books.count("attempts").await), (1, 2));
    let new = browser.order(1).await;
    assert_eq!((new.token == old.token, new.order_no == old.order_no), (true, false));
    pay(&app, &new).await;
    assert!(browser.get(&path).await.shown().contains("支付成功"));
}

#[tokio::test]
async fn a_product_that_has_changed_since_is_another_order_to_which_refreshing_leads() {
    let app = App::start_with_mock_clock().await;
    let browser = app.browser();
    let old = browser.order(1).await;
    app.advance(PAY_TIME + 1);
    app.until_status(&old.token, "CLOSED").await;
    let update = sqlx::query("UPDATE products SET price_fen = 500 WHERE id = 1");
    update.execute(&app.books.pool).await.expect("updates");
    let path = location(&renew(&browser, &old.token, &old.order_no).await).to_owned();
    assert!(path.starts_with("/pay/") && !path.contains(&old.token), "{path}");
    let said = browser.get(&path).await.shown();
    assert!(said.contains("5.00") && said.contains("请使用微信扫一扫"), "{said}");
}

#[tokio::test]
async fn others_see_an_order_and_change_nothing() {
    let app = App::start_with_mock_clock().await;
    let (owner, stranger) = (app.browser(), app.browser());
    let order = owner.order(1).await;
    let question = format!("/pay/{}/cancel", order.token);
    let said = shown(&stranger, &order.token).await;
    assert!(said.contains("请使用微信扫一扫"), "whoever has the address may pay");
    assert!(!said.contains("取消订单") && !said.contains("换一个"), "{said}");
    assert_eq!(view(&stranger, &order.token).await["mine"], false);
    assert_eq!(view(&owner, &order.token).await["mine"], true);
    let asked = stranger.get(&question).await;
    assert!(asked.status == 404 && asked.shown().contains("这不是当前浏览器下的订单"), "{}", asked.shown());

    let before = app.books.picture().await;
    let number = ("out_trade_no", order.order_no.as_str());
    for browser in [&stranger, &app.browser()] {
        let token = ("token", order.token.as_str());
        assert_no_such_order(&browser.call("/api/ui/cancel_order", &[token]).await);
        assert_no_such_order(&browser.call("/api/ui/renew_code", &[token]).await);
        assert_no_such_order(&browser.call("/api/ui/renew_code", &[token, number]).await);
        assert_no_such_order(&browser.call("/api/ui/renew_code", &[token, ("out_trade_no", "x")]).await);
        let path = location(&cancel(browser, &order.token).await).to_owned();
        assert_eq!(path, format!("/pay/{}?problem=no-order", order.token));
        assert!(browser.get(&path).await.shown().contains("这不是当前浏览器下的订单"));
    }
    assert_eq!(app.books.picture().await, before);

    app.advance(PAY_TIME + 1);
    app.until_status(&order.token, "CLOSED").await;
    let said = shown(&stranger, &order.token).await;
    assert!(said.contains("二维码已过期") && said.contains("重新购买") && !said.contains("刷新二维码"), "{said}");
    assert_no_such_order(&stranger.call("/api/ui/renew_code", &[("token", &order.token)]).await);
    assert_eq!(app.books.count("attempts").await, 1);
}

#[tokio::test]
async fn what_is_no_order_is_none_to_cancel_or_renew() {
    let app = App::start().await;
    let browser = app.browser();
    for token in ["00000000000000000000000000000000", "../../x", ""] {
        for function in ["/api/ui/cancel_order", "/api/ui/renew_code"] {
            assert_no_such_order(&browser.call(function, &[("token", token)]).await);
        }
    }
    let answer = cancel(&browser, "//evil.example/x").await;
    assert_eq!(location(&answer), "/pay/unknown?problem=no-order");
    for function in ["/api/ui/cancel_order", "/api/ui/renew_code"] {
        let answer = browser.call(function, &[("other", "1")]).await;
        assert_eq!((answer.status, answer.json()), (400, json!("Input")), "{function}");
        assert!(matches!(browser.get(function).await.status, 404 | 405), "a link must not do it: {function}");
    }
    let page = browser.get("/pay/00000000000000000000000000000000/cancel").await;
    assert!(page.status == 404 && page.shown().contains("订单不存在"));
}

#[tokio::test]
async fn another_code_counts_like_another_order() {
    let app = Stage::new().set("SAOMA_ORDERS_PER_MINUTE", "2").start().await;
    let browser = app.browser();
    let order = browser.order(1).await;
    renew(&browser, &order.token, &order.order_no).await;
    let new = view(&browser, &order.token).await;
    let number = new["out_trade_no"].as_str().expect("a number");
    assert_ne!(number, order.order_no);
    assert_eq!(location(&renew(&browser, &order.token, &order.order_no).await), format!("/pay/{}", order.token));

    let path = location(&renew(&browser, &order.token, number).await).to_owned();
    assert_eq!(path, format!("/pay/{}?problem=limited", order.token));
    let said = browser.get(&path).await.shown();
    assert!(said.contains("下单过于频繁") && said.contains("请使用微信扫一扫"), "{said}");
    let answer = browser.call("/api/ui/renew_code", &[("token", &order.token)]).await;
    assert_eq!((answer.status, answer.json()), (429, json!("Limited")));
    assert_eq!(app.books.count("attempts").await, 2);
    // Calling off is no burden.
    assert_eq!(location(&cancel(&browser, &order.token).await), format!("/pay/{}", order.token));
}

#[tokio::test]
async fn without_a_code_an_order_can_be_called_off_but_has_no_code_to_change() {
    let app = App::start().await;
    app.faults(json!({"error_500": {"prepay": "all"}})).await;
    let browser = app.browser();
    let placed = browser.submit("/api/ui/place_order", &[("product_id", "1")]).await;
    let token = location(&placed).strip_prefix("/pay/").expect("a page").to_owned();
    let said = shown(&browser, &token).await;
    assert!(said.contains("微信支付暂时没有响应") && said.contains("取消订单") && !said.contains("换一个"), "{said}");
    cancel(&browser, &token).await;
    assert!(
        shown(&browser, &token).await.contains("正在取消…") || shown(&browser, &token).await.contains("订单已取消")
    );
}

#[tokio::test]
async fn a_refund_shows_on_the_page_the_receipt_and_in_the_list() {
    let app = App::start().await;
    let browser = app.browser();
    let order = browser.order(2).await;
    let transaction = pay(&app, &order).await;
    let receipt = browser.get(&format!("/pay/{}/receipt", order.token)).await.shown();
    assert!(receipt.contains("实付金额 ¥ 128.00") && !receipt.contains("退款后金额"), "{receipt}");
    let status = app.look(&order.token).await;
    assert_eq!((&status["refunded"], &status["refunding"]), (&json!(0), &json!(0)));

    refund(&app, &order, &transaction, "R1", 100, "SUCCESS").await;
    let said = shown(&browser, &order.token).await;
    for words in ["已部分退款", "已退金额 ¥ 1.00", "退款进度 20", " ¥1.00 已退回", "退款会原路退回", "查看收据"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(view(&browser, &order.token).await["is_final"], true);
    let receipt = browser.get(&format!("/pay/{}/receipt", order.token)).await.shown();
    for words in ["实付金额 ¥ 128.00", "退款后金额 ¥127.00", "已退金额 ¥1.00", " ¥1.00 已退回", "已部分退款"]
    {
        assert!(receipt.contains(words), "{words}: {receipt}");
    }
    let list = browser.get("/orders").await.shown();
    for words in ["已部分退款", "已退 ¥1.00", "退款进度", "收据"] {
        assert!(list.contains(words), "{words}: {list}");
    }
    let status = app.look(&order.token).await;
    assert_eq!((&status["status"], &status["refunded"]), (&json!("REFUND_PARTIAL"), &json!(100)));

    refund(&app, &order, &transaction, "R2", 12_700, "SUCCESS").await;
    let said = shown(&browser, &order.token).await;
    for words in ["已全额退款", "已退金额 ¥ 128.00", "¥1.00 已退回", "¥127.00 已退回"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let receipt = browser.get(&format!("/pay/{}/receipt", order.token)).await.shown();
    assert!(receipt.contains("实付金额 ¥ 128.00") && receipt.contains("退款后金额 ¥0.00"), "{receipt}");
}

#[tokio::test]
async fn while_a_refund_is_on_its_way_the_page_goes_on_asking() {
    let app = App::start().await;
    let browser = app.browser();
    let order = browser.order(2).await;
    let transaction = pay(&app, &order).await;
    refund(&app, &order, &transaction, "R1", 300, "PROCESSING").await;
    let answer = browser.get(&format!("/pay/{}", order.token)).await;
    let said = answer.shown();
    assert!(said.contains("退款处理中") && said.contains(" ¥3.00 处理中"), "{said}");
    assert!(!said.contains("已退金额"), "nothing has gone back yet: {said}");
    assert!(answer.text().contains("content=\"30;url=/pay/"), "now and then");
    assert!(answer.text().contains("<title>退款处理中 · 扫码示例商店</title>"), "{}", answer.text());
    let told = view(&browser, &order.token).await;
    assert_eq!(told["is_final"], false);
    assert!(browser.get("/orders").await.shown().contains("退款中 ¥3.00"));

    let after = told["version"].as_i64().expect("a number");
    let path = format!("/api/ui/watch_order?token={}&after={after}&wait=25", order.token);
    let watching = browser.send(app.request(Method::GET, &path));
    let (watched, ()) = tokio::join!(watching, refund(&app, &order, &transaction, "R1", 300, "SUCCESS"));
    let watched = watched.json();
    assert_eq!((&watched["stage"], &watched["is_final"]), (&json!("RefundPartial"), &json!(true)));
    assert_eq!((&watched["refunded"], &watched["net"]), (&json!("3.00"), &json!("125.00")));
    assert!(!browser.get(&format!("/pay/{}", order.token)).await.text().contains("http-equiv=\"refresh\""));
}

#[tokio::test]
async fn a_refund_that_went_wrong_says_whom_to_ask() {
    let app = App::start().await;
    let browser = app.browser();
    let order = browser.order(2).await;
    let transaction = pay(&app, &order).await;
    refund(&app, &order, &transaction, "R1", 300, "ABNORMAL").await;
    let said = shown(&browser, &order.token).await;
    for words in ["退款异常", "请联系商家，并告知订单号", "¥3.00 异常，请联系商家"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(view(&browser, &order.token).await["is_final"], true, "that may take days");
    assert!(browser.get("/orders").await.shown().contains("退款异常"));
}

#[tokio::test]
async fn money_that_came_once_too_often_is_said_to_go_back() {
    let app = App::start().await;
    let browser = app.browser();
    let order = browser.order(2).await;
    pay(&app, &order).await;
    let surplus = pay(&app, &order).await;
    let answer = browser.get(&format!("/pay/{}", order.token)).await;
    let said = answer.shown();
    assert!(said.contains("支付成功") && said.contains("您多付的一笔 ¥128.00 正在自动退回。"), "{said}");
    assert!(!said.contains("退款进度"), "what was bought stays paid: {said}");
    assert!(answer.text().contains("content=\"30;url=/pay/"));
    let told = view(&browser, &order.token).await;
    assert_eq!((&told["stage"], &told["is_final"]), (&json!("Paid"), &json!(false)));

    refund(&app, &order, &surplus, &format!("S{surplus}"), order.total, "SUCCESS").await;
    let said = shown(&browser, &order.token).await;
    assert!(said.contains("支付成功") && said.contains("您多付的一笔 ¥128.00 已退回。"), "{said}");
    let told = view(&browser, &order.token).await;
    assert_eq!((&told["is_final"], &told["refunded"], &told["net"]), (&json!(true), &json!(""), &json!("128.00")));
    let receipt = browser.get(&format!("/pay/{}/receipt", order.token)).await.shown();
    assert!(receipt.contains("实付金额 ¥ 128.00") && receipt.contains("您多付的一笔"), "{receipt}");
}

#[tokio::test]
async fn a_payment_after_closing_is_said_to_count() {
    let app = App::start_with_mock_clock().await;
    let browser = app.browser();
    let order = browser.order(1).await;
    app.advance(PAY_TIME + 1);
    app.until_status(&order.token, "CLOSED").await;
    pay(&app, &order).await;
    let said = shown(&browser, &order.token).await;
    assert!(said.contains("支付成功") && said.contains("这笔付款到账时订单已经关闭，付款仍然有效。"), "{said}");
}

#[tokio::test]
async fn the_list_names_each_order_and_leads_to_what_can_be_done() {
    let clock = mock_clock();
    let app = Stage::new().clock(&clock).start().await;
    let browser = app.browser();
    let overdue = browser.order(3).await;
    app.faults(json!({"error_500": {"query": "all"}})).await;
    app.advance(PAY_TIME + 1);
    let (paid, waiting) = (browser.order(1).await, browser.order(2).await);
    pay(&app, &paid).await;

    let list = browser.get("/orders").await;
    let said = list.shown();
    for order in [&overdue, &paid, &waiting] {
        assert!(said.contains(&format!("订单号 {}", order.order_no)), "{said}");
    }
    for words in ["等待确认", "支付成功", "待付款"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let leads = |order: &Placed, page: &str| list.text().contains(&format!("href=\"/pay/{}{page}\"", order.token));
    assert_eq!((leads(&waiting, ""), leads(&waiting, "/cancel"), leads(&waiting, "/receipt")), (true, true, false));
    assert_eq!((leads(&paid, ""), leads(&paid, "/cancel"), leads(&paid, "/receipt")), (true, false, true));
    assert_eq!((leads(&overdue, ""), leads(&overdue, "/cancel"), leads(&overdue, "/receipt")), (true, false, false));
    // The list's way leads through the same question.
    assert!(browser.get(&format!("/pay/{}/cancel", waiting.token)).await.shown().contains("取消这笔订单？"));

    let none = browser.get("/orders?before=1").await.shown();
    assert!(none.contains("没有更早的订单") && !none.contains("还没有下过单"), "{none}");
}
