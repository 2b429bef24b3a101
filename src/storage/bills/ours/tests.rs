//! What a page costs the engine.

use sqlx::{AnyConnection, Row as _};

use super::*;
use crate::storage::{mysql, testing::books};

const PAGE: i64 = 100;
const PAGES: i64 = 30;
const FIRST_MS: i64 = 1_764_518_400_000;

/// Everything came for one attempt: the worst that a server can be told about which table is the small one.
async fn fill(c: &mut AnyConnection) -> Result<(), StorageError> {
    for sql in [
        "INSERT INTO products (id, title, summary, price_fen) VALUES (1, 't', 's', 1)",
        "INSERT INTO orders (id, token, shopper, product_id, title, total_fen, status, version, created_ms, expires_ms, \
         updated_ms) VALUES (1, 't', 's', 1, 't', 1, 'SUCCESS', 1, 1, 1, 1)",
        "INSERT INTO attempts (id, order_id, out_trade_no, state, request, prepay_until_ms, created_ms) \
         VALUES (1, 1, 'T1', 'PAID', 'x', 0, 1)",
    ] {
        sqlx::query(sql).execute(&mut *c).await?;
    }
    let table = [
        ("payments", "transaction_id, order_id, attempt_id, kind, source, total_fen, success_ms, booked_ms"),
        (
            "refunds",
            "out_refund_no, order_id, payment_id, amount_fen, reason, source, state, request, accepted_ms, created_ms, \
             updated_ms",
        ),
    ];
    for (table, columns) in table {
        let mut insert = QueryBuilder::<Any>::new(format!("INSERT INTO {table} ({columns}) "));
        insert.push_values(0..PAGE * PAGES, |mut row, number| {
            // Some of the same moment, and not in the order of their ids.
            let at = FIRST_MS + (number * 7 % 1000) * 1000;
            row.push_bind(format!("4200{number}")).push("1, 1");
            if table == "payments" {
                row.push("'FIRST', 'CALLBACK', 1").push_bind(at).push("1");
            } else {
                row.push("1, '', 'STAFF', 'SUCCESS', 'x'").push_bind(at).push("1, 1");
            }
        });
        insert.build().execute(&mut *c).await?;
    }
    Ok(())
}

/// Rows that the server has gone over for this connection.
async fn gone_over(c: &mut AnyConnection) -> i64 {
    let rows = sqlx::raw_sql("SHOW SESSION STATUS LIKE 'Handler_read%'").fetch_all(c).await.expect("tells");
    rows.iter().map(|row| row.get_unchecked::<String, _>(1).parse::<i64>().expect("a number")).sum()
}

#[tokio::test]
async fn a_page_costs_what_is_on_it_however_long_the_day() {
    let (_place, books) = books().await;
    books.write(|c| Box::pin(fill(c))).await.expect("fills");
    let mut c = books.read().await.expect("reads");
    let is_mysql = mysql::is_backend_of(&c);
    if is_mysql {
        sqlx::raw_sql("ANALYZE TABLE payments, refunds, attempts").fetch_all(&mut *c).await.expect("counts");
    }
    let day = (FIRST_MS, FIRST_MS + 86_400_000);
    let (mut after, mut number) = ((FIRST_MS - 1, 0), 0);
    let before = if is_mysql { gone_over(&mut c).await } else { 0 };
    loop {
        let page = list_payments(&mut c, day, after, PAGE).await.expect("reads");
        let Some(last) = page.last() else { break };
        assert!(page.iter().all(|it| (it.success_ms, it.id) > after && it.out_trade_no == "T1"), "{after:?}");
        after = (last.success_ms, last.id);
        number += page.len();
    }
    assert_eq!(i64::try_from(number), Ok(PAGE * PAGES));
    let (mut after, mut number) = ((FIRST_MS - 1, 0), 0);
    loop {
        let page = list_refunds(&mut c, day, after, PAGE).await.expect("reads");
        let Some(last) = page.last() else { break };
        assert!(page.iter().all(|it| (it.at_ms, it.id) > after && it.transaction_id == "42000"), "{after:?}");
        after = (last.at_ms, last.id);
        number += page.len();
    }
    assert_eq!(i64::try_from(number), Ok(PAGE * PAGES));
    if is_mysql {
        let rows = gone_over(&mut c).await - before;
        assert!(rows < 8 * PAGE * PAGES, "{rows} rows were gone over to read {}", 2 * PAGE * PAGES);
        return;
    }
    for sql in [PAYMENTS_OF_SPAN, REFUNDS_OF_SPAN] {
        let rows = sqlx::raw_sql(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).fetch_all(&mut *c).await;
        let plan: Vec<String> = rows.expect("a plan").iter().map(|row| row.get(3)).collect();
        assert!(!plan.iter().any(|line| line.contains("TEMP B-TREE") || line.starts_with("SCAN")), "{plan:?}");
    }
}
