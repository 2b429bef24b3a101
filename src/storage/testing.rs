//! Books for the tests of this module: in a file, or on the server that `SAOMA_TEST_MYSQL` names
//! (`mysql://USER:PASSWORD@HOST:PORT`), so that the same tests run on both engines.

use sqlx::migrate::MigrateDatabase;
use tempfile::TempDir;

use super::Database;

/// An empty place for books of one's own; whoever opens the address again finds them again.
pub(crate) struct Place {
    pub(crate) url: String,
    _folder: TempDir,
}

#[expect(clippy::disallowed_methods, reason = "tests are told by the environment which engine they run on")]
fn server() -> Option<String> {
    std::env::var("SAOMA_TEST_MYSQL").ok().filter(|url| !url.is_empty())
}

pub(crate) async fn place() -> Place {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = match server() {
        // Nobody else has a folder of this name.
        Some(server) => {
            let name = folder.path().file_name().expect("a name").to_str().expect("UTF-8");
            format!("{}/saoma_{}", server.trim_end_matches('/'), name.trim_start_matches('.'))
        }
        None => format!("sqlite://{}/a/b/books.db", folder.path().display()),
    };
    if url.starts_with("mysql:") {
        sqlx::any::install_default_drivers();
        sqlx::Any::create_database(&url).await.expect("a database of one's own");
    }
    Place { url, _folder: folder }
}

pub(crate) async fn books() -> (Place, Database) {
    let place = place().await;
    let books = Database::open(&place.url).await.expect("opens");
    (place, books)
}
