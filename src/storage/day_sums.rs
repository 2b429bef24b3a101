//! `day_sums`: what a Beijing day came to, by what is counted. A day is made anew from the rows themselves, by the one
//! job that does so: no row that every payment would have to change, and nothing to go wrong by and by.

use sqlx::{AnyConnection, Row as _};

use super::{StorageError, inserted};

/// A callback that took longer than this, from the payment to the books, is slow.
const SLOW_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// One number of one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The day's beginning.
    pub day_ms: i64,
    pub measure: String,
    pub quantity: i64,
    pub fen: i64,
    pub lag_ms: i64,
    pub slow: i64,
}

pub const PLACED: &str = "PLACED";
pub const REFUNDED: &str = "REFUNDED";
pub const SURPLUS: &str = "SURPLUS";
/// Then how they were found, as in `payments.source`.
pub const PAID: &str = "PAID:";
/// Then why.
pub const REFUSED: &str = "REFUSED:";

pub(super) const SUM_PLACED: &str = "SELECT COUNT(*) FROM orders WHERE created_ms >= ? AND created_ms < ?";
pub(super) const SUM_PAID: &str = "SELECT source, kind, COUNT(*) AS quantity, CAST(COALESCE(SUM(total_fen), 0) AS SIGNED) AS fen, \
    CAST(COALESCE(SUM(CASE WHEN booked_ms > success_ms THEN booked_ms - success_ms ELSE 0 END), 0) AS SIGNED) \
    AS lag_ms, COUNT(CASE WHEN booked_ms - success_ms > ? THEN 1 END) AS slow FROM payments \
    WHERE success_ms >= ? AND success_ms < ? GROUP BY source, kind ORDER BY source, kind";
pub(super) const SUM_REFUNDED: &str = "SELECT COUNT(*) AS quantity, CAST(COALESCE(SUM(amount_fen), 0) AS SIGNED) AS fen FROM refunds \
    WHERE accepted_ms >= ? AND accepted_ms < ? AND state IN ('PROCESSING', 'SUCCESS', 'ABNORMAL')";

/// Orders placed on the day that begins at `day_ms`. To be asked while the day is young: abandoned ones are removed
/// some day.
pub async fn sum_placed(c: &mut AnyConnection, day_ms: i64) -> Result<Vec<Sum>, StorageError> {
    let quantity = sqlx::query_scalar(SUM_PLACED).bind(day_ms).bind(day_ms + DAY_MS).fetch_one(c).await?;
    let measure = PLACED.to_owned();
    Ok(vec![Sum { day_ms, measure, quantity, fen: 0, lag_ms: 0, slow: 0 }])
}

/// Payments of the day, by the time that WeChat gives them.
pub async fn sum_paid(c: &mut AnyConnection, day_ms: i64) -> Result<Vec<Sum>, StorageError> {
    let query = sqlx::query(SUM_PAID).bind(SLOW_MS).bind(day_ms).bind(day_ms + DAY_MS);
    let mut sums: Vec<Sum> = Vec::new();
    for row in query.fetch_all(c).await? {
        let measure = match row.try_get("kind")? {
            "SURPLUS" => SURPLUS.to_owned(),
            _ => format!("{PAID}{}", row.try_get::<&str, _>("source")?),
        };
        let sum = Sum {
            day_ms,
            measure,
            quantity: row.try_get("quantity")?,
            fen: row.try_get("fen")?,
            lag_ms: row.try_get("lag_ms")?,
            slow: row.try_get("slow")?,
        };
        match sums.iter_mut().find(|known| known.measure == sum.measure) {
            Some(known) => known.add(&sum),
            None => sums.push(sum),
        }
    }
    Ok(sums)
}

/// Refunds of the day, by when WeChat accepted them; those that failed have given nothing back.
pub async fn sum_refunded(c: &mut AnyConnection, day_ms: i64) -> Result<Vec<Sum>, StorageError> {
    let (quantity, fen) = sqlx::query_as(SUM_REFUNDED).bind(day_ms).bind(day_ms + DAY_MS).fetch_one(c).await?;
    Ok(vec![Sum { day_ms, measure: REFUNDED.to_owned(), quantity, fen, lag_ms: 0, slow: 0 }])
}

impl Sum {
    /// Whether it is the same line.
    pub fn is_of(&self, other: &Self) -> bool {
        self.day_ms == other.day_ms && self.measure == other.measure
    }

    pub const fn add(&mut self, other: &Self) {
        self.quantity = self.quantity.saturating_add(other.quantity);
        self.fen = self.fen.saturating_add(other.fen);
        self.lag_ms = self.lag_ms.saturating_add(other.lag_ms);
        self.slow = self.slow.saturating_add(other.slow);
    }
}

/// Puts them in the place of what was there of these measures; only where something differs.
pub async fn replace(c: &mut AnyConnection, sums: &[Sum]) -> Result<(), StorageError> {
    for sum in sums {
        let sql = "UPDATE day_sums SET quantity = ?, fen = ?, lag_ms = ?, slow = ? WHERE day_ms = ? AND measure = ?";
        let update = sqlx::query(sql).bind(sum.quantity).bind(sum.fen).bind(sum.lag_ms).bind(sum.slow);
        update.bind(sum.day_ms).bind(&sum.measure).execute(&mut *c).await?;
        add_missing(c, sum).await?;
    }
    Ok(())
}

/// Counts on, for what nobody could count again.
pub async fn count(c: &mut AnyConnection, day_ms: i64, measure: &str, quantity: i64) -> Result<(), StorageError> {
    let sql = "UPDATE day_sums SET quantity = quantity + ? WHERE day_ms = ? AND measure = ?";
    let update = sqlx::query(sql).bind(quantity).bind(day_ms).bind(measure).execute(&mut *c).await?;
    if update.rows_affected() == 0 {
        let sum = Sum { day_ms, measure: measure.to_owned(), quantity, fen: 0, lag_ms: 0, slow: 0 };
        insert(c, &sum).await?;
    }
    Ok(())
}

/// MySQL counts a row that an update leaves as it is as none, so it is looked for.
async fn add_missing(c: &mut AnyConnection, sum: &Sum) -> Result<(), StorageError> {
    let sql = "SELECT COUNT(*) FROM day_sums WHERE day_ms = ? AND measure = ?";
    let there: i64 = sqlx::query_scalar(sql).bind(sum.day_ms).bind(&sum.measure).fetch_one(&mut *c).await?;
    if there == 0 { insert(c, sum).await } else { Ok(()) }
}

async fn insert(c: &mut AnyConnection, sum: &Sum) -> Result<(), StorageError> {
    let sql = "INSERT INTO day_sums (day_ms, measure, quantity, fen, lag_ms, slow) VALUES (?, ?, ?, ?, ?, ?)";
    let insert = sqlx::query(sql).bind(sum.day_ms).bind(&sum.measure).bind(sum.quantity).bind(sum.fen);
    if inserted(insert.bind(sum.lag_ms).bind(sum.slow).execute(c).await)? {
        return Ok(());
    }
    // Another instance has begun the same line: the whole is done again.
    Err(StorageError::Raced { table: "day_sums", row: sum.day_ms })
}

/// From the day that begins at `from_ms` on, by day and measure.
pub async fn list(c: &mut AnyConnection, from_ms: i64) -> Result<Vec<Sum>, StorageError> {
    let sql = "SELECT day_ms, measure, quantity, fen, lag_ms, slow FROM day_sums WHERE day_ms >= ? \
               ORDER BY day_ms, measure";
    let rows = sqlx::query(sql).bind(from_ms).fetch_all(c).await?;
    let read = |row: &sqlx::any::AnyRow| {
        Ok(Sum {
            day_ms: row.try_get("day_ms")?,
            measure: row.try_get("measure")?,
            quantity: row.try_get("quantity")?,
            fen: row.try_get("fen")?,
            lag_ms: row.try_get("lag_ms")?,
            slow: row.try_get("slow")?,
        })
    };
    rows.iter().map(read).collect()
}

/// When the payments behind `after` were made, at most `most` of them, and the last one's id.
pub async fn list_new(c: &mut AnyConnection, after: i64, most: i64) -> Result<(Vec<i64>, Option<i64>), StorageError> {
    let sql = "SELECT id, success_ms FROM payments WHERE id > ? ORDER BY id LIMIT ?";
    let rows: Vec<(i64, i64)> = sqlx::query_as(sql).bind(after).bind(most).fetch_all(c).await?;
    let last = rows.last().map(|row| row.0);
    Ok((rows.into_iter().map(|row| row.1).collect(), last))
}

/// When WeChat accepted the newest refund: by its index.
pub async fn last_accepted_ms(c: &mut AnyConnection) -> Result<Option<i64>, StorageError> {
    Ok(sqlx::query_scalar("SELECT MAX(accepted_ms) FROM refunds").fetch_one(c).await?)
}

/// Changes with the refunds that WeChat has accepted from the day that begins at `from_ms` on, and with what became of
/// them.
pub async fn mark_of_refunds(c: &mut AnyConnection, from_ms: i64) -> Result<i64, StorageError> {
    let (quantity, fen): (i64, i64) = sqlx::query_as(SUM_REFUNDED).bind(from_ms).bind(i64::MAX).fetch_one(c).await?;
    Ok(fen.wrapping_mul(1 << 20).wrapping_add(quantity))
}

/// When the first order was placed.
pub async fn first_ms(c: &mut AnyConnection) -> Result<Option<i64>, StorageError> {
    Ok(sqlx::query_scalar("SELECT MIN(created_ms) FROM orders").fetch_one(c).await?)
}
