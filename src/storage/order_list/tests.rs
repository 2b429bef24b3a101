//! On both engines: which orders a step along an index finds, and that no statement of the back office scans a table.

use sqlx::Row as _;

use super::*;
use crate::{
    domain::ClosedReason,
    storage::{
        Database, day_sums, inbox, mysql, refunds,
        testing::{Filled, books},
    },
};

const ORDERS: i64 = 3_000;

async fn list_ids(books: &Database, lead: Lead, below: i64, limit: i64) -> (Vec<i64>, Option<i64>) {
    let ids = Ids { from: 1, below };
    let lot = list(&mut books.read().await.expect("reads"), lead, ids, limit).await.expect("a lot");
    (lot.lines.iter().map(|line| line.id).collect(), lot.next)
}

#[tokio::test]
async fn each_filter_leads_to_its_orders_newest_first() {
    let (_place, books) = books().await;
    Filled::with(&books, 60).await;
    let all: Vec<i64> = (1..=60).rev().collect();
    assert_eq!(list_ids(&books, Lead::All, i64::MAX, 100).await, (all.clone(), None));
    let (first, next) = list_ids(&books, Lead::All, i64::MAX, 25).await;
    let (second, next) = list_ids(&books, Lead::All, next.expect("more"), 25).await;
    let (third, end) = list_ids(&books, Lead::All, next.expect("more"), 25).await;
    assert_eq!(([first, second, third].concat(), end), (all.clone(), None), "none twice and none left out");
    let of = |is: fn(i64) -> bool| all.iter().copied().filter(|id| is(*id)).collect::<Vec<_>>();
    for (lead, wanted) in [
        (Lead::Status(OrderStatus::Success), of(Filled::is_paid)),
        (Lead::Status(OrderStatus::Closed(ClosedReason::Expired)), of(|id| !Filled::is_paid(id))),
        (Lead::Product(ProductId(2)), of(|id| Filled::product(id) == 2)),
        (Lead::Total(Filled::total(7)), of(|id| Filled::total(id) == Filled::total(7))),
        (Lead::Found(Source::Query), of(|id| Filled::is_paid(id) && Filled::source(id) == Source::Query)),
    ] {
        assert!(!wanted.is_empty(), "{lead:?}");
        assert_eq!(list_ids(&books, lead, i64::MAX, 100).await.0, wanted, "{lead:?}");
    }
    let mut c = books.read().await.expect("reads");
    let ids = find_ids(&mut c, Filled::created(20), Filled::created(30)).await.expect("ids");
    assert!(ids.from <= 20 && ids.below >= 30, "{ids:?}");
    let nothing = find_ids(&mut c, Filled::created(100), Filled::created(200)).await.expect("ids");
    assert!(nothing.from >= nothing.below, "{nothing:?}");
}

#[tokio::test]
async fn every_number_leads_to_its_order_and_a_sign_for_any_to_none() {
    let (_place, books) = books().await;
    Filled::with(&books, 60).await;
    let mut c = books.read().await.expect("reads");
    for (number, wanted) in [
        (Filled::out_trade_no(9), vec![9]),
        (Filled::transaction_id(9), vec![9]),
        (Filled::token(9), vec![9]),
        (Filled::request_id(9), vec![9]),
        (Filled::notify_id(9), vec![9]),
        (Filled::out_refund_no(30), vec![30]),
        (Filled::refund_id(30), vec![30]),
        ("%".to_owned(), vec![]),
        ("_".repeat(32), vec![]),
        ("' OR 1=1 --".to_owned(), vec![]),
        ("x".repeat(10_000), vec![]),
    ] {
        assert_eq!(find_by_any_number(&mut c, &number).await.expect("reads"), wanted, "{number:.40}");
    }
}

#[tokio::test]
async fn one_order_that_cannot_be_read_hides_no_other() {
    let (_place, books) = books().await;
    Filled::with(&books, 5).await;
    let broken = books.write(|c| {
        Box::pin(async move {
            sqlx::query("UPDATE orders SET status = 'STOLEN' WHERE id = 3").execute(c).await?;
            Ok(())
        })
    });
    broken.await.expect("writes");
    assert_eq!(list_ids(&books, Lead::All, i64::MAX, 10).await.0, [5, 4, 2, 1]);
}

/// What an engine says of how it would go about it.
async fn plan(c: &mut AnyConnection, sql: &str) -> Result<String, sqlx::Error> {
    let is_mysql = mysql::is_backend_of(c);
    let explain = if is_mysql { "EXPLAIN FORMAT=JSON " } else { "EXPLAIN QUERY PLAN " };
    // Values in their places, as every plan is made with some.
    let sql = sql.replacen("source = ?", "source = 'QUERY'", 1).replacen("status = ?", "status = 'SUCCESS'", 1);
    let sql = sql.replace("verdict = ?", "verdict = 'UNKNOWN_ORDER'").replace("_no = ?", "_no = 'x1'");
    let sql = sql.replace("LIMIT ?", "LIMIT 100").replace("_id = ?", "_id = '1'").replace("token = ?", "token = 'x'");
    let (early, late) = (Filled::FIRST_MS + 1_000_000, Filled::FIRST_MS + 2_000_000);
    let sql = sql.replace("_ms >= ?", &format!("_ms >= {early}")).replace("_ms < ?", &format!("_ms < {late}"));
    let sql = sql.replace("id >= ?", "id >= 1").replace("id < ?", "id < 2000").replace('?', "1");
    let rows = sqlx::raw_sql(sqlx::AssertSqlSafe(format!("{explain}{sql}"))).fetch_all(c).await?;
    let column = if is_mysql { 0 } else { 3 };
    Ok(rows.iter().map(|row| row.get::<String, _>(column)).collect::<Vec<_>>().join("\n"))
}

fn scans(plan: &str) -> bool {
    let sqlite = plan.lines().any(|line| {
        line.starts_with("SCAN ") && !line.contains(" some") && !line.contains("USING INTEGER PRIMARY KEY")
    });
    // A derived table is what an index has led to.
    let mysql = plan.split("\"table_name\": ").skip(1).any(|table| {
        let is_whole = table
            .split("\"table_name\"")
            .next()
            .is_some_and(|it| it.contains("\"access_type\": \"ALL\"") || it.contains("\"access_type\": \"index\""));
        is_whole && !table.starts_with("\"<derived") && !table.starts_with("\"some\"")
    });
    sqlite || mysql
}

#[tokio::test]
async fn no_statement_scans_a_table() {
    let (_place, books) = books().await;
    Filled::with(&books, ORDERS).await;
    let mut c = books.read().await.expect("reads");
    if mysql::is_backend_of(&c) {
        for table in ["orders", "attempts", "payments", "refunds", "notifications"] {
            let sql = format!("ANALYZE TABLE {table}");
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).fetch_all(&mut *c).await.expect("counts");
        }
    }
    let leads = [
        Lead::All,
        Lead::Status(OrderStatus::Success),
        Lead::Product(ProductId(1)),
        Lead::Total(Fen::ZERO),
        Lead::Found(Source::Query),
    ];
    let inbox_leads = [inbox::Lead::All, inbox::Lead::Verdict(String::new()), inbox::Lead::Number(String::new())];
    let statements = leads
        .into_iter()
        .map(walk)
        .chain(inbox_leads.iter().map(inbox::walk))
        .chain([FIRST_ID, LAST_ID, inbox::UNSETTLED])
        .chain([day_sums::SUM_PLACED, day_sums::SUM_PAID, day_sums::SUM_REFUNDED])
        .chain([refunds::ABNORMAL, refunds::REFUSED, refunds::STANDING])
        .chain(ANY_NUMBER.iter().copied());
    for sql in statements {
        let plan = plan(&mut c, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert!(!scans(&plan), "{sql}\n{plan}");
    }
    for sql in ["SELECT id FROM orders WHERE title = 'x'", "SELECT COUNT(*) FROM notifications WHERE headers = ''"] {
        let plan = plan(&mut c, sql).await.expect("a plan");
        assert!(scans(&plan), "what does scan is found: {sql}\n{plan}");
    }
}
