//! `platform_keys`: every platform certificate and public key that has vouched for anything in these books, so
//! that a notification can be verified again when the platform has long taken another key.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::{StorageError, inserted, millis};

/// A key as its platform or the merchant console has given it. Public, yet in no log, page or export.
#[derive(Clone, Debug)]
pub struct PlatformKeyRow {
    pub serial: String,
    /// Else a WeChat Pay public key.
    pub is_certificate: bool,
    pub pem: String,
}

/// `false` when it was there already.
pub async fn insert(c: &mut AnyConnection, key: &PlatformKeyRow, at: Timestamp) -> Result<bool, StorageError> {
    if sqlx::query("SELECT serial FROM platform_keys WHERE serial = ?")
        .bind(&key.serial)
        .fetch_optional(&mut *c)
        .await?
        .is_some()
    {
        return Ok(false);
    }
    let kind = if key.is_certificate { "CERTIFICATE" } else { "PUBLIC_KEY" };
    let insert = sqlx::query("INSERT INTO platform_keys (serial, kind, pem, seen_ms) VALUES (?, ?, ?, ?)");
    inserted(insert.bind(&key.serial).bind(kind).bind(&key.pem).bind(millis(at)).execute(c).await)
}

/// The key of this serial, if anything it has vouched for is in these books.
pub async fn find(c: &mut AnyConnection, serial: &str) -> Result<Option<PlatformKeyRow>, StorageError> {
    let sql = "SELECT kind, pem FROM platform_keys WHERE serial = ?";
    let found: Option<(String, String)> = sqlx::query_as(sql).bind(serial).fetch_optional(c).await?;
    Ok(found.map(|(kind, pem)| PlatformKeyRow {
        serial: serial.to_owned(),
        is_certificate: kind == "CERTIFICATE",
        pem,
    }))
}
