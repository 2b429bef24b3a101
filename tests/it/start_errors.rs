//! What a start that cannot succeed says: once, with the place that is wrong.

use std::{fs, os::unix::fs::PermissionsExt as _};

use crate::support::{command, folder};

/// What is said more than once of what stands between colons.
fn doubled(told: &str) -> Vec<&str> {
    let mut parts: Vec<_> = told.lines().flat_map(|line| line.split(": ")).map(str::trim).collect();
    parts.sort_unstable();
    let doubles = parts.windows(2).filter(|pair| pair[0] == pair[1] && pair[0].contains(' '));
    doubles.map(|pair| pair[0]).collect()
}

#[test]
fn each_is_told_once_and_with_its_place() {
    let folder = folder();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound");
    fs::create_dir(folder.path().join("a-folder")).expect("makes");
    fs::write(folder.path().join("no-books"), "no database at all").expect("writes");
    for (variable, value, place, code) in [
        ("DATABASE_URL", "sqlite://a-folder", "a-folder", 2),
        ("DATABASE_URL", "sqlite://no-books", "no-books", 2),
        ("DATABASE_URL", "sqlite:///proc/nowhere/saoma.db", "/proc/nowhere", 1),
        ("DATABASE_URL", &format!("mysql://u:secret@{nobody}/saoma"), &format!("mysql://{nobody}/saoma"), 1),
        ("LEPTOS_SITE_ROOT", "/nowhere", "/nowhere", 2),
        ("LEPTOS_SITE_ROOT", "a-folder", "a-folder", 2),
        ("SAOMA_METRICS_TOKEN_PATH", "/nowhere", "/nowhere", 2),
    ] {
        let mut saoma = command(folder.path(), &["serve", "--sandbox"]);
        let output = saoma.env("LEPTOS_SITE_ADDR", "127.0.0.1:0").env(variable, value).output();
        let output = output.expect("runs");
        let told = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(code), "{variable}={value}: {told}");
        assert!(told.contains(place), "{variable}={value}: {told}");
        assert_eq!(doubled(&told), [""; 0], "{variable}={value}: {told}");
        assert!(!told.contains("secret"), "{told}");
    }
}

/// As root it would be: `/dev/null` had 0666 before, and 0600 after.
#[test]
fn what_is_no_file_is_no_place_for_books_and_stays_as_it_is() {
    let folder = folder();
    let pipe = folder.path().join("pipe");
    assert!(
        std::process::Command::new("/usr/bin/mkfifo").arg("-m").arg("666").arg(&pipe).status().expect("runs").success()
    );
    let mut saoma = command(folder.path(), &["serve", "--sandbox"]);
    saoma.env("LEPTOS_SITE_ADDR", "127.0.0.1:0").env("DATABASE_URL", format!("sqlite://{}", pipe.display()));
    let output = saoma.output().expect("runs");
    let told = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains(&format!("{} is no file", pipe.display())), "{told}");
    assert_eq!(fs::metadata(&pipe).expect("is there").permissions().mode() & 0o777, 0o666);
}
