//! Placing orders: the routes of the original system (design §2.3).

use futures::future::join_all;
use reqwest::Method;
use saoma::clock::Clock;
use serde_json::{Value, json};

use crate::support::{App, Outside, Placed, Relay, Site, Stage, free_port, mock_clock, until};

/// Of an object, in alphabetical order.
fn names(object: &Value) -> Vec<&str> {
    let mut names: Vec<_> = object.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn an_order_has_its_number_its_code_and_the_address_of_its_page() {
    let app = App::start().await;
    let answer = app.try_order(2).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let json = answer.json();
    assert_eq!(names(&json), ["code", "data", "message"]);
    assert_eq!(names(&json["data"]), ["codeUrl", "orderNo", "payUrl"]);
    let order = Placed::read(&answer, 2);
    assert!((6..=32).contains(&order.order_no.len()));
    assert!(order.code_url.starts_with("weixin://wxpay/bizpayurl?pr="), "{}", order.code_url);
    assert_eq!(order.pay_url, format!("{}/pay/{}", app.origin, order.token));
    assert!(order.token.len() == 32 && order.token.bytes().all(|b| b.is_ascii_hexdigit()));

    let stored = app.books.order(&order.order_no).await;
    assert_eq!((stored.token.as_str(), stored.status.as_str()), (order.token.as_str(), "NOTPAY"));
    assert_eq!((stored.state.as_str(), stored.code_url.as_deref()), ("OPEN", Some(order.code_url.as_str())));
    assert_eq!(app.books.events(&order.order_no).await, ["PLACED/SHOPPER", "CODE_READY/SHOPPER"]);
    let request: Value = serde_json::from_slice(&stored.request).expect("JSON");
    assert_eq!(request["out_trade_no"], order.order_no);
    assert_eq!(request["notify_url"], format!("{}/api/wx-pay/native/notify", app.origin));
    assert_eq!(request["amount"], json!({"total": 12_800, "currency": "CNY"}));
    assert_eq!(request["description"], "西湖龙井 明前特级 50g");
    assert!(request["time_expire"].as_str().expect("a time").ends_with("+08:00"));
    assert_eq!(app.metric("saoma_order_creations_total", "result=\"ok\"").await, 1);
    assert_eq!(app.metric("saoma_orders_total", "status=\"NOTPAY\"").await, 1);
    assert_eq!(app.metric("saoma_orders_pending", "").await, 1);

    // The page shows what there is to pay, and the code.
    let page = app.get(order.pay_url.strip_prefix(&app.origin).expect("our own")).await;
    assert_eq!(page.status, 200);
    for words in ["128.00", &order.order_no, "请使用微信扫一扫", "我已完成支付"] {
        assert!(page.shown().contains(words), "{words}");
    }
    assert!(page.text().contains("role=\"img\"") && page.text().contains("<svg"));
}

#[tokio::test]
async fn a_whole_purchase_turns_the_page_to_paid() {
    let app = App::start().await;
    let order = app.order(1).await;
    assert_eq!(app.order_status(&order.order_no).await.0, 101);
    let version = app.look(&order.token).await["version"].as_i64().expect("a number");
    let (watched, transaction) = tokio::join!(app.watch(&order.token, version, 25), app.pay(&order.code_url));
    assert_eq!(watched["status"], "SUCCESS");
    let page = app.get(&format!("/pay/{}", order.token)).await;
    for words in ["支付成功", &transaction, &order.order_no] {
        assert!(page.shown().contains(words), "{words}");
    }
    assert!(!page.shown().contains("请使用微信扫一扫"));
    assert!(!page.text().contains("openid") && !page.text().contains("oSandboxShopper"));
    let receipt = app.get(&format!("/pay/{}/receipt", order.token)).await;
    assert_eq!(receipt.status, 200);
    for words in ["收据", "0.01", &transaction, &order.order_no] {
        assert!(receipt.shown().contains(words), "{words}");
    }
    assert_eq!(app.order_status(&order.order_no).await, (0, "支付成功".to_owned()));
}

#[tokio::test]
async fn a_browser_with_its_cookie_gets_its_live_order_back() {
    let app = App::start().await;
    let browser = app.browser();
    let order = browser.order(1).await;
    assert_eq!(browser.order(1).await, order);
    assert_eq!(browser.order(1).await, order);
    let other_product = browser.order(2).await;
    assert_ne!(other_product.order_no, order.order_no);
    assert_eq!(browser.order(2).await, other_product);
    assert_eq!((app.books.count("orders").await, app.books.count("attempts").await), (2, 2));

    // Once it is paid, the same click means another one.
    app.pay(&order.code_url).await;
    app.until_status(&order.token, "SUCCESS").await;
    let next = browser.order(1).await;
    assert_ne!((&next.order_no, &next.token), (&order.order_no, &order.token));
    assert_eq!(app.books.count("orders").await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_clicks_at_once_are_one_order_with_one_code() {
    let app = App::start().await;
    let browser = app.browser();
    browser.get("/products/1").await;
    let orders = join_all((0..20).map(|_| browser.order(1))).await;
    assert!(orders.iter().all(|order| *order == orders[0]), "{orders:?}");
    assert_eq!((app.books.count("orders").await, app.books.count("attempts").await), (1, 1));
    assert_eq!(
        app.metric("saoma_prepays_total", "result=\"ok\"").await,
        1,
        "a second prepay would kill the first code"
    );
    assert_eq!(app.metric("saoma_orders_total", "status=\"NOTPAY\"").await, 1);
    app.pay(&orders[0].code_url).await;
    app.until_status(&orders[0].token, "SUCCESS").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_clicks_at_two_instances_are_one_order_with_one_code() {
    let first = App::start().await;
    let second = Stage::new().beside(&first).start().await;
    let browser = first.browser();
    browser.get("/products/1").await;
    let cookie = browser.cookie().expect("a cookie");
    let orders = join_all((0..20).map(|number| {
        let (site, cookie): (&Site, _) = (if number % 2 == 0 { &first } else { &second }, cookie.clone());
        async move {
            let request = site.request(Method::POST, "/api/wx-pay/native/native/1").header("cookie", cookie);
            Placed::read(&site.send(request).await, 1)
        }
    }))
    .await;
    let told: std::collections::BTreeSet<_> = orders.iter().map(|it| (&it.order_no, &it.code_url, &it.token)).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((first.books.count("orders").await, first.books.count("attempts").await), (1, 1));
}

#[tokio::test]
async fn without_a_cookie_every_call_is_a_new_order() {
    let app = App::start().await;
    let orders = [app.order(1).await, app.order(1).await, app.order(1).await];
    let numbers: std::collections::BTreeSet<_> = orders.iter().map(|order| &order.order_no).collect();
    let codes: std::collections::BTreeSet<_> = orders.iter().map(|order| &order.code_url).collect();
    assert_eq!((numbers.len(), codes.len()), (3, 3));
    // Each can be paid, and paying one pays no other.
    app.pay(&orders[1].code_url).await;
    app.until_status(&orders[1].token, "SUCCESS").await;
    assert_eq!(app.books.status(&orders[0].order_no).await, "NOTPAY");
    assert_eq!(app.books.status(&orders[2].order_no).await, "NOTPAY");
}

#[tokio::test]
async fn nobody_gets_another_shoppers_order() {
    let app = App::start().await;
    let (first, second) = (app.browser(), app.browser());
    let order = first.order(1).await;
    let other = second.order(1).await;
    assert_ne!(order.order_no, other.order_no);
    assert_ne!(order.token, other.token);
    // A cookie that we never gave out names nobody, and takes nothing over.
    for made_up in ["saoma=1", "saoma=", "saoma=' OR 1=1", "saoma=00000000000000000000000000000000"] {
        let request = app.request(Method::POST, "/api/wx-pay/native/native/1").header("cookie", made_up);
        let answer = app.send(request).await;
        assert_eq!(answer.status, 200);
        let stranger = Placed::read(&answer, 1);
        assert!(stranger.order_no != order.order_no && stranger.order_no != other.order_no);
    }
    assert_eq!(first.order(1).await, order);
}

#[tokio::test]
async fn an_unknown_product_is_not_found() {
    let app = App::start().await;
    for product in ["999", "0", "-1", "1.0", "abc", "1e0", "%20", "9223372036854775808", "1%00", "'", "%E4%B8%80"] {
        let answer = app.post(&format!("/api/wx-pay/native/native/{product}")).await;
        assert_eq!(answer.status, 404, "{product}");
        let json = answer.json();
        assert_ne!(json["code"], 0, "{product}");
        assert!(!json["message"].as_str().expect("a text").is_empty(), "{product}");
        assert_eq!(json.get("data"), None, "{product}");
    }
    assert_eq!(app.books.count("orders").await, 0);
    let answer = app.get("/api/wx-pay/native/native/1").await;
    assert_eq!(answer.status, 405, "asking for an order is a POST");
}

#[tokio::test]
async fn the_status_of_an_order_is_a_code_and_a_word() {
    let app = App::start_with_mock_clock().await;
    let paid = app.order(1).await;
    assert_eq!(app.order_status(&paid.order_no).await, (101, "支付中".to_owned()));
    app.deliver(&app.forger.payment(&paid)).await;
    assert_eq!(app.order_status(&paid.order_no).await, (0, "支付成功".to_owned()));
    let closed = app.order(1).await;
    app.advance(16 * 60);
    app.until_status(&closed.token, "CLOSED").await;
    assert_eq!(app.order_status(&closed.order_no).await, (101, "订单已关闭".to_owned()));
    for unknown in ["NOBODY0HAS0THIS0NUMBER", "x", "%7C%7C%7C%7C%7C%7C", &paid.token, "1".repeat(500).as_str()] {
        let answer = app.get(&format!("/api/order-info/query-order-status/{unknown}")).await;
        assert_eq!(answer.status, 404, "{unknown}");
        assert_ne!(answer.json()["code"], 0);
        assert_ne!(answer.json()["code"], 101, "a program must not go on asking");
    }
}

#[tokio::test]
async fn the_product_list_has_id_title_and_price_in_fen() {
    let app = App::start().await;
    let answer = app.get("/api/product/list").await;
    assert_eq!(answer.status, 200);
    let json = answer.json();
    assert_eq!((json["code"].as_i64(), json["message"].as_str()), (Some(0), Some("成功")));
    let list = json["data"]["productList"].as_array().expect("a list");
    assert_eq!(list.len(), 4);
    assert_eq!(list[1], json!({"id": 2, "title": "西湖龙井 明前特级 50g", "price": 12_800}));
    let page = app.get("/").await;
    for product in list {
        assert!(page.shown().contains(product["title"].as_str().expect("a text")));
    }
}

#[tokio::test]
async fn an_order_keeps_the_price_it_was_placed_at() {
    let app = App::start().await;
    let browser = app.browser();
    let order = browser.order(1).await;
    sqlx::query("UPDATE products SET price_fen = 500, title = 'New' WHERE id = 1")
        .execute(&app.books.pool)
        .await
        .expect("updates");
    assert_eq!(app.look(&order.token).await["total"], 1);
    assert_eq!(browser.order(1).await.order_no, order.order_no, "what the page shows is what is paid");
    assert_eq!(app.deliver(&app.forger.payment(&order)).await.status, 200);
    assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
    let next = browser.order(1).await;
    assert_eq!(app.look(&next.token).await["total"], 500);
}

#[tokio::test]
async fn a_product_that_wechat_would_refuse_is_an_error_of_ours_and_no_order() {
    let app = App::start().await;
    sqlx::query("INSERT INTO products (id, title, summary, price_fen) VALUES (9, '   ', '', 1)")
        .execute(&app.books.pool)
        .await
        .expect("inserts");
    let answer = app.try_order(9).await;
    assert!(matches!(answer.status, 500 | 502), "{answer:?}");
    assert_ne!(answer.json()["code"], 0);
    assert_eq!(app.books.count("payments").await, 0);
}

#[tokio::test]
async fn a_restart_keeps_orders_and_their_codes() {
    let stage = Stage::new();
    let app = stage.start().await;
    let (browser, cookie);
    {
        let shopper = app.browser();
        browser = shopper.order(1).await;
        cookie = shopper.cookie().expect("a cookie");
    }
    let paid = app.order(2).await;
    app.deliver(&app.forger.payment(&paid)).await;
    let folder = app.folder.clone();
    app.stop().await;

    let data = folder.path().join("data").display().to_string();
    let app = Stage::new().set("SAOMA_DATA_DIR", &data).start().await;
    assert_eq!(app.order_status(&paid.order_no).await.0, 0);
    let request = app.request(Method::POST, "/api/wx-pay/native/native/1").header("cookie", &cookie);
    let again = Placed::read(&app.send(request).await, 1);
    assert_eq!((&again.order_no, &again.code_url), (&browser.order_no, &browser.code_url));
    // The sandbox has kept it, too. Its callbacks go to the address of then, so that is asked.
    app.pay(&again.code_url).await;
    let checked = app.browser().call("/api/ui/check_payment", &[("token", &again.token)]).await;
    assert_eq!(checked.json(), json!("Settled"));
    until("paid", async || (app.books.status(&again.order_no).await == "SUCCESS").then_some(())).await;
}

#[tokio::test]
async fn an_order_that_is_paid_before_its_code_is_known_is_named() {
    let outside = Outside::start(&Clock::system()).await;
    let relay = Relay::start(&outside.site.origin).await;
    let app = Stage::new().live(&outside, free_port()).set("WXPAY_DOMAIN", &relay.origin).start().await;
    let held = relay.hold("/native");
    let (answer, number) = tokio::join!(app.try_order(1), async {
        held.arrived().await;
        let number = app.books.newest_number().await;
        let order = Placed {
            order_no: number.clone(),
            code_url: String::new(),
            pay_url: String::new(),
            token: String::new(),
            total: 1,
        };
        assert_eq!(app.deliver(&app.forger.payment(&order)).await.status, 200);
        held.release();
        number
    });
    assert_eq!(answer.status, 409, "{answer:?}");
    let json = answer.json();
    assert_eq!((json["code"].as_i64(), json["data"]["orderNo"].as_str()), (Some(409), Some(number.as_str())), "{json}");
    assert!(json["message"].as_str().is_some_and(|message| message.contains("已支付")), "{json}");
    let page =
        json["data"]["payUrl"].as_str().and_then(|url| url.strip_prefix(&app.origin)).expect("our own").to_owned();
    assert!(app.get(&page).await.shown().contains(&number));
    assert_eq!(app.books.count("orders").await, 1, "nobody is offered to pay once more");
}

/// On the page and by the program alike: an order whose time runs out while WeChat is asked for its code.
#[tokio::test]
async fn whoever_buys_gets_an_order_to_pay_though_the_live_one_has_just_ended() {
    for by_page in [true, false] {
        let clock = mock_clock();
        let outside = Outside::start(&clock).await;
        let relay = Relay::start(&outside.site.origin).await;
        let stage = Stage::new().clock(&clock).live(&outside, free_port());
        let app = stage.set("WXPAY_DOMAIN", &relay.origin).start().await;
        let browser = app.browser();
        browser.get("/products/1").await;
        let held = relay.hold("/native");
        let buy = async {
            if by_page {
                let answer = browser.submit("/api/ui/place_order", &[("product_id", "1")]).await;
                answer.header("location").expect("a page").strip_prefix("/pay/").expect("of an order").to_owned()
            } else {
                browser.order(1).await.token
            }
        };
        let (token, ended) = tokio::join!(buy, async {
            held.arrived().await;
            let number = app.books.newest_number().await;
            app.advance(17 * 60);
            app.state.checkout.sweep_orders().await.expect("sweeps");
            assert_eq!(app.books.status(&number).await, "CLOSED");
            held.release();
            app.books.order(&number).await.token
        });
        assert_ne!(token, ended, "by page: {by_page}");
        let next = app.look(&token).await;
        assert_eq!((&next["status"], &next["codeReady"]), (&json!("NOTPAY"), &json!(true)), "by page: {by_page}");
    }
}

#[tokio::test]
async fn an_order_whose_code_cannot_be_had_is_named() {
    let app = App::start().await;
    app.faults(json!({"error_500": {"prepay": 2}})).await;
    let answer = app.try_order(1).await;
    assert_eq!(answer.status, 502);
    let json = answer.json();
    assert_eq!(names(&json["data"]), ["orderNo", "payUrl"]);
    assert_eq!(json["data"]["orderNo"], app.books.newest_number().await);
}
