//! What `make deb` has built: what is in it, and its program.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{repository, succeeds, tool, with};
use crate::support::{Process, folder, free_port, lay_keys};

/// The one that `make deb` has built.
fn package() -> PathBuf {
    let built = fs::read_dir(repository().join("target/debian")).expect("make deb");
    let mut packages =
        built.map(|entry| entry.expect("reads").path()).filter(|it| it.extension() == Some("deb".as_ref()));
    packages.next().expect("a package")
}

fn unpacked() -> tempfile::TempDir {
    let folder = folder();
    succeeds(tool("dpkg-deb").arg("-x").arg(package()).arg(folder.path()));
    succeeds(tool("dpkg-deb").arg("-e").arg(package()).arg(folder.path().join("DEBIAN")));
    folder
}

fn text(root: &Path, path: &str) -> String {
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
#[ignore = "needs the package: make deploy"]
fn the_package_brings_what_a_service_needs() {
    let root = unpacked();
    let root = root.path();
    let unit = with(
        text(root, "usr/lib/systemd/system/saoma.service"),
        &[("/usr/bin/saoma", root.join("usr/bin/saoma").to_str().expect("UTF-8"))],
    );
    fs::write(root.join("saoma.service"), unit).expect("writes");
    succeeds(tool("systemd-analyze").args(["verify", "--man=no"]).arg(root.join("saoma.service")));
    let control = text(root, "DEBIAN/control");
    assert!(control.contains("libc6") && control.contains("ca-certificates"), "{control}");
    for script in ["postinst", "prerm", "postrm"].iter().filter(|it| root.join("DEBIAN").join(it).exists()) {
        succeeds(tool("sh").arg("-n").arg(root.join("DEBIAN").join(script)));
    }
    let postinst = text(root, "DEBIAN/postinst");
    assert!(postinst.contains("adduser") && !postinst.contains("#DEBHELPER#"), "{postinst}");
    assert!(!postinst.contains("deb-systemd-invoke start"), "nothing is started before its settings are: {postinst}");
    for document in ["README.md", "README.zh-CN.md", "CHANGELOG.md", "docs/settings.md", "copyright"] {
        assert!(!text(root, &format!("usr/share/doc/saoma/{document}")).is_empty(), "{document}");
    }
    // As `postinst` makes the settings of it.
    let settings = text(root, "usr/share/saoma/env.example");
    let made = settings.lines().any(|line| line.starts_with("#SAOMA_DATA_DIR="));
    assert!(made && postinst.contains("s|^#SAOMA_DATA_DIR=.*|SAOMA_DATA_DIR=/var/lib/saoma|"), "{settings}");
}

#[tokio::test]
#[ignore = "needs the package: make deploy"]
async fn the_program_of_the_package_serves() {
    let root = unpacked();
    let program = root.path().join("usr/bin/saoma");
    let version = succeeds(Command::new(&program).arg("--version"));
    let version = String::from_utf8(version.stdout).expect("UTF-8");
    assert!(version.starts_with(concat!("saoma ", env!("CARGO_PKG_VERSION"), " (")), "of `make`: {version}");
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    let port = free_port();
    let mut command = Command::new(&program);
    command.args(["serve", "--sandbox"]).env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}"));
    let mut process = Process::spawn(command, folder.path(), port, "serve.log");
    process.until_answered("/readyz").await;
    let page = process.get("/").await;
    let style =
        page.text().split("href=\"").find_map(|part| part.split_once(".css\"").map(|it| format!("{}.css", it.0)));
    assert_eq!(process.get(&style.expect("its style")).await.status, 200, "the site is inside");
}
