//! Who may look into the books on a machine that others use as well: nobody.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use crate::support::{Process, folder, is_file, lay_keys};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode() & 0o777
}

const FILES: [&str; 3] = ["saoma.db", "saoma.db-wal", "saoma.db-shm"];

#[tokio::test]
async fn books_and_the_folder_that_is_made_for_them_are_their_owners_alone() {
    if !is_file() {
        return;
    }
    let folder = folder();
    // As it comes from other programs, and from an older Saoma.
    lay_keys(&folder.path().join("data/sandbox"));
    fs::set_permissions(folder.path().join("data"), Permissions::from_mode(0o755)).expect("sets");
    let books = folder.path().join("made/for/them");
    let url = format!("sqlite://{}/saoma.db", books.display());
    let mut process = Process::serve(folder.path(), &[("DATABASE_URL", &url)]).await;
    process.order(1).await;
    for made in ["made", "made/for", "made/for/them", "data"] {
        assert_eq!(mode(&folder.path().join(made)), 0o700, "{made}");
    }
    for file in FILES {
        assert_eq!(mode(&books.join(file)), 0o600, "{file}");
    }

    // Books that an older Saoma has made, and left with its log by the way it ended.
    process.kill();
    for file in FILES {
        fs::set_permissions(books.join(file), Permissions::from_mode(0o644)).expect("sets");
    }
    fs::set_permissions(&books, Permissions::from_mode(0o755)).expect("sets");
    let process = Process::serve(folder.path(), &[("DATABASE_URL", &url)]).await;
    for file in FILES {
        assert_eq!(mode(&books.join(file)), 0o600, "{file}");
    }
    assert_eq!(mode(&books), 0o755, "a folder that was there may hold more than the books");
    process.order(1).await;
}

#[tokio::test]
async fn the_keys_of_a_sandbox_are_their_owners_alone() {
    let home = folder();
    let dir = home.path().join("data/sandbox");
    // Of an older version, with its certificate and its folder for everybody.
    lay_keys(&dir);
    fs::set_permissions(dir.join("platform"), Permissions::from_mode(0o755)).expect("sets");
    fs::set_permissions(dir.join("platform/cert.pem"), Permissions::from_mode(0o644)).expect("sets");
    drop(Process::serve(home.path(), &[]).await);
    assert_eq!(mode(&dir.join("platform")), 0o700);
    for file in fs::read_dir(dir.join("platform")).expect("a folder") {
        assert_eq!(mode(&file.expect("a file").path()), 0o600);
    }
    // And of one that is made now.
    let made = folder();
    drop(Process::sandbox(made.path()).await);
    assert_eq!(mode(&made.path().join("platform")), 0o700);
    for file in ["platform/cert.pem", "apiclient_cert.pem", "pub_key.pem", "credentials.env"] {
        assert_eq!(mode(&made.path().join(file)), 0o600, "{file}");
    }
}
