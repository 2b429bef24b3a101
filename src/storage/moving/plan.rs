//! What is carried: the tables and columns of the file, each with what the server's column of that name takes.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{MySqlConnection, Row as _, SqliteConnection, mysql::MySqlRow};

use super::{
    STAYS,
    arrival::Arrival,
    departure::Held,
    error::MoveError,
    named,
    values::{Column, Kind},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    /// Which of them name a row.
    pub(super) key: Vec<usize>,
    /// Sets of columns that no two rows have the same in.
    pub(super) unique: Vec<Vec<String>>,
    pub(super) rows: u64,
    /// The highest id that was ever given.
    pub(super) sequence: Option<i64>,
}

/// All tables, each behind those that it refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan(pub(super) Vec<Table>);

impl Plan {
    /// # Errors
    /// A table or a column is on one side only, or is one that nobody knows how to carry.
    pub async fn make(from: &mut Held, to: &mut Arrival) -> Result<Self, MoveError> {
        let (here, there) = (tables(&mut from.c).await?, to.list_tables().await?);
        let there: BTreeSet<_> = there.into_iter().filter(|name| name != STAYS).collect();
        let names: BTreeSet<_> = here.keys().cloned().collect();
        if let Some(name) = names.symmetric_difference(&there).next() {
            let side = if there.contains(name) { "on the server" } else { "in the old books" };
            return Err(MoveError::OtherTables(format!("{name} is {side} only")));
        }
        let mut made = Vec::with_capacity(here.len());
        for name in in_order(here)? {
            made.push(table(&mut from.c, &mut to.c, name).await?);
        }
        Ok(Self(made))
    }

    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|table| table.name.clone()).collect()
    }

    /// All rows of all tables.
    pub fn rows(&self) -> u64 {
        self.0.iter().map(|table| table.rows).sum()
    }
}

/// Ours, by name, with those that each refers to.
async fn tables(c: &mut SqliteConnection) -> Result<BTreeMap<String, BTreeSet<String>>, MoveError> {
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite^_%' ESCAPE '^' \
               AND name NOT LIKE '^_%' ESCAPE '^' AND name <> ?";
    let names: Vec<String> = sqlx::query_scalar(sql).bind(STAYS).fetch_all(&mut *c).await?;
    let mut found = BTreeMap::new();
    for name in names {
        let sql = "SELECT DISTINCT \"table\" FROM pragma_foreign_key_list(?)";
        let parents: Vec<String> = sqlx::query_scalar(sql).bind(&name).fetch_all(&mut *c).await?;
        found.insert(name, parents.into_iter().collect());
    }
    Ok(found)
}

/// So that no row comes before one that it refers to.
fn in_order(mut waiting: BTreeMap<String, BTreeSet<String>>) -> Result<Vec<String>, MoveError> {
    let mut ordered = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let ready = waiting.iter().find(|(_, parents)| parents.iter().all(|parent| ordered.contains(parent)));
        let Some(name) = ready.map(|(name, _)| name.clone()) else {
            let names: Vec<_> = waiting.into_keys().collect();
            return Err(MoveError::OtherTables(format!("{} refer to each other", names.join(", "))));
        };
        waiting.remove(&name);
        ordered.push(name);
    }
    Ok(ordered)
}

async fn table(from: &mut SqliteConnection, to: &mut MySqlConnection, name: String) -> Result<Table, MoveError> {
    let sql = "SELECT name, pk FROM pragma_table_info(?) ORDER BY cid";
    let here: Vec<(String, i64)> = sqlx::query_as(sql).bind(&name).fetch_all(&mut *from).await?;
    let mut there = columns(to, &name).await?;
    let mut ordered = Vec::with_capacity(here.len());
    for (column, _) in &here {
        let Some(found) = there.remove(column) else {
            return Err(MoveError::OtherTables(format!("column {column} of {name} is in the old books only")));
        };
        ordered.push(found);
    }
    if let Some(column) = there.keys().next() {
        return Err(MoveError::OtherTables(format!("column {column} of {name} is on the server only")));
    }
    let key = here.iter().enumerate().filter(|(_, (_, pk))| *pk > 0).map(|(index, _)| index).collect();
    let rows: i64 = sqlx::query_scalar(named(format!("SELECT COUNT(*) FROM \"{name}\""))).fetch_one(&mut *from).await?;
    let sequence = sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = ?").bind(&name);
    let sequence: Option<i64> = sequence.fetch_optional(&mut *from).await?;
    let unique = unique(to, &name).await?;
    Ok(Table { name, columns: ordered, key, unique, rows: u64::try_from(rows).unwrap_or(0), sequence })
}

async fn columns(c: &mut MySqlConnection, table: &str) -> Result<BTreeMap<String, Column>, MoveError> {
    let sql = "SELECT CAST(COLUMN_NAME AS CHAR), CAST(COLUMN_TYPE AS CHAR), CAST(IS_NULLABLE AS CHAR), \
               CAST(COLLATION_NAME AS CHAR), CAST(CHARACTER_MAXIMUM_LENGTH AS SIGNED), \
               CAST(CHARACTER_OCTET_LENGTH AS SIGNED), CAST(DATA_TYPE AS CHAR) \
               FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?";
    let rows = sqlx::query(sql).bind(table).fetch_all(c).await?;
    rows.iter().map(|row| column(table, row)).map(|it| it.map(|it| (it.name.clone(), it))).collect()
}

fn column(table: &str, row: &MySqlRow) -> Result<Column, MoveError> {
    let text = |index| row.try_get_unchecked::<String, usize>(index);
    let length = |index| row.try_get::<Option<i64>, usize>(index);
    let (name, whole, collation) = (text(0)?, text(1)?, row.try_get_unchecked::<Option<String>, _>(3)?);
    let (characters, bytes) = (size(length(4)?), size(length(5)?));
    let unknown = |what: &str| MoveError::OtherTables(format!("column {name} of {table} is {what} on the server"));
    let kind = match text(6)?.to_ascii_lowercase().as_str() {
        _ if whole.contains("unsigned") => return Err(unknown(&whole)),
        "bigint" => Kind::Integer { least: i64::MIN, most: i64::MAX },
        "int" => Kind::Integer { least: i32::MIN.into(), most: i32::MAX.into() },
        "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" => match collation.as_deref() {
            // Whatever the database was made with, ours are compared by their bytes.
            Some("utf8mb4_bin") => Kind::Text { characters, bytes },
            other => return Err(unknown(other.unwrap_or("text of no kind"))),
        },
        "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => Kind::Bytes { bytes },
        _ => return Err(unknown(&whole)),
    };
    Ok(Column { name, kind, may_be_null: text(2)? == "YES" })
}

fn size(told: Option<i64>) -> u64 {
    told.and_then(|size| u64::try_from(size).ok()).unwrap_or(0)
}

async fn unique(c: &mut MySqlConnection, table: &str) -> Result<Vec<Vec<String>>, MoveError> {
    let sql = "SELECT CAST(INDEX_NAME AS CHAR), CAST(COLUMN_NAME AS CHAR) FROM information_schema.STATISTICS \
               WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND NON_UNIQUE = 0 ORDER BY INDEX_NAME, SEQ_IN_INDEX";
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in sqlx::query(sql).bind(table).fetch_all(c).await? {
        found.entry(row.try_get_unchecked(0)?).or_default().push(row.try_get_unchecked(1)?);
    }
    Ok(found.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tables: &[(&str, &[&str])]) -> Result<Vec<String>, String> {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let waiting = tables.iter().map(|(name, parents)| ((*name).to_owned(), owned(parents))).collect();
        in_order(waiting).map_err(|error| error.to_string())
    }

    #[test]
    fn no_table_comes_before_one_that_it_refers_to() {
        assert_eq!(of(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])]).expect("an order"), ["c", "b", "a"]);
        let error = of(&[("a", &["b"]), ("b", &["a"]), ("c", &[])]).expect_err("a circle");
        assert!(error.contains("a, b refer to each other"), "{error}");
    }
}
