//! `products`: what is on sale, and what was.

use jiff::Timestamp;
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{StorageError, inserted, millis, timestamp};
use crate::domain::{Fen, Product, ProductId};

/// A product, and since when no new orders of it are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub product: Product,
    pub withdrawn: Option<Timestamp>,
}

fn read(row: &AnyRow) -> Result<Entry, StorageError> {
    let id = row.try_get("id")?;
    let price = Fen::new(row.try_get("price_fen")?).map_err(|error| StorageError::Inconsistent {
        table: "products",
        column: "price_fen",
        row: id,
        problem: error.to_string(),
    })?;
    let withdrawn: Option<i64> = row.try_get("withdrawn_ms")?;
    Ok(Entry {
        product: Product { id: ProductId(id), title: row.try_get("title")?, summary: row.try_get("summary")?, price },
        withdrawn: withdrawn.map(|millis| timestamp("products", "withdrawn_ms", id, millis)).transpose()?,
    })
}

/// What there is.
#[derive(Debug, Default)]
pub struct Listed {
    /// Withdrawn ones too.
    pub entries: Vec<Entry>,
    /// What is wrong with those that nobody can read: the others are for sale.
    pub unreadable: Vec<StorageError>,
}

pub async fn list(c: &mut AnyConnection) -> Result<Listed, StorageError> {
    let sql = "SELECT id, title, summary, price_fen, withdrawn_ms FROM products ORDER BY id";
    let rows = sqlx::query(sql).fetch_all(c).await?;
    let mut listed = Listed::default();
    for row in &rows {
        match read(row) {
            Ok(entry) => listed.entries.push(entry),
            Err(error) if error.is_about_one_row() => listed.unreadable.push(error),
            Err(error) => return Err(error),
        }
    }
    Ok(listed)
}

/// How many there are, readable or not.
pub async fn count(c: &mut AnyConnection) -> Result<i64, StorageError> {
    Ok(sqlx::query_scalar("SELECT COUNT(*) FROM products").fetch_one(c).await?)
}

pub async fn find(c: &mut AnyConnection, id: ProductId) -> Result<Option<Entry>, StorageError> {
    let sql = "SELECT id, title, summary, price_fen, withdrawn_ms FROM products WHERE id = ?";
    sqlx::query(sql).bind(id.0).fetch_optional(c).await?.as_ref().map(read).transpose()
}

/// `false` when a product of this id is there already; it is left as it is.
pub async fn insert(c: &mut AnyConnection, product: &Product) -> Result<bool, StorageError> {
    let sql = "INSERT INTO products (id, title, summary, price_fen) VALUES (?, ?, ?, ?)";
    let insert = sqlx::query(sql).bind(product.id.0).bind(&product.title).bind(&product.summary);
    inserted(insert.bind(product.price.get()).execute(c).await)
}

/// `false` when there is no product of this id.
pub async fn update(c: &mut AnyConnection, product: &Product) -> Result<bool, StorageError> {
    let sql = "UPDATE products SET title = ?, summary = ?, price_fen = ? WHERE id = ?";
    let update = sqlx::query(sql).bind(&product.title).bind(&product.summary).bind(product.price.get());
    Ok(update.bind(product.id.0).execute(c).await?.rows_affected() == 1)
}

/// No new orders of exactly this product: same id, texts and price. `false` when there is none such on sale.
pub async fn withdraw_exactly(c: &mut AnyConnection, product: &Product, at: Timestamp) -> Result<bool, StorageError> {
    let sql = "UPDATE products SET withdrawn_ms = ? WHERE id = ? AND title = ? AND summary = ? AND price_fen = ? \
               AND withdrawn_ms IS NULL";
    let update = sqlx::query(sql).bind(millis(at)).bind(product.id.0).bind(&product.title).bind(&product.summary);
    Ok(update.bind(product.price.get()).execute(c).await?.rows_affected() == 1)
}

/// `false` when there is no product of this id that is on sale.
pub async fn withdraw(c: &mut AnyConnection, id: ProductId, at: Timestamp) -> Result<bool, StorageError> {
    let sql = "UPDATE products SET withdrawn_ms = ? WHERE id = ? AND withdrawn_ms IS NULL";
    Ok(sqlx::query(sql).bind(millis(at)).bind(id.0).execute(c).await?.rows_affected() == 1)
}

/// `false` when there is no product of this id that was withdrawn.
pub async fn offer(c: &mut AnyConnection, id: ProductId) -> Result<bool, StorageError> {
    let sql = "UPDATE products SET withdrawn_ms = NULL WHERE id = ? AND withdrawn_ms IS NOT NULL";
    Ok(sqlx::query(sql).bind(id.0).execute(c).await?.rows_affected() == 1)
}
