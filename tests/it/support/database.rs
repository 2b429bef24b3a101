//! The books of a test: a file in its folder, or, when `SAOMA_TEST_MYSQL` names a server
//! (`mysql://USER:PASSWORD@HOST:PORT`; `make mysql-tests` starts one), a database of its own there.

use std::{path::Path, sync::LazyLock};

use sqlx::migrate::MigrateDatabase as _;

#[expect(clippy::disallowed_methods, reason = "tests are told by the environment which engine they run on")]
static SERVER: LazyLock<Option<String>> =
    LazyLock::new(|| std::env::var("SAOMA_TEST_MYSQL").ok().filter(|url| !url.is_empty()));

/// Whether these tests are about files: what only files can show is left out on a server.
pub fn is_file() -> bool {
    SERVER.is_none()
}

/// What must not be told, on a server.
pub fn password() -> Option<String> {
    let url = url::Url::parse(SERVER.as_deref()?).expect("SAOMA_TEST_MYSQL is an address");
    url.password().map(str::to_owned)
}

/// `DATABASE_URL` for the books of whatever keeps its data in `data`: the same folder has the same
/// books, however often this is asked. On a server the database is there when this returns.
pub fn database_url(data: &Path) -> String {
    let Some(server) = &*SERVER else { return format!("sqlite://{}/saoma.db", data.display()) };
    // Folders of tests have names that were drawn, and no other test has the same.
    let path = data.display().to_string();
    let name: String = path.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '_' }).collect();
    let url = format!("{}/{}", server.trim_end_matches('/'), name.trim_matches('_'));
    make(url.clone());
    url
}

/// From anywhere in a test, also where nothing can be awaited.
fn make(url: String) {
    let making = std::thread::spawn(move || {
        sqlx::any::install_default_drivers();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            if !sqlx::Any::database_exists(&url).await.expect("the server answers") {
                sqlx::Any::create_database(&url).await.expect("a database of one's own");
            }
        });
    });
    making.join().expect("no panic");
}
