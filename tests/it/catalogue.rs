//! What is on sale, as its keeper sees it and as shoppers do.

use std::path::Path;

use saoma::checkout::catalogue;
use serde_json::json;

use crate::support::{App, Process, Stage, command, database_url, folder, lay_keys, mock_clock};

/// `saoma product …` for the sandbox in `folder`: its exit code and what it said.
fn product(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let arguments: Vec<_> = ["product", "--sandbox"].iter().chain(arguments).copied().collect();
    let mut command = command(folder, &arguments);
    let output = command.env("DATABASE_URL", database_url(&folder.join("data"))).output().expect("runs");
    let told = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(told).expect("UTF-8"))
}

async fn serve(folder: &Path) -> Process {
    lay_keys(&folder.join("data/sandbox"));
    let database = database_url(&folder.join("data"));
    Process::serve(folder, &[("SAOMA_ORDERS_PER_MINUTE", "0"), ("DATABASE_URL", &database)]).await
}

#[tokio::test]
async fn a_withdrawn_product_takes_no_new_orders_and_old_ones_are_paid() {
    let folder = folder();
    let site = serve(folder.path()).await;
    let browser = site.browser();
    let order = browser.order(2).await;
    let (code, told) = product(folder.path(), &["withdraw", "--id", "2"]);
    assert!(code == Some(0) && told.contains("product 2 is withdrawn"), "{told}");
    let (code, told) = product(folder.path(), &["withdraw", "--id", "2"]);
    assert!(code == Some(0) && told.contains("product 2 was already withdrawn"), "{told}");

    // In no list.
    assert!(!browser.get("/").await.shown().contains("西湖龙井"));
    for list in ["/api/product/list", "/api/ui/list_products"] {
        assert!(!site.get(list).await.text().contains("西湖龙井"), "{list}");
    }
    // No new order, whoever asks, and a clear word.
    let answer = site.try_order(2).await;
    assert_eq!((answer.status, answer.json()["message"].as_str()), (404, Some("商品已下架")));
    let stranger = site.browser();
    let answer = stranger.call("/api/ui/place_order", &[("product_id", "2")]).await;
    assert_eq!((answer.status, answer.json()), (404, json!("NotOnSale")));
    let answer = stranger.submit("/api/ui/place_order", &[("product_id", "2")]).await;
    assert_eq!(answer.header("location"), Some("/products/2?problem=not-on-sale"));
    for page in ["/products/2", "/products/2?problem=not-on-sale"] {
        let page = stranger.get(page).await;
        assert_eq!(page.status, 404);
        assert!(page.shown().contains("这件商品已下架") && !page.text().contains("place_order"), "{}", page.shown());
    }
    // The order that was there: shown, found again by its shopper, paid.
    assert_eq!(browser.order(2).await.order_no, order.order_no);
    assert!(browser.get(&format!("/pay/{}", order.token)).await.shown().contains("请使用微信扫一扫"));
    assert!(browser.get("/orders").await.shown().contains("西湖龙井"));
    site.pay(&order.code_url).await;
    site.until_status(&order.token, "SUCCESS").await;

    let (_, listed) = product(folder.path(), &["list"]);
    let lines: Vec<_> = listed.lines().filter(|line| line.contains('\t')).collect();
    assert!(lines.len() == 4 && lines[0].ends_with("\ton sale") && lines[1].contains("\twithdrawn 20"), "{listed}");

    let (code, told) = product(folder.path(), &["offer", "--id", "2"]);
    assert!(code == Some(0) && told.contains("product 2 is on sale"), "{told}");
    assert_eq!(site.try_order(2).await.status, 200);
    assert!(browser.get("/").await.shown().contains("西湖龙井"));
    for verb in ["withdraw", "offer"] {
        let (code, told) = product(folder.path(), &[verb, "--id", "99"]);
        assert!(code == Some(1) && told.contains("there is no product 99"), "{told}");
    }
}

#[tokio::test]
async fn an_empty_shop_speaks_to_shoppers() {
    let folder = folder();
    let site = serve(folder.path()).await;
    for id in ["1", "2", "3", "4"] {
        assert_eq!(product(folder.path(), &["withdraw", "--id", id]).0, Some(0));
    }
    let page = site.browser().get("/").await;
    assert!(page.status == 200 && page.shown().contains("还没有商品"), "{}", page.shown());
    assert!(page.shown().contains("请过些时候再来") && !page.shown().contains("saoma product"), "{}", page.shown());
}

#[tokio::test]
async fn an_expired_order_of_a_withdrawn_product_does_not_come_back() {
    let app = Stage::new().clock(&mock_clock()).start().await;
    let browser = app.browser();
    let order = browser.order(1).await;
    let id = saoma::domain::ProductId(1);
    assert!(catalogue::withdraw(&app.state.db, id, app.clock.now()).await.expect("writes"));
    // What is open can have another code.
    assert_eq!(browser.call("/api/ui/renew_code", &[("token", &order.token)]).await.status, 200);
    app.advance(15 * 60 + 1);
    app.until_status(&order.token, "CLOSED").await;
    let answer = browser.call("/api/ui/renew_code", &[("token", &order.token)]).await;
    assert_eq!((answer.status, answer.json()), (404, json!("NotOnSale")));
    let answer = browser.submit("/api/ui/renew_code", &[("token", &order.token)]).await;
    let page = browser.get(answer.header("location").expect("a page")).await;
    assert!(page.shown().contains("这件商品已下架"), "{}", page.shown());
    assert_eq!(app.books.count("orders").await, 1);
}

#[tokio::test]
async fn put_says_what_it_did() {
    let folder = folder();
    let _site = serve(folder.path()).await;
    let put = |more: &[&str]| product(folder.path(), &[&["put", "--id", "7"], more].concat());
    let first = ["--title", "测试商品", "--price-fen", "250"];
    for (arguments, told) in [
        (&first[..], "product 7 added: 测试商品, 2.50 yuan"),
        (&first, "product 7 unchanged: 测试商品, 2.50 yuan"),
        (&["--title", " 测试商品 ", "--price-fen", "250"], "product 7 unchanged: 测试商品, 2.50 yuan"),
        (&["--title", "测试商品", "--price-fen", "300"], "product 7 changed: price from 2.50 to 3.00 yuan"),
        (
            &["--title", "红包🧧", "--price-fen", "301", "--summary", "新"],
            "product 7 changed: title from 测试商品 to 红包🧧, summary from \"\" to \"新\", price from 3.00 to 3.01 yuan",
        ),
    ] {
        let (code, said) = put(arguments);
        assert!(code == Some(0) && said.contains(told), "{said}");
    }
}

#[tokio::test]
async fn what_cannot_be_sold_is_refused_and_nothing_changes() {
    let folder = folder();
    let site = serve(folder.path()).await;
    let (long, longer) = ("会".repeat(128), "会".repeat(501));
    let dear = "10000001";
    for (title, summary, price, told) in [
        ("", "", "1", "title"),
        (" \u{3000} ", "", "1", "title"),
        ("🧧", "", "1", "title"),
        ("👨‍👩‍👧", "", "1", "title"),
        ("a\tb", "", "1", "title"),
        ("a\u{1b}[31mb", "", "1", "title"),
        ("\u{2800}\u{2800}", "", "1", "title"),
        ("\u{115f}", "", "1", "title"),
        ("\u{3164}", "", "1", "title"),
        ("a\u{202e}b", "", "1", "title"),
        ("a\u{2066}b", "", "1", "title"),
        ("a\u{2028}b", "", "1", "title"),
        ("a\u{2029}b", "", "1", "title"),
        ("a", "b\u{202e}c", "1", "summary"),
        (&long, "", "1", "title"),
        ("a", &longer, "1", "summary"),
        ("a", "b\nc", "1", "summary"),
        ("a", "", dear, "--force"),
    ] {
        let arguments = ["put", "--id", "2", "--title", title, "--summary", summary, "--price-fen", price];
        let (code, said) = product(folder.path(), &arguments);
        assert!(code == Some(1) && said.contains(told), "{title:?} {code:?} {said}");
        assert!(site.get("/").await.shown().contains("西湖龙井"));
    }
    let (code, said) = product(folder.path(), &["put", "--id", "9", "--title", "房子", "--price-fen", dear, "--force"]);
    assert!(code == Some(0) && said.contains("100000.01"), "{said}");
    // Past what every reader of JSON can tell from its neighbours.
    let (code, said) = product(folder.path(), &["put", "--id", "9007199254740992", "--title", "a", "--price-fen", "1"]);
    assert!(code == Some(2) && said.contains("9007199254740991"), "{said}");
    assert_eq!(site.post("/api/wx-pay/native/native/9007199254740993").await.status, 404);
    // As long as it may be, on every engine.
    let longest = "会".repeat(127);
    let (code, said) = product(folder.path(), &["put", "--id", "10", "--title", &longest, "--price-fen", "1"]);
    assert!(code == Some(0), "{said}");
    assert_eq!(site.try_order(10).await.status, 200);
}

#[tokio::test]
async fn what_cannot_be_sold_is_not_offered_again() {
    let app = App::start().await;
    // As an older program could put it there.
    let sql = "UPDATE products SET title = '🧧', withdrawn_ms = 1 WHERE id = 1";
    sqlx::query(sql).execute(&app.books.pool).await.expect("writes");
    let offered = catalogue::offer(&app.state.db, saoma::domain::ProductId(1)).await;
    assert!(matches!(offered, Err(catalogue::CatalogueError::Title)), "{offered:?}");
    assert_eq!(app.try_order(1).await.status, 404);
}
