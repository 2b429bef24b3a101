//! What comparisons write into the queue.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use sqlx::{Any, AnyConnection, QueryBuilder, Row as _, any::AnyRow};

use super::DifferenceState;
use crate::storage::{StorageError, inserted, millis, tuple};

/// What a comparison has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDifference {
    pub kind: &'static str,
    pub subject: String,
    pub transaction_id: Option<String>,
    pub out_trade_no: Option<String>,
    pub order_id: Option<i64>,
    pub theirs_fen: Option<i64>,
    pub ours_fen: Option<i64>,
    pub state: DifferenceState,
    pub answer: String,
    pub who: &'static str,
    pub why: String,
    /// The answer is of this comparison.
    pub is_told: bool,
}

/// What is known of a difference that may be found again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownDifference {
    pub id: i64,
    pub state: DifferenceState,
    pub theirs_fen: Option<i64>,
    pub ours_fen: Option<i64>,
    pub order_id: Option<i64>,
    pub answer: String,
    pub why: String,
    /// The comparison in which WeChat last answered about it.
    pub asked_run: i64,
}

impl KnownDifference {
    fn read(row: &AnyRow) -> Result<Self, StorageError> {
        Ok(Self {
            id: row.try_get("id")?,
            state: DifferenceState::parse(row.try_get("state")?).unwrap_or(DifferenceState::Open),
            theirs_fen: row.try_get("theirs_fen")?,
            ours_fen: row.try_get("ours_fen")?,
            order_id: row.try_get("order_id")?,
            answer: row.try_get("answer")?,
            why: row.try_get("why")?,
            asked_run: row.try_get("asked_run")?,
        })
    }

    /// As it is found again, or was explained: nothing is to be written. A reason that somebody gave stays.
    fn is_still(&self, it: &NewDifference) -> bool {
        let are_the_same = (self.theirs_fen, self.ours_fen) == (it.theirs_fen, it.ours_fen);
        let is_told_the_same = (self.state, self.order_id, &self.answer) == (it.state, it.order_id, &it.answer)
            && (it.why.is_empty() || self.why == it.why);
        // What was explained of other amounts explains nothing.
        are_the_same && (self.state == DifferenceState::Explained || is_told_the_same)
    }
}

/// What is known already of these, by kind and subject.
pub async fn list_known(
    c: &mut AnyConnection,
    day: &str,
    subjects: &[&str],
) -> Result<HashMap<(String, String), KnownDifference>, StorageError> {
    if subjects.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = "SELECT id, kind, subject, state, theirs_fen, ours_fen, order_id, answer, why, asked_run \
               FROM bill_differences WHERE day = ";
    let mut query = QueryBuilder::<Any>::new(sql);
    query.push_bind(day).push(" AND subject IN ");
    tuple(&mut query, subjects.iter().copied());
    let rows = query.build().fetch_all(c).await?;
    rows.iter().map(|row| Ok(((row.try_get("kind")?, row.try_get("subject")?), KnownDifference::read(row)?))).collect()
}

/// What the comparison `run` has found: new ones are written, known ones are as they are now. What staff has explained
/// stays so while it is about the same amounts; what was settled and is there again is open again.
pub async fn put(
    c: &mut AnyConnection,
    day: &str,
    run: i64,
    found: &[NewDifference],
    now: Timestamp,
) -> Result<(), StorageError> {
    let known = list_known(c, day, &found.iter().map(|it| it.subject.as_str()).collect::<Vec<_>>()).await?;
    let mut seen = HashSet::new();
    for it in found {
        // Twice in one comparison it is the same.
        if !seen.insert((it.kind, &it.subject)) {
            continue;
        }
        let Some(known) = known.get(&(it.kind.to_owned(), it.subject.clone())) else {
            insert(c, day, run, it, now).await?;
            continue;
        };
        let is_newest = touch(c, known.id, run, it.is_told).await?;
        if is_newest && !known.is_still(it) {
            update(c, known, it, now).await?;
        }
    }
    Ok(())
}

async fn insert(
    c: &mut AnyConnection,
    day: &str,
    run: i64,
    it: &NewDifference,
    now: Timestamp,
) -> Result<(), StorageError> {
    let sql = "INSERT INTO bill_differences (day, kind, subject, transaction_id, out_trade_no, order_id, theirs_fen, \
               ours_fen, state, answer, who, why, run, asked_run, found_ms, changed_ms) \
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let insert = sqlx::query(sql)
        .bind(day)
        .bind(it.kind)
        .bind(&it.subject)
        .bind(it.transaction_id.as_deref())
        .bind(it.out_trade_no.as_deref())
        .bind(it.order_id)
        .bind(it.theirs_fen)
        .bind(it.ours_fen)
        .bind(it.state.code())
        .bind(&it.answer)
        .bind(it.who)
        .bind(&it.why)
        .bind(run)
        .bind(if it.is_told { run } else { 0 })
        .bind(millis(now))
        .bind(millis(now));
    if inserted(insert.execute(c).await)? {
        Ok(())
    } else {
        Err(StorageError::Raced { table: "bill_differences", row: 0 })
    }
}

/// It was found by the comparison `run`; `false` when a later one has found it meanwhile, which has the last word.
async fn touch(c: &mut AnyConnection, id: i64, run: i64, is_told: bool) -> Result<bool, StorageError> {
    let sql = if is_told {
        "UPDATE bill_differences SET run = ?, asked_run = ? WHERE id = ? AND run <= ?"
    } else {
        "UPDATE bill_differences SET run = ? WHERE id = ? AND run <= ?"
    };
    let update = sqlx::query(sql).bind(run);
    let update = if is_told { update.bind(run) } else { update };
    Ok(update.bind(id).bind(run).execute(c).await?.rows_affected() == 1)
}

/// Unless somebody has decided about it meanwhile.
async fn update(
    c: &mut AnyConnection,
    known: &KnownDifference,
    it: &NewDifference,
    now: Timestamp,
) -> Result<(), StorageError> {
    let sql = "UPDATE bill_differences SET theirs_fen = ?, ours_fen = ?, order_id = ?, state = ?, answer = ?, who = ?, \
               why = ?, changed_ms = ? WHERE id = ? AND state = ?";
    sqlx::query(sql)
        .bind(it.theirs_fen)
        .bind(it.ours_fen)
        .bind(it.order_id)
        .bind(it.state.code())
        .bind(&it.answer)
        .bind(it.who)
        .bind(&it.why)
        .bind(millis(now))
        .bind(known.id)
        .bind(known.state.code())
        .execute(c)
        .await?;
    Ok(())
}

/// Closes so many of a day that its last comparison has not found any more; how many. Not those with the answer
/// `kept`, which stay until somebody has looked.
pub async fn close_gone(
    c: &mut AnyConnection,
    day: &str,
    run: i64,
    kept: &str,
    most: i64,
    now: Timestamp,
) -> Result<usize, StorageError> {
    let sql = "SELECT id FROM bill_differences WHERE day = ? AND state = 'OPEN' AND run < ? AND answer <> ? \
               ORDER BY id LIMIT ?";
    let gone: Vec<i64> = sqlx::query_scalar(sql).bind(day).bind(run).bind(kept).bind(most).fetch_all(&mut *c).await?;
    for id in &gone {
        let sql = "UPDATE bill_differences SET state = 'SETTLED', who = 'SAOMA', why = 'AGREES_NOW', changed_ms = ? \
                   WHERE id = ? AND state = 'OPEN'";
        sqlx::query(sql).bind(millis(now)).bind(id).execute(&mut *c).await?;
    }
    Ok(gone.len())
}
