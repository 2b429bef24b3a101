//! `attempts`: one `out_trade_no` each, with the exact prepay body and the `code_url` it got.

use jiff::Timestamp;
use sqlx::{Any, AnyConnection, QueryBuilder, Row as _, any::AnyRow};

use super::{
    StorageError, millis, mysql, or_fail, orders,
    rows::{self, Rows},
    timestamp, tuple,
};
use crate::domain::{Fen, OrderStatus, OutTradeNo, TradeType};

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
    /// By which WeChat's support finds the last answer to its prepay.
    pub request_id: Option<String>,
    pub created: Timestamp,
}

impl Attempt {
    fn read(row: &AnyRow) -> Result<Self, StorageError> {
        let id = row.try_get("id")?;
        let wrong =
            |column, problem: String| StorageError::Inconsistent { table: "attempts", column, row: id, problem };
        let problem: Option<String> = row.try_get("problem")?;
        let state = match (row.try_get("state")?, row.try_get("code_url")?, problem.as_deref()) {
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
            id,
            order_id: row.try_get("order_id")?,
            out_trade_no: OutTradeNo::parse(row.try_get("out_trade_no")?)
                .map_err(|e| wrong("out_trade_no", e.to_string()))?,
            state,
            request: row.try_get("request")?,
            not_before: timestamp("attempts", "prepay_until_ms", id, row.try_get("prepay_until_ms")?)?,
            request_id: row.try_get("request_id")?,
            created: timestamp("attempts", "created_ms", id, row.try_get("created_ms")?)?,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, order_id, out_trade_no, state, request, code_url, problem, prepay_until_ms, request_id, created_ms \
             FROM attempts ",
            $rest
        )
    };
}

/// The attempt that counts: an order's newest.
pub async fn find_current(c: &mut AnyConnection, order_id: i64) -> Result<Option<Attempt>, StorageError> {
    let query = sqlx::query(select!("WHERE order_id = ? ORDER BY id DESC LIMIT 1")).bind(order_id);
    query.fetch_optional(c).await?.as_ref().map(Attempt::read).transpose()
}

/// The newest number that WeChat knows.
pub async fn find_known(c: &mut AnyConnection) -> Result<Option<OutTradeNo>, StorageError> {
    let sql = "SELECT id, out_trade_no FROM attempts WHERE state <> 'PREPARING' \
               AND (closed_by IS NULL OR closed_by <> 'NOT_EXIST') ORDER BY id DESC LIMIT 1";
    let Some(row) = sqlx::query(sql).fetch_optional(c).await? else { return Ok(None) };
    let number = OutTradeNo::parse(row.try_get("out_trade_no")?);
    let number = number.map_err(|error| StorageError::Inconsistent {
        table: "attempts",
        column: "out_trade_no",
        row: row.try_get("id").unwrap_or_default(),
        problem: error.to_string(),
    })?;
    Ok(Some(number))
}

/// All attempts of an order, oldest first.
pub async fn list_of_order(c: &mut AnyConnection, order_id: i64) -> Result<Vec<Attempt>, StorageError> {
    let query = sqlx::query(select!("WHERE order_id = ? ORDER BY id")).bind(order_id);
    query.fetch_all(c).await?.iter().map(Attempt::read).collect()
}

/// Everything of an attempt that is decided before it is written.
#[derive(Clone, Debug)]
pub struct NewAttempt {
    pub out_trade_no: OutTradeNo,
    /// In its request, too: whom the number was asked for, whatever the shop's settings say later.
    pub appid: String,
    pub trade_type: TradeType,
    pub request: Vec<u8>,
    /// Until when its order can be paid.
    pub expires: Timestamp,
    /// When somebody looks after it, should no page do so.
    pub check: Timestamp,
}

pub async fn insert(
    c: &mut AnyConnection,
    order_id: i64,
    attempt: &NewAttempt,
    now: Timestamp,
) -> Result<(), StorageError> {
    let sql = "INSERT INTO attempts (order_id, out_trade_no, appid, trade_type, state, request, prepay_until_ms, \
               created_ms) VALUES (?, ?, ?, ?, 'PREPARING', ?, 0, ?)";
    let insert = sqlx::query(sql).bind(order_id).bind(attempt.out_trade_no.as_str()).bind(&attempt.appid);
    let insert = insert.bind(attempt.trade_type.code()).bind(&attempt.request[..]);
    insert.bind(millis(now)).execute(c).await?;
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
pub async fn mark_open(
    c: &mut AnyConnection,
    id: i64,
    code_url: &str,
    request_id: Option<&str>,
) -> Result<bool, StorageError> {
    let sql = "UPDATE attempts SET state = 'OPEN', code_url = ?, problem = NULL, request_id = ? \
               WHERE id = ? AND state = 'PREPARING'";
    Ok(sqlx::query(sql).bind(code_url).bind(request_id).bind(id).execute(c).await?.rows_affected() == 1)
}

/// Still no code; nobody tries again before `not_before`. `false` when the state moved on.
pub async fn mark_problem(
    c: &mut AnyConnection,
    id: i64,
    problem: PrepayProblem,
    not_before: Timestamp,
    request_id: Option<&str>,
) -> Result<bool, StorageError> {
    let sql = "UPDATE attempts SET problem = ?, prepay_until_ms = ?, request_id = ? \
               WHERE id = ? AND state = 'PREPARING'";
    let update = sqlx::query(sql).bind(problem.code()).bind(millis(not_before)).bind(request_id).bind(id);
    Ok(update.execute(c).await?.rows_affected() == 1)
}

pub async fn mark_paid(c: &mut AnyConnection, ids: &[i64]) -> Result<(), StorageError> {
    let mut update = QueryBuilder::<Any>::default();
    marking_paid(&mut update, or_fail(c), ids);
    update.build().execute(c).await?;
    Ok(())
}

pub(super) fn marking_paid(update: &mut QueryBuilder<Any>, or_fail: &str, ids: &[i64]) {
    update.push("UPDATE ").push(or_fail).push("attempts SET state = 'PAID' WHERE id IN ");
    tuple(update, ids.iter().copied());
}

/// It was closed at WeChat. `false` when it was closed or paid before.
pub async fn mark_closed(c: &mut AnyConnection, id: i64) -> Result<bool, StorageError> {
    let sql = "UPDATE attempts SET state = 'CLOSED', closed_by = 'WECHAT' WHERE id = ? \
               AND state IN ('PREPARING', 'OPEN')";
    Ok(sqlx::query(sql).bind(id).execute(c).await?.rows_affected() == 1)
}

/// WeChat has never heard of it, and nobody has begun to prepay since `not_before` was read: whoever
/// begins after this finds it closed. `false` when somebody has, or it has moved on.
pub async fn mark_never_created(c: &mut AnyConnection, id: i64, not_before: Timestamp) -> Result<bool, StorageError> {
    let sql = "UPDATE attempts SET state = 'CLOSED', closed_by = 'NOT_EXIST' WHERE id = ? AND state = 'PREPARING' \
               AND prepay_until_ms = ?";
    Ok(sqlx::query(sql).bind(id).bind(millis(not_before)).execute(c).await?.rows_affected() == 1)
}

/// It had a code, and WeChat does not know it any more. `false` when it has moved on.
pub async fn mark_forgotten(c: &mut AnyConnection, id: i64) -> Result<bool, StorageError> {
    let sql = "UPDATE attempts SET state = 'CLOSED', closed_by = 'NOT_EXIST' WHERE id = ? AND state = 'OPEN'";
    Ok(sqlx::query(sql).bind(id).execute(c).await?.rows_affected() == 1)
}

/// What `settle` must know about an `out_trade_no` before money is booked on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    pub out_trade_no: OutTradeNo,
    pub attempt_id: i64,
    /// What the number was asked for with. Empty where an older program has written the row: then it is in the
    /// [request](find_request) alone.
    pub appid: String,
    pub order_id: i64,
    pub status: OrderStatus,
    pub total: Fen,
    pub version: i64,
    /// WeChat had told us that this number was closed.
    pub was_closed: bool,
    /// Other numbers of the same order can still be paid.
    pub has_open_others: bool,
}

impl Owed {
    fn read(row: &AnyRow) -> Result<Self, StorageError> {
        let order_id = row.try_get("order_id")?;
        let wrong =
            |column, problem: String| StorageError::Inconsistent { table: "orders", column, row: order_id, problem };
        let reason: Option<String> = row.try_get("closed_reason")?;
        Ok(Self {
            out_trade_no: OutTradeNo::parse(row.try_get("out_trade_no")?)
                .map_err(|e| wrong("out_trade_no", e.to_string()))?,
            attempt_id: row.try_get("attempt_id")?,
            appid: row.try_get("appid")?,
            order_id,
            status: OrderStatus::parse(row.try_get("status")?, reason.as_deref())
                .map_err(|e| wrong("status", e.to_string()))?,
            total: Fen::new(row.try_get("total_fen")?).map_err(|e| wrong("total_fen", e.to_string()))?,
            version: orders::version(order_id, row)?,
            was_closed: row.try_get::<&str, _>("state")? == "CLOSED",
            has_open_others: row.try_get::<i64, _>("open_others")? > 0,
        })
    }
}

/// Takes the rows of these numbers, and of their orders, for this transaction. See [`rows`](super::rows).
///
/// # Errors
/// [`StorageError::Locked`] when they are to be free and one is not.
pub async fn lock(c: &mut AnyConnection, numbers: &[&OutTradeNo], rows: Rows) -> Result<(), StorageError> {
    if numbers.is_empty() || !mysql::is_backend_of(c) {
        return Ok(());
    }
    let mut query = QueryBuilder::<Any>::new(
        "SELECT attempts.id FROM attempts JOIN orders ON orders.id = attempts.order_id WHERE out_trade_no IN ",
    );
    tuple(&mut query, numbers.iter().map(|number| number.as_str()));
    rows::take(c, query, rows).await
}

/// Those of these numbers that are ours, in no particular order.
pub async fn list_owed(c: &mut AnyConnection, numbers: &[&OutTradeNo]) -> Result<Vec<Owed>, StorageError> {
    let mut query = QueryBuilder::<Any>::new(
        "SELECT out_trade_no, attempts.id AS attempt_id, appid, orders.id AS order_id, status, closed_reason, total_fen, \
         version, attempts.state AS state, (SELECT COUNT(*) FROM attempts AS other WHERE other.order_id = orders.id \
         AND other.id <> attempts.id AND other.state IN ('PREPARING', 'OPEN')) AS open_others \
         FROM attempts JOIN orders ON orders.id = attempts.order_id WHERE out_trade_no IN ",
    );
    tuple(&mut query, numbers.iter().map(|number| number.as_str()));
    query.build().fetch_all(c).await?.iter().map(Owed::read).collect()
}

pub async fn find_owed(c: &mut AnyConnection, number: &OutTradeNo) -> Result<Option<Owed>, StorageError> {
    Ok(list_owed(c, &[number]).await?.pop())
}

/// The exact prepay body of an attempt that is there.
pub async fn find_request(c: &mut AnyConnection, id: i64) -> Result<Vec<u8>, StorageError> {
    Ok(sqlx::query_scalar("SELECT request FROM attempts WHERE id = ?").bind(id).fetch_one(c).await?)
}
