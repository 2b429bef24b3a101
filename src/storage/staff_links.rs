//! `staff_links`: one-time links, by their hash; and `staff_recovery_codes`, which stand in for a lost second factor.

use jiff::Timestamp;
use sqlx::{Any, AnyConnection, QueryBuilder, Row as _};

use super::{StorageError, inserted, millis, shares, timestamp};

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The first password, and the second factor.
    Invite,
    Password,
    /// Another second factor.
    Totp,
}

impl Purpose {
    const ALL: [Self; 3] = [Self::Invite, Self::Password, Self::Totp];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Invite => "INVITE",
            Self::Password => "PASSWORD",
            Self::Totp => "TOTP",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Link {
    pub staff_id: i64,
    pub purpose: Purpose,
    pub created: Timestamp,
    pub ends: Timestamp,
    pub used: bool,
}

pub async fn insert(c: &mut AnyConnection, hash: &str, link: &Link) -> Result<bool, StorageError> {
    let sql = "INSERT INTO staff_links (hash, staff_id, purpose, created_ms, ends_ms) VALUES (?, ?, ?, ?, ?)";
    let insert = sqlx::query(sql).bind(hash).bind(link.staff_id).bind(link.purpose.code());
    inserted(insert.bind(millis(link.created)).bind(millis(link.ends)).execute(c).await)
}

pub async fn find(c: &mut AnyConnection, hash: &str) -> Result<Option<Link>, StorageError> {
    let sql = "SELECT staff_id, purpose, created_ms, ends_ms, used_ms FROM staff_links WHERE hash = ?";
    let Some(row) = sqlx::query(sql).bind(hash).fetch_optional(c).await? else { return Ok(None) };
    let staff_id = row.try_get("staff_id")?;
    let code: &str = row.try_get("purpose")?;
    let wrong = || StorageError::Inconsistent {
        table: "staff_links",
        column: "purpose",
        row: staff_id,
        problem: format!("{code:?} is none"),
    };
    let used: Option<i64> = row.try_get("used_ms")?;
    Ok(Some(Link {
        staff_id,
        purpose: Purpose::ALL.into_iter().find(|it| it.code() == code).ok_or_else(wrong)?,
        created: timestamp("staff_links", "created_ms", staff_id, row.try_get("created_ms")?)?,
        ends: timestamp("staff_links", "ends_ms", staff_id, row.try_get("ends_ms")?)?,
        used: used.is_some(),
    }))
}

/// `false` when it has been used.
pub async fn use_up(c: &mut AnyConnection, hash: &str, now: Timestamp) -> Result<bool, StorageError> {
    let sql = "UPDATE staff_links SET used_ms = ? WHERE hash = ? AND used_ms IS NULL";
    Ok(sqlx::query(sql).bind(millis(now)).bind(hash).execute(c).await?.rows_affected() == 1)
}

/// What the newest link that still opens something is for.
pub async fn find_open(c: &mut AnyConnection, staff_id: i64, now: Timestamp) -> Result<Option<Purpose>, StorageError> {
    let sql = "SELECT purpose FROM staff_links WHERE staff_id = ? AND used_ms IS NULL AND ends_ms > ? \
               ORDER BY created_ms DESC LIMIT 1";
    let code: Option<String> = sqlx::query_scalar(sql).bind(staff_id).bind(millis(now)).fetch_optional(c).await?;
    Ok(code.and_then(|code| Purpose::ALL.into_iter().find(|it| it.code() == code)))
}

/// A newer link takes the place of the older ones.
pub async fn remove_of(c: &mut AnyConnection, staff_id: i64) -> Result<(), StorageError> {
    sqlx::query("DELETE FROM staff_links WHERE staff_id = ?").bind(staff_id).execute(c).await?;
    Ok(())
}

/// New codes; the old ones are gone.
pub async fn put_recovery_codes(c: &mut AnyConnection, staff_id: i64, hashes: &[String]) -> Result<(), StorageError> {
    sqlx::query("DELETE FROM staff_recovery_codes WHERE staff_id = ?").bind(staff_id).execute(&mut *c).await?;
    for share in shares(hashes) {
        let mut insert = QueryBuilder::<Any>::new("INSERT INTO staff_recovery_codes (staff_id, hash) ");
        insert.push_values(share, |mut row, hash| {
            row.push_bind(staff_id).push_bind(hash.as_str());
        });
        insert.build().execute(&mut *c).await?;
    }
    Ok(())
}

/// `false` when it is none of this person's, or used.
pub async fn use_recovery_code(
    c: &mut AnyConnection,
    staff_id: i64,
    hash: &str,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let sql = "UPDATE staff_recovery_codes SET used_ms = ? WHERE staff_id = ? AND hash = ? AND used_ms IS NULL";
    let update = sqlx::query(sql).bind(millis(now)).bind(staff_id).bind(hash);
    Ok(update.execute(c).await?.rows_affected() == 1)
}

pub async fn count_recovery_codes(c: &mut AnyConnection, staff_id: i64) -> Result<i64, StorageError> {
    let sql = "SELECT COUNT(*) FROM staff_recovery_codes WHERE staff_id = ? AND used_ms IS NULL";
    Ok(sqlx::query_scalar(sql).bind(staff_id).fetch_one(c).await?)
}
