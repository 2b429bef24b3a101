//! Books that are put back more than once, half, or where others were taken away.

use std::{fs, path::Path};

use saoma::clock::Clock;
use serde_json::Value;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::support::{
    is_file,
    old_books::{paid, run, serve, shop, sold_and_copied, stop, until_whole, write},
};

fn restored(folder: &Path, arguments: &[&str]) -> String {
    let (code, told, log) = run(folder, &[&["restore", "--sandbox"], arguments].concat());
    assert_eq!(code, 0, "{told}{log}");
    told
}

/// What the audit log says of who has put books back.
async fn put_back_entries(folder: &Path) -> Vec<String> {
    let options = SqliteConnectOptions::new().filename(folder.join("data/saoma.db"));
    let mut c = SqliteConnection::connect_with(&options).await.expect("opens");
    let sql = "SELECT detail FROM audit_log WHERE what = 'BOOKS_PUT_BACK' AND who LIKE 'os:%' ORDER BY id";
    let found = sqlx::query_scalar(sql).fetch_all(&mut c).await.expect("reads");
    c.close().await.expect("closes");
    found
}

fn names(folder: &Path, part: &str) -> Vec<String> {
    let all = fs::read_dir(folder.join("data")).expect("reads").flatten();
    let mut names: Vec<_> = all.map(|it| it.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name.contains(part));
    names.sort();
    names
}

#[tokio::test]
async fn of_several_marks_the_one_that_reaches_back_furthest_counts() {
    if !is_file() {
        return;
    }
    let home = shop();
    let folder = home.path();
    let process = serve(folder).await;
    paid(&process).await;
    stop(process).await;
    // Of the last moment that they tell of; then of when they really are; then by somebody who knows less.
    restored(folder, &["--by-hand"]);
    assert_eq!(put_back_entries(folder).await, ["by hand"]);
    for since in ["2026-01-31T08:00:00+08:00", "2026-02-28T08:00:00+08:00"] {
        let told = restored(folder, &["--by-hand", "--since", since]);
        assert!(told.contains("a copy of 2026-01-31T08:00:00"), "{told}");
    }
    let told = restored(folder, &["--status"]);
    assert!(told.contains("a copy of 2026-01-31T08:00:00"), "{told}");
    let process = serve(folder).await;
    until_whole(folder).await;
    stop(process).await;
}

#[tokio::test]
async fn books_that_are_put_aside_in_one_second_have_a_name_each() {
    if !is_file() {
        return;
    }
    let home = shop();
    let folder = home.path();
    sold_and_copied(folder).await;
    let now = Clock::system().now().as_second();
    for second in now..now + 60 {
        fs::write(folder.join(format!("data/saoma.db.until-{second}")), "of a restore in that second").expect("writes");
    }
    let told = restored(folder, &["copy.db"]);
    assert_eq!(put_back_entries(folder).await, ["copy.db"]);
    let aside = names(folder, "-2");
    assert!(aside.len() == 1 && told.contains(&aside[0]), "{told}{aside:?}");
    let size = |name: &str| fs::metadata(folder.join("data").join(name)).expect("is there").len();
    let others = names(folder, ".until-");
    assert_eq!(others.iter().filter(|name| size(name) == 27).count(), 60, "nobody else's was written over");
    assert!(size(&aside[0]) > 10_000);
}

#[tokio::test]
async fn what_a_restore_has_left_that_was_killed_is_gone_after_the_next_start() {
    if !is_file() {
        return;
    }
    let home = shop();
    let folder = home.path();
    let books = folder.join("data/saoma.db");
    let process = serve(folder).await;
    let order = paid(&process).await;
    let (code, told, log) = run(folder, &["backup", "--sandbox", "--to", "data/saoma.db.restoring"]);
    assert_eq!(code, 0, "{told}{log}");
    stop(process).await;
    // With everything in its place but the last name.
    for end in ["-wal", "-shm", ".lock"] {
        fs::write(folder.join(format!("data/saoma.db.restoring{end}")), "").expect("writes");
    }
    fs::hard_link(&books, folder.join("data/saoma.db.until-1795622400")).expect("links");
    fs::write(folder.join("data/saoma.db.until-1795000000"), "of an earlier one").expect("writes");
    let process = serve(folder).await;
    assert!(process.log().contains("a restore was cut off before its end"), "{}", process.log());
    assert_eq!(names(folder, "restoring"), [""; 0]);
    assert_eq!(names(folder, ".until-"), ["saoma.db.until-1795000000"], "what an earlier one has put aside stays");
    assert_eq!(process.look(&order.token).await["status"], "SUCCESS", "the books are those from before");
    stop(process).await;
}

#[tokio::test]
async fn an_old_file_is_noticed_also_where_all_that_had_its_name_was_removed() {
    if !is_file() {
        return;
    }
    let home = shop();
    let folder = home.path();
    let (books, copy) = (folder.join("data/saoma.db"), folder.join("plain.db"));
    let process = serve(folder).await;
    paid(&process).await;
    write(&books, sqlx::query("VACUUM INTO ?").bind(copy.display().to_string())).await;
    paid(&process).await;
    stop(process).await;
    let remove_all = || {
        for name in names(folder, "saoma.db") {
            fs::remove_file(folder.join("data").join(name)).expect("removes");
        }
    };
    remove_all();
    fs::copy(&copy, &books).expect("copies");
    let process = serve(folder).await;
    assert!(process.log().contains("these books are a copy, put back"), "{}", process.log());
    stop(process).await;

    // Whoever begins anew has nothing that could be forgotten, and is not told of a copy.
    remove_all();
    fs::remove_file(folder.join("serve.log")).expect("removes");
    let process = serve(folder).await;
    let log = process.log();
    assert!(!log.contains("a copy, put back") && log.contains("new books, without any order"), "{log}");
    stop(process).await;
}

#[tokio::test]
async fn a_server_that_a_copy_remembers_is_none_that_runs_beside() {
    if !is_file() {
        return;
    }
    let home = shop();
    let folder = home.path();
    sold_and_copied(folder).await;
    // As long as that server would pass for alive.
    write(
        &folder.join("copy.db"),
        sqlx::query("UPDATE heartbeats SET wall_ms = ? WHERE beats > 0").bind(Clock::system().now().as_millisecond()),
    )
    .await;
    restored(folder, &["copy.db"]);
    let process = serve(folder).await;
    let (_, told, log) = run(folder, &["doctor", "--sandbox", "--offline", "--json"]);
    let told: Value = serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}: {told}{log}"));
    let named: Vec<_> = told["findings"].as_array().expect("a list").iter().map(|it| it["check"].clone()).collect();
    assert!(!named.contains(&"several_servers".into()), "{told:#}");
    let of_books = |it: &Value| it.as_str().is_some_and(|it| it.starts_with("books"));
    assert!(!named.iter().any(of_books), "it has looked into the books: {told:#}");
    stop(process).await;
}

/// A root shell on the machine of a service.
#[tokio::test]
async fn what_root_lays_there_is_whose_folder_it_is() {
    use std::os::unix::fs::{MetadataExt as _, chown};
    const SERVICE: u32 = 65_534;

    if !is_file() || fs::metadata("/proc/self").expect("reads").uid() != 0 {
        return;
    }
    let home = shop();
    let folder = home.path();
    sold_and_copied(folder).await;
    let data = folder.join("data");
    for place in [data.clone(), data.join("generations")] {
        chown(place, Some(SERVICE), Some(SERVICE)).expect("given");
    }
    restored(folder, &["copy.db"]);
    assert_eq!(fs::metadata(&data).expect("is there").uid(), SERVICE, "nothing of what was there is given away");
    for name in ["saoma.db", "saoma.db.generation", "generations/saoma-db"] {
        assert_eq!(fs::metadata(data.join(name)).expect("is there").uid(), SERVICE, "{name}");
    }
    let (code, told, log) = run(folder, &["backup", "--sandbox", "--to", "data/again.db"]);
    assert_eq!(code, 0, "{told}{log}");
    assert_eq!(fs::metadata(data.join("again.db")).expect("is there").uid(), SERVICE);
}
