//! Products that are there from the start, so that something can be bought while nobody's money is
//! at stake.

use crate::{
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
pub async fn add_demo_products(db: &Database) -> Result<(), StorageError> {
    if !products::list(&mut *db.read().await?).await?.is_empty() {
        return Ok(());
    }
    let demo = |(id, title, summary, fen): (i64, &str, &str, i64)| {
        Ok(Product { id: ProductId(id), title: title.to_owned(), summary: summary.to_owned(), price: Fen::new(fen)? })
    };
    let demo: Vec<Product> = DEMO.into_iter().map(demo).collect::<Result<_, InvalidAmount>>().unwrap_or_default();
    for product in demo {
        put(db, product).await?;
    }
    Ok(())
}

/// Adds a product, or changes the one of its id; orders placed before keep their title and price.
///
/// # Errors
/// The books cannot be written.
pub async fn put(db: &Database, product: Product) -> Result<(), StorageError> {
    db.write(move |c| {
        let product = product.clone();
        Box::pin(async move {
            if !products::update(c, &product).await? {
                products::insert(c, &product).await?;
            }
            Ok(())
        })
    })
    .await
}
