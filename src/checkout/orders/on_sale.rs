//! What can be ordered.

use std::sync::PoisonError;

use sqlx::AnyConnection;

use crate::{
    checkout::{catalogue, error::CheckoutError, shared::Checkout},
    domain::{Product, ProductId},
    storage::{StorageError, products},
};

impl Checkout {
    /// What is on sale.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn list_products(&self) -> Result<Vec<Product>, CheckoutError> {
        let catalogue::Listed { entries, unreadable } = catalogue::list(&self.0.db).await?;
        self.complain_of_products(&unreadable);
        Ok(entries.into_iter().filter(|entry| entry.withdrawn.is_none()).map(|entry| entry.product).collect())
    }

    /// A product that is on sale.
    ///
    /// # Errors
    /// There is none of this id, it was withdrawn or cannot be read, or the books cannot be read.
    pub async fn find_product(&self, id: ProductId) -> Result<Product, CheckoutError> {
        self.find_on_sale(&mut *self.0.db.read().await?, id).await
    }

    pub(super) async fn find_on_sale(&self, c: &mut AnyConnection, id: ProductId) -> Result<Product, CheckoutError> {
        let found = match products::find(c, id).await {
            Err(error) if error.is_about_one_row() => {
                self.complain_of_products(&[error]);
                return Err(CheckoutError::NotOnSale);
            }
            found => found?,
        };
        let entry = found.ok_or(CheckoutError::NoSuchProduct)?;
        if entry.withdrawn.is_none() { Ok(entry.product) } else { Err(CheckoutError::NotOnSale) }
    }

    /// Whoever looks at the shop meets with them.
    fn complain_of_products(&self, unreadable: &[StorageError]) {
        if unreadable.is_empty() {
            return;
        }
        let mut complaint = self.0.bad_products.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(kept) = complaint.is_due() else { return };
        drop(complaint);
        for error in unreadable {
            tracing::error!(%error, kept, "a product that cannot be read, and is not for sale; said once a minute");
        }
    }
}
