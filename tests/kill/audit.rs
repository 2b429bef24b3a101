//! The sandbox's ledger beside the shop's books, line by line.

use std::collections::{BTreeMap, BTreeSet};

use saoma::storage::Database;
use serde_json::Value;
use sqlx::Row as _;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Audit {
    /// Lines of both ledgers.
    pub payments: usize,
    pub refunds: usize,
    pub lost: usize,
    /// A transaction with two rows, an order with two paid events.
    pub double: usize,
    /// Booked and never paid.
    pub invented: usize,
    pub other_amounts: usize,
    pub wrong_orders: usize,
    /// Refunds that the two sides do not tell alike.
    pub other_refunds: usize,
    pub fen: i64,
    pub fen_back: i64,
    pub by_source: BTreeMap<String, usize>,
}

impl Audit {
    pub fn is_clean(&self) -> bool {
        let wrong = [self.lost, self.double, self.invented, self.other_amounts, self.wrong_orders, self.other_refunds];
        wrong.iter().all(|count| *count == 0)
    }
}

fn text(line: &Value, name: &str) -> String {
    line[name].as_str().unwrap_or_default().to_owned()
}

/// How many payments are booked, and how many refunds have not come to their end.
pub async fn standing(db: &Database) -> (usize, usize) {
    let mut c = db.read().await.expect("reads");
    let count = async |c: &mut sqlx::AnyConnection, sql: &'static str| {
        let count: i64 = sqlx::query_scalar(sql).fetch_one(c).await.expect("counts");
        usize::try_from(count).expect("a count")
    };
    let payments = count(&mut c, "SELECT COUNT(*) FROM payments").await;
    let open = "SELECT COUNT(*) FROM refunds WHERE state IN ('REQUESTED', 'PROCESSING')";
    (payments, count(&mut c, open).await)
}

pub async fn audit(db: &Database, ledger: &[Value]) -> Audit {
    let mut audit = Audit::default();
    let mut c = db.read().await.expect("reads");

    let sql = "SELECT transaction_id, out_trade_no, payments.total_fen AS total, orders.status AS status, \
               payments.source AS source FROM payments JOIN attempts ON attempts.id = payments.attempt_id \
               JOIN orders ON orders.id = payments.order_id";
    let mut booked: BTreeMap<String, Vec<(String, i64, String)>> = BTreeMap::new();
    for row in sqlx::query(sql).fetch_all(&mut *c).await.expect("reads") {
        let payment = (row.get("out_trade_no"), row.get("total"), row.get("status"));
        booked.entry(row.get("transaction_id")).or_default().push(payment);
        *audit.by_source.entry(row.get("source")).or_default() += 1;
    }
    let mut paid = BTreeSet::new();
    for line in ledger.iter().filter(|line| line["type"] == "payment") {
        audit.payments += 1;
        let (id, total) = (text(line, "transaction_id"), line["total"].as_i64().unwrap_or_default());
        audit.fen += total;
        match booked.get(&id).map(Vec::as_slice) {
            None | Some([]) => audit.lost += 1,
            Some([(out_trade_no, booked, status)]) => {
                audit.other_amounts += usize::from(*booked != total);
                let is_paid = status != "NOTPAY" && status != "CLOSED";
                audit.wrong_orders += usize::from(*out_trade_no != text(line, "out_trade_no") || !is_paid);
            }
            Some(_) => audit.double += 1,
        }
        paid.insert(id);
    }
    audit.invented = booked.keys().filter(|id| !paid.contains(*id)).count();
    let sql =
        "SELECT order_id FROM order_events WHERE kind IN ('PAID', 'PAID_LATE') GROUP BY order_id HAVING COUNT(*) > 1";
    audit.double += sqlx::query(sql).fetch_all(&mut *c).await.expect("reads").len();

    let sql = "SELECT out_refund_no, refund_id, transaction_id, amount_fen, state FROM refunds \
               JOIN payments ON payments.id = refunds.payment_id WHERE state <> 'REFUSED'";
    let mut here = BTreeSet::new();
    for row in sqlx::query(sql).fetch_all(&mut *c).await.expect("reads") {
        let refund: [String; 4] = ["out_refund_no", "transaction_id", "state", "refund_id"]
            .map(|column| row.get::<Option<String>, _>(column).unwrap_or_default());
        here.insert((refund, row.get::<i64, _>("amount_fen")));
    }
    let mut there = BTreeSet::new();
    for line in ledger.iter().filter(|line| line["type"] == "refund") {
        audit.refunds += 1;
        let amount = line["amount"].as_i64().unwrap_or_default();
        audit.fen_back += amount;
        there.insert((["out_refund_no", "transaction_id", "status", "refund_id"].map(|name| text(line, name)), amount));
    }
    audit.other_refunds = here.symmetric_difference(&there).count() + audit.refunds.abs_diff(there.len());
    audit
}
