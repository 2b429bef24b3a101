//! What is on sale: products are added, changed, withdrawn and offered again. Orders that were placed before
//! keep their title and price, and can be paid.
//!
//! No part of [`Checkout`](super::Checkout): whoever keeps the catalogue needs no way to WeChat.

use jiff::Timestamp;

use crate::{
    domain::{Fen, Product, ProductId},
    storage::{Database, StorageError, products},
    wechatpay::model,
};

pub use products::{Entry, Listed};

/// As long as its column.
const SUMMARY_MOST: usize = 500;
/// 100,000 yuan. Who types a longer number has most likely lost count of its zeros.
pub const USUAL_MOST: i64 = 10_000_000;

/// Why the catalogue stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    #[error("there is no product {0}")]
    NoSuchProduct(ProductId),
    /// The payer's bill shows it; the rule is WeChat's ([`model::is_title`]).
    #[error(
        "title: must be 1 to 127 characters that can be seen, not emoji alone (WeChat's bill leaves them out), and \
         without line breaks, tabs and other control characters, those that turn the direction of writing included"
    )]
    Title,
    #[error("summary: must not be longer than {SUMMARY_MOST} characters or hold control characters")]
    Summary,
    #[error("price: is {0} yuan, which is more than anything usual costs; --force if it is meant")]
    AbsurdPrice(Fen),
    #[error("price: must be at least 1 fen")]
    NoPrice,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What has become of a product that was put into the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Put {
    Added,
    Unchanged,
    Changed { before: Product },
}

/// Adds a product, or changes the one of its id; a withdrawn one stays withdrawn. `force` takes any price.
///
/// # Errors
/// It cannot be sold like that, or the books cannot be written.
pub async fn put(db: &Database, product: Product, force: bool) -> Result<Put, CatalogueError> {
    check(&product, force)?;
    let put = db.write(move |c| {
        let product = product.clone();
        Box::pin(async move {
            let before = products::find(c, product.id).await?.map(|entry| entry.product);
            let (put, is_written) = match before {
                None => (Put::Added, products::insert(c, &product).await?),
                Some(before) if before == product => (Put::Unchanged, true),
                Some(before) => (Put::Changed { before }, products::update(c, &product).await?),
            };
            if is_written { Ok(put) } else { Err(StorageError::Raced { table: "products", row: product.id.0 }) }
        })
    });
    Ok(put.await?)
}

/// Whether it can be sold like that. `force` takes any price.
///
/// # Errors
/// What is wrong with it.
pub fn check(product: &Product, force: bool) -> Result<(), CatalogueError> {
    let Product { title, summary, price, .. } = product;
    if !model::is_title(title) || title.chars().any(model::is_disruptive) {
        return Err(CatalogueError::Title);
    }
    if summary.chars().count() > SUMMARY_MOST || summary.chars().any(|it| it.is_control() || model::is_disruptive(it)) {
        return Err(CatalogueError::Summary);
    }
    if *price == Fen::ZERO {
        return Err(CatalogueError::NoPrice);
    }
    if price.get() > USUAL_MOST && !force {
        return Err(CatalogueError::AbsurdPrice(*price));
    }
    Ok(())
}

/// Takes no new orders of it from now on. `false` when that was so already.
///
/// # Errors
/// No such product, or the books cannot be written.
pub async fn withdraw(db: &Database, id: ProductId, now: Timestamp) -> Result<bool, CatalogueError> {
    let withdrawn = db.write(move |c| Box::pin(products::withdraw(c, id, now))).await?;
    if !withdrawn {
        find(db, id).await?;
    }
    Ok(withdrawn)
}

/// Takes orders of it again. `false` when it was on sale already.
///
/// # Errors
/// No such product, one that cannot be sold as it is, or the books cannot be written.
pub async fn offer(db: &Database, id: ProductId) -> Result<bool, CatalogueError> {
    check(&find(db, id).await?.product, true)?;
    Ok(db.write(move |c| Box::pin(products::offer(c, id))).await?)
}

/// Everything, withdrawn products too, in the order of the list.
///
/// # Errors
/// The books cannot be read.
pub async fn list(db: &Database) -> Result<Listed, StorageError> {
    products::list(&mut *db.read().await?).await
}

/// # Errors
/// There is none, or the books cannot be read.
pub async fn find(db: &Database, id: ProductId) -> Result<Entry, CatalogueError> {
    products::find(&mut *db.read().await?, id).await?.ok_or(CatalogueError::NoSuchProduct(id))
}
