//! `refused_deliveries`: the last deliveries that were not believed. Strangers write here, so it is bounded in every
//! direction by whoever gathers them.

use jiff::Timestamp;
use sqlx::{Any, AnyConnection, QueryBuilder, Row as _, any::AnyRow};

use super::{StorageError, millis, shares, timestamp};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub id: i64,
    pub at: Timestamp,
    /// A fixed word.
    pub reason: String,
    /// WeChat's own test whether we verify, and no attack.
    pub is_probe: bool,
    /// Which route it came to.
    pub about: String,
    pub serial: Option<String>,
    /// When it was sent, it says.
    pub sent: Option<Timestamp>,
    pub address: String,
    pub headers: String,
    /// The beginning of it.
    pub body: Vec<u8>,
    /// How long it was.
    pub body_bytes: i64,
}

/// Adds them, and forgets the oldest past `most`. Their ids are given by the books.
pub async fn insert(c: &mut AnyConnection, refused: &[Refused], most: i64) -> Result<(), StorageError> {
    if refused.is_empty() {
        return Ok(());
    }
    for share in shares(refused) {
        insert_share(&mut *c, share).await?;
    }
    let sql = "SELECT id FROM refused_deliveries ORDER BY id DESC LIMIT 1 OFFSET ?";
    let last: Option<i64> = sqlx::query_scalar(sql).bind(most).fetch_optional(&mut *c).await?;
    if let Some(last) = last {
        sqlx::query("DELETE FROM refused_deliveries WHERE id <= ?").bind(last).execute(c).await?;
    }
    Ok(())
}

async fn insert_share(c: &mut AnyConnection, share: &[Refused]) -> Result<(), StorageError> {
    let mut insert = QueryBuilder::<Any>::new(
        "INSERT INTO refused_deliveries (at_ms, reason, probe, about, serial, sent_ms, address, headers, body, \
         body_bytes) ",
    );
    insert.push_values(share, |mut row, it| {
        row.push_bind(millis(it.at))
            .push_bind(&it.reason)
            .push_bind(i64::from(it.is_probe))
            .push_bind(&it.about)
            .push_bind(it.serial.as_deref())
            .push_bind(it.sent.map(millis))
            .push_bind(&it.address)
            .push_bind(&it.headers)
            .push_bind(&it.body[..])
            .push_bind(it.body_bytes);
    });
    insert.build().execute(c).await?;
    Ok(())
}

/// Newest first.
pub async fn list(c: &mut AnyConnection, below: i64, limit: i64) -> Result<Vec<Refused>, StorageError> {
    let sql = "SELECT id, at_ms, reason, probe, about, serial, sent_ms, address, headers, body, body_bytes \
               FROM refused_deliveries WHERE id < ? ORDER BY id DESC LIMIT ?";
    sqlx::query(sql).bind(below).bind(limit).fetch_all(c).await?.iter().map(read).collect()
}

pub async fn find(c: &mut AnyConnection, id: i64) -> Result<Option<Refused>, StorageError> {
    let sql = "SELECT id, at_ms, reason, probe, about, serial, sent_ms, address, headers, body, body_bytes \
               FROM refused_deliveries WHERE id = ?";
    sqlx::query(sql).bind(id).fetch_optional(c).await?.as_ref().map(read).transpose()
}

fn read(row: &AnyRow) -> Result<Refused, StorageError> {
    let id = row.try_get("id")?;
    let sent: Option<i64> = row.try_get("sent_ms")?;
    Ok(Refused {
        id,
        at: timestamp("refused_deliveries", "at_ms", id, row.try_get("at_ms")?)?,
        reason: row.try_get("reason")?,
        is_probe: row.try_get::<i64, _>("probe")? != 0,
        about: row.try_get("about")?,
        serial: row.try_get("serial")?,
        // A stranger chose it.
        sent: sent.and_then(|sent| Timestamp::from_millisecond(sent).ok()),
        address: row.try_get("address")?,
        headers: row.try_get("headers")?,
        body: row.try_get("body")?,
        body_bytes: row.try_get("body_bytes")?,
    })
}
