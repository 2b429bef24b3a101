//! `attempts`: one `out_trade_no` each, with the exact prepay body and the `code_url` it got.

use jiff::Timestamp;
use sqlx::{AnyConnection, FromRow};

use super::{StorageError, millis, timestamp};
use crate::domain::{Fen, OrderStatus, OutTradeNo};

/// How far an attempt has come. Stored by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptState {
    /// The row is ours alone so far; prepay has not answered, or its answer was lost.
    Preparing {
        problem: Option<PrepayProblem>,
    },
    /// WeChat gave a `code_url`.
    Open {
        code_url: String,
    },
    /// The code it had, for the page to show it dimmed.
    Closed {
        code_url: Option<String>,
    },
    Paid,
}

/// Why there is no code yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrepayProblem {
    /// No usable answer; the same request is repeated.
    Unreachable,
    /// WeChat said no. Repeating will not help until somebody changes something.
    Refused,
}

impl PrepayProblem {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreachable => "UNREACHABLE",
            Self::Refused => "REFUSED",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Attempt {
    pub id: i64,
    pub order_id: i64,
    pub out_trade_no: OutTradeNo,
    pub state: AttemptState,
    pub request: Vec<u8>,
    /// Somebody prepays until then, or has failed and asks for this pause.
    pub not_before: Timestamp,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    order_id: i64,
    out_trade_no: String,
    state: String,
    request: Vec<u8>,
    code_url: Option<String>,
    problem: Option<String>,
    prepay_until_ms: i64,
}

impl TryFrom<Row> for Attempt {
    type Error = StorageError;

    fn try_from(row: Row) -> Result<Self, StorageError> {
        let wrong =
            |column, problem: String| StorageError::Inconsistent { table: "attempts", column, row: row.id, problem };
        let state = match (row.state.as_str(), row.code_url, row.problem.as_deref()) {
            ("PREPARING", None, None) => AttemptState::Preparing { problem: None },
            ("PREPARING", None, Some("UNREACHABLE")) => {
                AttemptState::Preparing { problem: Some(PrepayProblem::Unreachable) }
            }
            ("PREPARING", None, Some("REFUSED")) => AttemptState::Preparing { problem: Some(PrepayProblem::Refused) },
            ("OPEN", Some(code_url), _) => AttemptState::Open { code_url },
            ("CLOSED", code_url, _) => AttemptState::Closed { code_url },
            ("PAID", _, _) => AttemptState::Paid,
            (state, ..) => return Err(wrong("state", format!("{state:?} does not go with the other columns"))),
        };
        Ok(Self {
            id: row.id,
            order_id: row.order_id,
            out_trade_no: OutTradeNo::parse(&row.out_trade_no).map_err(|e| wrong("out_trade_no", e.to_string()))?,
            state,
            request: row.request,
            not_before: timestamp("attempts", "prepay_until_ms", row.id, row.prepay_until_ms)?,
        })
    }
}

/// The attempt that counts: an order's newest.
pub async fn find_current(c: &mut AnyConnection, order_id: i64) -> Result<Option<Attempt>, StorageError> {
    let sql = "SELECT id, order_id, out_trade_no, state, request, code_url, problem, prepay_until_ms FROM attempts \
               WHERE order_id = ? ORDER BY id DESC LIMIT 1";
    sqlx::query_as::<_, Row>(sql).bind(order_id).fetch_optional(c).await?.map(Attempt::try_from).transpose()
}

pub async fn insert(
    c: &mut AnyConnection,
    order_id: i64,
    out_trade_no: &OutTradeNo,
    request: &[u8],
    now: Timestamp,
) -> Result<(), StorageError> {
    let sql = "INSERT INTO attempts (order_id, out_trade_no, state, request, prepay_until_ms, created_ms) \
               VALUES (?, ?, 'PREPARING', ?, 0, ?)";
    let insert = sqlx::query(sql).bind(order_id).bind(out_trade_no.as_str()).bind(request).bind(millis(now));
    insert.execute(c).await?;
    Ok(())
}

/// The right to call prepay for this attempt until `until`. A second prepay would kill the first
/// one's code (`wechatpay-v3.md` §5.1), so of all callers in all processes one gets it.
pub async fn claim_prepay(
    c: &mut AnyConnection,
    id: i64,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StorageError> {
    let sql = "UPDATE attempts SET prepay_until_ms = ? WHERE id = ? AND state = 'PREPARING' AND prepay_until_ms <= ?";
    let claim = sqlx::query(sql).bind(millis(until)).bind(id).bind(millis(now));
    Ok(claim.execute(c).await?.rows_affected() == 1)
}

/// `PREPARING` → `OPEN`. `false` when it is not waiting for a code any more: paid meanwhile.
pub async fn mark_open(c: &mut AnyConnection, id: i64, code_url: &str) -> Result<bool, StorageError> {
    let sql = "UPDATE attempts SET state = 'OPEN', code_url = ?, problem = NULL WHERE id = ? AND state = 'PREPARING'";
    Ok(sqlx::query(sql).bind(code_url).bind(id).execute(c).await?.rows_affected() == 1)
}

/// Still no code; nobody tries again before `not_before`. `false` when the state moved on.
pub async fn mark_problem(
    c: &mut AnyConnection,
    id: i64,
    problem: PrepayProblem,
    not_before: Timestamp,
) -> Result<bool, StorageError> {
    let sql = "UPDATE attempts SET problem = ?, prepay_until_ms = ? WHERE id = ? AND state = 'PREPARING'";
    let update = sqlx::query(sql).bind(problem.code()).bind(millis(not_before)).bind(id);
    Ok(update.execute(c).await?.rows_affected() == 1)
}

pub async fn mark_paid(c: &mut AnyConnection, id: i64) -> Result<(), StorageError> {
    sqlx::query("UPDATE attempts SET state = 'PAID' WHERE id = ?").bind(id).execute(c).await?;
    Ok(())
}

pub async fn mark_closed(c: &mut AnyConnection, order_id: i64) -> Result<(), StorageError> {
    let sql = "UPDATE attempts SET state = 'CLOSED' WHERE order_id = ? AND state IN ('PREPARING', 'OPEN')";
    sqlx::query(sql).bind(order_id).execute(c).await?;
    Ok(())
}

/// What `settle` must know about an `out_trade_no` before money is booked on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owed {
    pub attempt_id: i64,
    pub order_id: i64,
    pub status: OrderStatus,
    pub total: Fen,
    pub version: i64,
}

#[derive(FromRow)]
struct OwedRow {
    attempt_id: i64,
    order_id: i64,
    status: String,
    closed_reason: Option<String>,
    total_fen: i64,
    version: i64,
}

pub async fn find_owed(c: &mut AnyConnection, out_trade_no: &OutTradeNo) -> Result<Option<Owed>, StorageError> {
    let sql = "SELECT attempts.id AS attempt_id, orders.id AS order_id, status, closed_reason, total_fen, version \
               FROM attempts JOIN orders ON orders.id = attempts.order_id WHERE out_trade_no = ?";
    let query = sqlx::query_as::<_, OwedRow>(sql).bind(out_trade_no.as_str());
    let Some(row) = query.fetch_optional(c).await? else { return Ok(None) };
    let wrong =
        |column, problem: String| StorageError::Inconsistent { table: "orders", column, row: row.order_id, problem };
    Ok(Some(Owed {
        attempt_id: row.attempt_id,
        order_id: row.order_id,
        status: OrderStatus::parse(&row.status, row.closed_reason.as_deref())
            .map_err(|e| wrong("status", e.to_string()))?,
        total: Fen::new(row.total_fen).map_err(|e| wrong("total_fen", e.to_string()))?,
        version: row.version,
    }))
}
