//! Books as they are before a start has touched them: whether they are ours, and whose, is known before anything of
//! them is changed.

use sqlx::{AnyConnection, Connection as _};

/// The version from which on the books themselves say whose they are.
const MARKED: i64 = 3;

/// Books of an earlier version, which opening them would migrate. To be read only.
pub struct Older {
    pub(super) connection: AnyConnection,
    pub(super) version: i64,
}

impl Older {
    /// Whether they have a place for a mark.
    pub const fn can_be_marked(&self) -> bool {
        self.version >= MARKED
    }

    pub const fn connection(&mut self) -> &mut AnyConnection {
        &mut self.connection
    }

    pub async fn close(self) {
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "closing the books that were looked at");
        }
    }
}

impl std::fmt::Debug for Older {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Older").field("version", &self.version).finish_non_exhaustive()
    }
}
