//! `deploy/saoma.service`, by systemd's own checks.

use std::fs;

use super::{sample, succeeds, tool, with};
use crate::support::{folder, program};

/// Of ten, in tenths: how much of the machine the service could get at.
const EXPOSURE: &str = "--threshold=14";

/// The unit with the program that is under test.
fn laid() -> (tempfile::TempDir, String) {
    let folder = folder();
    let unit = folder.path().join("saoma.service");
    fs::write(&unit, with(sample("saoma.service"), &[("/usr/bin/saoma", program())])).expect("writes");
    let unit = unit.to_str().expect("UTF-8").to_owned();
    (folder, unit)
}

#[test]
#[ignore = "needs systemd-analyze: make deploy-tests"]
fn systemd_has_no_word_against_the_unit() {
    let (_folder, unit) = laid();
    let output = succeeds(tool("systemd-analyze").args(["verify", "--man=no", &unit]));
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8(told).expect("UTF-8");
    assert!(!told.contains("saoma.service"), "{told}");
}

#[test]
#[ignore = "needs systemd-analyze: make deploy-tests"]
fn the_service_can_get_at_little() {
    let (_folder, unit) = laid();
    let output = succeeds(tool("systemd-analyze").args(["security", "--no-pager", "--offline=true", EXPOSURE, &unit]));
    let told = String::from_utf8(output.stdout).expect("UTF-8");
    println!("{}", told.lines().last().unwrap_or_default());
}
