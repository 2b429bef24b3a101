//! WeChat's bill of a day laid beside the books: exactly what was planted is found, WeChat's signature puts right what it
//! can, and whoever compares again finds the same.

use std::{collections::BTreeSet, fs, io::Read as _};

use flate2::read::MultiGzDecoder;
use jiff::SignedDuration;
use reqwest::Method;
use saoma::{
    checkout::RefundOrder,
    reconcile::{BillDay, Calendar, Checked, Outcome, ReconcileError},
    storage::bills::differences::DifferenceState,
};
use serde_json::{Value, json};

use crate::support::{App, Notice, Placed, Stage, mock_clock, paid_under, wanted};

/// Kind, subject, state, and what WeChat answered.
pub type Found = BTreeSet<(String, String, String, String)>;

pub fn found(kind: &str, subject: &str, state: &str, answer: &str) -> (String, String, String, String) {
    (kind.to_owned(), subject.to_owned(), state.to_owned(), answer.to_owned())
}

/// Everything that is listed of a day.
pub async fn differences(app: &App, day: BillDay) -> Found {
    let (mut all, mut after) = (Found::new(), 0);
    loop {
        let page = app.state.reconcile.differences(day, after, 7).await.expect("a page");
        let Some(last) = page.last() else { return all };
        after = last.id;
        all.extend(page.iter().map(|it| found(&it.kind, &it.subject, it.state.code(), &it.answer)));
    }
}

pub async fn pay_at(app: &App, order: &Placed, time: &str) -> String {
    let body = json!({"out_trade_no": order.order_no, "success_time": time});
    let paid = app.control(Method::POST, "/_sandbox/pay", &body).await;
    assert_eq!(paid.status, 200, "{paid:?}");
    paid.json()["transaction_id"].as_str().expect("a number").to_owned()
}

/// Paid in the middle of the day, and told.
pub async fn paid(app: &App, day: BillDay) -> (Placed, String) {
    let order = app.order(2).await;
    let id = pay_at(app, &order, &format!("{day}T12:00:00+08:00")).await;
    app.until_status(&order.token, "SUCCESS").await;
    (order, id)
}

pub async fn console_refund(app: &App, order: &Placed, number: &str, fen: i64) {
    let body = json!({"out_trade_no": order.order_no, "amount": fen, "notice": "none", "out_refund_no": number});
    assert_eq!(app.control(Method::POST, "/_sandbox/refund", &body).await.status, 200);
}

/// To eleven in the morning after `day`.
pub fn to_next_morning(app: &App, day: BillDay) {
    let eleven = day.ready() + SignedDuration::from_hours(1);
    app.clock.advance(eleven.duration_since(app.clock.now()));
}

/// With a clock that stands still, and refunds that are over at once.
pub async fn shop() -> (App, BillDay) {
    shop_of(Stage::new()).await
}

pub async fn shop_of(stage: Stage) -> (App, BillDay) {
    let app = stage.clock(&mock_clock()).start().await;
    app.faults(json!({"refund_ms": 0, "refund_gap_seconds": 0})).await;
    let day = BillDay::of(app.clock.now());
    (app, day)
}

/// A day's bill as this instance has it.
pub fn text_of(app: &App, day: BillDay, kind: &str) -> String {
    let path = app.folder.path().join(format!("data/sandbox/bills/{day}.{kind}.bill"));
    let mut text = String::new();
    MultiGzDecoder::new(&*fs::read(path).expect("is there")).read_to_string(&mut text).expect("packed");
    text
}

/// How many orders stand around what is planted. The proof is of 1,000 (`docs/bills.md`).
#[expect(clippy::disallowed_methods, reason = "the size comes from the environment")]
fn crowd() -> usize {
    std::env::var("SAOMA_TEST_BILL_ORDERS").ok().and_then(|count| count.parse().ok()).unwrap_or(30)
}

#[tokio::test]
async fn a_day_with_every_kind_of_trouble_is_found_out_twice() {
    let (app, day) = shop().await;
    let checkout = app.state.checkout.clone();
    let mut expected = Found::new();
    for _ in 0..crowd() {
        paid(&app, day).await;
    }
    let first = app.books.payments().await.first().expect("a payment").transaction_id.clone();

    // A refund of ours, one that ends abnormally, one that is made on the next day: the same on both sides.
    let refunded = paid(&app, day).await.0;
    checkout.refund(&paid_under(&refunded.order_no), wanted(100)).await.expect("asked for");
    let abnormal = paid(&app, day).await.0;
    app.faults(json!({"refund_outcome": "abnormal", "refund_outcome_count": 1})).await;
    checkout.refund(&paid_under(&abnormal.order_no), wanted(None)).await.expect("asked for");
    let tomorrow = paid(&app, day).await.0;

    // The edges of the day.
    let (last, next) = (app.order(2).await, app.order(2).await);
    let last_id = pay_at(&app, &last, &format!("{day}T23:59:59+08:00")).await;
    let next_id = pay_at(&app, &next, &format!("{}T00:00:00+08:00", day.plus_days(1))).await;
    for order in [&last, &next] {
        app.until_status(&order.token, "SUCCESS").await;
    }

    // Made in the console, and WeChat tells nobody.
    let console = paid(&app, day).await.0;
    console_refund(&app, &console, "CONSOLE1", 200).await;
    expected.insert(found("REFUND_UNKNOWN", "CONSOLE1", "SETTLED", "REFUND_ELSEWHERE"));

    // A payment that the platform knows nothing of, and that is surplus here besides.
    let twice = paid(&app, day).await.0;
    let mut forged = app.forger.transaction(&twice);
    forged["success_time"] = json!(format!("{day}T13:00:00+08:00"));
    assert_eq!(app.deliver(&app.forger.callback(&Notice::of(forged.clone()))).await.status, 200);
    let surplus = forged["transaction_id"].as_str().expect("a number");
    expected.insert(found("NOT_IN_BILL", surplus, "OPEN", "NOT_EXIST"));

    // An amount that somebody has changed in our books, and an order that he has deleted.
    let (_, altered) = paid(&app, day).await;
    let sql = "UPDATE payments SET total_fen = total_fen + 100 WHERE transaction_id = ?";
    sqlx::query(sql).bind(&altered).execute(&app.books.pool).await.expect("altered");
    expected.insert(found("AMOUNT", &altered, "OPEN", "DUPLICATE"));
    let (deleted, deleted_id) = paid(&app, day).await;
    delete(&app, &deleted).await;
    expected.insert(found("UNKNOWN_HERE", &deleted_id, "OPEN", "UNKNOWN_ORDER"));

    // Callbacks that are lost, and one that tells a wrong amount and then is lost.
    app.faults(json!({"drop": "all"})).await;
    for _ in 0..3 {
        let id = pay_at(&app, &app.order(2).await, &format!("{day}T14:00:00+08:00")).await;
        expected.insert(found("NOT_PAID_HERE", &id, "SETTLED", "PAID"));
    }

    // In the bill alone.
    app.faults(
        json!({"bill_missing": 1, "bill_wrong_fee": 1, "bill_unknown": 2, "bill_foreign": 4, "bill_layout": "more"}),
    )
    .await;
    expected.insert(found("NOT_IN_BILL", &first, "OPEN", "DUPLICATE"));
    let compact = day.to_string().replace('-', "");
    for number in 0..2 {
        expected.insert(found("UNKNOWN_HERE", &format!("4299999{compact}{number:013}"), "OPEN", "NOT_EXIST"));
    }

    to_next_morning(&app, day);
    checkout.refund(&paid_under(&tomorrow.order_no), wanted(None)).await.expect("asked for");
    let payments = app.books.count("payments").await;
    let checked = app.state.reconcile.check(day).await.expect("compared");
    let differences_found = differences(&app, day).await;
    // The fee is of the last payment in the bill, whichever that is; the account shows another one.
    let text = text_of(&app, day, "trade");
    let [dear] = text.lines().filter(|line| line.contains(",`10.77000,")).collect::<Vec<_>>()[..] else {
        panic!("{text}")
    };
    // 微信订单号 of this layout, which has a column more in front.
    let id = dear.split(",`").nth(6).expect("a number");
    expected.insert(found("FEE", id, "OPEN", ""));
    expected.insert(found("FUND_FLOW", id, "OPEN", ""));
    assert_eq!(differences_found, expected);
    let open = i64::try_from(expected.iter().filter(|it| it.2 == "OPEN").count()).expect("few");
    assert_eq!(checked.outcome, Outcome::Differs { open });
    assert_eq!(checked.totals.foreign_payments.count, 4);
    assert_eq!(app.books.count("payments").await, payments + 3, "what WeChat signs is booked");
    let refunds = app.books.refunds().await;
    let console: Vec<_> = refunds.iter().filter(|it| it.out_refund_no == "CONSOLE1").collect();
    assert_eq!(console.iter().map(|it| (it.amount_fen, it.source.as_str())).collect::<Vec<_>>(), [(200, "CONSOLE")]);
    let sources: Vec<String> = app.books.payments().await.into_iter().map(|it| it.source).collect();
    assert_eq!(sources.iter().filter(|source| *source == "BILL").count(), 3);
    assert!(!differences_found.iter().any(|it| it.1 == last_id || it.1 == next_id), "the edges are right");

    // Again: nothing new is booked, and the same is found.
    let (payments, refunds) = (app.books.count("payments").await, app.books.count("refunds").await);
    let again = app.state.reconcile.check(day).await.expect("compared");
    assert_eq!(again.outcome, checked.outcome);
    let ours = |checked: &Checked| (checked.totals.our_payments, checked.totals.our_refunds);
    assert_eq!(ours(&checked), ours(&again), "with what the first one has booked");
    assert_eq!(differences(&app, day).await, expected);
    assert_eq!((app.books.count("payments").await, app.books.count("refunds").await), (payments, refunds));

    // The next day holds its own: the payment of its first second, and the refund.
    app.faults(json!({"bill_missing": 0, "bill_wrong_fee": 0, "bill_unknown": 0, "bill_foreign": 0})).await;
    to_next_morning(&app, day.plus_days(1));
    let next = app.state.reconcile.check(day.plus_days(1)).await.expect("compared");
    assert_eq!((next.outcome, next.totals.payments.count, next.totals.refunds.count), (Outcome::Agrees, 1, 1));
    assert_eq!(differences(&app, day.plus_days(1)).await, Found::new());
}

/// As if a disk or somebody's hand had lost it.
async fn delete(app: &App, order: &Placed) {
    let id = app.books.order(&order.order_no).await.id;
    for table in ["order_events", "payments", "attempts", "concerns", "order_notes"] {
        let sql = format!("DELETE FROM {table} WHERE order_id = {id}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&app.books.pool).await.expect("deleted");
    }
    sqlx::query("DELETE FROM orders WHERE id = ?").bind(id).execute(&app.books.pool).await.expect("deleted");
}

#[tokio::test]
async fn a_refund_that_no_query_knows_is_set_aside_and_stays_on_the_list() {
    let (app, day) = shop().await;
    let (order, _) = paid(&app, day).await;
    console_refund(&app, &order, "CONSOLE1", 300).await;
    app.faults(json!({"console_refunds_hidden": true})).await;
    to_next_morning(&app, day);
    let expected = Found::from([found("REFUND_UNKNOWN", "CONSOLE1", "OPEN", "BOOKED_FROM_BILL")]);
    for _ in 0..2 {
        let checked = app.state.reconcile.check(day).await.expect("compared");
        assert_eq!((checked.outcome, differences(&app, day).await), (Outcome::Differs { open: 1 }, expected.clone()));
        let [refund] = app.books.refunds().await.try_into().expect("one refund");
        assert_eq!((refund.source.as_str(), refund.state.as_str(), refund.amount_fen), ("BILL", "PROCESSING", 300));
        assert_eq!(refund.check_ms, None, "nobody can be asked about it");
    }
    // What is set aside is not given back a second time.
    let all = app
        .state
        .checkout
        .refund(&paid_under(&order.order_no), RefundOrder { another: true, ..wanted(order.total) })
        .await;
    assert!(all.is_err(), "{all:?}");

    let [difference] = app.state.reconcile.differences(day, 0, 10).await.expect("a page").try_into().expect("one");
    let reconcile = &app.state.reconcile;
    let states = (DifferenceState::Open, DifferenceState::Explained);
    reconcile.decide(difference.id, states, ("Li", "made by hand for a customer"), None).await.expect("decided");
    let twice = reconcile.decide(difference.id, states, ("Wang", "me too"), None).await;
    assert!(matches!(twice, Err(ReconcileError::NoSuchDifference)), "{twice:?}");
    let calendar = reconcile.calendar(day, day).await.expect("a day");
    assert_eq!((calendar[0].standing, calendar[0].open), (Calendar::Agrees, 0));
    reconcile.check(day).await.expect("compared");
    let explained = reconcile.difference(difference.id).await.expect("is there");
    assert_eq!(
        (explained.state, explained.who.as_str()),
        (DifferenceState::Explained, "Li"),
        "what staff has said stays"
    );
}

#[tokio::test]
async fn what_has_become_right_is_closed() {
    let (app, day) = shop().await;
    let (order, id) = paid(&app, day).await;
    app.faults(json!({"bill_missing": 1})).await;
    paid(&app, day).await;
    to_next_morning(&app, day);
    assert_eq!(app.state.reconcile.check(day).await.expect("compared").outcome, Outcome::Differs { open: 1 });
    assert_eq!(
        differences(&app, day).await,
        Found::from([found("NOT_IN_BILL", &id, "OPEN", "DUPLICATE")]),
        "{order:?}"
    );
    app.faults(json!({"bill_missing": 0})).await;
    app.state.reconcile.pull(day).await.expect("fetched");
    assert_eq!(app.state.reconcile.check(day).await.expect("compared").outcome, Outcome::Agrees);
    assert_eq!(differences(&app, day).await, Found::from([found("NOT_IN_BILL", &id, "SETTLED", "DUPLICATE")]));
}

#[tokio::test]
async fn the_job_compares_each_day_after_ten_and_catches_up() {
    let (app, day) = shop().await;
    let reconcile = &app.state.reconcile;
    paid(&app, day).await;
    reconcile.sweep().await.expect("looks");
    let standing = async |day: BillDay| reconcile.calendar(day, day).await.expect("a day")[0].standing;
    assert_eq!(standing(day).await, Calendar::NotYet);
    assert_eq!(standing(day.plus_days(-1)).await, Calendar::Before, "nobody asked for days before the first order");

    // Half past nine: WeChat is still at it, and is not asked. After ten it is.
    app.clock.advance((day.ready() - SignedDuration::from_mins(30)).duration_since(app.clock.now()));
    reconcile.sweep().await.expect("looks");
    assert_eq!(standing(day).await, Calendar::NotYet);
    app.faults(json!({"bill_no_auth": 1})).await;
    to_next_morning(&app, day);
    reconcile.sweep().await.expect("looks");
    let refused = &reconcile.calendar(day, day).await.expect("a day")[0];
    assert_eq!((refused.standing, refused.problem.as_deref()), (Calendar::Missing, Some("NO_AUTH")));
    app.advance(60);
    assert_eq!(reconcile.sweep().await.expect("looks"), 0, "somebody has to make a setting first");
    app.advance(24 * 3600);
    assert_eq!(reconcile.sweep().await.expect("looks"), 1);
    assert_eq!(standing(day).await, Calendar::Agrees);

    // Three days during which the server was off.
    app.advance(3 * 24 * 3600);
    for _ in 0..4 {
        reconcile.sweep().await.expect("looks");
    }
    for later in 1..=3 {
        assert_eq!(standing(day.plus_days(later)).await, Calendar::Agrees, "an empty day is a day");
    }
    let metrics = app.get("/metrics").await;
    assert!(
        metrics.text().contains("saoma_bill_days_missing 0") && metrics.text().contains("saoma_bill_days_differing 0")
    );
}

#[tokio::test]
async fn a_download_that_fails_leaves_the_day_as_it_was() {
    let (app, day) = shop().await;
    paid(&app, day).await;
    to_next_morning(&app, day);
    let reconcile = &app.state.reconcile;
    assert_eq!(reconcile.check(day).await.expect("compared").outcome, Outcome::Agrees);
    let before = reconcile.files(day).await.expect("files");
    for (knobs, ending) in [
        (json!({"bill_cut": "all"}), "broke off"),
        (json!({"bill_wrong_hash": "all"}), "hash"),
        (json!({"bill_elsewhere": "all"}), "somebody else"),
        (json!({"bill_life_seconds": 0}), "INVALID_REQUEST"),
        (json!({"error_500": {"bill": "all"}}), "SYSTEM_ERROR"),
        (json!({"error_429": {"bill_download": "all"}}), "FREQUENCY_LIMITED"),
    ] {
        app.faults(knobs.clone()).await;
        let error = reconcile.pull(day).await.expect_err("no bill");
        assert!(error.to_string().contains(ending), "{knobs}: {error}");
        assert_eq!(reconcile.files(day).await.expect("files"), before, "{knobs}");
        assert_eq!(reconcile.check(day).await.expect("from its file").outcome, Outcome::Agrees, "{knobs}");
        app.control(Method::DELETE, "/_sandbox/faults", &Value::Null).await;
    }
    // Once is not for ever.
    app.faults(json!({"bill_cut": 1, "bill_layout": "reordered"})).await;
    reconcile.pull(day).await.expect("the second try");
    assert_eq!(reconcile.check(day).await.expect("compared").outcome, Outcome::Agrees);
    assert!(matches!(reconcile.pull(day.plus_days(1)).await, Err(ReconcileError::Fetch(_))), "today is not over");
    assert!(matches!(reconcile.pull(day.plus_days(2)).await, Err(ReconcileError::NotOver)));
    assert!(matches!(reconcile.pull(day.minus_months(4)).await, Err(ReconcileError::TooOld)));
}

#[tokio::test]
async fn files_are_for_their_owner_and_exports_hold_no_openid() {
    use std::os::unix::fs::PermissionsExt as _;

    let (app, day) = shop().await;
    let (order, id) = paid(&app, day).await;
    app.faults(json!({"bill_withdrawal_fen": 50})).await;
    to_next_morning(&app, day);
    let checked = app.state.reconcile.check(day).await.expect("compared");
    let account = checked.totals.account.expect("an account");
    assert_eq!(account.kinds["提现"].fen, -50);
    assert_eq!(account.closing, Some(order.total - checked.totals.fees / 1000 - 50));
    let folder = app.folder.path().join("data/sandbox/bills");
    let mode = |path: &std::path::Path| fs::metadata(path).expect("is there").permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = fs::read_dir(&folder).expect("a folder").map(|it| it.expect("an entry").path()).collect();
    assert_eq!(files.len(), 2, "{files:?}");
    assert!(files.iter().all(|file| mode(file) == 0o600));

    let rows = String::from_utf8(app.state.reconcile.export_bill(day).await.expect("rows")).expect("UTF-8");
    let text = text_of(&app, day, "trade");
    assert!(text.contains("oSandbox"), "else nothing is left out: {text}");
    let title: String =
        sqlx::query_scalar("SELECT title FROM orders").fetch_one(&app.books.pool).await.expect("an order");
    let number = &order.order_no;
    assert_eq!(
        rows,
        format!(
            "\u{feff}交易时间,微信订单号,商户订单号,用户标识,交易类型,交易状态,货币种类,订单金额,应结订单金额,代金券金额,微信退款单号,\
             商户退款单号,申请退款金额,退款状态,商品名称,手续费,费率\n\
             {day} 12:00:00,'{id},{number},有,NATIVE,SUCCESS,CNY,128.00,128.00,0.00,,,,,{title},0.77000,0.60%\n"
        )
    );
    let sums = String::from_utf8(app.state.reconcile.export_sums(day, day).await.expect("sums")).expect("UTF-8");
    assert_eq!(
        sums,
        format!(
            "\u{feff}日期,项目,收款笔数,收款金额(元),退款笔数,退款金额(元),净额(元),未结算优惠(元),微信手续费(元),结算金额(元),对账结果\n\
             {day},{title},1,128.00,0,0.00,128.00,,,,\n{day},合计,1,128.00,0,0.00,128.00,0.00,0.77000,127.23,AGREES\n"
        )
    );
    // Another instance, or a folder that was cleared: fetched again.
    fs::remove_dir_all(&folder).expect("removed");
    assert_eq!(app.state.reconcile.export_bill(day).await.expect("rows"), rows.into_bytes());
}

#[tokio::test]
async fn a_broken_balance_and_another_rate_are_differences() {
    let app = Stage::new().clock(&mock_clock()).set("SAOMA_FEE_RATE", "0.54%").start().await;
    let day = BillDay::of(app.clock.now());
    paid(&app, day).await;
    paid(&app, day).await;
    app.faults(json!({"bill_wrong_balance": 2})).await;
    to_next_morning(&app, day);
    app.state.reconcile.check(day).await.expect("compared");
    let expected = Found::from([found("FEE_RATE", "0.60%", "OPEN", ""), found("BALANCE", "line 3", "OPEN", "")]);
    assert_eq!(differences(&app, day).await, expected);
    let problem = Stage::new().problems_with("SAOMA_FEE_RATE", "0.6");
    assert!(problem.contains("SAOMA_FEE_RATE: must be a rate like 0.60%"), "{problem}");
}

#[tokio::test]
async fn the_account_of_a_day_follows_from_the_last_one_that_moved_it() {
    let (app, day) = shop().await;
    paid(&app, day).await;
    // Nothing happens on the day between.
    let (quiet, later) = (day.plus_days(1), day.plus_days(2));
    to_next_morning(&app, quiet);
    paid(&app, later).await;
    to_next_morning(&app, later);
    app.faults(json!({"bill_wrong_balance": 1})).await;
    let check = async |day| app.state.reconcile.check(day).await.expect("compared").outcome;
    // Nobody knows how it stood before.
    assert_eq!(check(later).await, Outcome::Agrees);
    app.faults(json!({"bill_wrong_balance": 0})).await;
    assert_eq!([check(day).await, check(quiet).await], [Outcome::Agrees; 2]);
    assert_eq!(check(later).await, Outcome::Differs { open: 1 });
    assert_eq!(differences(&app, later).await, Found::from([found("BALANCE", "opening", "OPEN", "")]));
    app.state.reconcile.pull(later).await.expect("fetched again");
    assert_eq!(check(later).await, Outcome::Agrees);
}

#[tokio::test]
async fn what_coupons_paid_is_not_settled_and_the_early_layout_does_not_say_how_much() {
    let (app, day) = shop().await;
    app.faults(json!({"bill_coupon_fen": 200})).await;
    paid(&app, day).await;
    to_next_morning(&app, day);
    let Checked { outcome, totals, .. } = app.state.reconcile.check(day).await.expect("compared");
    let account = totals.account.as_ref().expect("an account");
    let moved = account.closing.expect("a balance") - account.opening.expect("a balance");
    assert_eq!((outcome, totals.unsettled, totals.settled_fen()), (Outcome::Agrees, 200, moved));
    app.faults(json!({"bill_layout": "early"})).await;
    app.state.reconcile.pull(day).await.expect("fetched again");
    let checked = app.state.reconcile.check(day).await.expect("compared");
    assert_eq!((checked.outcome, differences(&app, day).await), (Outcome::Agrees, Found::new()));
}
