//! Keeps the platform's keys: without the key, nobody can verify later what was believed today. Kept before
//! the first thing is booked that the key has vouched for.

use super::{error::CheckoutError, shared::Checkout};
use crate::storage::platform_keys::{self, PlatformKeyRow};

impl Checkout {
    /// # Errors
    /// The books cannot be written.
    pub(super) async fn keep_key(&self, serial: &str) -> Result<(), CheckoutError> {
        if self.0.kept_keys.has(serial) {
            return Ok(());
        }
        let keys = self.0.gateway.platform_keys();
        let Some((pem, is_certificate)) = keys.pem(serial) else {
            // It has been replaced since it verified something a moment ago.
            tracing::warn!(serial, "the platform's key {serial} is gone before it could be kept");
            return Ok(());
        };
        let row = PlatformKeyRow { serial: serial.to_owned(), is_certificate, pem: pem.to_owned() };
        let now = self.now();
        self.0
            .db
            .write_first(move |c| {
                let row = row.clone();
                Box::pin(async move { platform_keys::insert(c, &row, now).await })
            })
            .await?;
        self.0.kept_keys.add(serial.to_owned());
        Ok(())
    }
}
