//! `/admin/bills`: the month, the day, a difference; who may what; and that it is written down.

use reqwest::Method;
use saoma::{domain::Role, reconcile::BillDay};
use serde_json::json;

use crate::support::{Answer, App, Desk, until};

async fn page(desk: &Desk<'_>, path: &str) -> Answer {
    let answer = desk.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer
}

#[tokio::test]
async fn staff_sees_the_month_and_managers_decide() {
    let app = App::with_demo_staff().await;
    let day = BillDay::of(app.clock.now());
    let order = app.order(2).await;
    let body = json!({"out_trade_no": order.order_no, "success_time": format!("{day}T12:00:00+08:00")});
    assert_eq!(app.control(Method::POST, "/_sandbox/pay", &body).await.status, 200);
    app.until_status(&order.token, "SUCCESS").await;
    app.faults(json!({"bill_today": true, "bill_unknown": 1})).await;
    app.state.reconcile.check(day).await.expect("compared");

    let viewer = Desk::enter(&app, Role::Viewer).await;
    let month = page(&viewer, "/admin/bills").await;
    assert!(month.text().contains(&format!("/admin/bills/{day}")) && month.text().contains("有差异"), "{month:?}");
    assert!(month.text().contains("账单里有，这里没有这个订单") && !month.text().contains("sums.csv"), "{month:?}");
    let of_day = page(&viewer, &format!("/admin/bills/{day}")).await;
    assert!(of_day.text().contains("¥129.00") && of_day.text().contains("¥128.00"), "both sides: {of_day:?}");
    assert!(of_day.text().contains("只有管理员") && !of_day.text().contains("rows.csv"), "{of_day:?}");
    // No two landmarks of a page have the same name: a section's is its heading's, the one of a table that scrolls its own.
    for (heading, table) in [("differences", "差异"), ("files", "账单文件")] {
        let text = of_day.text();
        let is_landmark = text.contains(&format!("aria-labelledby=\"{heading}\""));
        assert!(!is_landmark || !text.contains(&format!("aria-label=\"{table}\"")), "{heading}");
    }
    for path in ["rows.csv", "sums.csv"] {
        assert_eq!(viewer.get(&format!("/admin/bills/{day}/{path}")).await.status, 403, "{path}");
    }
    assert_eq!(Desk::at(&app).get("/admin/bills").await.status, 303, "nobody in particular has to log in");

    let manager = Desk::enter(&app, Role::Manager).await;
    let rows = page(&manager, &format!("/admin/bills/{day}/rows.csv")).await;
    assert!(rows.text().contains(&order.order_no) && !rows.text().contains("oSandbox"), "{rows:?}");
    assert!(rows.header("content-disposition").expect("a file").contains(&format!("bill-{day}.csv")));
    let sums = page(&manager, &format!("/admin/bills/{day}/sums.csv")).await;
    assert!(sums.text().contains("合计") && sums.text().contains("DIFFERS"), "{sums:?}");

    let [difference] = app.state.reconcile.differences(day, 0, 9).await.expect("a page").try_into().expect("one");
    let path = format!("/admin/differences/{}", difference.id);
    let overview = page(&viewer, "/admin").await;
    assert!(overview.text().contains(&format!("href=\"{path}\"")), "what needs someone leads there: {overview:?}");
    assert!(overview.shown().contains("账单与账簿不同") && overview.shown().contains("账单里有，这里没有这个订单"));
    let needed = app.metric("saoma_needs_someone", "what=\"bill_difference\"").await;
    assert_eq!(needed, 1, "and so does the gauge");
    let of_difference = page(&viewer, &path).await;
    assert!(of_difference.text().contains("href=\"/admin/bills\" aria-current=\"page\""), "where one is");
    assert!(!of_difference.text().contains(">transaction_id<") && of_difference.shown().contains("微信支付订单号"));
    let facts = of_difference.text().split("<dl class=\"admin-facts\">").nth(1).and_then(|it| it.split("</dl>").next());
    let facts = facts.expect("facts");
    assert_eq!(facts.matches("<div>").count(), facts.matches("<dt>").count(), "each in its place: {facts}");
    // One that is about an order of ours, although the comparison did not know it.
    let sql = "UPDATE bill_differences SET order_id = NULL, out_trade_no = ?";
    sqlx::query(sql).bind(&order.order_no).execute(&app.books.pool).await.expect("writes");
    let id = app.books.order(&order.order_no).await.id;
    assert!(page(&viewer, &path).await.text().contains(&format!("href=\"/admin/orders/{id}\"")));
    assert!(page(&manager, &path).await.text().contains("账单里有，这里没有这个订单"));
    let without = manager.post(&path, &[("why", " "), ("to", "EXPLAINED")]).await;
    assert!(without.status == 422 && without.text().contains("请写明原因"), "{without:?}");
    let long = "长".repeat(501);
    let refused = manager.post(&path, &[("why", &*long), ("to", "EXPLAINED")]).await;
    assert!(
        refused.status == 422 && refused.text().contains("最多 500 字") && refused.text().contains(&long),
        "{refused:?}"
    );
    let decided = manager.post(&path, &[("why", "收银台的<b>\u{202e}"), ("to", "EXPLAINED")]).await;
    assert_eq!(decided.status, 303, "{decided:?}");
    let shown = page(&manager, &path).await;
    for told in ["已说明", "demo-manager", "收银台的&lt;b&gt;\u{fffd}"] {
        assert!(shown.text().contains(told), "{told}: {shown:?}");
    }
    let again = manager.post(&path, &[("why", "又"), ("to", "SETTLED")]).await;
    assert_eq!(again.status, 409, "{again:?}");
    assert_eq!(viewer.post(&path, &[("why", "我"), ("to", "OPEN")]).await.status, 403);
    assert!(page(&manager, "/admin/bills").await.text().contains("一致"));

    let check = manager.post(&format!("/admin/bills/{day}/check"), &[]).await;
    assert_eq!(check.status, 303, "{check:?}");
    until("the comparison", async || {
        let runs: i64 = sqlx::query_scalar("SELECT run FROM bill_days").fetch_one(&app.books.pool).await.ok()?;
        (runs == 2).then_some(())
    })
    .await;
    let what: Vec<String> = sqlx::query_scalar("SELECT what FROM audit_log WHERE what LIKE 'BILL%' ORDER BY id")
        .fetch_all(&app.books.pool)
        .await
        .expect("the log");
    assert_eq!(what, ["BILL_EXPORTED", "BILL_EXPORTED", "BILL_DECIDED", "BILL_CHECKED"]);
    assert_eq!(manager.get("/admin/bills/2026-13-01").await.status, 404);
    assert_eq!(manager.get("/admin/differences/999").await.status, 404);
}
