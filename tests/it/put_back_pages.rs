//! `/admin/put-back`: what books that were put back wait for, and what only WeChat knows; and that the waiting ends,
//! by itself or by somebody's word, also where bills never come.

use jiff::{SignedDuration, Timestamp};
use saoma::{
    checkout::{RefundError, RefundOrder},
    domain::Role,
    reconcile::BillDay,
    storage::{generation, restorations::FoundBy},
};
use serde_json::json;

use crate::support::{App, Desk, Notice, Placed, paid_under, wanted};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// At eleven in the morning of Beijing.
async fn shop() -> App {
    let app = App::with_demo_staff().await;
    app.faults(json!({"refund_ms": 0, "refund_gap_seconds": 0})).await;
    let eleven = BillDay::of(app.clock.now()).ready() + SignedDuration::from_hours(1);
    app.clock.advance(eleven.duration_since(app.clock.now()));
    app
}

async fn paid(app: &App) -> Placed {
    let order = app.order(2).await;
    app.pay(&order.code_url).await;
    app.until_status(&order.token, "SUCCESS").await;
    order
}

/// A copy of `copied` lies there from now on.
async fn put_back(app: &App, copied: Timestamp) {
    let mut c = app.books.pool.begin().await.expect("begins");
    generation::mark_copied(&mut c, copied).await.expect("marks");
    generation::rise(&mut c, 0, FoundBy::File, app.clock.now()).await.expect("rises");
    c.commit().await.expect("commits");
}

/// Of an order that was paid an hour before the copy, and a day before it is put back.
async fn put_back_next_day() -> (App, Placed) {
    let app = shop().await;
    let order = paid(&app).await;
    let copied = app.clock.now() + SignedDuration::from_hours(1);
    app.advance(DAY);
    put_back(&app, copied).await;
    (app, order)
}

async fn sweep(app: &App) {
    for _ in 0..4 {
        app.state.checkout.sweep_put_back().await.expect("sweeps");
    }
}

async fn forget(app: &App, order: &Placed) {
    let id = app.books.order(&order.order_no).await.id;
    for table in ["order_events", "payments", "attempts"] {
        let sql = format!("DELETE FROM {table} WHERE order_id = {id}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&app.books.pool).await.expect("forgotten");
    }
    sqlx::query("DELETE FROM orders WHERE id = ?").bind(id).execute(&app.books.pool).await.expect("forgotten");
}

/// Every bill of theirs is refused, and somebody would have to make a setting.
async fn never_a_bill(app: &App) {
    app.faults(json!({"bill_no_auth": 1000})).await;
}

async fn refund(app: &App, order: &Placed) -> Result<(), RefundError> {
    let all = RefundOrder { another: true, ..wanted(None) };
    app.state.checkout.refund(&paid_under(&order.order_no), all).await.map(drop)
}

#[tokio::test]
async fn where_bills_never_come_a_manager_ends_the_waiting_and_says_why() {
    let (app, order) = put_back_next_day().await;
    never_a_bill(&app).await;
    app.state.reconcile.sweep().await.expect("sweeps");
    sweep(&app).await;
    assert!(matches!(refund(&app, &order).await, Err(RefundError::PutBack { .. })));

    let viewer = Desk::enter(&app, Role::Viewer).await;
    let home = viewer.get("/admin").await;
    assert!(home.text().contains("账簿是恢复的备份") && home.text().contains("/admin/put-back"), "{home:?}");
    assert!(viewer.get("/admin/status").await.text().contains("/admin/put-back"));
    let page = viewer.get("/admin/put-back").await;
    for told in ["在此之前谁都不能退款", "没有账单权限（NO_AUTH）", "已全部查询"] {
        assert!(page.text().contains(told), "{told}: {page:?}");
    }
    assert!(!page.text().contains("/admin/put-back/release"), "a viewer ends nothing: {page:?}");

    let manager = Desk::enter(&app, Role::Manager).await;
    let page = manager.get("/admin/put-back").await;
    assert!(page.text().contains("/admin/confirm?next=/admin/put-back"), "{page:?}");
    let led = manager.post_to("/admin/put-back/release", &[("why", "compared")]).await;
    assert!(led.starts_with("/admin/confirm?"), "not before it is confirmed who it is: {led}");
    manager.confirm(&app).await;
    let empty = manager.post("/admin/put-back/release", &[("why", " ")]).await;
    assert!(empty.status == 422 && empty.text().contains("请写明理由"), "{empty:?}");
    assert!(matches!(refund(&app, &order).await, Err(RefundError::PutBack { .. })));
    let led = manager.post_to("/admin/put-back/release", &[("why", "compared with the console")]).await;
    assert_eq!(led, "/admin/put-back?said=released");
    let page = manager.get(&led).await;
    assert!(page.text().contains("等待已结束") && !page.text().contains("/admin/put-back/release"), "{page:?}");
    let again = manager.post("/admin/put-back/release", &[("why", "once more")]).await;
    assert_eq!(again.status, 409, "{again:?}");
    let sql = "SELECT who, detail FROM audit_log WHERE what = 'BOOKS_RELEASED'";
    let log: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(&app.books.pool).await.expect("the log");
    assert_eq!(log, [("demo-manager".to_owned(), "compared with the console".to_owned())]);
    refund(&app, &order).await.expect("it is over");
    assert!(!manager.get("/admin").await.text().contains("账簿是恢复的备份"));
}

#[tokio::test]
async fn where_bills_never_come_the_waiting_ends_when_wechat_keeps_them_no_longer() {
    let (app, order) = put_back_next_day().await;
    never_a_bill(&app).await;
    for _ in 0..3 {
        app.state.reconcile.sweep().await.expect("sweeps");
        sweep(&app).await;
        assert!(matches!(refund(&app, &order).await, Err(RefundError::PutBack { .. })));
        app.advance(20 * DAY);
    }
    app.advance(40 * DAY);
    app.state.reconcile.sweep().await.expect("sweeps");
    sweep(&app).await;
    refund(&app, &order).await.expect("nobody waits for what does not come");
}

#[tokio::test]
async fn a_bill_that_is_late_long_after_they_were_put_back_keeps_nobody_waiting() {
    let (app, order) = put_back_next_day().await;
    app.advance(DAY);
    for _ in 0..2 {
        assert_eq!(app.state.reconcile.sweep().await.expect("sweeps"), 1);
    }
    never_a_bill(&app).await;
    app.advance(3 * DAY);
    app.state.reconcile.sweep().await.expect("sweeps");
    sweep(&app).await;
    refund(&app, &order).await.expect("what was made since then is known");
}

#[tokio::test]
async fn orders_that_only_wechat_knows_are_listed() {
    let app = shop().await;
    let kept = paid(&app).await;
    let copied = app.clock.now() + SignedDuration::from_secs(HOUR);
    app.advance(2 * HOUR);
    // Paid, told, and forgotten with the books that are gone; of another one WeChat's word is still on its way.
    let lost = paid(&app).await;
    let late = app.order(2).await;
    app.faults(json!({"drop": "all"})).await;
    app.pay(&late.code_url).await;
    for order in [&lost, &late] {
        forget(&app, order).await;
    }
    put_back(&app, copied).await;
    let word = app.forger.callback(&Notice::of(app.forger.transaction(&late)));
    assert_eq!(app.deliver(&word).await.status, 404);

    let viewer = Desk::enter(&app, Role::Viewer).await;
    let page = viewer.get("/admin/put-back").await;
    assert!(page.text().contains(&late.order_no) && page.text().contains("/admin/inbox/"), "{page:?}");
    assert!(!page.text().contains(&lost.order_no), "no bill yet: {page:?}");
    app.advance(DAY);
    assert_eq!(app.state.reconcile.sweep().await.expect("sweeps"), 1);
    sweep(&app).await;
    let viewer = Desk::enter(&app, Role::Viewer).await;
    let page = viewer.get("/admin/put-back").await;
    for told in [&lost.order_no, &late.order_no, "/admin/differences/", "¥128.00"] {
        assert!(page.text().contains(told), "{told}: {page:?}");
    }
    assert!(!page.text().contains(&kept.order_no), "{page:?}");
    let unknown = app.state.office.find_put_back().await.expect("reads").expect("it happened").unknown;
    assert!(unknown.iter().any(|it| it.number == lost.order_no && it.fen == Some(12_800)), "{unknown:?}");

    let [difference] = unknown.iter().filter(|it| it.number == lost.order_no).collect::<Vec<_>>()[..] else {
        panic!("{unknown:?}")
    };
    let saoma::backoffice::put_back::Told::Difference(id) = difference.told else { panic!("{difference:?}") };
    let manager = Desk::enter(&app, Role::Manager).await;
    let decision = [("why", "delivered by hand"), ("to", "EXPLAINED")];
    assert_eq!(manager.post(&format!("/admin/differences/{id}"), &decision).await.status, 303);
    let page = viewer.get("/admin/put-back").await;
    assert!(!page.text().contains(&lost.order_no), "somebody has looked after it: {page:?}");
}
