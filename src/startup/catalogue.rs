//! Products that are there from the start, so that something can be bought while nobody's money is
//! at stake.

use jiff::Timestamp;
use sqlx::AnyConnection;

use crate::{
    checkout::catalogue::{self, CatalogueError},
    domain::{Fen, InvalidAmount, Product, ProductId},
    storage::{Database, StorageError, products},
};

const DEMO: [(i64, &str, &str, i64); 4] = [
    (1, "Rust 异步编程实战", "电子书，PDF 与 EPUB，终身更新", 1),
    (2, "西湖龙井 明前特级 50g", "杭州狮峰山，当季新茶，密封罐装", 12_800),
    (3, "手冲咖啡豆 云南保山 250g", "水洗，中浅烘焙，下单后 48 小时内烘制", 6_800),
    (4, "Saoma 年度技术支持", "一对一答疑与升级服务，有效期一年", 99_900),
];

/// The demo products, unless there is any product already.
///
/// # Errors
/// The books cannot be written.
pub async fn add_demo_products(db: &Database) -> Result<(), CatalogueError> {
    if products::count(&mut *db.read().await?).await? > 0 {
        return Ok(());
    }
    for product in demo() {
        catalogue::put(db, product, false).await?;
    }
    Ok(())
}

/// Those that are still exactly as they were put there; how many. What somebody has made of one is his.
///
/// # Errors
/// The books cannot be written.
pub async fn withdraw_demo_products(c: &mut AnyConnection, at: Timestamp) -> Result<usize, StorageError> {
    let mut withdrawn = 0;
    for product in demo() {
        withdrawn += usize::from(products::withdraw_exactly(c, &product, at).await?);
    }
    Ok(withdrawn)
}

pub(super) fn demo() -> Vec<Product> {
    let demo = |(id, title, summary, fen): (i64, &str, &str, i64)| {
        Ok(Product { id: ProductId(id), title: title.to_owned(), summary: summary.to_owned(), price: Fen::new(fen)? })
    };
    DEMO.into_iter().map(demo).collect::<Result<_, InvalidAmount>>().unwrap_or_default()
}
