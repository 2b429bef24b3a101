//! What can be ordered.

use sqlx::AnyConnection;

use crate::{
    checkout::{catalogue, error::CheckoutError, shared::Checkout},
    domain::{Product, ProductId},
    storage::products,
};

impl Checkout {
    /// What is on sale.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn list_products(&self) -> Result<Vec<Product>, CheckoutError> {
        let all = catalogue::list(&self.0.db).await?;
        Ok(all.into_iter().filter(|entry| entry.withdrawn.is_none()).map(|entry| entry.product).collect())
    }

    /// A product that is on sale.
    ///
    /// # Errors
    /// There is none of this id, it was withdrawn, or the books cannot be read.
    pub async fn find_product(&self, id: ProductId) -> Result<Product, CheckoutError> {
        find_on_sale(&mut *self.0.db.read().await?, id).await
    }
}

pub(super) async fn find_on_sale(c: &mut AnyConnection, id: ProductId) -> Result<Product, CheckoutError> {
    let entry = products::find(c, id).await?.ok_or(CheckoutError::NoSuchProduct)?;
    if entry.withdrawn.is_none() { Ok(entry.product) } else { Err(CheckoutError::NotOnSale) }
}
