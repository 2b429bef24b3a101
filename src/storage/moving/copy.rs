//! Rows are read in lots, each behind the last one of the lot before, written in one statement each, and read back.

use futures::TryStreamExt as _;
use sqlx::{Executor as _, MySql, MySqlConnection, QueryBuilder, Row as _, SqliteConnection};

use super::{
    Carried, Progress, Step, Teller,
    arrival::{Arrival, answered},
    departure::Held,
    error::{Finding, MoveError},
    examine::names,
    named,
    plan::{Plan, Table},
    quoted,
    values::{Counted, Kind, Value, count, of_file, of_server},
};

/// Rows of a lot, at most.
const LOT: usize = 500;
/// Bytes of a lot, as soon as it has a row.
const BYTES: u64 = 1 << 20;
/// Placeholders of one statement. The server's own limit is 65,535.
const PLACEHOLDERS: usize = 60_000;

impl Plan {
    /// Writes every row there, reads every row back, and compares.
    ///
    /// # Errors
    /// The server refuses a row, or has not kept it as it was given.
    pub async fn carry(&self, from: &mut Held, to: &mut Arrival, tell: Teller<'_>) -> Result<Vec<Carried>, MoveError> {
        // What a migration puts into new books: those that come have it themselves.
        answered(to.c.execute("DELETE FROM generation WHERE number = 0")).await?;
        let of = self.rows();
        let (mut done, mut sent) = (0, Vec::with_capacity(self.0.len()));
        for table in &self.0 {
            if let Some(last) = table.sequence {
                // Also when the last rows are gone: an id is never given twice.
                let sql = format!("ALTER TABLE {} AUTO_INCREMENT = {}", quoted(&table.name), last.saturating_add(1));
                answered(to.c.execute(named(sql))).await?;
            }
            sent.push(
                send(table, &mut from.c, to, &mut |rows| {
                    tell(Progress { step: Step::Copying, table: &table.name, done: done + rows, of });
                })
                .await?,
            );
            done += table.rows;
        }
        let (mut done, mut carried) = (0, Vec::with_capacity(self.0.len()));
        for (table, here) in self.0.iter().zip(sent) {
            let there = read_back(table, &mut to.c, &mut |rows| {
                tell(Progress { step: Step::Comparing, table: &table.name, done: done + rows, of });
            })
            .await?;
            done += table.rows;
            if there != here || here.rows != table.rows {
                let (place, table) = (to.place.clone(), table.name.clone());
                return Err(MoveError::Differs { place, table, here: here.rows, there: there.rows });
            }
            carried.push(Carried { table: table.name.clone(), rows: there.rows, hash: there.hash() });
        }
        Ok(carried)
    }
}

async fn send(
    table: &Table,
    from: &mut SqliteConnection,
    to: &mut Arrival,
    told: &mut dyn FnMut(u64),
) -> Result<Counted, MoveError> {
    let mut counted = Counted::default();
    let most = LOT.min(PLACEHOLDERS / table.columns.len().max(1)).max(1);
    let bytes = BYTES.min(to.packet / 4);
    let mut after = i64::MIN;
    loop {
        let lot = read_lot(table, from, &mut after, most, bytes).await?;
        if lot.is_empty() {
            return Ok(counted);
        }
        for row in &lot {
            counted.add(row);
        }
        write_lot(table, &mut to.c, lot).await?;
        told(counted.rows);
    }
}

async fn read_lot(
    table: &Table,
    from: &mut SqliteConnection,
    after: &mut i64,
    most: usize,
    bytes: u64,
) -> Result<Vec<Vec<Value>>, MoveError> {
    let sql = format!(
        "SELECT rowid, {} FROM {} WHERE rowid > ? ORDER BY rowid LIMIT {most}",
        names(table),
        quoted(&table.name)
    );
    let query = sqlx::query(named(sql)).bind(*after);
    let mut rows = query.fetch(from);
    let (mut lot, mut held) = (Vec::new(), 0);
    while held < bytes
        && let Some(row) = rows.try_next().await?
    {
        let rowid: i64 = row.try_get(0)?;
        let mut values = Vec::with_capacity(table.columns.len());
        for (index, column) in (1..).zip(&table.columns) {
            // Looked at before; whoever writes to the file past all locks is told all the same.
            let value = of_file(&row, index, column).map_err(|problem| {
                let (table, column) = (table.name.clone(), column.name.clone());
                MoveError::DoesNotFit(vec![Finding { table, row: format!("rowid {rowid}"), column, problem }], 0)
            })?;
            held += count(value.len());
            values.push(value);
        }
        *after = rowid;
        lot.push(values);
    }
    Ok(lot)
}

async fn write_lot(table: &Table, to: &mut MySqlConnection, lot: Vec<Vec<Value>>) -> Result<(), MoveError> {
    let mut insert = QueryBuilder::<MySql>::new(format!("INSERT INTO {} ({}) ", quoted(&table.name), names(table)));
    insert.push_values(lot, |mut tuple, row| {
        for (column, value) in table.columns.iter().zip(row) {
            match (value, column.kind) {
                (Value::Integer(number), _) => tuple.push_bind(number),
                (Value::Text(text), _) => tuple.push_bind(text),
                (Value::Bytes(bytes), _) => tuple.push_bind(bytes),
                // As of the others, so that the statement is the same.
                (Value::Null, Kind::Integer { .. }) => tuple.push_bind(None::<i64>),
                (Value::Null, Kind::Text { .. }) => tuple.push_bind(None::<String>),
                (Value::Null, Kind::Bytes { .. }) => tuple.push_bind(None::<Vec<u8>>),
            };
        }
    });
    answered(insert.build().execute(to)).await?;
    Ok(())
}

async fn read_back(table: &Table, from: &mut MySqlConnection, told: &mut dyn FnMut(u64)) -> Result<Counted, MoveError> {
    let mut counted = Counted::default();
    let sql = format!("SELECT {} FROM {}", names(table), quoted(&table.name));
    let mut rows = sqlx::query(named(sql)).fetch(from);
    while let Some(row) = answered(rows.try_next()).await? {
        let values: Result<Vec<_>, _> =
            (0..).zip(&table.columns).map(|(index, column)| of_server(&row, index, column.kind)).collect();
        counted.add(&values?);
        told(counted.rows);
    }
    Ok(counted)
}
