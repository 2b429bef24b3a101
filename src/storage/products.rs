//! `products`: what is on sale.

use sqlx::{AnyConnection, FromRow};

use super::{StorageError, inserted};
use crate::domain::{Fen, Product, ProductId};

#[derive(FromRow)]
struct Row {
    id: i64,
    title: String,
    summary: String,
    price_fen: i64,
}

impl TryFrom<Row> for Product {
    type Error = StorageError;

    fn try_from(row: Row) -> Result<Self, StorageError> {
        let price = Fen::new(row.price_fen).map_err(|error| StorageError::Inconsistent {
            table: "products",
            column: "price_fen",
            row: row.id,
            problem: error.to_string(),
        })?;
        Ok(Self { id: ProductId(row.id), title: row.title, summary: row.summary, price })
    }
}

pub async fn list(c: &mut AnyConnection) -> Result<Vec<Product>, StorageError> {
    let sql = "SELECT id, title, summary, price_fen FROM products ORDER BY id";
    sqlx::query_as::<_, Row>(sql).fetch_all(c).await?.into_iter().map(Product::try_from).collect()
}

pub async fn find(c: &mut AnyConnection, id: ProductId) -> Result<Option<Product>, StorageError> {
    let sql = "SELECT id, title, summary, price_fen FROM products WHERE id = ?";
    sqlx::query_as::<_, Row>(sql).bind(id.0).fetch_optional(c).await?.map(Product::try_from).transpose()
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
