//! `refund_holds`: money of a payment that is set aside for a refund which waits for a second person; and
//! `refund_sums`, what somebody has given back on a day without one.

use jiff::Timestamp;
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{StorageError, inserted, millis, payments};
use crate::domain::{Fen, OutRefundNo};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    pub out_refund_no: OutRefundNo,
    pub order_id: i64,
    pub payment_id: i64,
    pub amount: Fen,
    pub reason: String,
}

impl Hold {
    fn read(row: &AnyRow) -> Result<Self, StorageError> {
        let payment_id = row.try_get("payment_id")?;
        let wrong = |column, problem: String| StorageError::Inconsistent {
            table: "refund_holds",
            column,
            row: payment_id,
            problem,
        };
        Ok(Self {
            out_refund_no: OutRefundNo::parse(row.try_get("out_refund_no")?)
                .map_err(|error| wrong("out_refund_no", error.to_string()))?,
            order_id: row.try_get("order_id")?,
            payment_id,
            amount: Fen::new(row.try_get("amount_fen")?).map_err(|error| wrong("amount_fen", error.to_string()))?,
            reason: row.try_get("reason")?,
        })
    }
}

pub async fn find(c: &mut AnyConnection, number: &OutRefundNo) -> Result<Option<Hold>, StorageError> {
    let sql =
        "SELECT out_refund_no, order_id, payment_id, amount_fen, reason FROM refund_holds WHERE out_refund_no = ?";
    sqlx::query(sql).bind(number.as_str()).fetch_optional(c).await?.as_ref().map(Hold::read).transpose()
}

/// Whether it is there, and was set aside before then.
pub async fn is_from_before(c: &mut AnyConnection, number: &OutRefundNo, at: Timestamp) -> Result<bool, StorageError> {
    let sql = "SELECT COUNT(*) FROM refund_holds WHERE out_refund_no = ? AND created_ms < ?";
    let found: i64 = sqlx::query_scalar(sql).bind(number.as_str()).bind(millis(at)).fetch_one(c).await?;
    Ok(found == 1)
}

/// Sets the money aside. `false`, and nothing is changed, when less is left.
///
/// # Errors
/// [`StorageError::Raced`] when the number is there already.
pub async fn insert(c: &mut AnyConnection, hold: &Hold, now: Timestamp) -> Result<bool, StorageError> {
    if !payments::reserve(c, hold.payment_id, hold.amount).await? {
        return Ok(false);
    }
    let sql = "INSERT INTO refund_holds (out_refund_no, order_id, payment_id, amount_fen, reason, created_ms) \
               VALUES (?, ?, ?, ?, ?, ?)";
    let insert = sqlx::query(sql)
        .bind(hold.out_refund_no.as_str())
        .bind(hold.order_id)
        .bind(hold.payment_id)
        .bind(hold.amount.get())
        .bind(&hold.reason)
        .bind(millis(now));
    if inserted(insert.execute(c).await)? {
        Ok(true)
    } else {
        Err(StorageError::Raced { table: "refund_holds", row: 0 })
    }
}

/// Gives the money free again. `false` when somebody else has.
pub async fn release(c: &mut AnyConnection, hold: &Hold) -> Result<bool, StorageError> {
    let sql = "DELETE FROM refund_holds WHERE out_refund_no = ?";
    if sqlx::query(sql).bind(hold.out_refund_no.as_str()).execute(&mut *c).await?.rows_affected() == 0 {
        return Ok(false);
    }
    payments::release(c, hold.payment_id, hold.amount).await?;
    Ok(true)
}

/// Everything that is set aside of a payment.
pub async fn list_of_payment(c: &mut AnyConnection, payment_id: i64) -> Result<Vec<Hold>, StorageError> {
    let sql = "SELECT out_refund_no, order_id, payment_id, amount_fen, reason FROM refund_holds WHERE payment_id = ?";
    sqlx::query(sql).bind(payment_id).fetch_all(c).await?.iter().map(Hold::read).collect()
}

/// Adds to what somebody has given back on a day. `false`, and nothing is changed, when that would be more than `most`:
/// of two at once, one sees the other.
pub async fn charge(
    c: &mut AnyConnection,
    staff_id: i64,
    day: &str,
    amount: Fen,
    most: i64,
) -> Result<bool, StorageError> {
    let sql = "UPDATE refund_sums SET sum_fen = sum_fen + ? WHERE staff_id = ? AND day = ? AND sum_fen <= ?";
    let room = most.saturating_sub(amount.get());
    if room < 0 {
        return Ok(false);
    }
    let update = sqlx::query(sql).bind(amount.get()).bind(staff_id).bind(day).bind(room);
    if update.execute(&mut *c).await?.rows_affected() == 1 {
        return Ok(true);
    }
    if sum_of(c, staff_id, day).await?.is_some() {
        return Ok(false);
    }
    let sql = "INSERT INTO refund_sums (staff_id, day, sum_fen) VALUES (?, ?, ?)";
    let insert = sqlx::query(sql).bind(staff_id).bind(day).bind(amount.get());
    if inserted(insert.execute(c).await)? {
        Ok(true)
    } else {
        Err(StorageError::Raced { table: "refund_sums", row: 0 })
    }
}

pub async fn sum_of(c: &mut AnyConnection, staff_id: i64, day: &str) -> Result<Option<i64>, StorageError> {
    let sql = "SELECT sum_fen FROM refund_sums WHERE staff_id = ? AND day = ?";
    Ok(sqlx::query_scalar(sql).bind(staff_id).bind(day).fetch_optional(c).await?)
}
