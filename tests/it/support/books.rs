//! The stored rows, read with a connection of our own.

use std::path::Path;

use sqlx::{
    FromRow, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

pub struct Books {
    pub pool: SqlitePool,
}

#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Order {
    pub id: i64,
    pub token: String,
    pub status: String,
    pub closed_reason: Option<String>,
    pub version: i64,
    pub paid_ms: Option<i64>,
    pub expires_ms: i64,
    pub state: String,
    pub request: Vec<u8>,
    pub code_url: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Payment {
    pub transaction_id: String,
    pub out_trade_no: String,
    pub kind: String,
    pub source: String,
    pub total_fen: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Received {
    pub notify_id: String,
    pub event_type: String,
    pub verdict: String,
    pub out_trade_no: Option<String>,
    pub transaction_id: Option<String>,
    pub deliveries: i64,
    pub headers: String,
    pub body: Vec<u8>,
}

impl Books {
    pub async fn open(file: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(file);
        let pool = SqlitePoolOptions::new().max_connections(2).connect_with(options);
        Self { pool: pool.await.expect("opens") }
    }

    /// The order of an `out_trade_no`, with that attempt.
    pub async fn order(&self, out_trade_no: &str) -> Order {
        let sql = "SELECT orders.id, token, status, closed_reason, version, paid_ms, expires_ms, state, request, \
                   code_url FROM orders JOIN attempts ON attempts.order_id = orders.id WHERE out_trade_no = ?";
        sqlx::query_as(sql).bind(out_trade_no).fetch_one(&self.pool).await.expect("an order")
    }

    pub async fn status(&self, out_trade_no: &str) -> String {
        self.order(out_trade_no).await.status
    }

    pub async fn payments(&self) -> Vec<Payment> {
        let sql = "SELECT transaction_id, out_trade_no, kind, source, payments.total_fen FROM payments \
                   JOIN attempts ON attempts.id = payments.attempt_id ORDER BY payments.id";
        sqlx::query_as(sql).fetch_all(&self.pool).await.expect("reads")
    }

    /// `KIND/SOURCE` of an order's timeline.
    pub async fn events(&self, out_trade_no: &str) -> Vec<String> {
        let sql = "SELECT kind || '/' || source FROM order_events JOIN attempts \
                   ON attempts.order_id = order_events.order_id WHERE out_trade_no = ? ORDER BY order_events.id";
        sqlx::query_scalar(sql).bind(out_trade_no).fetch_all(&self.pool).await.expect("reads")
    }

    /// The inbox.
    pub async fn received(&self) -> Vec<Received> {
        let sql = "SELECT notify_id, event_type, verdict, out_trade_no, transaction_id, deliveries, headers, body \
                   FROM notifications ORDER BY id";
        sqlx::query_as(sql).fetch_all(&self.pool).await.expect("reads")
    }

    pub async fn count(&self, table: &str) -> i64 {
        let sql = match table {
            "orders" => "SELECT COUNT(*) FROM orders",
            "attempts" => "SELECT COUNT(*) FROM attempts",
            "payments" => "SELECT COUNT(*) FROM payments",
            "notifications" => "SELECT COUNT(*) FROM notifications",
            _ => panic!("no table of ours: {table}"),
        };
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.expect("counts")
    }

    /// Every column of orders, attempts, payments and timelines: equal to another one only if
    /// nothing at all has changed between the two.
    pub async fn picture(&self) -> Vec<String> {
        let statements = [
            "SELECT json_array('order', id, token, shopper, live_key, product_id, title, total_fen, status, \
             closed_reason, version, created_ms, expires_ms, paid_ms, updated_ms) FROM orders ORDER BY id",
            "SELECT json_array('attempt', id, order_id, out_trade_no, state, hex(request), code_url, \
             prepay_until_ms, problem, created_ms) FROM attempts ORDER BY id",
            "SELECT json_array('payment', id, transaction_id, order_id, attempt_id, kind, source, total_fen, \
             success_ms, booked_ms) FROM payments ORDER BY id",
            "SELECT json_array('event', id, order_id, at_ms, kind, source, detail) FROM order_events ORDER BY id",
        ];
        let mut rows = Vec::new();
        for sql in statements {
            let found: Vec<String> = sqlx::query_scalar(sql).fetch_all(&self.pool).await.expect("reads");
            rows.extend(found);
        }
        rows
    }
}
