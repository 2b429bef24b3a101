//! The fuzz targets without a fuzzer: every input of `corpus/` goes through the check that `make fuzz`
//! feeds for hours, so that what once crashed stays mended. To keep a crash, copy its file from
//! `target/fuzz/artifacts` to `corpus/TARGET/` under a name that says what it was.

#![expect(clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "a check that fails does not know the input's name")]

mod checks;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz")
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

fn names<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> BTreeSet<String> {
    paths.into_iter().map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect()
}

#[test]
fn every_input_of_the_corpus_passes_its_check() {
    for (name, check) in checks::ALL {
        let inputs = entries(&folder().join("corpus").join(name));
        let mut through = 0;
        for path in &inputs {
            let input = fs::read(path).expect("an input");
            println!("{}", path.display());
            through += usize::from(check(&input));
        }
        assert!(through > 0, "{name}: no input gets to the end, so the fuzzer would hardly either");
        assert!(through < inputs.len(), "{name}: no input is refused");
    }
}

#[test]
fn every_check_is_a_target_with_a_corpus() {
    let expected: BTreeSet<String> = checks::ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&entries(&folder().join("corpus"))), expected);
    assert_eq!(names(&entries(&folder().join("targets"))), expected);
    let manifest = fs::read_to_string(folder().join("Cargo.toml")).expect("a manifest");
    let bins = manifest.split("[[bin]]\n").skip(1);
    let bins: BTreeSet<String> = bins.map(|bin| bin.split('"').nth(1).expect("a name").to_owned()).collect();
    assert_eq!(bins, expected);
    for name in expected {
        let target = fs::read_to_string(folder().join(format!("targets/{name}.rs"))).expect("a target");
        assert!(target.contains(&format!("checks::{name}::check(")), "{name} runs its own check");
    }
}

/// Names and versions of the packages in a lockfile.
fn locked(file: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut packages = BTreeMap::<_, BTreeSet<_>>::new();
    for package in text.split("[[package]]\n").skip(1) {
        let value = |key: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
            line.expect("a name and a version").trim_matches('"').to_owned()
        };
        packages.entry(value("name")).or_default().insert(value("version"));
    }
    packages
}

#[test]
fn what_is_fuzzed_is_what_ships() {
    let shipped = locked(&Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock"));
    let fuzzed = locked(&folder().join("Cargo.lock"));
    assert!(fuzzed.len() > 50, "{}", fuzzed.len());
    for (name, versions) in fuzzed {
        if matches!(name.as_str(), "saoma-fuzz" | "libfuzzer-sys" | "arbitrary") {
            continue;
        }
        let same = shipped.get(&name).is_some_and(|shipped| versions.is_subset(shipped));
        assert!(same, "{name} {versions:?} in tests/fuzz/Cargo.lock is not in Cargo.lock: `make fuzz-lock` mends it");
    }
}
