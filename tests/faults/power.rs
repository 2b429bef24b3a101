//! The power is lost: every program that has the files open is killed, and what no successful sync followed is
//! taken back, from the undo files that `preload.c` keeps.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{chance::mix, control::Control};

/// What the kernel writes at once. Pages that it has written already, by itself, are on the disk.
const PAGE: u64 = 4096;
/// `struct head` and `struct change` in `preload/undo.h`, in words.
const HEAD: usize = 3;
const CHANGE: usize = 4;

/// What becomes of that which was not synced.
#[derive(Clone, Copy, Debug)]
pub enum Unsynced {
    Gone,
    /// The kernel has written back about half of the pages, by no order; of names nothing.
    Torn(u64),
}

/// What was taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    pub changes: usize,
    pub names: usize,
}

struct Change {
    offset: u64,
    kept: Vec<u8>,
    written: u64,
    size: u64,
}

/// Nobody has the files open, and whoever opens them waits until this is gone.
pub struct Dark<'c> {
    control: &'c Control,
    /// Held while it is open.
    _lock: File,
}

impl Control {
    /// SIGKILL for every program under the library.
    pub fn kill_all(&self) -> Dark<'_> {
        let lock = File::options().create(true).append(true).open(self.journal.join("lock")).expect("a lock");
        lock.lock().expect("locks");
        self.end_generation();
        files(&self.journal).iter().filter(|path| name(path).starts_with("process-")).for_each(|path| kill(path));
        Dark { control: self, _lock: lock }
    }
}

impl Control {
    /// Everything there is by now counts as synced.
    pub fn settle(&self) {
        let lock = File::options().create(true).append(true).open(self.journal.join("lock")).expect("a lock");
        lock.lock().expect("locks");
        let is_undo = |path: &&PathBuf| name(path).starts_with("undo-") || name(path) == "names";
        for path in files(&self.journal).iter().filter(is_undo) {
            let bytes = fs::read(path).expect("is there");
            let Some([base, ..]) = words::<HEAD>(&bytes) else { continue };
            let end = base + (bytes.len() - 8 * HEAD) as u64;
            let file = File::options().write(true).open(path).expect("is there");
            let head = [end, end, 0].map(u64::to_ne_bytes).concat();
            file.write_all_at(&head, 0).expect("writes");
            file.set_len(head.len() as u64).expect("ours");
        }
    }
}

impl Dark<'_> {
    /// The power was lost as well. Afterwards everything is as if synced.
    pub fn take_back(&self, unsynced: Unsynced) -> Lost {
        let journal = files(&self.control.journal);
        let mut lost = Lost::default();
        let places: BTreeMap<u64, PathBuf> = files(&self.control.below)
            .into_iter()
            .chain(journal.iter().filter(|path| name(path).starts_with("saved-")).cloned())
            .map(|path| (fs::metadata(&path).expect("is there").ino(), path))
            .collect();
        for undo in journal.iter().filter(|path| name(path).starts_with("undo-")) {
            let inode: u64 = name(undo).trim_start_matches("undo-").parse().expect("an inode");
            if let Some(place) = places.get(&inode) {
                lost.changes += take_back(&read_changes(undo), place, unsynced);
            }
        }
        for line in read_names(&self.control.journal.join("names")).iter().rev() {
            take_name_back(line);
            lost.names += 1;
        }
        for path in files(&self.control.journal).iter().filter(|path| !["control", "lock"].contains(&name(path))) {
            fs::remove_file(path).expect("ours");
        }
        lost
    }
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("a name")
}

/// All that are below, however deep.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The process of that file, if it still lives: it holds a lock on it until its end.
fn kill(path: &Path) {
    let file = File::options().append(true).open(path).expect("is there");
    if file.try_lock().is_err() {
        let id = name(path).trim_start_matches("process-");
        // It may be gone by now.
        Command::new("/bin/kill").args(["-KILL", id]).output().expect("kill runs");
        file.lock().expect("is gone");
    }
    fs::remove_file(path).expect("ours");
}

fn words<const N: usize>(bytes: &[u8]) -> Option<[u64; N]> {
    let mut words = [0; N];
    for (word, bytes) in words.iter_mut().zip(bytes.get(..8 * N)?.chunks_exact(8)) {
        *word = u64::from_ne_bytes(bytes.try_into().expect("eight"));
    }
    Some(words)
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("64 bits")
}

/// What is in the file behind its head and has not been synced.
fn unsynced(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap_or_default();
    let Some([base, start, _]) = words::<HEAD>(&bytes) else { return Vec::new() };
    bytes[8 * HEAD + index(start - base)..].to_vec()
}

/// A last one that is not whole was being put down when its program was killed: nothing was changed yet.
fn read_changes(undo: &Path) -> Vec<Change> {
    let (bytes, mut changes, mut at) = (unsynced(undo), Vec::new(), 0);
    while let Some([offset, kept, written, size]) = words::<CHANGE>(&bytes[at..]) {
        at += 8 * CHANGE;
        let Some(kept) = bytes.get(at..at + index(kept)) else { break };
        at += kept.len();
        changes.push(Change { offset, kept: kept.to_vec(), written, size });
    }
    changes
}

fn take_back(changes: &[Change], place: &Path, unsynced: Unsynced) -> usize {
    let Some(first) = changes.first() else { return 0 };
    let file = File::options().write(true).open(place).expect("is there");
    // Who cut a file and wrote to it again: which of the two the disk has would be another question.
    let is_cut = changes.iter().any(|change| change.written == 0 && !change.kept.is_empty());
    let survives = |page: u64| match unsynced {
        Unsynced::Torn(seed) if !is_cut => mix(seed ^ page ^ file.metadata().map_or(0, |it| it.ino()) << 32) & 1 == 1,
        Unsynced::Torn(_) | Unsynced::Gone => false,
    };
    let mut size = first.size;
    for change in changes.iter().rev() {
        let end = change.offset + change.kept.len() as u64;
        let mut at = change.offset;
        while at < end {
            let next = (at / PAGE + 1).saturating_mul(PAGE).min(end);
            if !survives(at / PAGE) {
                let old = &change.kept[index(at - change.offset)..index(next - change.offset)];
                file.write_all_at(old, at).expect("writes");
            }
            at = next;
        }
    }
    for change in changes.iter().filter(|change| change.written > 0) {
        let end = change.offset + change.written;
        let pages = change.offset / PAGE..=(end - 1) / PAGE;
        if let Some(last) = pages.rev().find(|page| survives(*page)) {
            size = size.max(end.min((last + 1) * PAGE));
        }
    }
    file.set_len(size).expect("ours");
    changes.len()
}

fn read_names(path: &Path) -> Vec<Vec<String>> {
    let lines = String::from_utf8(unsynced(path)).expect("text");
    lines.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn take_name_back(line: &[String]) {
    match line.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // Perhaps it came to nothing.
        ["made", path] => drop(fs::remove_file(path)),
        ["removed", path, saved] => fs::rename(saved, path).expect("is saved"),
        ["renamed", from, to, saved] => {
            fs::rename(to, from).expect("was renamed");
            if !saved.is_empty() {
                fs::rename(saved, to).expect("is saved");
            }
        }
        _ => panic!("no such change of a name: {line:?}"),
    }
}
