//! Whether the engine syncs what it commits, for whoever looks whether a set-up is right.

use sqlx::{AnyConnection, Row as _};

use super::{StorageError, mysql};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// `PRAGMA synchronous`, as a connection of ours has it.
    Sqlite {
        synchronous: i64,
    },
    Mysql {
        flush_log: i64,
        binlog: bool,
        sync_binlog: i64,
        is_galera: bool,
    },
}

pub async fn find(c: &mut AnyConnection) -> Result<Durability, StorageError> {
    if !mysql::is_backend_of(c) {
        return Ok(Durability::Sqlite { synchronous: sqlx::query_scalar("PRAGMA synchronous").fetch_one(c).await? });
    }
    let sql = "SHOW GLOBAL VARIABLES WHERE Variable_name IN \
               ('innodb_flush_log_at_trx_commit', 'log_bin', 'sync_binlog', 'wsrep_on')";
    let rows = sqlx::query(sql).fetch_all(c).await?;
    let value = |name: &str| {
        let row = rows.iter().find(|row| row.try_get::<&str, _>(0).is_ok_and(|it| it == name));
        row.and_then(|row| row.try_get::<String, _>(1).ok()).unwrap_or_default()
    };
    // What a relative of MySQL's does not have at all is its own affair.
    let number = |name: &str| value(name).parse().unwrap_or(1);
    let is_on = |name: &str| matches!(value(name).as_str(), "ON" | "1");
    Ok(Durability::Mysql {
        flush_log: number("innodb_flush_log_at_trx_commit"),
        binlog: is_on("log_bin"),
        sync_binlog: number("sync_binlog"),
        is_galera: is_on("wsrep_on"),
    })
}
