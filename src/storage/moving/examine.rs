//! Everything that could not be carried, found before the first row is.

use futures::TryStreamExt as _;
use sqlx::{Row as _, SqliteConnection};

use super::{
    Progress, Step, Teller,
    arrival::Arrival,
    departure::Held,
    error::{Finding, MoveError},
    named,
    plan::{Plan, Table},
    quoted, quoted_list,
    values::{Kind, count, of_file},
};
use crate::storage::StorageError;

/// How many are told one by one.
const TOLD: usize = 20;
/// What a row costs on the wire beside its values.
const ROUND_IT: u64 = 4096;

#[derive(Default)]
struct Found {
    told: Vec<Finding>,
    more: usize,
}

impl Found {
    fn add(&mut self, finding: Finding) {
        if self.told.len() < TOLD { self.told.push(finding) } else { self.more += 1 }
    }
}

impl Plan {
    /// # Errors
    /// The old books are damaged, or something in them does not fit: [`MoveError::DoesNotFit`] names it.
    pub async fn examine(&self, from: &mut Held, to: &Arrival, tell: Teller<'_>) -> Result<(), MoveError> {
        require_whole(&mut from.c).await?;
        let mut found = Found::default();
        let (mut done, of) = (0, self.rows());
        for table in &self.0 {
            require_parents(&mut from.c, table, &mut found).await?;
            for columns in &table.unique {
                require_apart(&mut from.c, table, columns, &mut found).await?;
            }
            let sql = format!("SELECT rowid, {} FROM {}", names(table), quoted(&table.name));
            let mut rows = sqlx::query(named(sql)).fetch(&mut from.c);
            while let Some(row) = rows.try_next().await? {
                look(table, &row, to.packet, &mut found);
                done += 1;
                tell(Progress { step: Step::Looking, table: &table.name, done, of });
            }
        }
        if found.told.is_empty() { Ok(()) } else { Err(MoveError::DoesNotFit(found.told, found.more)) }
    }
}

pub(super) fn names(table: &Table) -> String {
    quoted_list(table.columns.iter().map(|column| column.name.as_str()))
}

fn look(table: &Table, row: &sqlx::sqlite::SqliteRow, packet: u64, found: &mut Found) {
    let read: Vec<_> = (1..).zip(&table.columns).map(|(index, column)| of_file(row, index, column)).collect();
    let key: Vec<String> =
        table.key.iter().filter_map(|&index| Some(read.get(index)?.as_ref().ok()?.shown())).collect();
    let named = if key.is_empty() {
        row.try_get::<i64, _>(0).map_or_else(|_| "?".to_owned(), |rowid| format!("rowid {rowid}"))
    } else {
        key.join(", ")
    };
    let mut bytes = 0;
    for (column, value) in table.columns.iter().zip(read) {
        match value {
            Ok(value) => bytes += count(value.len()),
            Err(problem) => found.add(Finding {
                table: table.name.clone(),
                row: named.clone(),
                column: column.name.clone(),
                problem,
            }),
        }
    }
    if bytes + ROUND_IT > packet {
        let problem =
            format!("{bytes} bytes in one row, and the server's max_allowed_packet is {packet}: raise it there");
        found.add(Finding { table: table.name.clone(), row: named, column: "all".to_owned(), problem });
    }
}

async fn require_whole(c: &mut SqliteConnection) -> Result<(), MoveError> {
    let told: String = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut *c).await?;
    if told == "ok" {
        return Ok(());
    }
    let path: String =
        sqlx::query_scalar("SELECT file FROM pragma_database_list WHERE name = 'main'").fetch_one(c).await?;
    Err(StorageError::Damaged { path: path.into(), problem: told }.into())
}

/// The server refuses a row that refers to none; whoever wrote to the file by hand may have told SQLite not to look.
async fn require_parents(c: &mut SqliteConnection, table: &Table, found: &mut Found) -> Result<(), MoveError> {
    let sql = "SELECT rowid, parent FROM pragma_foreign_key_check(?)";
    for row in sqlx::query(sql).bind(&table.name).fetch_all(c).await? {
        let (rowid, parent): (Option<i64>, String) = (row.try_get(0)?, row.try_get(1)?);
        found.add(Finding {
            table: table.name.clone(),
            row: rowid.map_or_else(|| "?".to_owned(), |rowid| rowid.to_string()),
            column: format!("to {parent}"),
            problem: "refers to a row that is not there".to_owned(),
        });
    }
    Ok(())
}

/// `a` and `a ` are two to SQLite, and one to the server's UNIQUE.
async fn require_apart(
    c: &mut SqliteConnection,
    table: &Table,
    unique: &[String],
    found: &mut Found,
) -> Result<(), MoveError> {
    let is_text =
        |name: &String| table.columns.iter().any(|it| it.name == *name && matches!(it.kind, Kind::Text { .. }));
    if !unique.iter().any(is_text) {
        return Ok(());
    }
    let trimmed = |name: &String| if is_text(name) { format!("rtrim({}, ' ')", quoted(name)) } else { quoted(name) };
    let of: Vec<String> = unique.iter().map(trimmed).collect();
    let there: Vec<String> = unique.iter().map(|name| format!("{} IS NOT NULL", quoted(name))).collect();
    let sql = format!(
        "SELECT MAX(rowid), MAX(length({})) FROM {} WHERE {} GROUP BY {} HAVING COUNT(*) > 1 LIMIT 100",
        quoted(unique.iter().find(|name| is_text(name)).unwrap_or(&unique[0])),
        quoted(&table.name),
        there.join(" AND "),
        of.join(", ")
    );
    for row in sqlx::query(named(sql)).fetch_all(c).await? {
        found.add(Finding {
            table: table.name.clone(),
            row: format!("rowid {}", row.try_get::<i64, _>(0)?),
            column: unique.join(", "),
            problem: format!(
                "{} characters, and another row differs by spaces at the end alone",
                row.try_get::<i64, _>(1)?
            ),
        });
    }
    Ok(())
}
