//! `refunds`: one `out_refund_no` each, with the exact request and what became of it.

use jiff::Timestamp;
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{Backlog, StorageError, events::Source, inserted, millis, request_ids, timestamp};
use crate::domain::{Fen, OutRefundNo, RefundState};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    pub id: i64,
    pub out_refund_no: OutRefundNo,
    pub order_id: i64,
    pub payment_id: i64,
    pub amount: Fen,
    pub reason: String,
    /// Who asked for it.
    pub source: Source,
    pub state: RefundState,
    /// Empty for one that was not made here.
    pub request: Vec<u8>,
    /// WeChat's own number, once it has answered.
    pub refund_id: Option<String>,
    /// The code of the last refusal, for staff.
    pub problem: Option<String>,
    /// By which WeChat's support finds its last answer.
    pub request_id: Option<String>,
    /// Definite refusals so far, and when the first of them came.
    pub refusals: i64,
    pub refused: Option<Timestamp>,
    pub created: Timestamp,
    /// WeChat's `create_time`, by which bills go; known from its replies.
    pub accepted: Option<Timestamp>,
    pub success: Option<Timestamp>,
    /// Somebody has seen that it was given up.
    pub is_settled: bool,
}

impl Refund {
    fn read(row: &AnyRow) -> Result<Self, StorageError> {
        let id = row.try_get("id")?;
        let wrong = |column, problem: String| StorageError::Inconsistent { table: "refunds", column, row: id, problem };
        let state: &str = row.try_get("state")?;
        let source: &str = row.try_get("source")?;
        let at = |column| {
            let at: Option<i64> = row.try_get(column)?;
            at.map(|at| timestamp("refunds", column, id, at)).transpose()
        };
        Ok(Self {
            id,
            out_refund_no: OutRefundNo::parse_any(row.try_get("out_refund_no")?)
                .map_err(|e| wrong("out_refund_no", e.to_string()))?,
            order_id: row.try_get("order_id")?,
            payment_id: row.try_get("payment_id")?,
            amount: Fen::new(row.try_get("amount_fen")?).map_err(|e| wrong("amount_fen", e.to_string()))?,
            reason: row.try_get("reason")?,
            source: Source::parse(source).ok_or_else(|| wrong("source", format!("{source:?} is none")))?,
            state: RefundState::parse(state).ok_or_else(|| wrong("state", format!("{state:?} is none")))?,
            request: row.try_get("request")?,
            refund_id: row.try_get("refund_id")?,
            problem: row.try_get("problem")?,
            request_id: row.try_get("request_id")?,
            refusals: row.try_get("refusals")?,
            refused: at("refused_ms")?,
            created: timestamp("refunds", "created_ms", id, row.try_get("created_ms")?)?,
            accepted: at("accepted_ms")?,
            success: at("success_ms")?,
            is_settled: at("settled_ms")?.is_some(),
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, out_refund_no, order_id, payment_id, amount_fen, reason, source, state, request, refund_id, \
             problem, request_id, refusals, refused_ms, created_ms, accepted_ms, success_ms, settled_ms FROM refunds ",
            $rest
        )
    };
}

pub async fn find(c: &mut AnyConnection, number: &OutRefundNo) -> Result<Option<Refund>, StorageError> {
    let query = sqlx::query(select!("WHERE out_refund_no = ?")).bind(number.as_str());
    query.fetch_optional(c).await?.as_ref().map(Refund::read).transpose()
}

pub async fn find_by_id(c: &mut AnyConnection, id: i64) -> Result<Option<Refund>, StorageError> {
    let query = sqlx::query(select!("WHERE id = ?")).bind(id);
    query.fetch_optional(c).await?.as_ref().map(Refund::read).transpose()
}

/// By WeChat's own number.
pub async fn find_by_refund_id(c: &mut AnyConnection, refund_id: &str) -> Result<Option<Refund>, StorageError> {
    let query = sqlx::query(select!("WHERE refund_id = ?")).bind(refund_id);
    query.fetch_optional(c).await?.as_ref().map(Refund::read).transpose()
}

/// All of a payment, oldest first.
pub async fn list_of_payment(c: &mut AnyConnection, payment_id: i64) -> Result<Vec<Refund>, StorageError> {
    let query = sqlx::query(select!("WHERE payment_id = ? ORDER BY id")).bind(payment_id);
    query.fetch_all(c).await?.iter().map(Refund::read).collect()
}

/// All of an order, those of surplus payments too, oldest first.
pub async fn list_of_order(c: &mut AnyConnection, order_id: i64) -> Result<Vec<Refund>, StorageError> {
    let query = sqlx::query(select!("WHERE order_id = ? ORDER BY id")).bind(order_id);
    query.fetch_all(c).await?.iter().map(Refund::read).collect()
}

#[derive(Clone, Debug)]
pub struct NewRefund {
    pub out_refund_no: OutRefundNo,
    pub order_id: i64,
    pub payment_id: i64,
    pub amount: Fen,
    pub reason: String,
    pub source: Source,
    /// Empty for one that was not made here.
    pub request: Vec<u8>,
    pub state: RefundState,
    pub refund_id: Option<String>,
    /// When somebody has to look after it.
    pub check: Option<Timestamp>,
    pub created: Timestamp,
    pub accepted: Option<Timestamp>,
    pub success: Option<Timestamp>,
}

/// `false` when this number is there already.
pub async fn insert(c: &mut AnyConnection, refund: &NewRefund) -> Result<bool, StorageError> {
    let sql = "INSERT INTO refunds (out_refund_no, order_id, payment_id, amount_fen, reason, source, state, request, \
               refund_id, check_ms, created_ms, updated_ms, accepted_ms, success_ms) \
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let insert = sqlx::query(sql)
        .bind(refund.out_refund_no.as_str())
        .bind(refund.order_id)
        .bind(refund.payment_id)
        .bind(refund.amount.get())
        .bind(&refund.reason)
        .bind(refund.source.code())
        .bind(refund.state.code())
        .bind(&refund.request[..])
        .bind(refund.refund_id.as_deref())
        .bind(refund.check.map(millis))
        .bind(millis(refund.created))
        .bind(millis(refund.created))
        .bind(refund.accepted.map(millis))
        .bind(refund.success.map(millis));
    inserted(insert.execute(c).await)
}

/// What becomes of a refund.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    pub state: RefundState,
    pub refund_id: Option<&'a str>,
    pub success: Option<Timestamp>,
    pub problem: Option<&'a str>,
    pub check: Option<Timestamp>,
}

/// From the state it was read in to another one.
///
/// # Errors
/// [`StorageError::Raced`] when it is no longer in that state.
pub async fn advance(
    c: &mut AnyConnection,
    refund: &Refund,
    progress: &Progress<'_>,
    now: Timestamp,
) -> Result<(), StorageError> {
    let sql = "UPDATE refunds SET state = ?, refund_id = COALESCE(?, refund_id), success_ms = ?, problem = ?, \
               check_ms = ?, updated_ms = ? WHERE id = ? AND state = ?";
    let update = sqlx::query(sql)
        .bind(progress.state.code())
        .bind(progress.refund_id)
        .bind(progress.success.map(millis))
        .bind(progress.problem)
        .bind(progress.check.map(millis))
        .bind(millis(now))
        .bind(refund.id)
        .bind(refund.state.code());
    match update.execute(c).await?.rows_affected() {
        1 => Ok(()),
        _ => Err(StorageError::Raced { table: "refunds", row: refund.id }),
    }
}

/// What a reply tells beside the state: WeChat's `create_time`, which never changes, and its
/// `Request-ID`, of which the last one counts and every one leads here.
pub async fn note_reply(
    c: &mut AnyConnection,
    id: i64,
    accepted: Option<Timestamp>,
    request_id: Option<&str>,
) -> Result<(), StorageError> {
    if accepted.is_none() && request_id.is_none() {
        return Ok(());
    }
    if request_id.is_some() {
        let sql = "SELECT order_id, request_id FROM refunds WHERE id = ?";
        let (order_id, old): (i64, Option<String>) = sqlx::query_as(sql).bind(id).fetch_one(&mut *c).await?;
        request_ids::keep(c, order_id, old.as_deref(), request_id).await?;
    }
    let sql = "UPDATE refunds SET accepted_ms = COALESCE(accepted_ms, ?), request_id = COALESCE(?, request_id) \
               WHERE id = ?";
    sqlx::query(sql).bind(accepted.map(millis)).bind(request_id).bind(id).execute(c).await?;
    Ok(())
}

/// One more definite refusal of what WeChat does not know.
pub async fn note_refusal(c: &mut AnyConnection, id: i64, now: Timestamp) -> Result<(), StorageError> {
    let sql = "UPDATE refunds SET refusals = refusals + 1, refused_ms = COALESCE(refused_ms, ?) WHERE id = ?";
    sqlx::query(sql).bind(millis(now)).bind(id).execute(c).await?;
    Ok(())
}

/// Still where it was; why, and when somebody tries again.
pub async fn postpone(
    c: &mut AnyConnection,
    id: i64,
    problem: Option<&str>,
    check: Timestamp,
) -> Result<(), StorageError> {
    let sql = "UPDATE refunds SET problem = ?, check_ms = ? WHERE id = ? AND check_ms IS NOT NULL";
    sqlx::query(sql).bind(problem).bind(millis(check)).bind(id).execute(c).await?;
    Ok(())
}

/// Nobody has to look after it any more.
pub async fn clear_check(c: &mut AnyConnection, id: i64) -> Result<(), StorageError> {
    sqlx::query("UPDATE refunds SET check_ms = NULL WHERE id = ?").bind(id).execute(c).await?;
    Ok(())
}

/// Refunds that somebody has to look after now, with the time that was set for it.
///
/// `None` instead of a time that cannot be read: that costs no other refund anything.
pub async fn list_due(
    c: &mut AnyConnection,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<(i64, Option<i64>)>, StorageError> {
    let sql = "SELECT id, check_ms FROM refunds WHERE check_ms <= ? ORDER BY check_ms LIMIT ?";
    let rows = sqlx::query(sql).bind(millis(now)).bind(limit).fetch_all(c).await?;
    rows.iter().map(|row| Ok((row.try_get("id")?, row.try_get("check_ms").ok()))).collect()
}

/// How many there are.
pub async fn count_due(c: &mut AnyConnection, now: Timestamp) -> Result<Backlog, StorageError> {
    let sql = "SELECT COUNT(*), MIN(check_ms) FROM refunds WHERE check_ms <= ?";
    let (count, oldest_ms) = sqlx::query_as(sql).bind(millis(now)).fetch_one(c).await?;
    Ok(Backlog { count, oldest_ms })
}

/// The right to look after it, until `next`; `false` when somebody else took it.
pub async fn claim(
    c: &mut AnyConnection,
    id: i64,
    seen_ms: Option<i64>,
    next: Timestamp,
) -> Result<bool, StorageError> {
    let Some(seen_ms) = seen_ms else {
        tracing::error!(refund.id = id, "refund {id}: check_ms holds no time, and is set anew");
        let mend = sqlx::query("UPDATE refunds SET check_ms = ? WHERE id = ?").bind(millis(next)).bind(id);
        return Ok(mend.execute(c).await?.rows_affected() == 1);
    };
    let sql = "UPDATE refunds SET check_ms = ? WHERE id = ? AND check_ms = ?";
    Ok(sqlx::query(sql).bind(millis(next)).bind(id).bind(seen_ms).execute(c).await?.rows_affected() == 1)
}

/// After it could not be looked after: not again before `next`, if nobody has changed what was `claimed`.
pub async fn put_off(c: &mut AnyConnection, id: i64, claimed: Timestamp, next: Timestamp) -> Result<(), StorageError> {
    let sql = "UPDATE refunds SET check_ms = ? WHERE id = ? AND check_ms = ?";
    sqlx::query(sql).bind(millis(next)).bind(id).bind(millis(claimed)).execute(c).await?;
    Ok(())
}

/// What somebody should have looked after first, in milliseconds.
pub async fn first_check_ms(c: &mut AnyConnection) -> Result<Option<i64>, StorageError> {
    Ok(sqlx::query_scalar("SELECT MIN(check_ms) FROM refunds").fetch_one(c).await?)
}

pub(super) const ABNORMAL: &str = select!("WHERE state = 'ABNORMAL' ORDER BY id LIMIT ?");
pub(super) const REFUSED: &str = select!(
    "WHERE state = 'REFUSED' AND settled_ms IS NULL AND NOT EXISTS (SELECT 1 FROM refunds AS later \
     WHERE later.payment_id = refunds.payment_id AND later.id > refunds.id AND later.state <> 'REFUSED') \
     ORDER BY id LIMIT ?"
);
pub(super) const STANDING: &str = select!("WHERE state = 'REQUESTED' AND created_ms <= ? ORDER BY id LIMIT ?");

/// Refunds that somebody has to look after: stuck at the payer's bank; given up, unless another one of the same
/// payment took its place; or not accepted by WeChat since `since`. Oldest first.
pub async fn list_troubled(c: &mut AnyConnection, since: Timestamp, limit: i64) -> Result<Vec<Refund>, StorageError> {
    let mut rows = sqlx::query(ABNORMAL).bind(limit).fetch_all(&mut *c).await?;
    rows.extend(sqlx::query(REFUSED).bind(limit).fetch_all(&mut *c).await?);
    rows.extend(sqlx::query(STANDING).bind(millis(since)).bind(limit).fetch_all(c).await?);
    let mut found = rows.iter().map(Refund::read).collect::<Result<Vec<_>, _>>()?;
    found.sort_unstable_by_key(|refund| refund.id);
    Ok(found)
}

/// Somebody has seen that it was given up. `false` when it is not, or somebody had before.
pub async fn settle(c: &mut AnyConnection, id: i64, by: &str, now: Timestamp) -> Result<bool, StorageError> {
    let sql =
        "UPDATE refunds SET settled_ms = ?, settled_by = ? WHERE id = ? AND state = 'REFUSED' AND settled_ms IS NULL";
    Ok(sqlx::query(sql).bind(millis(now)).bind(by).bind(id).execute(c).await?.rows_affected() == 1)
}
