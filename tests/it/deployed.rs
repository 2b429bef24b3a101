//! What is in `deploy/`, tried with the programs that it is written for. Left out unless it is asked for (`make test` asks
//! for nginx and systemd, `make deploy` for all): the others have to be installed, and image and package be built.

mod caddy;
mod front;
mod image;
mod nginx;
mod package;
mod systemd;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn sample(name: &str) -> String {
    fs::read_to_string(repository().join("deploy").join(name)).expect("a sample")
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A text with these parts put in the place of others, each of which is there.
fn with(mut text: String, changes: &[(&str, &str)]) -> String {
    for (before, after) in changes {
        assert!(text.contains(before), "{before}: {text}");
        text = text.replace(before, after);
    }
    text
}

/// A program with everything that is on Debian's paths.
fn tool(name: &str) -> Command {
    let mut command = Command::new(name);
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command
}

#[track_caller]
fn succeeds(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let told = [&output.stdout[..], b"\n", &output.stderr].concat();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&told));
    output
}

/// A certificate for the shop and its second name, by nobody in particular: `fullchain.pem`, `privkey.pem`.
fn lay_certificate(folder: &Path) {
    succeeds(
        tool("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
            .args(["-subj", "/CN=shop.example.com", "-keyout", "privkey.pem", "-out", "fullchain.pem"])
            .args(["-addext", "subjectAltName=DNS:shop.example.com,DNS:www.shop.example.com"])
            .current_dir(folder),
    );
}
