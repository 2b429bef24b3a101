//! A platform that fails: nothing is lost, nothing is done twice, what is unknown stays unknown
//! until it is known (money rule 7).

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{App, Outside, Placed, Relay, Stage, free_port, until};

/// Answered 502 with a code and a word, and the order is kept.
async fn assert_bad_gateway(app: &App) -> String {
    let browser = app.browser();
    let answer = browser.try_order(1).await;
    assert_eq!(answer.status, 502, "{answer:?}");
    let json = answer.json();
    assert_ne!(json["code"], 0);
    assert!(!json["message"].as_str().expect("a text").is_empty());
    assert!(json["data"]["codeUrl"].is_null(), "{json}");
    assert!(json["data"]["orderNo"].is_string() && json["data"]["payUrl"].is_string(), "what was placed: {json}");
    let listed = browser.send(app.request(reqwest::Method::GET, "/api/ui/list_orders")).await.json();
    assert_eq!(listed["lines"].as_array().map(Vec::len), Some(1), "the order is kept");
    listed["lines"][0]["token"].as_str().expect("a token").to_owned()
}

/// Waits as a page does until the order has its code, and pays with it.
async fn code_comes_by_itself(app: &App, token: &str) {
    let view = until("a code", async || {
        let order = app.look(token).await;
        if order["codeReady"] == true {
            return Some(order);
        }
        let version = order["version"].as_i64().expect("a number");
        Some(app.watch(token, version, 5).await).filter(|order| order["codeReady"] == true)
    })
    .await;
    let order_no = view["orderNo"].as_str().expect("a number");
    let stored = app.books.order(order_no).await;
    app.platform.pay(stored.code_url.as_deref().expect("a code")).await;
    app.until_status(token, "SUCCESS").await;
}

#[tokio::test]
async fn a_prepay_whose_answer_is_a_500_is_repeated_at_once() {
    let app = App::start().await;
    app.faults(json!({"error_500_after_commit": {"prepay": 1}})).await;
    let order = app.order(1).await;
    assert_eq!(app.books.count("attempts").await, 1);
    app.pay(&order.code_url).await;
    app.until_status(&order.token, "SUCCESS").await;
}

#[tokio::test]
async fn a_prepay_that_gets_no_answer_is_repeated_at_once() {
    let app = Stage::new().platform_limit(Duration::from_secs(2)).start().await;
    app.faults(json!({"timeout_after_commit": {"prepay": 1}, "timeout_ms": 60_000})).await;
    let order = app.order(1).await;
    app.pay(&order.code_url).await;
    app.until_status(&order.token, "SUCCESS").await;
}

#[tokio::test]
async fn a_reply_with_a_probe_for_a_signature_is_not_believed_and_the_request_repeated() {
    let app = App::start().await;
    app.faults(json!({"signtest_replies": 1})).await;
    let order = app.order(1).await;
    app.faults(json!({"drop": "all"})).await;
    app.pay(&order.code_url).await;
    // The first query is probed, the second is not.
    let browser = app.browser();
    let ask = async || browser.call("/api/ui/check_payment", &[("token", &order.token)]).await.json();
    assert_eq!(ask().await, json!("Unknown"));
    assert_eq!(app.books.status(&order.order_no).await, "NOTPAY");
    until("a believable answer", async || (ask().await == json!("Settled")).then_some(())).await;
    assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
}

#[tokio::test]
async fn while_the_platform_answers_500_the_order_waits_and_its_code_comes_later() {
    let app = App::start().await;
    for knob in ["error_500", "error_500_after_commit", "error_429"] {
        app.faults(json!({knob: {"prepay": "all"}})).await;
        let token = assert_bad_gateway(&app).await;
        let order = app.look(&token).await;
        assert_eq!((order["status"].as_str(), order["codeReady"].as_bool()), (Some("NOTPAY"), Some(false)), "{knob}");
        let page = app.get(&format!("/pay/{token}")).await;
        assert_eq!(page.status, 200);
        assert!(page.shown().contains("微信支付暂时没有响应"), "{knob}");
        app.faults(json!({knob: {"prepay": 0}})).await;
        code_comes_by_itself(&app, &token).await;
    }
    assert_eq!(app.books.count("orders").await, 3);
    assert!(app.metric("saoma_prepays_total", "result=\"UNREACHABLE\"").await >= 3);
    assert_eq!(app.metric("saoma_prepays_total", "result=\"ok\"").await, 3);
}

#[tokio::test]
async fn while_the_platform_is_down_the_order_waits_and_its_code_comes_later() {
    let clock = saoma::clock::Clock::system();
    let mut outside = Outside::closed(&clock);
    let app = Stage::new().live(&outside, free_port()).start().await;
    let token = assert_bad_gateway(&app).await;
    let order_no = app.look(&token).await["orderNo"].as_str().expect("a number").to_owned();
    let placed = app.books.order(&order_no).await;
    assert_eq!((placed.status.as_str(), placed.state.as_str()), ("NOTPAY", "PREPARING"));
    outside.open().await;
    code_comes_by_itself(&app, &token).await;
    assert_eq!(app.books.order(&order_no).await.request, placed.request);
}

#[tokio::test]
async fn without_javascript_a_page_is_there_before_its_code() {
    let app = App::start().await;
    app.faults(json!({"error_500": {"prepay": "all"}})).await;
    let browser = app.browser();
    let answer = browser.submit("/api/ui/place_order", &[("product_id", "1")]).await;
    let path = answer.header("location").expect("a page").to_owned();
    assert!(path.starts_with("/pay/"), "{path}");
    assert!(browser.get(&path).await.shown().contains("微信支付暂时没有响应"));
    app.faults(json!({"error_500": {"prepay": 0}})).await;
    // Each of its refreshes is a look.
    until("a code", async || browser.get(&path).await.shown().contains("请使用微信扫一扫").then_some(())).await;
}

#[tokio::test]
async fn a_repeated_prepay_is_the_same_to_the_byte() {
    let clock = saoma::clock::Clock::system();
    let outside = Outside::start(&clock).await;
    let relay = Relay::start(&outside.site.origin).await;
    let stage = Stage::new().live(&outside, free_port()).set("WXPAY_DOMAIN", &relay.origin);
    let app = stage.start().await;
    outside.site.faults(json!({"error_500_after_commit": {"prepay": 5}})).await;
    let token = assert_bad_gateway(&app).await;
    code_comes_by_itself(&app, &token).await;
    let order_no = app.look(&token).await["orderNo"].as_str().expect("a number").to_owned();
    let passed = relay.passed();
    let prepays: Vec<_> = passed.iter().filter(|it| it.path == "/v3/pay/transactions/native").collect();
    assert_eq!(prepays.len(), 6);
    let stored = app.books.order(&order_no).await.request;
    assert!(prepays.iter().all(|it| it.request == stored));
    // Each is signed anew.
    let signatures: std::collections::BTreeSet<_> =
        prepays.iter().map(|it| it.request_headers["authorization"].as_bytes()).collect();
    assert_eq!(signatures.len(), 6);
    assert_eq!(app.books.count("attempts").await, 1);
}

#[tokio::test]
async fn many_pages_waiting_for_a_code_cause_one_prepay_at_a_time() {
    let clock = saoma::clock::Clock::system();
    let outside = Outside::start(&clock).await;
    let relay = Relay::start(&outside.site.origin).await;
    let app = Stage::new().live(&outside, free_port()).set("WXPAY_DOMAIN", &relay.origin).start().await;
    outside.site.faults(json!({"error_500": {"prepay": 2}})).await;
    let token = assert_bad_gateway(&app).await;
    let held = relay.hold("/native");
    let pages = futures::future::join_all((0..20).map(|_| app.watch(&token, 2, 10)));
    let opened = async {
        held.arrived().await;
        for _ in 0..20 {
            app.look(&token).await;
        }
        held.release();
    };
    tokio::join!(pages, opened);
    code_comes_by_itself(&app, &token).await;
    let prepays = relay.passed().iter().filter(|it| it.path.ends_with("/native")).count();
    assert_eq!(prepays, 3, "two that failed, one that did not");
}

#[tokio::test]
async fn who_comes_second_waits_for_the_first_ones_code() {
    let clock = saoma::clock::Clock::system();
    let outside = Outside::start(&clock).await;
    let relay = Relay::start(&outside.site.origin).await;
    let app = Stage::new().live(&outside, free_port()).set("WXPAY_DOMAIN", &relay.origin).start().await;
    let browser = app.browser();
    browser.get("/products/1").await;
    let held = relay.hold("/native");
    let second = async {
        held.arrived().await;
        let asking = browser.order(1);
        tokio::pin!(asking);
        // Looks for changes by other instances, once a second, are no reason to give up.
        let early = tokio::time::timeout(Duration::from_secs(3), &mut asking).await;
        assert!(early.is_err(), "there is no code yet: {early:?}");
        held.release();
        asking.await
    };
    let (first, second) = tokio::join!(browser.order(1), second);
    assert_eq!(first, second);
    assert_eq!(relay.passed().len(), 1);
}

#[tokio::test]
async fn a_caller_that_hangs_up_takes_the_code_from_nobody() {
    let clock = saoma::clock::Clock::system();
    let outside = Outside::start(&clock).await;
    let relay = Relay::start(&outside.site.origin).await;
    let app = Stage::new().live(&outside, free_port()).set("WXPAY_DOMAIN", &relay.origin).start().await;
    let browser = app.browser();
    browser.get("/products/1").await;
    let held = relay.hold("/native");
    {
        let impatient = browser.try_order(1);
        tokio::pin!(impatient);
        tokio::select! {
            answer = &mut impatient => panic!("answered without a code: {answer:?}"),
            () = held.arrived() => {}
        }
        // Dropped here, and its connection with it.
    }
    held.release();
    let order = browser.order(1).await;
    assert_eq!(relay.passed().len(), 1, "the first prepay was enough");
    app.platform.pay(&order.code_url).await;
    app.until_status(&order.token, "SUCCESS").await;
}

#[tokio::test]
async fn a_refused_order_says_so_and_is_no_danger() {
    // The merchant's number is not the one of the key: a configuration that WeChat refuses.
    let clock = saoma::clock::Clock::system();
    let outside = Outside::start(&clock).await;
    let stage = Stage::new().live(&outside, free_port()).set("WXPAY_APPID", "wx0000000000000000");
    let app = stage.start().await;
    let token = assert_bad_gateway(&app).await;
    let page = app.get(&format!("/pay/{token}")).await;
    assert_eq!(page.status, 200);
    assert!(page.shown().contains("暂时无法收款"), "{}", page.text());
    assert!(!page.text().contains("APPID_MCHID_NOT_MATCH"));
    assert_eq!(app.metric("saoma_prepays_total", "result=\"REFUSED\"").await, 1);
    let order_no = app.look(&token).await["orderNo"].as_str().expect("a number").to_owned();
    assert_eq!(app.books.events(&order_no).await, ["PLACED/SHOPPER", "PREPAY_REFUSED/SHOPPER"]);
    for _ in 0..20 {
        app.look(&token).await;
    }
    assert_eq!(app.metric("saoma_prepays_total", "result=\"REFUSED\"").await, 1, "not asked again and again");
    // The merchant's own programmers are told what it is, and who has to do what.
    let answer = app.browser().try_order(1).await.json();
    let why = &answer["data"]["wechatPay"];
    assert_eq!((&why["code"], &why["mustAct"]), (&"APPID_MCHID_NOT_MATCH".into(), &"MERCHANT".into()), "{answer}");
    assert!(why["requestId"].as_str().is_some_and(|id| id.contains('-')), "{answer}");
    assert!(why["zh"]["remedy"].as_str().is_some_and(|it| it.contains("WXPAY_APPID")), "{answer}");
    assert!(why["en"]["cause"].as_str().is_some_and(|it| it.contains("not bound")), "{answer}");
}

#[tokio::test]
async fn an_unsigned_reply_is_not_believed() {
    let clock = saoma::clock::Clock::system();
    let outside = Outside::start(&clock).await;
    let relay = Relay::start(&outside.site.origin).await;
    let app = Stage::new().live(&outside, free_port()).set("WXPAY_DOMAIN", &relay.origin).start().await;
    let order = app.order(1).await;
    // A platform with other keys says what we would like to hear.
    let stranger = {
        let dir = crate::support::folder();
        let options = saoma::sandbox::SandboxOptions::new(([127, 0, 0, 1], 9090).into()).expect("an address");
        drop(saoma::sandbox::Sandbox::open(dir.path(), options).expect("opens"));
        let mut stranger = crate::support::Forger::read(dir.path(), clock.clone());
        stranger.public_key_id.clone_from(&app.forger.public_key_id);
        std::sync::Arc::new(stranger)
    };
    let paid = app.forger.transaction(&order);
    relay.lie(stranger, move |path, told| {
        let query = path.contains("/out-trade-no/");
        if query {
            told.clone_from(&paid);
        }
        query
    });
    let browser = app.browser();
    let checked = browser.call("/api/ui/check_payment", &[("token", &order.token)]).await;
    assert_eq!(checked.json(), json!("Unknown"));
    assert_eq!(app.books.status(&order.order_no).await, "NOTPAY");
    assert_eq!(app.books.count("payments").await, 0);
    relay.tell_the_truth();
}

async fn told_wrongly(pointer: &'static str, value: Option<Value>) {
    let clock = saoma::clock::Clock::system();
    let outside = Outside::start(&clock).await;
    let relay = Relay::start(&outside.site.origin).await;
    let app = Stage::new().live(&outside, free_port()).set("WXPAY_DOMAIN", &relay.origin).start().await;
    let order: Placed = app.order(2).await;
    outside.site.faults(json!({"drop": "all"})).await;
    app.platform.pay(&order.code_url).await;
    let forger = std::sync::Arc::new(crate::support::Forger::read(outside.dir(), clock.clone()));
    let lied = value.clone();
    relay.lie(forger, move |path, told| {
        let query = path.contains("/out-trade-no/");
        if query {
            let (object, name) = pointer.rsplit_once('/').expect("a pointer");
            let object = told.pointer_mut(object).expect("is there").as_object_mut().expect("an object");
            match &lied {
                Some(value) => object.insert(name.to_owned(), value.clone()),
                None => object.remove(name),
            };
        }
        query
    });
    let before = app.books.picture().await;
    let browser = app.browser();
    let checked = browser.call("/api/ui/check_payment", &[("token", &order.token)]).await;
    assert_eq!(checked.json(), json!("Unknown"), "{pointer} {value:?}");
    assert_eq!(app.books.picture().await, before, "{pointer} {value:?}");
    assert_eq!(app.books.status(&order.order_no).await, "NOTPAY");

    relay.tell_the_truth();
    until("the truth", async || {
        let checked = browser.call("/api/ui/check_payment", &[("token", &order.token)]).await;
        (checked.json() == json!("Settled")).then_some(())
    })
    .await;
    assert_eq!(app.books.payments().await[0].source, "QUERY");
}

#[tokio::test]
async fn a_query_that_tells_another_amount_pays_nothing() {
    told_wrongly("/amount/total", Some(json!(12_799))).await;
    told_wrongly("/amount/total", None).await;
}

#[tokio::test]
async fn a_query_that_tells_another_currency_pays_nothing() {
    told_wrongly("/amount/currency", Some(json!("HKD"))).await;
}

#[tokio::test]
async fn a_query_that_tells_another_merchant_or_app_pays_nothing() {
    told_wrongly("/mchid", Some(json!("1900000001"))).await;
    told_wrongly("/appid", Some(json!("wx0000000000000000"))).await;
}

#[tokio::test]
async fn a_query_that_tells_another_order_or_no_transaction_pays_nothing() {
    told_wrongly("/out_trade_no", Some(json!("NOBODY0HAS0THIS0NUMBER"))).await;
    told_wrongly("/transaction_id", None).await;
    told_wrongly("/trade_state", Some(json!("INVENTED"))).await;
}
