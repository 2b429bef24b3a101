//! The stored rows, read with a connection of our own.

use sqlx::{
    Any, AnyPool, Row as _,
    any::{AnyPoolOptions, AnyRow},
    pool::PoolConnection,
};

use super::is_file;

pub struct Books {
    pub pool: AnyPool,
}

/// What keeps everybody else from writing, until it is let go.
pub struct Hold(PoolConnection<Any>);

impl Hold {
    pub async fn let_go(mut self) {
        sqlx::query("ROLLBACK").execute(&mut *self.0).await.expect("ends");
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
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

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub transaction_id: String,
    pub out_trade_no: String,
    pub kind: String,
    pub source: String,
    pub total_fen: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
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

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    pub out_refund_no: String,
    pub state: String,
    pub source: String,
    pub amount_fen: i64,
    pub check_ms: Option<i64>,
    pub accepted_ms: Option<i64>,
    pub request_id: Option<String>,
}

impl Books {
    pub async fn open(url: &str) -> Self {
        sqlx::any::install_default_drivers();
        let pool = AnyPoolOptions::new().max_connections(2).connect(url);
        Self { pool: pool.await.expect("opens") }
    }

    /// As somebody else does who writes: to a file, or to all orders there are.
    pub async fn hold(&self) -> Hold {
        let mut connection = self.pool.acquire().await.expect("a connection");
        let statements: &[&str] =
            if is_file() { &["BEGIN IMMEDIATE"] } else { &["BEGIN", "SELECT id FROM orders FOR UPDATE"] };
        for &sql in statements {
            sqlx::raw_sql(sql).execute(&mut *connection).await.expect("begins");
        }
        Hold(connection)
    }

    /// The order of an `out_trade_no`, with that attempt.
    pub async fn order(&self, out_trade_no: &str) -> Order {
        let sql = "SELECT orders.id, token, status, closed_reason, version, paid_ms, expires_ms, state, request, \
                   code_url FROM orders JOIN attempts ON attempts.order_id = orders.id WHERE out_trade_no = ?";
        let row = sqlx::query(sql).bind(out_trade_no).fetch_one(&self.pool).await.expect("an order");
        Order {
            id: row.get("id"),
            token: row.get("token"),
            status: row.get("status"),
            closed_reason: row.get("closed_reason"),
            version: row.get("version"),
            paid_ms: row.get("paid_ms"),
            expires_ms: row.get("expires_ms"),
            state: row.get("state"),
            request: row.get("request"),
            code_url: row.get("code_url"),
        }
    }

    /// The `out_trade_no` that was drawn last.
    pub async fn newest_number(&self) -> String {
        let sql = "SELECT out_trade_no FROM attempts ORDER BY id DESC LIMIT 1";
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.expect("an attempt")
    }

    pub async fn status(&self, out_trade_no: &str) -> String {
        self.order(out_trade_no).await.status
    }

    pub async fn payments(&self) -> Vec<Payment> {
        let sql = "SELECT transaction_id, out_trade_no, kind, source, payments.total_fen FROM payments \
                   JOIN attempts ON attempts.id = payments.attempt_id ORDER BY payments.id";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await.expect("reads");
        let payment = |row: &AnyRow| Payment {
            transaction_id: row.get("transaction_id"),
            out_trade_no: row.get("out_trade_no"),
            kind: row.get("kind"),
            source: row.get("source"),
            total_fen: row.get("total_fen"),
        };
        rows.iter().map(payment).collect()
    }

    /// All of them, oldest first.
    pub async fn refunds(&self) -> Vec<Refund> {
        let sql = "SELECT out_refund_no, state, source, amount_fen, check_ms, accepted_ms, request_id FROM refunds \
                   ORDER BY id";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await.expect("reads");
        let refund = |row: &AnyRow| Refund {
            out_refund_no: row.get("out_refund_no"),
            state: row.get("state"),
            source: row.get("source"),
            amount_fen: row.get("amount_fen"),
            check_ms: row.get("check_ms"),
            accepted_ms: row.get("accepted_ms"),
            request_id: row.get("request_id"),
        };
        rows.iter().map(refund).collect()
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
        let rows = sqlx::query(sql).fetch_all(&self.pool).await.expect("reads");
        let received = |row: &AnyRow| Received {
            notify_id: row.get("notify_id"),
            event_type: row.get("event_type"),
            verdict: row.get("verdict"),
            out_trade_no: row.get("out_trade_no"),
            transaction_id: row.get("transaction_id"),
            deliveries: row.get("deliveries"),
            headers: row.get("headers"),
            body: row.get("body"),
        };
        rows.iter().map(received).collect()
    }

    pub async fn count(&self, table: &str) -> i64 {
        let sql = match table {
            "orders" => "SELECT COUNT(*) FROM orders",
            "attempts" => "SELECT COUNT(*) FROM attempts",
            "payments" => "SELECT COUNT(*) FROM payments",
            "order_events" => "SELECT COUNT(*) FROM order_events",
            "refunds" => "SELECT COUNT(*) FROM refunds",
            "notifications" => "SELECT COUNT(*) FROM notifications",
            "audit_log" => "SELECT COUNT(*) FROM audit_log",
            _ => panic!("no table of ours: {table}"),
        };
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.expect("counts")
    }

    /// Background jobs and who has them.
    pub async fn holders(&self) -> Vec<(String, String)> {
        let sql = "SELECT name, holder FROM leases WHERE name IN ('orders', 'refunds') ORDER BY name";
        sqlx::query_as(sql).fetch_all(&self.pool).await.expect("reads")
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
