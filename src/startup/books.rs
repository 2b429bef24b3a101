//! The books as commands open them.

use std::path::Path;

use super::{error::StartupError, mark, platform};
use crate::{
    config::{DatabaseUrl, LiveSettings, Mode},
    storage::Database,
};

/// The books for a command, once it is clear that they are those of the account it was started with.
///
/// # Errors
/// They cannot be opened, or are another's.
pub async fn open_books(
    mode: Mode,
    url: &DatabaseUrl,
    data_dir: &Path,
) -> Result<(Database, LiveSettings), StartupError> {
    let opened = Database::attach(url).await;
    let db = opened.map_err(|error| StartupError::of_books(&url.place(), error))?;
    let live = match mode {
        Mode::Live(live) => *live,
        Mode::Sandbox { .. } => platform::beside(data_dir)?,
    };
    mark::require(&db, &url.place(), &mark::of(&live)).await?;
    Ok((db, live))
}
