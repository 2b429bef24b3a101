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
        Ok(self.list_on_sale().await?.into_iter().map(|entry| entry.product).collect())
    }

    /// The same with its pictures, in the order of the list.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn list_on_sale(&self) -> Result<Vec<catalogue::Entry>, CheckoutError> {
        let catalogue::Listed { entries, unreadable } = catalogue::list(&self.0.db).await?;
        self.complain_of_products(&unreadable);
        Ok(entries.into_iter().filter(|entry| entry.withdrawn.is_none()).collect())
    }

    /// A product that is on sale.
    ///
    /// # Errors
    /// There is none of this id, it was withdrawn or cannot be read, or the books cannot be read.
    pub async fn find_product(&self, id: ProductId) -> Result<Product, CheckoutError> {
        Ok(self.find_entry(id).await?.product)
    }

    /// The same with its pictures.
    ///
    /// # Errors
    /// As [`Checkout::find_product`].
    pub async fn find_entry(&self, id: ProductId) -> Result<catalogue::Entry, CheckoutError> {
        self.find_entry_in(&mut *self.0.db.read().await?, id).await
    }

    pub(super) async fn find_on_sale(&self, c: &mut AnyConnection, id: ProductId) -> Result<Product, CheckoutError> {
        Ok(self.find_entry_in(c, id).await?.product)
    }

    async fn find_entry_in(&self, c: &mut AnyConnection, id: ProductId) -> Result<catalogue::Entry, CheckoutError> {
        let found = match products::find(c, id).await {
            Err(error) if error.is_about_one_row() => {
                self.complain_of_products(&[error]);
                return Err(CheckoutError::NotOnSale);
            }
            found => found?,
        };
        let entry = found.ok_or(CheckoutError::NoSuchProduct)?;
        if entry.withdrawn.is_none() { Ok(entry) } else { Err(CheckoutError::NotOnSale) }
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
