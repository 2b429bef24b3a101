//! `staff_sessions`: who is logged in, by the hash of a cookie; and `staff_devices`, the browsers that a lockout
//! leaves alone.

use jiff::Timestamp;
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{StorageError, inserted, millis, timestamp};
use crate::domain::Role;

/// How far a login has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The second factor is still to come.
    Factor,
    /// A second factor has to be set up.
    Enrol,
    Whole,
}

impl Stage {
    const ALL: [Self; 3] = [Self::Factor, Self::Enrol, Self::Whole];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Factor => "FACTOR",
            Self::Enrol => "ENROL",
            Self::Whole => "WHOLE",
        }
    }
}

/// A session with its person, as both stand now.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: i64,
    pub staff_id: i64,
    pub name: String,
    pub role: Role,
    pub stage: Stage,
    pub has_totp: bool,
    pub disabled: bool,
    pub created: Timestamp,
    pub seen: Timestamp,
    pub confirmed: Option<Timestamp>,
    pub address: String,
    pub agent: String,
}

impl Session {
    fn read(row: &AnyRow) -> Result<Self, StorageError> {
        let id = row.try_get("id")?;
        let at = |column: &'static str| timestamp("staff_sessions", column, id, row.try_get(column)?);
        let stage: &str = row.try_get("stage")?;
        let role: &str = row.try_get("role")?;
        let disabled: Option<i64> = row.try_get("disabled_ms")?;
        let has_totp: i64 = row.try_get("has_totp")?;
        let confirmed: Option<i64> = row.try_get("confirmed_ms")?;
        let wrong = || StorageError::Inconsistent {
            table: "staff_sessions",
            column: "stage",
            row: id,
            problem: format!("{stage:?} is none"),
        };
        Ok(Self {
            id,
            staff_id: row.try_get("staff_id")?,
            name: row.try_get("name")?,
            role: role_of(role, "staff", id)?,
            stage: Stage::ALL.into_iter().find(|it| it.code() == stage).ok_or_else(wrong)?,
            has_totp: has_totp > 0,
            disabled: disabled.is_some(),
            created: at("created_ms")?,
            seen: at("seen_ms")?,
            confirmed: confirmed.map(|ms| timestamp("staff_sessions", "confirmed_ms", id, ms)).transpose()?,
            address: row.try_get("address")?,
            agent: row.try_get("agent")?,
        })
    }
}

pub(super) fn role_of(code: &str, table: &'static str, row: i64) -> Result<Role, StorageError> {
    let wrong = || StorageError::Inconsistent { table, column: "role", row, problem: format!("{code:?} is none") };
    Role::parse(code).ok_or_else(wrong)
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT staff_sessions.id, staff_id, name, role, stage, disabled_ms, staff_sessions.created_ms, seen_ms, \
             confirmed_ms, address, agent, CASE WHEN totp IS NULL THEN 0 ELSE 1 END AS has_totp \
             FROM staff_sessions JOIN staff ON staff.id = staff_sessions.staff_id ",
            $rest
        )
    };
}

#[derive(Clone, Debug)]
pub struct NewSession {
    pub token_hash: String,
    pub staff_id: i64,
    pub stage: Stage,
    pub created: Timestamp,
    pub address: String,
    pub agent: String,
}

/// `false` when it is there already, of an earlier run of the same job.
pub async fn insert(c: &mut AnyConnection, session: &NewSession) -> Result<bool, StorageError> {
    let sql = "INSERT INTO staff_sessions (token_hash, staff_id, stage, created_ms, seen_ms, address, agent) \
               VALUES (?, ?, ?, ?, ?, ?, ?)";
    let insert = sqlx::query(sql)
        .bind(&session.token_hash)
        .bind(session.staff_id)
        .bind(session.stage.code())
        .bind(millis(session.created))
        .bind(millis(session.created))
        .bind(&session.address)
        .bind(&session.agent);
    inserted(insert.execute(c).await)
}

pub async fn find(c: &mut AnyConnection, token_hash: &str) -> Result<Option<Session>, StorageError> {
    let query = sqlx::query(select!("WHERE token_hash = ?")).bind(token_hash);
    query.fetch_optional(c).await?.as_ref().map(Session::read).transpose()
}

/// One person's, newest first. Whose second factor is still to come has not come in.
pub async fn list_of(c: &mut AnyConnection, staff_id: i64) -> Result<Vec<Session>, StorageError> {
    let query =
        sqlx::query(select!("WHERE staff_id = ? AND stage = 'WHOLE' ORDER BY staff_sessions.id DESC")).bind(staff_id);
    query.fetch_all(c).await?.iter().map(Session::read).collect()
}

/// Everybody's who has come in, newest first, `most` of them.
pub async fn list(c: &mut AnyConnection, most: i64) -> Result<Vec<Session>, StorageError> {
    let query = sqlx::query(select!("WHERE stage = 'WHOLE' ORDER BY staff_sessions.id DESC LIMIT ?")).bind(most);
    query.fetch_all(c).await?.iter().map(Session::read).collect()
}

pub async fn touch(c: &mut AnyConnection, id: i64, now: Timestamp) -> Result<(), StorageError> {
    sqlx::query("UPDATE staff_sessions SET seen_ms = ? WHERE id = ?").bind(millis(now)).bind(id).execute(c).await?;
    Ok(())
}

pub async fn confirm(c: &mut AnyConnection, id: i64, now: Timestamp) -> Result<(), StorageError> {
    let sql = "UPDATE staff_sessions SET confirmed_ms = ? WHERE id = ?";
    sqlx::query(sql).bind(millis(now)).bind(id).execute(c).await?;
    Ok(())
}

/// The secret that is being set up.
pub async fn pending_totp(c: &mut AnyConnection, id: i64) -> Result<Option<Vec<u8>>, StorageError> {
    let sql = "SELECT pending_totp FROM staff_sessions WHERE id = ?";
    Ok(sqlx::query_scalar(sql).bind(id).fetch_optional(c).await?.flatten())
}

/// The first one stays: a page that is loaded twice shows the same code.
pub async fn set_pending_totp(c: &mut AnyConnection, id: i64, sealed: &[u8]) -> Result<(), StorageError> {
    let sql = "UPDATE staff_sessions SET pending_totp = ? WHERE id = ? AND pending_totp IS NULL";
    sqlx::query(sql).bind(sealed).bind(id).execute(c).await?;
    Ok(())
}

/// `false` when it was gone.
pub async fn remove(c: &mut AnyConnection, id: i64) -> Result<bool, StorageError> {
    let sql = "DELETE FROM staff_sessions WHERE id = ?";
    Ok(sqlx::query(sql).bind(id).execute(c).await?.rows_affected() == 1)
}

/// One of this person's, whoever names it.
pub async fn remove_own(c: &mut AnyConnection, id: i64, staff_id: i64) -> Result<bool, StorageError> {
    let sql = "DELETE FROM staff_sessions WHERE id = ? AND staff_id = ?";
    Ok(sqlx::query(sql).bind(id).bind(staff_id).execute(c).await?.rows_affected() == 1)
}

/// All of a person's.
pub async fn remove_of(c: &mut AnyConnection, staff_id: i64) -> Result<(), StorageError> {
    sqlx::query("DELETE FROM staff_sessions WHERE staff_id = ?").bind(staff_id).execute(c).await?;
    Ok(())
}

/// Everybody's: for a restore of the books, which may bring back sessions that had ended.
pub async fn remove_all(c: &mut AnyConnection) -> Result<(), StorageError> {
    sqlx::query("DELETE FROM staff_sessions").execute(c).await?;
    Ok(())
}

/// Those that nothing could keep alive any more.
pub async fn remove_older(c: &mut AnyConnection, created_before: Timestamp) -> Result<(), StorageError> {
    let sql = "DELETE FROM staff_sessions WHERE created_ms < ?";
    sqlx::query(sql).bind(millis(created_before)).execute(c).await?;
    Ok(())
}

/// Whether somebody has logged in with it, to this account, since then.
pub async fn knows_device(
    c: &mut AnyConnection,
    token_hash: &str,
    staff_id: i64,
    since: Timestamp,
) -> Result<bool, StorageError> {
    let sql = "SELECT COUNT(*) FROM staff_devices WHERE token_hash = ? AND staff_id = ? AND seen_ms >= ?";
    let count: i64 = sqlx::query_scalar(sql).bind(token_hash).bind(staff_id).bind(millis(since)).fetch_one(c).await?;
    Ok(count > 0)
}

/// All of an account: one of them may be the reason why it is reset or disabled.
pub async fn forget_devices(c: &mut AnyConnection, staff_id: i64) -> Result<(), StorageError> {
    sqlx::query("DELETE FROM staff_devices WHERE staff_id = ?").bind(staff_id).execute(c).await?;
    Ok(())
}

/// Those that nobody has logged in with since.
pub async fn forget_old_devices(c: &mut AnyConnection, since: Timestamp) -> Result<(), StorageError> {
    sqlx::query("DELETE FROM staff_devices WHERE seen_ms < ?").bind(millis(since)).execute(c).await?;
    Ok(())
}

/// Of whoever has logged in with it last.
pub async fn note_device(
    c: &mut AnyConnection,
    token_hash: &str,
    staff_id: i64,
    now: Timestamp,
) -> Result<(), StorageError> {
    let sql = "UPDATE staff_devices SET staff_id = ?, seen_ms = ? WHERE token_hash = ?";
    let update = sqlx::query(sql).bind(staff_id).bind(millis(now)).bind(token_hash);
    if update.execute(&mut *c).await?.rows_affected() == 0 {
        let sql = "INSERT INTO staff_devices (token_hash, staff_id, seen_ms) VALUES (?, ?, ?)";
        let insert = sqlx::query(sql).bind(token_hash).bind(staff_id).bind(millis(now));
        if !inserted(insert.execute(c).await)? {
            return Err(StorageError::Raced { table: "staff_devices", row: 0 });
        }
    }
    Ok(())
}
