//! Days that are compared too early, too late, again, twice at once, or from a file that somebody has changed.

use std::{
    fs::{self, File},
    time::{Duration, SystemTime},
};

use jiff::SignedDuration;
use saoma::{
    reconcile::{BillDay, Calendar, Outcome, ReconcileError},
    storage::bills::differences::{self, DifferenceState, NewDifference},
    wechatpay::bill::Fee,
};
use serde_json::json;
use sha1::{Digest as _, Sha1};

use crate::{
    bills::{
        Found, console_refund, differences as listed, found, paid, pay_at, shop, shop_of, text_of, to_next_morning,
    },
    support::{App, Stage, paid_under, until, wanted},
};

async fn standing(app: &App, day: BillDay) -> Calendar {
    app.state.reconcile.calendar(day, day).await.expect("a day")[0].standing
}

#[tokio::test]
async fn a_day_that_was_asked_for_too_early_is_compared_by_itself() {
    let (app, day) = shop().await;
    let (reconcile, tomorrow) = (&app.state.reconcile, day.plus_days(1));
    paid(&app, day).await;
    reconcile.sweep().await.expect("looks");
    let early = reconcile.check(tomorrow).await;
    assert!(matches!(early, Err(ReconcileError::NotOver)), "{early:?}");
    let today = reconcile.check(day).await;
    assert!(matches!(today, Err(ReconcileError::Fetch(_))), "{today:?}");
    to_next_morning(&app, tomorrow);
    for _ in 0..2 {
        reconcile.sweep().await.expect("looks");
    }
    assert_eq!((standing(&app, day).await, standing(&app, tomorrow).await), (Calendar::Agrees, Calendar::Agrees));
}

#[tokio::test]
async fn a_day_that_was_compared_before_its_end_is_compared_after_it() {
    let (app, day) = shop().await;
    let reconcile = &app.state.reconcile;
    paid(&app, day).await;
    reconcile.sweep().await.expect("looks");
    app.faults(json!({"bill_today": true})).await;
    reconcile.check(day).await.expect("compared");
    paid(&app, day).await;
    to_next_morning(&app, day);
    assert_eq!(reconcile.sweep().await.expect("looks"), 1);
    let calendar = reconcile.calendar(day, day).await.expect("a day");
    assert_eq!(calendar[0].totals.as_ref().expect("sums").payments.count, 2);
}

#[tokio::test]
async fn a_day_that_wechat_has_no_more_is_given_up_and_compared_from_its_file() {
    let (app, day) = shop().await;
    let reconcile = &app.state.reconcile;
    paid(&app, day).await;
    reconcile.sweep().await.expect("looks");
    app.faults(json!({"bill_no_auth": 1})).await;
    to_next_morning(&app, day);
    reconcile.sweep().await.expect("looks");
    let next = day.plus_days(1);
    to_next_morning(&app, next);
    reconcile.check(next).await.expect("an empty day");
    let kept = day.plus_days(2);
    paid(&app, kept).await;
    to_next_morning(&app, kept);
    assert_eq!(reconcile.check(kept).await.expect("compared").outcome, Outcome::Agrees);

    app.clock.advance(SignedDuration::from_hours(95 * 24));
    let count = async || -> i64 {
        sqlx::query_scalar("SELECT COUNT(*) FROM bill_days").fetch_one(&app.books.pool).await.expect("a count")
    };
    let before = count().await;
    let never = reconcile.check(day.plus_days(-1)).await;
    assert!(matches!(never, Err(ReconcileError::TooOld)), "{never:?}");
    assert_eq!(count().await, before, "no day that cannot be compared is put down");
    assert_eq!(reconcile.sweep().await.expect("looks"), 1);
    let calendar = reconcile.calendar(day, day).await.expect("a day");
    assert_eq!((calendar[0].standing, calendar[0].problem.as_deref()), (Calendar::Missing, Some("TOO_OLD")));
    let due: Option<i64> = sqlx::query_scalar("SELECT next_ms FROM bill_days WHERE day = ?")
        .bind(day.to_string())
        .fetch_one(&app.books.pool)
        .await
        .expect("a day");
    assert_eq!(due, None, "nobody tries it again");
    let sql = "SELECT COUNT(*) FROM bill_days WHERE state = 'WAITING' AND day < ?";
    let query = sqlx::query_scalar::<_, i64>(sql).bind(BillDay::of(app.clock.now()).plus_days(-1).to_string());
    let waiting = query.fetch_one(&app.books.pool).await.expect("a count");
    assert_eq!(
        i64::try_from(app.metric("saoma_bill_days_missing", "").await),
        Ok(waiting - 1),
        "and nobody is called for it"
    );
    for whole in [next, kept] {
        assert_eq!(reconcile.check(whole).await.expect("from its file").outcome, Outcome::Agrees, "{whole}");
    }
}

/// How many of a day's differences have this answer.
async fn answered(app: &App, day: BillDay, answer: &str) -> usize {
    listed(app, day).await.iter().filter(|it| it.3 == answer).count()
}

async fn next_ms(app: &App, day: BillDay) -> Option<i64> {
    let query = sqlx::query_scalar("SELECT next_ms FROM bill_days WHERE day = ?").bind(day.to_string());
    query.fetch_one(&app.books.pool).await.expect("a day")
}

#[tokio::test]
async fn what_one_comparison_may_not_ask_about_the_next_ones_do() {
    let (app, day) = shop_of(Stage::new().bill_questions(2)).await;
    paid(&app, day).await;
    let reconcile = &app.state.reconcile;
    reconcile.sweep().await.expect("looks");
    app.faults(json!({"bill_unknown": 5})).await;
    to_next_morning(&app, day);
    for (told, left) in [(2, 3), (4, 1), (5, 0)] {
        assert_eq!(reconcile.sweep().await.expect("looks"), 1);
        let calendar = reconcile.calendar(day, day).await.expect("a day");
        let unasked = calendar[0].totals.as_ref().expect("sums").unasked;
        assert_eq!((answered(&app, day, "NOT_EXIST").await, unasked), (told, left));
        assert_eq!(answered(&app, day, "NOT_ASKED").await, usize::try_from(left).expect("few"));
        app.advance(60);
    }
    assert_eq!(next_ms(&app, day).await, None, "all is asked");
    // Another round begins, and forgets nothing of the one before.
    reconcile.check(day).await.expect("compared");
    assert_eq!(answered(&app, day, "NOT_EXIST").await, 5);
    assert!(next_ms(&app, day).await.is_some());
}

#[tokio::test]
async fn a_question_without_an_answer_is_asked_again() {
    let (app, day) = shop().await;
    paid(&app, day).await;
    let reconcile = &app.state.reconcile;
    reconcile.sweep().await.expect("looks");
    app.faults(json!({"drop": "all"})).await;
    let id = pay_at(&app, &app.order(2).await, &format!("{day}T14:00:00+08:00")).await;
    app.faults(json!({"error_500": {"query": "all"}})).await;
    to_next_morning(&app, day);
    assert_eq!(reconcile.sweep().await.expect("looks"), 1);
    assert_eq!(listed(&app, day).await, Found::from([found("NOT_PAID_HERE", &id, "OPEN", "NOT_ASKED")]));
    app.advance(60);
    assert_eq!(reconcile.sweep().await.expect("looks"), 0, "whoever does not answer is left alone for a while");
    app.faults(json!({"error_500": {"query": 0}})).await;
    app.advance(60);
    assert_eq!(reconcile.sweep().await.expect("looks"), 1);
    assert_eq!(listed(&app, day).await, Found::from([found("NOT_PAID_HERE", &id, "SETTLED", "PAID")]));
    assert_eq!(standing(&app, day).await, Calendar::Agrees);
}

/// As if WeChat had made it so.
async fn lay(app: &App, day: BillDay, text: &str) {
    fs::write(app.folder.path().join(format!("data/sandbox/bills/{day}.trade.bill")), text).expect("written");
    let hash: String = Sha1::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    sqlx::query("UPDATE bill_files SET hash = ? WHERE day = ? AND kind = 'TRADE'")
        .bind(hash)
        .bind(day.to_string())
        .execute(&app.books.pool)
        .await
        .expect("noted");
}

#[tokio::test]
async fn what_nobody_can_be_asked_about_keeps_no_day_busy() {
    let (app, day) = shop().await;
    let (order, _) = paid(&app, day).await;
    console_refund(&app, &order, "CONSOLE1", 300).await;
    to_next_morning(&app, day);
    let reconcile = &app.state.reconcile;
    reconcile.pull(day).await.expect("fetched");
    lay(&app, day, &text_of(&app, day, "trade").replace("CONSOLE1", "CONSOLE 1/2 ")).await;
    reconcile.check(day).await.expect("compared");
    let expected = Found::from([found("REFUND_UNKNOWN", "CONSOLE 1/2", "OPEN", "NO_NUMBER")]);
    assert_eq!(listed(&app, day).await, expected);
    assert_eq!(next_ms(&app, day).await, None);
    reconcile.check(day).await.expect("compared again");
    assert_eq!(listed(&app, day).await, expected);
}

#[tokio::test]
async fn what_stands_in_a_bill_twice_is_a_difference_of_its_own() {
    let (app, day) = shop().await;
    let (_, id) = paid(&app, day).await;
    app.faults(json!({"bill_doubled": 1})).await;
    to_next_morning(&app, day);
    let expected = Found::from([found("DOUBLED", &id, "OPEN", ""), found("FUND_FLOW", &id, "OPEN", "")]);
    for _ in 0..2 {
        let checked = app.state.reconcile.check(day).await.expect("compared");
        assert_eq!(checked.outcome, Outcome::Differs { open: 2 });
        assert_eq!(listed(&app, day).await, expected);
    }
    // One that these books do not know, twice.
    app.faults(json!({"bill_doubled": 0})).await;
    app.state.reconcile.pull(day).await.expect("fetched");
    let text = text_of(&app, day, "trade");
    let other = "4299999999999999999999999999";
    let row = text.lines().find(|line| line.contains(&id)).expect("a row").replace(&id, other);
    let lines: Vec<&str> = text.lines().collect();
    let sums = "`3.0,`384.00,`0.00,`0.00,`2.31000,`384.00,`0.00";
    lay(&app, day, &[lines[0], lines[1], &row, &row, lines[2], sums, ""].join("\r\n")).await;
    app.state.reconcile.check(day).await.expect("compared");
    for wanted in [found("DOUBLED", other, "OPEN", ""), found("NOT_PAID_HERE", other, "OPEN", "NOT_EXIST")] {
        let all = listed(&app, day).await;
        assert!(all.contains(&wanted), "{wanted:?}: {all:?}");
    }
}

#[tokio::test]
async fn a_refund_that_came_to_nothing_is_no_money_on_either_side() {
    let (app, day) = shop().await;
    let (order, _) = paid(&app, day).await;
    app.faults(json!({"refund_outcome": "closed", "refund_outcome_count": 1})).await;
    app.state.checkout.refund(&paid_under(&order.order_no), wanted(100)).await.expect("asked for");
    until("it is closed", async || app.books.refunds().await.iter().any(|it| it.state == "CLOSED").then_some(())).await;
    to_next_morning(&app, day);
    let checked = app.state.reconcile.check(day).await.expect("compared");
    let totals = checked.totals;
    assert_eq!((checked.outcome, listed(&app, day).await), (Outcome::Agrees, Found::new()));
    assert_eq!((totals.rows, totals.refunds.count, totals.our_refunds.count), (2, 0, 0));
    assert_eq!(totals.settled_fen(), order.total - Fee::from_thousandths(totals.fees).fen());
}

#[tokio::test]
async fn a_file_that_somebody_has_changed_is_fetched_again() {
    let (app, day) = shop().await;
    paid(&app, day).await;
    to_next_morning(&app, day);
    let reconcile = &app.state.reconcile;
    assert_eq!(reconcile.check(day).await.expect("compared").outcome, Outcome::Agrees);
    let path = app.folder.path().join(format!("data/sandbox/bills/{day}.trade.bill"));
    let whole = fs::read(&path).expect("is there");
    let text = text_of(&app, day, "trade");
    // As long as before: one digit of the row's amount.
    let changed = text.replacen("`128.00", "`129.00", 1);
    assert!(changed != text && changed.len() == text.len(), "{text}");
    fs::write(&path, changed).expect("written");
    assert_eq!(reconcile.check(day).await.expect("compared").outcome, Outcome::Agrees);
    assert_eq!(listed(&app, day).await, Found::new());
    assert_eq!(fs::read(&path).expect("is there"), whole);
}

#[tokio::test]
async fn a_day_with_more_than_is_listed_does_not_agree_when_all_that_is_listed_is_explained() {
    let (app, day) = shop().await;
    paid(&app, day).await;
    app.faults(json!({"bill_unknown": 1})).await;
    to_next_morning(&app, day);
    let reconcile = &app.state.reconcile;
    reconcile.check(day).await.expect("compared");
    // As if it had been one of very many.
    let sql = r#"UPDATE bill_days SET totals = REPLACE(totals, '"unlisted":0', '"unlisted":5')"#;
    assert_eq!(sqlx::query(sql).execute(&app.books.pool).await.expect("altered").rows_affected(), 1);
    let [difference] = reconcile.differences(day, 0, 9).await.expect("a page").try_into().expect("one");
    let states = (DifferenceState::Open, DifferenceState::Explained);
    reconcile.decide(difference.id, states, ("Li", "the till's"), None).await.expect("decided");
    assert_eq!(standing(&app, day).await, Calendar::Differs);
}

fn amount(theirs: i64, ours: i64) -> NewDifference {
    NewDifference {
        kind: "AMOUNT",
        subject: "4200000000000000000000000001".to_owned(),
        transaction_id: None,
        out_trade_no: None,
        order_id: None,
        theirs_fen: Some(theirs),
        ours_fen: Some(ours),
        state: DifferenceState::Open,
        answer: "DUPLICATE".to_owned(),
        who: "",
        why: String::new(),
        is_told: true,
    }
}

/// Written as the comparison `run` does.
async fn put(app: &App, day: &str, run: i64, found: &[NewDifference]) {
    let mut c = app.books.pool.acquire().await.expect("a connection");
    differences::put(&mut c, day, run, found, app.clock.now()).await.expect("written");
}

#[tokio::test]
async fn of_two_comparisons_at_once_the_slower_one_hides_nothing() {
    let (app, day) = shop().await;
    let day = day.to_string();
    put(&app, &day, 2, &[amount(2, 1)]).await;
    put(&app, &day, 1, &[amount(2, 1)]).await;
    let mut c = app.books.pool.acquire().await.expect("a connection");
    let closed = differences::close_gone(&mut c, &day, 2, "", 10, app.clock.now()).await.expect("looked");
    assert_eq!((closed, differences::count_open_of(&mut c, &day).await.expect("a count")), (0, 1));
}

#[tokio::test]
async fn other_amounts_are_written_and_reopen_what_was_explained() {
    let (app, day) = shop().await;
    let name = day.to_string();
    let one = async || -> differences::Difference {
        let all = app.state.reconcile.differences(day, 0, 9).await.expect("a page");
        <[_; 1]>::try_from(all).expect("one")[0].clone()
    };
    put(&app, &name, 1, &[amount(2, 1)]).await;
    put(&app, &name, 2, &[amount(3, 1)]).await;
    assert_eq!(one().await.theirs_fen, Some(3));
    let explained = async || {
        let states = (DifferenceState::Open, DifferenceState::Explained);
        app.state.reconcile.decide(one().await.id, states, ("Li", "rounded"), None).await.expect("decided");
    };
    explained().await;
    put(&app, &name, 3, &[amount(3, 1)]).await;
    let kept = one().await;
    assert_eq!((kept.state, kept.why.as_str()), (DifferenceState::Explained, "rounded"), "what staff has said stays");
    put(&app, &name, 4, &[amount(10_000, 1)]).await;
    let other = one().await;
    assert_eq!((other.state, other.theirs_fen, other.who.as_str()), (DifferenceState::Open, Some(10_000), ""));
}

#[tokio::test]
async fn what_is_found_twice_in_one_comparison_is_written_once() {
    let (app, day) = shop().await;
    let mut c = app.books.pool.acquire().await.expect("a connection");
    let twice = [amount(2, 1), amount(2, 1)];
    differences::put(&mut c, &day.to_string(), 1, &twice, app.clock.now()).await.expect("written");
    assert_eq!(listed(&app, day).await.len(), 1);
}

#[tokio::test]
async fn old_bills_go_from_every_instance() {
    let (app, day) = shop().await;
    // Only a time that WeChat has signed makes anything old.
    app.order(2).await;
    let folder = app.folder.path().join("data/sandbox/bills");
    fs::create_dir_all(&folder).expect("a folder");
    let old = folder.join(format!("{day}.trade.bill"));
    fs::write(&old, b"x").expect("written");
    let now = Duration::from_millis(app.clock.now().as_millisecond().try_into().expect("after 1970"));
    let made = SystemTime::UNIX_EPOCH + now - Duration::from_hours(99 * 24);
    File::options().write(true).open(&old).expect("opens").set_modified(made).expect("dated");
    app.clock.advance(SignedDuration::from_hours(23));
    app.get("/").await;
    assert!(old.exists());
    app.clock.advance(SignedDuration::from_hours(2));
    // Each look is some minutes after the one before it.
    until("the old bill has gone", async || {
        app.clock.advance(SignedDuration::from_mins(11));
        (!old.exists()).then_some(())
    })
    .await;
}
