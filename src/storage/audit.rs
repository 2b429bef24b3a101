//! `audit_log`: who did what, on what, when, from where, with what result. Rows are only ever added.
//!
//! Each instance of the program has a chain of its own, so that they need not wait for each other: an entry's hash
//! covers the hash of the one before it, and the first of a chain follows on the last entry of all. `audit_chains`
//! says how far each has got, so that what is missing at an end shows as well.

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use sqlx::{Any, AnyConnection, QueryBuilder, Row as _, any::AnyRow};

use super::{StorageError, inserted, millis, timestamp};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody wants it, and WeChat is asked first: another entry says what came of it. Where none follows, nobody
    /// could tell.
    Asked,
    Done,
    Refused,
}

impl Outcome {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Asked => "ASKED",
            Self::Done => "DONE",
            Self::Refused => "REFUSED",
        }
    }
}

/// What is written down.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// 32 characters, drawn before: an entry that is there is not written again.
    pub entry: String,
    pub at: Timestamp,
    pub staff_id: Option<i64>,
    pub who: String,
    pub what: &'static str,
    pub subject: String,
    pub detail: String,
    pub address: String,
    pub request_id: String,
    pub outcome: Outcome,
}

/// An entry with the chain that it goes into.
#[derive(Clone, Debug)]
pub struct Noted {
    pub chain: String,
    pub entry: NewEntry,
}

impl Noted {
    /// In the transaction of what it tells; there once, however often that is run.
    pub async fn write(&self, c: &mut AnyConnection) -> Result<(), StorageError> {
        append(c, &self.chain, &self.entry).await
    }
}

/// What was written down.
#[derive(Clone, Debug)]
pub struct Entry {
    pub id: i64,
    pub chain: String,
    pub number: i64,
    pub at: Timestamp,
    pub at_ms: i64,
    pub entry: String,
    pub staff_id: Option<i64>,
    pub who: String,
    pub what: String,
    pub subject: String,
    pub detail: String,
    pub address: String,
    pub request_id: String,
    pub result: String,
    pub previous: String,
    pub hash: String,
}

/// Before the first entry of all.
const NOTHING: &str = "";

impl Entry {
    fn read(row: &AnyRow) -> Result<Self, StorageError> {
        let (id, at_ms) = (row.try_get("id")?, row.try_get("at_ms")?);
        Ok(Self {
            id,
            chain: row.try_get("chain")?,
            number: row.try_get("number")?,
            at: timestamp("audit_log", "at_ms", id, at_ms)?,
            at_ms,
            entry: row.try_get("entry")?,
            staff_id: row.try_get("staff_id")?,
            who: row.try_get("who")?,
            what: row.try_get("what")?,
            subject: row.try_get("subject")?,
            detail: row.try_get("detail")?,
            address: row.try_get("address")?,
            request_id: row.try_get("request_id")?,
            result: row.try_get("result")?,
            previous: row.try_get("previous")?,
            hash: row.try_get("hash")?,
        })
    }

    /// What its hash has to be.
    pub fn expected_hash(&self) -> String {
        let staff = self.staff_id.map(|id| id.to_string()).unwrap_or_default();
        let parts = [
            &self.previous,
            &self.chain,
            &self.number.to_string(),
            &self.entry,
            &self.at_ms.to_string(),
            &staff,
            &self.who,
            &self.what,
            &self.subject,
            &self.detail,
            &self.address,
            &self.request_id,
            &self.result,
        ];
        let mut digest = Sha256::new();
        for part in parts {
            // With its length, so that no two entries are the same bytes.
            digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            digest.update(part.as_bytes());
        }
        digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// Adds it to the chain of this instance, in the transaction of what it tells.
pub async fn append(c: &mut AnyConnection, chain: &str, new: &NewEntry) -> Result<(), StorageError> {
    if is_there(c, &new.entry).await? {
        return Ok(());
    }
    let (number, previous) = next_in(c, chain).await?;
    let mut entry = Entry {
        id: 0,
        chain: chain.to_owned(),
        number,
        at: new.at,
        at_ms: millis(new.at),
        entry: new.entry.clone(),
        staff_id: new.staff_id,
        who: cut(&new.who, 80),
        what: cut(new.what, 48),
        subject: cut(&new.subject, 128),
        detail: cut(&new.detail, 500),
        address: cut(&new.address, 64),
        request_id: cut(&new.request_id, 128),
        result: new.outcome.code().to_owned(),
        previous,
        hash: String::new(),
    };
    entry.hash = entry.expected_hash();
    insert(c, &entry).await?;
    let sql = "UPDATE audit_chains SET hash = ? WHERE chain = ?";
    sqlx::query(sql).bind(&entry.hash).bind(chain).execute(c).await?;
    Ok(())
}

/// Whether the transaction that this was to be written in has been committed.
pub async fn is_there(c: &mut AnyConnection, entry: &str) -> Result<bool, StorageError> {
    let sql = "SELECT COUNT(*) FROM audit_log WHERE entry = ?";
    let count: i64 = sqlx::query_scalar(sql).bind(entry).fetch_one(c).await?;
    Ok(count > 0)
}

/// What an entry that is there is about.
pub async fn find_subject(c: &mut AnyConnection, entry: &str) -> Result<Option<String>, StorageError> {
    let sql = "SELECT subject FROM audit_log WHERE entry = ?";
    Ok(sqlx::query_scalar(sql).bind(entry).fetch_optional(c).await?)
}

/// The number and the hash before it. Whoever else writes to this chain waits until the transaction ends.
async fn next_in(c: &mut AnyConnection, chain: &str) -> Result<(i64, String), StorageError> {
    let sql = "UPDATE audit_chains SET number = number + 1 WHERE chain = ?";
    if sqlx::query(sql).bind(chain).execute(&mut *c).await?.rows_affected() == 1 {
        let sql = "SELECT number, hash FROM audit_chains WHERE chain = ?";
        return Ok(sqlx::query_as(sql).bind(chain).fetch_one(c).await?);
    }
    let last: Option<String> =
        sqlx::query_scalar("SELECT hash FROM audit_log ORDER BY id DESC LIMIT 1").fetch_optional(&mut *c).await?;
    let insert = sqlx::query("INSERT INTO audit_chains (chain, number, hash) VALUES (?, 1, '')").bind(chain);
    if !inserted(insert.execute(c).await)? {
        return Err(StorageError::Raced { table: "audit_chains", row: 0 });
    }
    Ok((1, last.unwrap_or_else(|| NOTHING.to_owned())))
}

async fn insert(c: &mut AnyConnection, entry: &Entry) -> Result<(), StorageError> {
    let sql = "INSERT INTO audit_log (entry, chain, number, at_ms, staff_id, who, what, subject, detail, address, \
               request_id, result, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let insert = sqlx::query(sql)
        .bind(&entry.entry)
        .bind(&entry.chain)
        .bind(entry.number)
        .bind(entry.at_ms)
        .bind(entry.staff_id)
        .bind(&entry.who)
        .bind(&entry.what)
        .bind(&entry.subject)
        .bind(&entry.detail)
        .bind(&entry.address)
        .bind(&entry.request_id)
        .bind(&entry.result)
        .bind(&entry.previous)
        .bind(&entry.hash);
    if inserted(insert.execute(c).await)? { Ok(()) } else { Err(StorageError::Raced { table: "audit_log", row: 0 }) }
}

const COLUMNS: &str = "SELECT id, chain, number, at_ms, entry, staff_id, who, what, subject, detail, address, \
                       request_id, result, previous, hash FROM audit_log WHERE ";

/// Which entries somebody wants to see. What is empty does not matter.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub who: String,
    pub what: String,
    pub subject: String,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// Older than this row.
    pub before: Option<i64>,
}

/// Newest first.
pub async fn list(c: &mut AnyConnection, wanted: &Wanted, most: i64) -> Result<Vec<Entry>, StorageError> {
    let mut query = QueryBuilder::<Any>::new(COLUMNS);
    query.push("id < ").push_bind(wanted.before.unwrap_or(i64::MAX));
    for (column, value) in [("who", &wanted.who), ("what", &wanted.what), ("subject", &wanted.subject)] {
        if !value.is_empty() {
            query.push(" AND ").push(column).push(" = ").push_bind(value.as_str());
        }
    }
    if let Some(from) = wanted.from {
        query.push(" AND at_ms >= ").push_bind(millis(from));
    }
    if let Some(until) = wanted.until {
        query.push(" AND at_ms < ").push_bind(millis(until));
    }
    query.push(" ORDER BY id DESC LIMIT ").push_bind(most);
    query.build().fetch_all(c).await?.iter().map(Entry::read).collect()
}

/// In the order they were written, after this row.
pub async fn list_after(c: &mut AnyConnection, after: i64, most: i64) -> Result<Vec<Entry>, StorageError> {
    let mut query = QueryBuilder::<Any>::new(COLUMNS);
    query.push("id > ").push_bind(after).push(" ORDER BY id LIMIT ").push_bind(most);
    query.build().fetch_all(c).await?.iter().map(Entry::read).collect()
}

/// How far each chain says that it has got: its name, number and hash.
pub async fn list_chains(c: &mut AnyConnection) -> Result<Vec<(String, i64, String)>, StorageError> {
    let sql = "SELECT chain, number, hash FROM audit_chains ORDER BY chain";
    Ok(sqlx::query_as(sql).fetch_all(c).await?)
}
