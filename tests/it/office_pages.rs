//! The merchant's pages, as somebody uses them who has no JavaScript.

use saoma::{checkout::Numbered, domain::Fen};
use serde_json::json;

use crate::support::{App, Clerk, Placed, hidden, is_file, until};

async fn paid(app: &App, product: i64) -> Placed {
    let order = app.order(product).await;
    app.pay(&order.code_url).await;
    app.until_status(&order.token, "SUCCESS").await;
    order
}

async fn path_of(app: &App, order: &Placed) -> String {
    format!("/admin/orders/{}", app.books.order(&order.order_no).await.id)
}

fn yuan(fen: i64) -> String {
    Fen::new(fen).expect("an amount").to_string()
}

#[tokio::test]
async fn the_overview_tells_of_today_and_leads_to_what_needs_someone() {
    let app = App::start().await;
    let order = paid(&app, 2).await;
    app.state.office.sum_up().await.expect("sums");
    let clerk = Clerk::open(&app, "viewer").await;
    let page = clerk.page("/admin").await;
    let shown = page.shown();
    assert!(shown.contains("没有需要处理的事") && shown.contains(&yuan(order.total)), "{shown}");
    assert!(page.text().contains("<svg viewBox=") && page.text().matches("<details").count() >= 3, "charts and tables");
    assert!(!page.text().contains(" style="), "no style of its own");
    sqlx::query(
        "INSERT INTO concerns (kind, order_id, detail, at_ms) SELECT 'PAYMENT_CONTRADICTED', id, 'x NOTPAY', 1 FROM orders",
    )
    .execute(&app.books.pool)
    .await
    .expect("writes");
    let page = clerk.page("/admin").await;
    let path = path_of(&app, &order).await;
    assert!(page.shown().contains("与微信支付不一致") && page.text().contains(&format!("href=\"{path}\"")));
    assert!(!clerk.page(&path).await.text().contains("/settle"), "a viewer only looks");
    let clerk = Clerk::open(&app, "operator").await;
    let page = clerk.page(&path).await;
    let done = clerk.post(&format!("{path}/settle"), &page, &[]).await;
    assert!(clerk.follow(&done).await.shown().contains("已标记为处理过"));
    assert!(clerk.page("/admin").await.shown().contains("没有需要处理的事"));
}

#[tokio::test]
async fn orders_are_filtered_searched_and_exported() {
    let app = App::start().await;
    let (unpaid, done) = (app.order(1).await, paid(&app, 2).await);
    let clerk = Clerk::open(&app, "viewer").await;
    let page = clerk.page("/admin/orders").await;
    assert!(page.shown().contains(&unpaid.order_no) && page.shown().contains(&done.order_no));
    let page = clerk.page("/admin/orders?status=SUCCESS&product=2").await;
    assert!(!page.shown().contains(&unpaid.order_no) && page.shown().contains(&done.order_no));
    let wrong = clerk.get("/admin/orders?first=gestern&least=%3Cscript%3E&product=-1").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("value=\"gestern\"") && wrong.text().contains("value=\"&lt;script&gt;\""));
    assert_eq!(wrong.text().matches("aria-invalid=\"true\"").count(), 3, "each field is named");
    let page = clerk.page("/admin/orders").await;
    for number in [&done.order_no, &done.token] {
        let found = clerk.post("/admin/orders/find", &page, &[("number", number)]).await;
        assert_eq!(found.header("location"), Some(&*path_of(&app, &done).await));
    }
    for nothing in ["%", "<b>", &"9".repeat(5_000)] {
        let found = clerk.post("/admin/orders/find", &page, &[("number", nothing)]).await;
        assert_eq!((found.status, found.shown().contains("没有找到")), (200, true), "{nothing:.9}");
        assert!(!found.text().contains("<b>\""), "escaped");
    }
    // The switch on the answer to a form leads to a page, and not to where the form was sent.
    let found = clerk.post("/admin/orders/find", &page, &[("number", "%")]).await;
    let switch = found.text().split("action=\"/language\"").nth(1).and_then(|it| it.split("</form>").next());
    let switch = switch.expect("a switch").to_owned();
    let field = |name: &str| {
        let input = switch.split("<input").find(|it| it.contains(&format!("name=\"{name}\"")));
        let value = input.and_then(|it| it.split("value=\"").nth(1)).and_then(|it| it.split('"').next());
        value.unwrap_or_default().to_owned()
    };
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(["to", "back", "answer"].map(|name| (name, field(name))))
        .finish();
    let pressed = app
        .request(reqwest::Method::POST, "/language")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("referer", format!("{}/admin/orders/find", app.origin))
        .body(body);
    let led = app.send(pressed).await;
    assert_eq!((led.status, led.header("location")), (303, Some("/admin/orders")));
    let file = clerk.get("/admin/orders/orders.csv?status=SUCCESS").await;
    assert_eq!((file.status, file.header("content-type")), (200, Some("text/csv; charset=utf-8")));
    let text = file.text();
    assert!(
        text.starts_with('\u{feff}') && text.contains(&done.order_no) && !text.contains(&unpaid.order_no),
        "{text}"
    );
    let missing = clerk.get("/admin/orders/999999").await;
    assert_eq!((missing.status, missing.shown().contains("没有这笔订单")), (404, true));
}

#[tokio::test]
async fn a_whole_refund_step_by_step_and_pressed_twice_is_one() {
    let app = App::start().await;
    app.faults(json!({"refund_ms": 0, "refund_gap_seconds": 0})).await;
    let order = paid(&app, 2).await;
    let (clerk, path) = (Clerk::open(&app, "operator").await, path_of(&app, &order).await);
    let page = clerk.page(&path).await;
    let way = page.text().split(&format!("href=\"{path}/refund?")).nth(1).expect("the way to it");
    let payment = way.split('"').next().expect("an end").replace("&amp;", "&");
    let form = clerk.page(&format!("{path}/refund?{payment}")).await;
    assert!(form.shown().contains(&yuan(order.total)), "what is left: {}", form.shown());
    for (amount, told) in [("1.234", "1.234"), ("0", "0"), ("999999", "999999"), ("-1", "-1")] {
        let again = clerk.get(&format!("{path}/refund?{payment}&step=check&amount={amount}&reason=x")).await;
        assert_eq!(again.status, 422, "{amount}");
        assert!(again.text().contains(&format!("value=\"{told}\"")), "what was typed stays: {amount}");
    }
    let long = "字".repeat(81);
    let again = clerk.get(&format!("{path}/refund?{payment}&step=check&amount=1&reason={long}")).await;
    assert_eq!((again.status, again.shown().contains("1 到 80 个字")), (422, true));
    let check = clerk.page(&format!("{path}/refund?{payment}&step=check&amount=1.00&reason=破损")).await;
    let number = hidden(check.text(), "number");
    assert!(check.shown().contains("确认退款 ¥1.00") && check.shown().contains(&number), "the number is shown first");
    assert_eq!(app.books.refunds().await.len(), 0, "and nothing is written yet");
    let transaction = hidden(check.text(), "payment");
    let fields = [("payment", &*transaction), ("number", &*number), ("amount", "1.00"), ("reason", "破损")];
    for _ in 0..2 {
        let done = clerk.post(&format!("{path}/refund"), &check, &fields).await;
        assert!(clerk.follow(&done).await.shown().contains("微信支付已受理退款"));
    }
    let refunds = app.books.refunds().await;
    assert_eq!(refunds.iter().map(|it| (it.amount_fen, &*it.source)).collect::<Vec<_>>(), [(100, "STAFF")]);
    app.until_status(&order.token, "REFUND_PARTIAL").await;
    let forged = [("payment", &*transaction), ("number", "../../x"), ("amount", "1.00"), ("reason", "x")];
    assert_eq!(clerk.post(&format!("{path}/refund"), &check, &forged).await.status, 422);
    let written: Vec<(String, String)> =
        sqlx::query_as("SELECT who, subject FROM audit_log WHERE what = 'REFUND_ASKED'")
            .fetch_all(&app.books.pool)
            .await
            .expect("reads");
    assert_eq!(written, [("demo-operator".to_owned(), format!("refund:{number}"))], "once, by name");
}

/// Where a refund of the order's payment begins.
async fn way_to_refund(clerk: &Clerk<'_>, path: &str) -> String {
    let page = clerk.page(path).await;
    let way = page.text().split(&format!("href=\"{path}/refund?")).nth(1).expect("the way to it");
    format!("{path}/refund?{}", way.split('"').next().expect("an end").replace("&amp;", "&"))
}

#[tokio::test]
async fn the_same_amount_once_more_is_asked_back_and_never_told_as_done() {
    let app = App::start().await;
    app.faults(json!({"refund_ms": 0, "refund_gap_seconds": 0})).await;
    let order = paid(&app, 2).await;
    let (clerk, path) = (Clerk::open(&app, "operator").await, path_of(&app, &order).await);
    let way = way_to_refund(&clerk, &path).await;
    let check_path = format!("{way}&step=check&amount=1.00&reason=x");
    let press = async |check: &crate::support::Answer| {
        let field = |name| hidden(check.text(), name);
        let fields = ["payment", "number", "amount", "reason"].map(|name| (name, field(name)));
        let another = check.text().contains("name=\"another\"").then(|| ("another", "1".to_owned()));
        let fields: Vec<_> = fields.into_iter().chain(another).collect();
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let done = clerk.post(&format!("{path}/refund"), check, &fields).await;
        clerk.follow(&done).await.shown()
    };
    let first = clerk.page(&check_path).await;
    assert!(press(&first).await.contains("微信支付已受理退款"));
    let second = clerk.get(&check_path).await;
    assert_eq!(second.status, 409, "{}", second.shown());
    assert!(second.shown().contains("已经申请过退这笔付款的 ¥1.00"), "when, and that it is done: {}", second.shown());
    assert!(second.text().contains("value=\"1.00\"") && second.text().contains("id=\"another\""), "ask again, by name");
    assert!(!second.text().contains("name=\"number\""), "nothing to confirm");
    let request = app.request(reqwest::Method::GET, &check_path).header("accept-language", "en");
    let english = clerk.browser.send(request.header("accept", "text/html")).await;
    assert!(english.shown().contains("The same ¥1.00 of this payment was refunded at"), "{}", english.shown());
    assert_eq!(app.books.refunds().await.len(), 1);
    let third = clerk.page(&format!("{check_path}&another=1")).await;
    assert!(press(&third).await.contains("微信支付已受理退款"));
    assert_eq!(app.books.refunds().await.iter().map(|it| it.amount_fen).collect::<Vec<_>>(), [100, 100]);
}

#[tokio::test]
async fn a_refund_that_nobody_knows_the_end_of_is_pressed_again_under_its_number() {
    if !is_file() {
        return;
    }
    let app = App::start().await;
    app.faults(json!({"refund_ms": 0, "refund_gap_seconds": 0})).await;
    let order = paid(&app, 2).await;
    let (clerk, path) = (Clerk::open(&app, "operator").await, path_of(&app, &order).await);
    let way = way_to_refund(&clerk, &path).await;
    let check = clerk.page(&format!("{way}&step=check&amount=1.00&reason=x&another=1")).await;
    let (transaction, number) = (hidden(check.text(), "payment"), hidden(check.text(), "number"));
    let fields = [("payment", &*transaction), ("number", &*number), ("amount", "1.00"), ("reason", "破损")];
    let fields: Vec<_> = fields.into_iter().chain([("another", "1"), ("note", "请看一下")]).collect();
    // A COMMIT that is answered by an error: whether it is there, nobody can tell.
    for sql in [
        "CREATE TABLE unborn (id INTEGER REFERENCES orders (id) DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TRIGGER unborn AFTER INSERT ON refunds BEGIN INSERT INTO unborn VALUES (-1); END",
    ] {
        sqlx::query(sql).execute(&app.books.pool).await.expect("writes");
    }
    let unknown = clerk.post(&format!("{path}/refund"), &check, &fields).await;
    sqlx::query("DROP TRIGGER unborn").execute(&app.books.pool).await.expect("writes");
    assert_eq!(unknown.status, 503, "{}", unknown.shown());
    assert!(unknown.shown().contains("不知道退款是否已记下"), "{}", unknown.shown());
    assert_eq!(hidden(unknown.text(), "number"), number, "the same number");
    assert!(unknown.text().contains("value=\"请看一下\""), "what was typed stays");
    let fields: Vec<_> =
        ["payment", "number", "amount", "reason", "another"].map(|name| (name, hidden(unknown.text(), name))).into();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let done = clerk.post(&format!("{path}/refund"), &unknown, &fields).await;
    assert!(clerk.follow(&done).await.shown().contains("微信支付已受理退款"));
    let refunds = app.books.refunds().await;
    assert_eq!(refunds.iter().map(|it| it.amount_fen).collect::<Vec<_>>(), [100], "one refund");
}

#[tokio::test]
async fn books_that_cannot_be_read_are_trouble_and_no_missing_payment() {
    let app = App::start().await;
    let order = paid(&app, 2).await;
    let (clerk, path) = (Clerk::open(&app, "operator").await, path_of(&app, &order).await);
    let way = way_to_refund(&clerk, &path).await;
    let check = clerk.page(&format!("{way}&step=check&amount=1.00&reason=x")).await;
    let (transaction, number) = (hidden(check.text(), "payment"), hidden(check.text(), "number"));
    let set = |sql: &'static str| sqlx::query(sql).execute(&app.books.pool);
    // What a refund asks the books and an order's page does not.
    set("ALTER TABLE restorations RENAME TO put_away").await.expect("renames");
    let fields = [("payment", &*transaction), ("number", &*number), ("amount", "1.00"), ("reason", "x")];
    let asked = clerk.post(&format!("{path}/refund"), &check, &fields).await;
    let drafted = clerk.get(&format!("{way}&step=check&amount=1.00&reason=x")).await;
    set("ALTER TABLE put_away RENAME TO restorations").await.expect("renames");
    for answer in [asked, drafted] {
        assert_eq!(answer.status, 503, "{}", answer.shown());
        assert!(!answer.shown().contains("这笔订单没有这个号码"), "{}", answer.shown());
    }
}

#[tokio::test]
async fn who_only_looks_changes_nothing() {
    let app = App::start().await;
    let order = paid(&app, 2).await;
    let (clerk, path) = (Clerk::open(&app, "viewer").await, path_of(&app, &order).await);
    let page = clerk.page(&path).await;
    assert!(!page.text().contains("refund?") && !page.text().contains("<textarea"));
    let before = app.books.count("order_events").await;
    for action in ["ask", "close", "note", "settle", "retry", "give-up", "seen", "refund"] {
        let refused = clerk.post(&format!("{path}/{action}"), &page, &[("text", "x"), ("form", "f")]).await;
        assert_eq!(refused.status, 403, "{action}");
    }
    assert_eq!(app.books.count("order_events").await, before);
    let stranger = app.browser();
    for page in ["/admin/orders", &path, "/admin/inbox", "/admin/status", "/admin/orders/orders.csv"] {
        let answer = stranger.get(page).await;
        assert_eq!(
            (answer.status, answer.header("location").is_some_and(|it| it.starts_with("/admin/login"))),
            (303, true)
        );
    }
}

#[tokio::test]
async fn an_order_is_asked_about_closed_and_noted() {
    let app = App::start().await;
    let order = app.order(1).await;
    let (clerk, path) = (Clerk::open(&app, "operator").await, path_of(&app, &order).await);
    let page = clerk.page(&path).await;
    assert!(page.shown().contains("还没有人工查询过") && page.shown().contains("不会改动钱"), "it says beforehand");
    let asked = clerk.post(&format!("{path}/ask"), &page, &[]).await;
    let page = clerk.follow(&asked).await;
    assert!(page.shown().contains("未支付") && page.shown().contains("待付款"), "WeChat's word beside the books'");
    let form = hidden(page.text(), "form");
    for _ in 0..2 {
        let noted =
            clerk.post(&format!("{path}/note"), &page, &[("text", "<script>alert(1)</script>"), ("form", &form)]).await;
        let page = clerk.follow(&noted).await;
        assert_eq!(page.text().matches("&lt;script&gt;alert(1)").count(), 1, "once, and as a text");
    }
    let empty = clerk.post(&format!("{path}/note"), &page, &[("text", " "), ("form", "another")]).await;
    assert_eq!((empty.status, empty.shown().contains("1 到 1000 个字")), (422, true));
    for _ in 0..2 {
        let closed = clerk.post(&format!("{path}/close"), &page, &[]).await;
        assert!(clerk.follow(&closed).await.shown().contains("订单已关闭"));
    }
    assert_eq!(app.books.status(&order.order_no).await, "CLOSED");
}

#[tokio::test]
async fn the_inbox_shows_what_came_replays_it_and_what_was_refused_does_no_harm() {
    let app = App::start().await;
    let order = app.order(2).await;
    let set = |sql: &'static str| sqlx::query(sql).execute(&app.books.pool);
    set("UPDATE orders SET total_fen = total_fen + 1").await.expect("writes");
    app.deliver(&app.forger.payment(&order)).await;
    set("UPDATE orders SET total_fen = total_fen - 1").await.expect("writes");
    let clerk = Clerk::open(&app, "operator").await;
    let page = clerk.page("/admin/inbox?verdict=MISMATCH_AMOUNT").await;
    assert!(page.shown().contains("金额不符") && page.shown().contains(&order.order_no));
    let path = "/admin/inbox/1";
    let page = clerk.page(path).await;
    assert!(page.text().contains("ciphertext") && !page.text().to_lowercase().contains("wechatpay-signature:"));
    let replayed = clerk.post(&format!("{path}/replay"), &page, &[]).await;
    assert!(clerk.follow(&replayed).await.shown().contains("入账"));
    assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
    set("UPDATE notifications SET signature = NULL").await.expect("writes");
    let cannot = clerk.post(&format!("{path}/replay"), &page, &[]).await;
    assert_eq!((cannot.status, cannot.shown().contains("还没有保存签名")), (409, true));
    let hostile = app.forger.payment(&order).with_body("<script>alert(1)</script>");
    assert_eq!(app.deliver(&hostile).await.status, 401);
    until("it to be written", async || {
        let page = clerk.page("/admin/refused").await;
        page.shown().contains("签名错误").then_some(())
    })
    .await;
    let page = clerk.page("/admin/refused/1").await;
    assert!(page.text().contains("&lt;script&gt;") && !page.text().contains("<script>"), "a text");
    assert_eq!(clerk.get("/admin/refused/999").await.status, 404);
}

#[tokio::test]
async fn the_status_and_every_page_in_english() {
    let app = App::start().await;
    let order = paid(&app, 2).await;
    let clerk = Clerk::open(&app, "manager").await;
    let status = clerk.page("/admin/status").await;
    assert!(status.shown().contains(&app.forger.public_key_id) && !status.text().contains(&app.forger.api_v3_key));
    let path = path_of(&app, &order).await;
    // Chinese stands on an English page where somebody of the shop has written it, and nowhere else.
    let sql = "SELECT title FROM products UNION SELECT summary FROM products";
    let mut texts: Vec<String> = sqlx::query_scalar(sql).fetch_all(&app.books.pool).await.expect("reads");
    texts.retain(|text| !text.is_empty());
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    let way = way_to_refund(&clerk, &path).await;
    let refund = format!("{way}&step=check&amount=1.00&reason=x");
    let pages = [
        "/admin",
        "/admin/orders",
        "/admin/inbox",
        "/admin/refused",
        "/admin/status",
        "/admin/approvals",
        "/admin/audit",
        "/admin/staff",
        "/admin/account",
        "/admin/products",
        "/admin/looks",
        "/admin/bills",
        "/admin/doctor",
        "/admin/put-back",
        &path,
        &way,
        &refund,
    ];
    for page in pages {
        let request = app.request(reqwest::Method::GET, page).header("accept-language", "en");
        let answer = clerk.browser.send(request.header("accept", "text/html")).await;
        assert_eq!(answer.status, 200, "{page}");
        let own = texts.iter().fold(answer.shown(), |shown, text| shown.replace(text, ""));
        let shown = own.replace("中文", "").replace("扫码示例商店", "").replace("扫", "");
        let chinese: String = shown.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).collect();
        assert_eq!(chinese, "", "{page}");
    }
}

/// What the audit log says after its first `skipped` entries: what, on what, and what came of it.
async fn audited(app: &App, skipped: i64) -> Vec<String> {
    let rows: Vec<(String, String, String)> = sqlx::query_as("SELECT what, subject, result FROM audit_log ORDER BY id")
        .fetch_all(&app.books.pool)
        .await
        .expect("reads");
    let skipped = usize::try_from(skipped).expect("a count");
    rows.into_iter().skip(skipped).map(|(what, subject, result)| format!("{what} {subject} {result}")).collect()
}

#[tokio::test]
async fn the_audit_log_says_done_of_what_was_done_and_of_nothing_else() {
    let app = App::start().await;
    app.faults(json!({"refund_ms": 0, "refund_gap_seconds": 0})).await;
    let (open, done) = (app.order(1).await, paid(&app, 2).await);
    let clerk = Clerk::open(&app, "operator").await;
    let (open_path, path) = (path_of(&app, &open).await, path_of(&app, &done).await);
    let (open_id, id) = (open_path.rsplit('/').next().expect("id"), path.rsplit('/').next().expect("id"));
    let number = saoma::domain::OutRefundNo::parse("given-back-one").expect("legal");
    let wanted = saoma::checkout::RefundOrder { number: Numbered::Chosen(number.clone()), ..crate::support::wanted(1) };
    app.state.checkout.refund(&crate::support::paid_under(&done.order_no), wanted).await.expect("accepted");
    app.until_status(&done.token, "REFUND_PARTIAL").await;
    let page = clerk.page(&path).await;
    let begin = app.books.count("audit_log").await;
    for there in ["/admin/orders/999/ask", "/admin/orders/999/close", "/admin/orders/999/settle"] {
        assert_eq!(clerk.post(there, &page, &[]).await.status, 404, "{there}");
    }
    let note = [("text", "x"), ("form", "f")];
    assert_eq!(clerk.post("/admin/orders/999/note", &page, &note).await.status, 404);
    assert_eq!(clerk.post("/admin/inbox/9999/settle", &page, &[]).await.status, 404);
    for verb in ["retry", "give-up", "seen"] {
        let stranger = clerk.post(&format!("{open_path}/{verb}"), &page, &[("number", number.as_str())]).await;
        assert_eq!(stranger.status, 404, "{verb}");
    }
    assert_eq!(audited(&app, begin).await, [""; 0], "of what is not there");
    for verb in ["settle", "seen"] {
        let nothing = clerk.post(&format!("{path}/{verb}"), &page, &[("number", number.as_str())]).await;
        assert_eq!(nothing.status, 303, "{verb}: there is nothing to be seen to");
    }
    assert_eq!(audited(&app, begin).await, [""; 0], "of what was not to be done");
    assert_eq!(clerk.post(&format!("{path}/close"), &page, &[]).await.status, 422);
    assert_eq!(clerk.post(&format!("{path}/give-up"), &page, &[("number", number.as_str())]).await.status, 422);
    assert_eq!(clerk.post(&format!("{open_path}/ask"), &page, &[]).await.status, 303);
    assert_eq!(clerk.post(&format!("{open_path}/close"), &page, &[]).await.status, 303);
    for _ in 0..2 {
        assert_eq!(clerk.post(&format!("{open_path}/note"), &page, &note).await.status, 303);
    }
    let wanted = [
        format!("ORDER_CLOSED order:{id} ASKED"),
        format!("ORDER_CLOSED order:{id} REFUSED"),
        format!("REFUND_GIVEN_UP refund:{number} ASKED"),
        format!("REFUND_GIVEN_UP refund:{number} REFUSED"),
        format!("ORDER_ASKED order:{open_id} ASKED"),
        format!("ORDER_ASKED order:{open_id} DONE"),
        format!("ORDER_CLOSED order:{open_id} ASKED"),
        format!("ORDER_CLOSED order:{open_id} DONE"),
        format!("ORDER_NOTED order:{open_id} DONE"),
    ];
    assert_eq!(audited(&app, begin).await, wanted);
    let log = clerk.page("/admin/audit").await;
    assert!(log.shown().contains("关闭订单 · 未成功") && log.shown().contains("放弃退款 · 未成功"), "{}", log.shown());
}

#[tokio::test]
async fn a_day_that_is_none_is_said_at_its_field_and_the_log_is_handed_out_by_name() {
    let app = App::start().await;
    let clerk = Clerk::open(&app, "viewer").await;
    let query = "who=demo-viewer&from=26.11.2026&until=2026-11-31";
    let wrong = clerk.get(&format!("/admin/audit?{query}")).await;
    assert_eq!(wrong.status, 422, "{}", wrong.shown());
    assert_eq!(wrong.text().matches("日期写成 2026-11-26 这样。").count(), 2, "at both");
    assert!(wrong.text().contains("value=\"26.11.2026\"") && wrong.text().contains("value=\"2026-11-31\""));
    assert!(wrong.text().contains("value=\"demo-viewer\"") && !wrong.text().contains("audit.csv"), "nothing to export");
    let begin = app.books.count("audit_log").await;
    let sent_back = clerk.get(&format!("/admin/audit.csv?{query}")).await;
    assert_eq!(sent_back.status, 303, "no file of everything");
    assert!(sent_back.header("location").is_some_and(|it| it.starts_with("/admin/audit?who=demo-viewer&from=26.11")));
    assert_eq!(audited(&app, begin).await, [""; 0], "nothing was handed out");
    let file = clerk.get("/admin/audit.csv?who=demo-viewer&from=2026-01-01").await;
    assert_eq!((file.status, file.text().contains("LOGIN")), (200, true), "{}", file.text());
    assert_eq!(audited(&app, begin).await, ["AUDIT_EXPORTED audit DONE"]);
    let sql = "SELECT detail FROM audit_log WHERE what = 'AUDIT_EXPORTED' AND who = 'demo-viewer'";
    let detail: String = sqlx::query_scalar(sql).fetch_one(&app.books.pool).await.expect("by name");
    assert_eq!(detail, "who=demo-viewer&from=2026-01-01");
}

#[tokio::test]
async fn hidden_marks_that_turn_text_round_are_refused_in_notes_reasons_and_names() {
    const TURNED: &str = "退 \u{202e}00.1";
    let app = App::start().await;
    let order = paid(&app, 2).await;
    let (clerk, path) = (Clerk::open(&app, "manager").await, path_of(&app, &order).await);
    let page = clerk.page(&path).await;
    let form = hidden(page.text(), "form");
    let noted = clerk.post(&format!("{path}/note"), &page, &[("text", TURNED), ("form", &form)]).await;
    assert_eq!((noted.status, noted.shown().contains("隐藏字符")), (422, true), "{}", noted.shown());
    let count = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM order_notes").fetch_one(&app.books.pool).await;
    assert_eq!(count.expect("reads"), 0);
    let way = way_to_refund(&clerk, &path).await;
    let reason: String = url::form_urlencoded::byte_serialize(TURNED.as_bytes()).collect();
    let check = clerk.get(&format!("{way}&step=check&amount=1.00&reason={reason}")).await;
    assert_eq!((check.status, check.shown().contains("隐藏字符")), (422, true), "{}", check.shown());
    let looks = saoma::backoffice::products::NewLooks { name: TURNED.to_owned(), ..Default::default() };
    let actor = saoma::backoffice::staff::Actor::command_line("test");
    assert!(app.state.shelf.set_looks(&actor, looks).await.is_err(), "the name of the shop");
}

#[tokio::test]
async fn a_replay_comes_to_its_end_when_whoever_asked_goes_away() {
    let app = App::start().await;
    let order = app.order(2).await;
    app.deliver(&app.forger.payment(&order)).await;
    let who = saoma::backoffice::Acted::by(saoma::backoffice::staff::Actor::command_line("test"));
    let audited = async || audited(&app, 0).await;
    {
        let mut replaying = std::pin::pin!(app.state.office.replay(1, &who));
        // Looked after until it is written that somebody wants it, and then left alone.
        while futures::poll!(&mut replaying).is_pending() {
            if audited().await.iter().any(|line| line.starts_with("NOTIFICATION_REPLAYED")) {
                break;
            }
        }
    }
    until("what came of it", async || {
        let lines = audited().await;
        lines.contains(&"NOTIFICATION_REPLAYED notification:1 DONE".to_owned()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_somebody_has_typed_does_not_end_the_field_it_is_shown_in() {
    const TYPED: &str = "</textarea><b id=\"guest\">x</b></title>";
    let app = App::start().await;
    let order = paid(&app, 2).await;
    let (clerk, path) = (Clerk::open(&app, "manager").await, path_of(&app, &order).await);
    let page = clerk.page(&path).await;
    let form = hidden(page.text(), "form");
    let long = format!("{TYPED}{}", "长".repeat(1001));
    let noted = clerk.post(&format!("{path}/note"), &page, &[("text", &long), ("form", &form)]).await;
    let page = clerk.page("/admin/products/1").await;
    let fields = [("title", "x</title>"), ("summary", TYPED), ("price", "none")];
    let priced = clerk.post("/admin/products/1", &page, &fields).await;
    sqlx::query("UPDATE products SET summary = ? WHERE id = 1")
        .bind(TYPED)
        .execute(&app.books.pool)
        .await
        .expect("writes");
    let shown = clerk.page("/admin/products/1").await;
    for (answer, status) in [(noted, 422), (priced, 422), (shown, 200)] {
        assert_eq!(answer.status, status, "{}", answer.shown());
        assert!(answer.text().contains("&lt;/textarea&gt;&lt;b id"), "it is there: {}", answer.text());
        assert!(!answer.text().contains("<b id"), "and as text: {}", answer.text());
    }
}
