//! Chinese and English pages: who gets which, that nothing is left untranslated, and that amounts, times and what
//! programs get are the same in both.

use reqwest::Method;
use serde_json::Value;

use crate::{
    callbacks::assert_acknowledged,
    support::{Answer, App, Notice},
};

const PAGE: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

/// A page as a browser gets it that likes English best.
async fn read(app: &App, path: &str, language: &str, cookie: &str) -> Answer {
    let request = app.request(Method::GET, path).header("accept", PAGE).header("accept-language", language);
    app.send(request.header("cookie", cookie)).await
}

/// Chinese that belongs to no text of ours: what the shop and its products are called, the mark, and the name of
/// the other language.
fn without_names(app: &App, html: &str) -> String {
    let products = ["Rust 异步编程实战", "电子书，PDF 与 EPUB，终身更新", "西湖龙井 明前特级 50g"];
    let products = products.into_iter().chain(["杭州狮峰山，当季新茶，密封罐装", "手冲咖啡豆 云南保山 250g"]);
    let products = products.chain(["水洗，中浅烘焙，下单后 48 小时内烘制", "Saoma 年度技术支持"]);
    let names = products.chain(["一对一答疑与升级服务，有效期一年", ">扫<", ">中文<"]);
    names.chain([app.state.checkout.payee()]).fold(html.to_owned(), |html, name| html.replace(name, ""))
}

fn chinese_in(text: &str) -> Vec<&str> {
    let pieces = text.split(['<', '>', '"']);
    pieces.filter(|piece| piece.chars().any(|c| ('\u{3000}'..='\u{9fff}').contains(&c))).collect()
}

/// Every number that is shown, amounts and times among them.
fn numbers(shown: &str) -> Vec<String> {
    let words = shown.split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ':' | '-')));
    let mut numbers: Vec<_> = words.filter(|word| word.bytes().any(|byte| byte.is_ascii_digit())).collect();
    numbers.sort_unstable();
    numbers.into_iter().map(|word| word.trim_matches(['.', ':', '-']).to_owned()).collect()
}

/// An order that waits, one that is cancelled and one that is paid, all of one browser; its cookie.
async fn orders(app: &App) -> (String, [String; 3]) {
    let browser = app.browser();
    let waiting = browser.order(1).await;
    let cancelled = browser.order(2).await;
    browser.submit("/api/ui/cancel_order", &[("token", &cancelled.token)]).await;
    let paid = browser.order(3).await;
    let notice = Notice::of(app.forger.transaction(&paid));
    assert_acknowledged(&app.deliver(&app.forger.callback(&notice)).await);
    (browser.cookie().expect("a cookie"), [waiting.token, cancelled.token, paid.token])
}

#[tokio::test]
async fn every_page_is_there_in_either_language_and_all_of_it() {
    let app = App::start().await;
    let (cookie, [waiting, cancelled, paid]) = orders(&app).await;
    let pay = |token: &str, rest: &str| format!("/pay/{token}{rest}");
    let mut pages: Vec<String> =
        ["/", "/products/1", "/products/999", "/orders", "/orders?before=1", "/nothing", "/a/../b"]
            .map(str::to_owned)
            .into();
    for word in ["no-order", "no-product", "not-on-sale", "limited", "presses", "busy", "read-only", "input"] {
        pages.push(format!("/products/1?problem={word}"));
        pages.push(pay(&waiting, &format!("?problem={word}")));
    }
    for rest in ["", "?checked=not-yet", "?checked=unknown", "/cancel", "/receipt"] {
        pages.extend([&waiting, &cancelled, &paid].map(|token| pay(token, rest)));
    }
    for path in pages {
        let english = read(&app, &path, "en-GB,en;q=0.9,zh;q=0.1", &cookie).await;
        let chinese = read(&app, &path, "zh-CN,zh;q=0.9,en;q=0.1", &cookie).await;
        assert_eq!(english.status, chinese.status, "{path}");
        assert!(english.text().contains("<html lang=\"en\">") && chinese.text().contains("<html lang=\"zh-CN\">"));
        assert_eq!(chinese_in(&without_names(&app, english.text())), [""; 0], "{path}");
        assert!(!chinese_in(&without_names(&app, chinese.text())).is_empty(), "{path}");
        let seen = (numbers(&english.shown()), numbers(&chinese.shown()));
        assert_eq!(seen.0, seen.1, "{path}");
        for answer in [&english, &chinese] {
            let varies: Vec<_> = answer.headers.get_all("vary").iter().map(|it| it.to_str().expect("text")).collect();
            assert!(varies.iter().any(|it| it.contains("accept-language, cookie")), "{path} {varies:?}");
        }
    }
    // Whoever asks for neither.
    for language in ["", "fr-FR,fr;q=0.9", "*"] {
        assert!(read(&app, "/", language, "").await.text().contains("<html lang=\"zh-CN\">"), "{language}");
    }
}

#[tokio::test]
async fn a_refusal_for_people_is_in_their_language_and_one_for_programs_is_chinese() {
    let app = App::start().await;
    let refused = async |accept: &str| {
        let request = app.request(Method::POST, "/api/ui/place_order").header("origin", "https://evil.example");
        app.send(request.header("accept", accept).header("accept-language", "en").body("product_id=1")).await
    };
    let page = refused(PAGE).await;
    assert_eq!((page.status, chinese_in(&without_names(&app, page.text()))), (403, vec![]));
    assert!(page.shown().contains(&format!("Please open it again at {}", app.origin)), "{}", page.shown());
    let json = refused("*/*").await.json();
    assert!(json["message"].as_str().expect("a text").contains("您打开的不是本店的正式网址"), "{json}");
}

#[tokio::test]
async fn the_switch_is_remembered_and_leads_back_to_the_same_page_of_this_site() {
    let app = App::start().await;
    let press = async |to: &str, back: &str, referer: &str| {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("to", to)
            .append_pair("back", back)
            .finish();
        let request =
            app.request(Method::POST, "/language").header("content-type", "application/x-www-form-urlencoded");
        let request = request.header("accept", PAGE).header("origin", &app.origin).header("referer", referer);
        app.send(request.body(body)).await
    };
    let page = read(&app, "/orders?before=7", "zh", "").await;
    assert!(page.text().contains("name=\"back\" value=\"/orders?before=7\""), "{}", page.text());

    let answer = press("en", "/orders?before=7", "").await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/orders?before=7")));
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().map(|it| it.to_str().expect("text")).collect();
    let baked = cookies.iter().find(|it| it.starts_with("saoma-language=")).expect("the cookie of the switch");
    assert!(["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="].iter().all(|part| baked.contains(part)), "{baked}");
    let cookie = baked.split(';').next().expect("a pair");
    assert!(read(&app, "/", "zh-CN", cookie).await.text().contains("<html lang=\"en\">"), "whatever the browser likes");

    // Where the panel has opened in place, the address bar knows better.
    let answer = press("en", "/products/1", &format!("{}/pay/0123", app.origin)).await;
    assert_eq!(answer.header("location"), Some("/pay/0123"));
    for evil in ["//evil.example/", "https://evil.example/", "/\\evil.example", "evil", ""] {
        assert_eq!(press("en", evil, "").await.header("location"), Some("/"), "{evil}");
    }
    assert_eq!(press("tlh", "/", "").await.status, 400);
}

#[tokio::test]
async fn what_programs_get_stays_chinese() {
    let app = App::start().await;
    let english = async |method: Method, path: &str| {
        let request = app.request(method, path).header("accept-language", "en").header("saoma-language", "en");
        app.send(request.header("cookie", "saoma-language=en")).await.json()
    };
    let order = app.order(1).await;
    let message = |json: &Value| json["message"].as_str().expect("a text").to_owned();
    assert_eq!(message(&english(Method::POST, "/api/wx-pay/native/native/2").await), "成功");
    assert_eq!(message(&english(Method::GET, "/api/product/list").await), "成功");
    for path in [
        "/api/wx-pay/native/native/999".to_owned(),
        format!("/api/order-info/query-order-status/{}", order.order_no),
        "/api/order-info/query-order-status/nothing".to_owned(),
        format!("/api/orders/{}?wait=x", order.token),
        "/api/orders/nothing".to_owned(),
    ] {
        let method = if path.contains("native") { Method::POST } else { Method::GET };
        let said = message(&english(method, &path).await);
        assert!(!chinese_in(&said).is_empty(), "{path}: {said}");
    }
}

/// Also what comes later to a page that was opened before the switch was pressed in another one.
#[tokio::test]
async fn a_page_gets_news_in_its_own_language() {
    let app = App::start().await;
    let order = app.order(1).await;
    let path = format!("/api/ui/watch_order?token={}&after=0&wait=0", order.token);
    for (of_page, cookie, heading) in [
        ("en", "saoma-language=zh-CN", "Scan to pay"),
        ("zh-CN", "saoma-language=en", "扫码付款"),
        ("", "saoma-language=en", "Scan to pay"),
    ] {
        let request = app.request(Method::GET, &path).header("accept", "application/json");
        let answer = app.send(request.header("saoma-language", of_page).header("cookie", cookie)).await;
        assert_eq!(answer.json()["heading"], heading);
    }
}
