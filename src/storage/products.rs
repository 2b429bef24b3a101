//! `products`: what is on sale, and what was.

use jiff::Timestamp;
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{StorageError, inserted, millis, timestamp};
use crate::domain::{Fen, PictureName, Pictures, Product, ProductId};

/// A product, and since when no new orders of it are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub product: Product,
    pub withdrawn: Option<Timestamp>,
    pub pictures: Option<Pictures>,
}

const COLUMNS: &str = "id, title, summary, price_fen, withdrawn_ms, picture, thumbnail";

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
        pictures: pictures(row)?,
        withdrawn: withdrawn.map(|millis| timestamp("products", "withdrawn_ms", id, millis)).transpose()?,
    })
}

/// A name that cannot be read is no picture: the product is for sale all the same.
fn pictures(row: &AnyRow) -> Result<Option<Pictures>, StorageError> {
    let name = |column: &str| -> Result<Option<PictureName>, StorageError> {
        let name: Option<String> = row.try_get(column)?;
        Ok(name.and_then(|name| PictureName::parse(&name).ok()))
    };
    Ok(name("picture")?.zip(name("thumbnail")?).map(|(large, small)| Pictures { large, small }))
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
    let sql = format!("SELECT {COLUMNS} FROM products ORDER BY position, id");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(c).await?;
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
    let sql = format!("SELECT {COLUMNS} FROM products WHERE id = ?");
    sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.0).fetch_optional(c).await?.as_ref().map(read).transpose()
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

/// The highest id, and the last place in the list; 0 in an empty shop.
pub async fn last(c: &mut AnyConnection) -> Result<(i64, i64), StorageError> {
    let sql = "SELECT CAST(COALESCE(MAX(id), 0) AS SIGNED) AS id, CAST(COALESCE(MAX(position), 0) AS SIGNED) AS place FROM products";
    let row = sqlx::query(sql).fetch_one(c).await?;
    Ok((row.try_get("id")?, row.try_get("place")?))
}

/// Ids in the order of the list, those of products that cannot be read too.
pub async fn order(c: &mut AnyConnection) -> Result<Vec<(ProductId, i64)>, StorageError> {
    let rows = sqlx::query("SELECT id, position FROM products ORDER BY position, id").fetch_all(c).await?;
    rows.iter().map(|row| Ok((ProductId(row.try_get("id")?), row.try_get("position")?))).collect()
}

pub async fn set_position(c: &mut AnyConnection, id: ProductId, position: i64) -> Result<bool, StorageError> {
    let update = sqlx::query("UPDATE products SET position = ? WHERE id = ?").bind(position).bind(id.0);
    Ok(update.execute(c).await?.rows_affected() == 1)
}

/// `false` when there is no product of this id.
pub async fn set_pictures(
    c: &mut AnyConnection,
    id: ProductId,
    pictures: Option<&Pictures>,
) -> Result<bool, StorageError> {
    let sql = "UPDATE products SET picture = ?, thumbnail = ? WHERE id = ?";
    let large = pictures.map(|pictures| pictures.large.to_string());
    let small = pictures.map(|pictures| pictures.small.to_string());
    Ok(sqlx::query(sql).bind(large).bind(small).bind(id.0).execute(c).await?.rows_affected() == 1)
}
