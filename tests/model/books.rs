//! The shop's books as they stand, read by a connection of our own in one statement.

use std::path::Path;

use serde::Deserialize;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Books {
    pub orders: Vec<Order>,
    pub attempts: Vec<Attempt>,
    pub payments: Vec<Payment>,
    pub refunds: Vec<Refund>,
    pub events: Vec<Event>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Order {
    pub id: i64,
    pub token: String,
    pub shopper: String,
    pub total: i64,
    pub status: String,
    pub reason: Option<String>,
    pub wish: Option<String>,
    pub version: i64,
    pub check: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Attempt {
    pub id: i64,
    pub order: i64,
    pub out_trade_no: String,
    pub state: String,
    pub code_url: Option<String>,
    pub problem: Option<String>,
    pub until: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Payment {
    pub id: i64,
    pub transaction_id: String,
    pub order: i64,
    pub attempt: i64,
    pub kind: String,
    pub total: i64,
    pub refunding: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[expect(clippy::struct_field_names, reason = "refund_id is WeChat's word")]
pub struct Refund {
    pub id: i64,
    pub out_refund_no: String,
    pub order: i64,
    pub payment: i64,
    pub amount: i64,
    pub state: String,
    pub source: String,
    pub refund_id: Option<String>,
    pub check: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Event {
    pub id: i64,
    pub order: i64,
    pub at: i64,
    pub kind: String,
    pub source: String,
    pub detail: String,
}

const PICTURE: &str = "SELECT json_object(\
    'orders', (SELECT json_group_array(json_object('id', id, 'token', token, 'shopper', shopper, 'total', total_fen, \
     'status', status, 'reason', closed_reason, 'wish', wish, 'version', version, 'check', check_ms) ORDER BY id) \
     FROM orders), \
    'attempts', (SELECT json_group_array(json_object('id', id, 'order', order_id, 'out_trade_no', out_trade_no, \
     'state', state, 'code_url', code_url, 'problem', problem, 'until', prepay_until_ms) ORDER BY id) FROM attempts), \
    'payments', (SELECT json_group_array(json_object('id', id, 'transaction_id', transaction_id, 'order', order_id, \
     'attempt', attempt_id, 'kind', kind, 'total', total_fen, 'refunding', refunding_fen) ORDER BY id) FROM payments), \
    'refunds', (SELECT json_group_array(json_object('id', id, 'out_refund_no', out_refund_no, 'order', order_id, \
     'payment', payment_id, 'amount', amount_fen, 'state', state, 'source', source, 'refund_id', refund_id, \
     'check', check_ms) ORDER BY id) FROM refunds), \
    'events', (SELECT json_group_array(json_object('id', id, 'order', order_id, 'at', at_ms, 'kind', kind, \
     'source', source, 'detail', detail) ORDER BY id) FROM order_events))";

pub struct Reader(SqliteConnection);

impl Reader {
    pub async fn open(file: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(file);
        Self(SqliteConnection::connect_with(&options).await.expect("opens"))
    }

    pub async fn read(&mut self) -> Books {
        let picture: String = sqlx::query_scalar(PICTURE).fetch_one(&mut self.0).await.expect("reads");
        serde_json::from_str(&picture).expect("JSON")
    }

    /// How many instances have beaten when their clock said so.
    pub async fn count_beats_at(&mut self, now_ms: i64) -> usize {
        let sql = "SELECT COUNT(*) FROM heartbeats WHERE wall_ms = ? AND beats > 0";
        let count: i64 = sqlx::query_scalar(sql).bind(now_ms).fetch_one(&mut self.0).await.expect("reads");
        usize::try_from(count).expect("small")
    }

    /// What will not have been looked after within a minute, and whatever can be paid for longer than an order
    /// that is placed now.
    pub async fn list_ahead(&mut self, now_ms: i64, pay_time: i64) -> Vec<String> {
        let sql = "SELECT 'order ' || id FROM orders WHERE check_ms > ?1 + 60000 \
            UNION ALL SELECT 'refund ' || id FROM refunds WHERE check_ms > ?1 + 60000 \
            UNION ALL SELECT 'lease ' || name FROM leases WHERE until_ms > ?1 + 60000 \
            UNION ALL SELECT 'instance ' || instance FROM heartbeats WHERE wall_ms > ?1 + 60000 \
            UNION ALL SELECT 'attempt ' || attempts.id FROM attempts JOIN orders ON orders.id = attempts.order_id \
             WHERE check_ms IS NOT NULL AND state = 'PREPARING' AND prepay_until_ms > ?1 + 60000 \
            UNION ALL SELECT 'deadline of order ' || id FROM orders \
             WHERE status = 'NOTPAY' AND expires_ms > ?1 + 60000 + 1000 * ?2";
        let ahead = sqlx::query_scalar(sql).bind(now_ms).bind(pay_time).fetch_all(&mut self.0).await;
        ahead.expect("reads")
    }

    /// Damages a row, or mends it.
    pub async fn allow_prepay(&mut self, attempt: i64, from_ms: i64) {
        let sql = "UPDATE attempts SET prepay_until_ms = ? WHERE id = ?";
        let update = sqlx::query(sql).bind(from_ms).bind(attempt).execute(&mut self.0).await.expect("writes");
        assert_eq!(update.rows_affected(), 1);
    }
}

impl Books {
    pub fn order(&self, id: i64) -> Option<&Order> {
        self.orders.iter().find(|order| order.id == id)
    }

    pub fn payment(&self, id: i64) -> Option<&Payment> {
        self.payments.iter().find(|payment| payment.id == id)
    }

    pub fn attempt_of(&self, out_trade_no: &str) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.out_trade_no == out_trade_no)
    }

    /// The next time at which something is due.
    pub fn next_due(&self) -> Option<i64> {
        let orders = self.orders.iter().filter_map(|order| order.check);
        orders.chain(self.refunds.iter().filter_map(|refund| refund.check)).min()
    }
}

impl Refund {
    /// Nothing of it will reach the payer.
    pub fn has_failed(&self) -> bool {
        matches!(self.state.as_str(), "CLOSED" | "REFUSED")
    }

    pub fn has_ended(&self) -> bool {
        !matches!(self.state.as_str(), "REQUESTED" | "PROCESSING")
    }
}
