//! `notifications`, as staff looks through them and has them verified and booked again.

use jiff::Timestamp;
use secrecy::SecretString;
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{StorageError, millis, timestamp};

/// A notification as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub id: i64,
    pub notify_id: String,
    pub event_type: String,
    pub verdict: String,
    pub out_trade_no: Option<String>,
    pub transaction_id: Option<String>,
    pub deliveries: i64,
    pub received: Timestamp,
    pub last: Timestamp,
    /// When it was last booked again by hand, and what became of it.
    pub replayed: Option<(Timestamp, String)>,
    /// Who has seen that it did not fit.
    pub settled_by: Option<String>,
}

/// All that is kept of one.
#[derive(Clone, Debug)]
pub struct Kept {
    pub entry: Entry,
    /// `name: value` lines, without the signature.
    pub headers: String,
    /// In no log, page or export.
    pub signature: Option<SecretString>,
    pub body: Vec<u8>,
    /// When its body was removed for its age.
    pub emptied: Option<Timestamp>,
}

fn at(row: &AnyRow, column: &'static str) -> Result<Option<Timestamp>, StorageError> {
    let at: Option<i64> = row.try_get(column)?;
    at.map(|at| timestamp("notifications", column, row.try_get("id")?, at)).transpose()
}

impl Entry {
    fn read(row: &AnyRow) -> Result<Self, StorageError> {
        let id = row.try_get("id")?;
        let verdict: Option<String> = row.try_get("replayed_verdict")?;
        Ok(Self {
            id,
            notify_id: row.try_get("notify_id")?,
            event_type: row.try_get("event_type")?,
            verdict: row.try_get("verdict")?,
            out_trade_no: row.try_get("out_trade_no")?,
            transaction_id: row.try_get("transaction_id")?,
            deliveries: row.try_get("deliveries")?,
            received: timestamp("notifications", "received_ms", id, row.try_get("received_ms")?)?,
            last: timestamp("notifications", "last_ms", id, row.try_get("last_ms")?)?,
            replayed: at(row, "replayed_ms")?.zip(verdict),
            settled_by: row.try_get("settled_by")?,
        })
    }
}

macro_rules! entries {
    ($rest:literal) => {
        concat!(
            "SELECT id, notify_id, event_type, verdict, out_trade_no, transaction_id, deliveries, received_ms, last_ms, \
             replayed_ms, replayed_verdict, settled_by FROM notifications ",
            $rest
        )
    };
}

/// The filter whose index leads to the entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lead {
    All,
    Verdict(String),
    Number(String),
}

/// The statement that leads to them, with a place for its value, for `below` and the limit.
pub(super) const fn walk(lead: &Lead) -> &'static str {
    match lead {
        Lead::All => entries!("WHERE id < ? ORDER BY id DESC LIMIT ?"),
        Lead::Verdict(_) => entries!("WHERE verdict = ? AND id < ? ORDER BY id DESC LIMIT ?"),
        Lead::Number(_) => entries!("WHERE out_trade_no = ? AND id < ? ORDER BY id DESC LIMIT ?"),
    }
}

pub(super) const UNSETTLED: &str = entries!(
    "WHERE verdict = ? AND settled_ms IS NULL AND (replayed_verdict IS NULL OR replayed_verdict = verdict) \
     ORDER BY id DESC LIMIT ?"
);

/// Those below the id `below`, newest first.
pub async fn list(c: &mut AnyConnection, lead: &Lead, below: i64, limit: i64) -> Result<Vec<Entry>, StorageError> {
    let query = sqlx::query(walk(lead));
    let query = match lead {
        Lead::All => query,
        Lead::Verdict(value) | Lead::Number(value) => query.bind(value),
    };
    let rows = query.bind(below).bind(limit).fetch_all(c).await?;
    rows.iter().map(Entry::read).collect()
}

/// Those with one of these verdicts that nobody has seen or booked again with another one, newest first.
pub async fn list_unsettled(c: &mut AnyConnection, verdicts: &[&str], limit: i64) -> Result<Vec<Entry>, StorageError> {
    let mut found = Vec::new();
    for verdict in verdicts {
        let rows = sqlx::query(UNSETTLED).bind(*verdict).bind(limit).fetch_all(&mut *c).await?;
        for row in &rows {
            found.push(Entry::read(row)?);
        }
    }
    found.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.id));
    Ok(found)
}

/// The newest notification that was kept since then, still sealed.
pub async fn find_newest_body(c: &mut AnyConnection, since: Timestamp) -> Result<Option<Vec<u8>>, StorageError> {
    let sql = "SELECT body FROM notifications WHERE received_ms >= ? ORDER BY id DESC LIMIT 1";
    Ok(sqlx::query_scalar(sql).bind(millis(since)).fetch_optional(c).await?)
}

/// Of self-tests alone, received since then.
pub async fn list_echoes(c: &mut AnyConnection, since: Timestamp) -> Result<Vec<Vec<u8>>, StorageError> {
    let sql = "SELECT body FROM notifications WHERE verdict = 'ECHO' AND last_ms >= ? ORDER BY id DESC LIMIT 20";
    Ok(sqlx::query_scalar(sql).bind(millis(since)).fetch_all(c).await?)
}

pub async fn find(c: &mut AnyConnection, id: i64) -> Result<Option<Kept>, StorageError> {
    let sql = "SELECT id, notify_id, event_type, verdict, out_trade_no, transaction_id, deliveries, received_ms, last_ms, \
               replayed_ms, replayed_verdict, settled_by, headers, signature, body, emptied_ms FROM notifications \
               WHERE id = ?";
    let Some(row) = sqlx::query(sql).bind(id).fetch_optional(c).await? else { return Ok(None) };
    Ok(Some(Kept {
        entry: Entry::read(&row)?,
        headers: row.try_get("headers")?,
        signature: row.try_get::<Option<String>, _>("signature")?.map(SecretString::from),
        body: row.try_get("body")?,
        emptied: at(&row, "emptied_ms")?,
    }))
}

/// It has been verified and booked again.
pub async fn note_replay(c: &mut AnyConnection, id: i64, verdict: &str, now: Timestamp) -> Result<(), StorageError> {
    let sql = "UPDATE notifications SET replayed_ms = ?, replayed_verdict = ? WHERE id = ?";
    sqlx::query(sql).bind(millis(now)).bind(verdict).bind(id).execute(c).await?;
    Ok(())
}

/// Somebody has seen that it did not fit. `false` when somebody had before.
pub async fn settle(c: &mut AnyConnection, id: i64, by: &str, now: Timestamp) -> Result<bool, StorageError> {
    let sql = "UPDATE notifications SET settled_ms = ?, settled_by = ? WHERE id = ? AND settled_ms IS NULL";
    Ok(sqlx::query(sql).bind(millis(now)).bind(by).bind(id).execute(c).await?.rows_affected() == 1)
}
