//! The page's own ways in: as forms without JavaScript, and as the page's program calls them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, App};

fn location(answer: &Answer) -> &str {
    assert_eq!(answer.status, 302, "{answer:?}");
    answer.header("location").expect("a place to go")
}

#[tokio::test]
async fn a_form_leads_to_the_page_of_its_order() {
    let app = App::start().await;
    let browser = app.browser();
    let page = browser.get("/products/1").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("action=\"/api/ui/place_order\""), "the form names where it goes");
    assert!(page.text().contains("name=\"product_id\""));

    let answer = browser.submit("/api/ui/place_order", &[("product_id", "1")]).await;
    let path = location(&answer).to_owned();
    let token = path.strip_prefix("/pay/").expect("the page of an order");
    let page = browser.get(&path).await;
    assert_eq!(page.status, 200);
    assert!(page.shown().contains("请使用微信扫一扫") && page.text().contains("http-equiv=\"refresh\""));
    // A second click leads to the same one.
    assert_eq!(location(&browser.submit("/api/ui/place_order", &[("product_id", "1")]).await), path);
    assert_eq!(app.books.count("orders").await, 1);

    // 我已完成支付, too early and in time.
    let answer = browser.submit("/api/ui/check_payment", &[("token", token)]).await;
    assert_eq!(location(&answer), format!("{path}?checked=not-yet"));
    assert!(browser.get(location(&answer)).await.shown().contains("还没有收到付款"));
    let order = browser.order(1).await;
    assert_eq!(order.token, token);
    app.deliver(&app.forger.payment(&order)).await;
    assert_eq!(location(&browser.submit("/api/ui/check_payment", &[("token", token)]).await), path);
    assert!(browser.get(&path).await.shown().contains("支付成功"));
}

/// Not every browser names HTML first.
#[tokio::test]
async fn a_form_that_fails_leads_to_its_page_whatever_else_its_browser_takes() {
    let app = App::start().await;
    for accept in ["text/html", "application/xhtml+xml,text/html;q=0.9,*/*;q=0.8"] {
        let form = app.request(Method::POST, "/api/ui/place_order").body("product_id=999");
        let form = form.header("content-type", "application/x-www-form-urlencoded").header("accept", accept);
        let answer = app.send(form).await;
        assert_eq!(location(&answer), "/products/999?problem=no-product", "{accept}");
    }
}

#[tokio::test]
async fn the_pages_program_gets_json() {
    let app = App::start().await;
    let browser = app.browser();
    let answer = browser.call("/api/ui/place_order", &[("product_id", "2")]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("location"), None);
    let view = answer.json();
    assert_eq!((&view["total"], &view["title"]), (&json!("128.00"), &json!("西湖龙井 明前特级 50g")));
    assert_eq!((&view["stage"], &view["version"]), (&json!("Scan"), &json!(2)));
    assert!(view["qr"]["path"].as_str().expect("a QR code").starts_with("M4 4h7"));
    let token = view["token"].as_str().expect("a token");

    let path = format!("/api/ui/watch_order?token={token}&after=0&wait=25");
    let watched = browser.send(app.request(Method::GET, &path)).await;
    assert_eq!((watched.status, watched.json()), (200, view.clone()));
    let checked = browser.call("/api/ui/check_payment", &[("token", token)]).await;
    assert_eq!((checked.status, checked.json()), (200, json!("NotYet")));

    let order = browser.order(2).await;
    let (path, callback) = (format!("/api/ui/watch_order?token={token}&after=2&wait=25"), app.forger.payment(&order));
    let (watched, _) = tokio::join!(app.get(&path), app.deliver(&callback));
    let paid = watched.json();
    assert_eq!((&paid["stage"], &paid["version"]), (&json!("Paid"), &json!(3)));
    assert!(paid["transaction_id"].as_str().expect("a number").starts_with("42"));
    assert_eq!(paid["qr"]["path"], "", "nothing to scan any more");
    let checked = browser.call("/api/ui/check_payment", &[("token", token)]).await;
    assert_eq!(checked.json(), json!("Settled"));
    assert!(!paid.to_string().contains("openid"), "{paid}");
}

#[tokio::test]
async fn products_can_be_listed_and_looked_at() {
    let app = App::start().await;
    let listed = app.get("/api/ui/list_products").await;
    assert_eq!(listed.json().as_array().map(Vec::len), Some(4));
    let loaded = app.get("/api/ui/load_product?product_id=2").await;
    assert_eq!((loaded.status, loaded.json()["price"].as_i64()), (200, Some(12_800)));
    for unknown in ["999", "0", "abc", ""] {
        let answer = app.get(&format!("/api/ui/load_product?product_id={unknown}")).await;
        assert_eq!((answer.status, answer.json()), (404, json!("NoSuchProduct")), "{unknown}");
        if !unknown.is_empty() {
            let page = app.get(&format!("/products/{unknown}")).await;
            assert_eq!(page.status, 404, "{unknown}");
            assert!(page.shown().contains("商品不存在"));
        }
    }
}

#[tokio::test]
async fn a_wrong_call_is_answered_in_kind() {
    let app = App::start().await;
    let browser = app.browser();
    let unknown = "00000000000000000000000000000000";
    for (path, form, status, error) in [
        ("/api/ui/place_order", [("product_id", "999")], 404, "NoSuchProduct"),
        ("/api/ui/place_order", [("product_id", "-1")], 404, "NoSuchProduct"),
        ("/api/ui/check_payment", [("token", unknown)], 404, "NoSuchOrder"),
        ("/api/ui/check_payment", [("token", "../../x")], 404, "NoSuchOrder"),
        ("/api/ui/place_order", [("product_id", "abc")], 400, "Input"),
        ("/api/ui/place_order", [("other", "1")], 400, "Input"),
        ("/api/ui/check_payment", [("other", "1")], 400, "Input"),
    ] {
        let answer = browser.call(path, &form).await;
        assert_eq!((answer.status, answer.json()), (status, json!(error)), "{path} {form:?}");
    }
    for (path, status, error) in [
        (format!("/api/ui/watch_order?token={unknown}&after=0&wait=25"), 404, "NoSuchOrder"),
        ("/api/ui/watch_order?token=x&after=0&wait=25".to_owned(), 404, "NoSuchOrder"),
        ("/api/ui/watch_order?token=x&after=y&wait=25".to_owned(), 400, "Input"),
        ("/api/ui/watch_order?token=x&after=0&wait=-1".to_owned(), 400, "Input"),
        ("/api/ui/watch_order".to_owned(), 400, "Input"),
        ("/api/ui/list_orders?before=x".to_owned(), 400, "Input"),
    ] {
        let answer = app.get(&path).await;
        assert_eq!((answer.status, answer.json()), (status, json!(error)), "{path}");
    }
    assert_eq!(app.books.count("orders").await, 0);
}

#[tokio::test]
async fn a_wrong_form_leads_to_a_page_that_says_so() {
    let app = App::start().await;
    let browser = app.browser();
    let answer = browser.submit("/api/ui/place_order", &[("product_id", "999")]).await;
    assert_eq!(location(&answer), "/products/999?problem=no-product");
    assert_eq!(browser.get(location(&answer)).await.status, 404);
    let answer = browser.submit("/api/ui/check_payment", &[("token", "//evil.example/x")]).await;
    assert_eq!(location(&answer), "/pay/unknown?checked=unknown");
    assert_eq!(browser.get(location(&answer)).await.status, 404);
    // Words of a stranger in the address are not repeated.
    let page = browser.get("/products/1?problem=%3Cscript%3Ealert(1)%3C/script%3E").await;
    assert!(page.status == 200 && !page.text().contains("alert(1)"));
    let page = browser.get("/products/%3Cscript%3Ealert(1)%3C%2Fscript%3E").await;
    assert!(page.status == 404 && !page.text().contains("<script>alert(1)"));
}

#[tokio::test]
async fn there_is_no_other_server_function() {
    let app = App::start().await;
    for (method, path) in [
        (Method::GET, "/api/ui/place_order?product_id=1"),
        (Method::GET, "/api/ui/nothing"),
        (Method::POST, "/api/ui/nothing"),
        (Method::POST, "/api/place_order"),
        (Method::GET, "/api/orders"),
        (Method::GET, "/api/nothing"),
    ] {
        let answer = app.send(app.request(method.clone(), path)).await;
        assert!(matches!(answer.status, 404 | 405), "{method} {path}: {}", answer.status);
        let text = answer.text();
        assert!(!text.contains("server function") && !text.contains("macro"), "{path}: {text}");
    }
    assert_eq!(app.books.count("orders").await, 0);
}

#[tokio::test]
async fn a_shopper_sees_the_own_orders_and_nobody_elses() {
    let app = App::start().await;
    let (first, second) = (app.browser(), app.browser());
    let mine = [first.order(1).await, first.order(2).await];
    let others = second.order(3).await;
    app.deliver(&app.forger.payment(&mine[0])).await;

    let page = first.get("/orders").await;
    assert_eq!(page.status, 200);
    for order in &mine {
        assert!(page.text().contains(&format!("/pay/{}", order.token)));
    }
    assert!(page.shown().contains("支付成功") && page.shown().contains("待付款"));
    assert!(!page.text().contains(&others.token) && !page.shown().contains("保山"));
    assert!(second.get("/orders").await.text().contains(&others.token));
    let stranger = app.browser();
    let page = stranger.get("/orders").await;
    assert!(page.shown().contains("这个浏览器还没有下过单"));

    let list = |answer: &Answer| -> Vec<String> {
        let json = answer.json();
        let lines = json["lines"].as_array().expect("a list").iter();
        lines.map(|line| line["token"].as_str().expect("a token").to_owned()).collect()
    };
    let listed = first.send(app.request(Method::GET, "/api/ui/list_orders")).await;
    assert_eq!(list(&listed), [mine[1].token.clone(), mine[0].token.clone()], "newest first");
    assert_eq!(listed.json()["older"], Value::Null);
    let listed = second.send(app.request(Method::GET, "/api/ui/list_orders")).await;
    assert_eq!(list(&listed), [others.token.as_str()]);
    // Whatever is asked for, only own ones come.
    let id = app.books.order(&others.order_no).await.id;
    for before in [id + 1, i64::MAX, id, 0, -1] {
        let listed = first.send(app.request(Method::GET, &format!("/api/ui/list_orders?before={before}"))).await;
        assert!(!list(&listed).contains(&others.token), "{before}");
    }
    let listed = app.get("/api/ui/list_orders").await;
    assert!(list(&listed).is_empty());
}

#[tokio::test]
async fn a_long_list_of_orders_comes_in_pages() {
    let app = App::start().await;
    let browser = app.browser();
    let mut tokens = Vec::new();
    for _ in 0..23 {
        let order = browser.order(1).await;
        app.deliver(&app.forger.payment(&order)).await;
        tokens.push(order.token);
    }
    tokens.reverse();
    let listed = |page: &Answer| {
        let text = page.text().to_owned();
        tokens.iter().filter(|token| text.contains(&format!("/pay/{token}"))).cloned().collect::<Vec<_>>()
    };
    let first = browser.get("/orders").await;
    assert_eq!(listed(&first), tokens[..20]);
    let id = app.books.order(&app.books.payments().await[3].out_trade_no).await.id;
    assert!(first.text().contains(&format!("href=\"/orders?before={id}\"")));
    let second = browser.get(&format!("/orders?before={id}")).await;
    assert_eq!(listed(&second), tokens[20..]);
    assert!(!second.text().contains("href=\"/orders?before="));
}
