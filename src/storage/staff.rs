//! `staff`: who may come in, with what. What ends a person's sessions raises `generation` and removes them in the
//! same transaction; a login that began before it does not fit any more.

use jiff::Timestamp;
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{StorageError, inserted, millis, staff_sessions, staff_sessions::role_of, timestamp};
use crate::domain::Role;

#[derive(Clone)]
pub struct Account {
    pub id: i64,
    pub name: String,
    pub role: Role,
    /// A PHC string; `None` until the invitation is taken up.
    pub password: Option<String>,
    /// Sealed.
    pub totp: Option<Vec<u8>>,
    pub totp_step: i64,
    pub generation: i64,
    pub created: Timestamp,
    pub disabled: Option<Timestamp>,
}

/// Without what opens it.
impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("name", &self.name).field("role", &self.role).finish_non_exhaustive()
    }
}

impl Account {
    fn read(row: &AnyRow) -> Result<Self, StorageError> {
        let id = row.try_get("id")?;
        let role: &str = row.try_get("role")?;
        let disabled: Option<i64> = row.try_get("disabled_ms")?;
        Ok(Self {
            id,
            name: row.try_get("name")?,
            role: role_of(role, "staff", id)?,
            password: row.try_get("password")?,
            totp: row.try_get("totp")?,
            totp_step: row.try_get("totp_step")?,
            generation: row.try_get("generation")?,
            created: timestamp("staff", "created_ms", id, row.try_get("created_ms")?)?,
            disabled: disabled.map(|at| timestamp("staff", "disabled_ms", id, at)).transpose()?,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, role, password, totp, totp_step, generation, created_ms, disabled_ms FROM staff ",
            $rest
        )
    };
}

pub async fn find(c: &mut AnyConnection, id: i64) -> Result<Option<Account>, StorageError> {
    let query = sqlx::query(select!("WHERE id = ?")).bind(id);
    query.fetch_optional(c).await?.as_ref().map(Account::read).transpose()
}

pub async fn find_by_name(c: &mut AnyConnection, name: &str) -> Result<Option<Account>, StorageError> {
    let query = sqlx::query(select!("WHERE name = ?")).bind(name);
    query.fetch_optional(c).await?.as_ref().map(Account::read).transpose()
}

/// All there are, the disabled ones too, by name.
pub async fn list(c: &mut AnyConnection) -> Result<Vec<Account>, StorageError> {
    let rows = sqlx::query(select!("ORDER BY name")).fetch_all(c).await?;
    rows.iter().map(Account::read).collect()
}

/// `false` when the name is taken.
pub async fn insert(c: &mut AnyConnection, name: &str, role: Role, now: Timestamp) -> Result<bool, StorageError> {
    let sql = "INSERT INTO staff (name, role, created_ms) VALUES (?, ?, ?)";
    inserted(sqlx::query(sql).bind(name).bind(role.code()).bind(millis(now)).execute(c).await)
}

/// Holds the row until the transaction ends, so that logins and changes of one account come one after the other.
/// `false` when it has changed since it was read.
pub async fn hold(c: &mut AnyConnection, id: i64, generation: i64) -> Result<bool, StorageError> {
    let sql = "UPDATE staff SET generation = generation WHERE id = ? AND generation = ?";
    // MySQL counts rows that are found, not those that differ (sqlx sets CLIENT_FOUND_ROWS).
    Ok(sqlx::query(sql).bind(id).bind(generation).execute(c).await?.rows_affected() == 1)
}

/// Ends all sessions and every login that is under way.
async fn end_sessions(c: &mut AnyConnection, id: i64) -> Result<(), StorageError> {
    sqlx::query("UPDATE staff SET generation = generation + 1 WHERE id = ?").bind(id).execute(&mut *c).await?;
    staff_sessions::remove_of(c, id).await
}

pub async fn set_password(c: &mut AnyConnection, id: i64, password: &str) -> Result<(), StorageError> {
    sqlx::query("UPDATE staff SET password = ? WHERE id = ?").bind(password).bind(id).execute(&mut *c).await?;
    end_sessions(c, id).await
}

/// Another second factor, or none.
pub async fn set_totp(c: &mut AnyConnection, id: i64, sealed: Option<&[u8]>, step: i64) -> Result<(), StorageError> {
    let sql = "UPDATE staff SET totp = ?, totp_step = ? WHERE id = ?";
    sqlx::query(sql).bind(sealed).bind(step).bind(id).execute(&mut *c).await?;
    end_sessions(c, id).await
}

/// Uses up the code of this step. `false` when somebody else has, with this one or a later one: `seen` is what was
/// read before.
pub async fn use_step(c: &mut AnyConnection, id: i64, seen: i64, step: i64) -> Result<bool, StorageError> {
    let sql = "UPDATE staff SET totp_step = ? WHERE id = ? AND totp_step = ?";
    Ok(sqlx::query(sql).bind(step).bind(id).bind(seen).execute(c).await?.rows_affected() == 1)
}

pub async fn set_role(c: &mut AnyConnection, id: i64, role: Role) -> Result<(), StorageError> {
    sqlx::query("UPDATE staff SET role = ? WHERE id = ?").bind(role.code()).bind(id).execute(&mut *c).await?;
    end_sessions(c, id).await
}

/// Out, or in again.
pub async fn set_disabled(c: &mut AnyConnection, id: i64, since: Option<Timestamp>) -> Result<(), StorageError> {
    let sql = "UPDATE staff SET disabled_ms = ? WHERE id = ?";
    sqlx::query(sql).bind(since.map(millis)).bind(id).execute(&mut *c).await?;
    end_sessions(c, id).await
}

/// Managers who can log in, but for this account. Holds their rows, so that of two who leave at once one stays.
pub async fn count_other_managers(c: &mut AnyConnection, id: i64) -> Result<u64, StorageError> {
    let sql = "UPDATE staff SET role = role WHERE role = 'manager' AND disabled_ms IS NULL AND password IS NOT NULL";
    let all = sqlx::query(sql).execute(&mut *c).await?.rows_affected();
    let sql = "SELECT COUNT(*) FROM staff WHERE id = ? AND role = 'manager' AND disabled_ms IS NULL \
               AND password IS NOT NULL";
    let own: i64 = sqlx::query_scalar(sql).bind(id).fetch_one(c).await?;
    Ok(all.saturating_sub(u64::try_from(own).unwrap_or_default()))
}
