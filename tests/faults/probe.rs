//! That the preload library does what it says: a fault is one, and what was not synced is gone. The program
//! under it is this test binary itself, started again as [`play_program`].

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufRead as _, BufReader, Write as _},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use crate::{
    control::{ALWAYS, Control, Fault},
    power::Unsynced,
};

/// Before an answer, which may stand behind what the test harness says.
const ANSWER: &str = "answer: ";

/// Does what it is told, line by line, to files of the folder that is watched.
#[test]
#[ignore = "is what the other tests start"]
fn play_program() {
    let below = PathBuf::from(std::env::var_os("FAULTS_BELOW").expect("started by another test"));
    let mut files: BTreeMap<String, File> = BTreeMap::new();
    for line in io::stdin().lines() {
        let line = line.expect("text");
        println!("{ANSWER}{}", obey(&line, &below, &mut files).unwrap_or_else(|error| error.to_string()));
    }
}

fn obey(line: &str, below: &Path, files: &mut BTreeMap<String, File>) -> io::Result<String> {
    let number = |text: &str| text.parse::<u64>().expect("a number");
    match line.split(' ').collect::<Vec<_>>()[..] {
        ["open", name] => {
            let file = File::options().create(true).truncate(false).read(true).write(true).open(below.join(name))?;
            files.insert(name.to_owned(), file);
        }
        ["empty", name] => drop(File::create(below.join(name))?),
        ["put", name, at, text] => return Ok(files[name].write_at(text.as_bytes(), number(at))?.to_string()),
        ["write", name, text] => return Ok((&files[name]).write(text.as_bytes())?.to_string()),
        ["fill", name, pages] => {
            files[name].write_all_at(&vec![b'x'; 4096 * usize::try_from(number(pages)).expect("small")], 0)?;
        }
        ["cut", name, size] => files[name].set_len(number(size))?,
        ["sync", name] => files[name].sync_all()?,
        ["sync-data", name] => files[name].sync_data()?,
        ["sync-folder"] => File::open(below)?.sync_all()?,
        ["remove", name] => fs::remove_file(below.join(name))?,
        ["rename", name, to] => fs::rename(below.join(name), below.join(to))?,
        _ => panic!("{line}"),
    }
    Ok("ok".to_owned())
}

struct Probe {
    _folder: tempfile::TempDir,
    control: Control,
    program: Option<(Child, BufReader<ChildStdout>)>,
}

impl Probe {
    fn new() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let control = Control::new(&folder.path().join("books"), &folder.path().join("journal"));
        Self { _folder: folder, control, program: None }
    }

    fn say(&mut self, line: &str) -> String {
        let variables = self.control.variables();
        let (child, answers) = self.program.get_or_insert_with(|| {
            let mut command = Command::new(std::env::current_exe().expect("this one"));
            command.args(["--exact", "probe::play_program", "--ignored", "--nocapture"]).envs(variables);
            let mut child =
                command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starts");
            let answers = BufReader::new(child.stdout.take().expect("piped"));
            (child, answers)
        });
        writeln!(child.stdin.as_mut().expect("piped"), "{line}").expect("listens");
        let answer = answers.lines().find_map(|told| Some(told.ok()?.split_once(ANSWER)?.1.to_owned()));
        answer.expect("an answer")
    }

    /// Each of them must succeed.
    fn play(&mut self, lines: &str) {
        for line in lines.split(", ") {
            let answer = self.say(line);
            assert!(answer == "ok" || answer.parse::<usize>().is_ok(), "{line}: {answer}");
        }
    }

    fn lose_power(&mut self) {
        self.control.kill_all().take_back(Unsynced::Gone);
        let (mut child, _) = self.program.take().expect("runs");
        let status = child.wait().expect("a child");
        assert!(!status.success(), "killed, like everything that has the files open");
    }

    /// Names and contents.
    fn files(&self) -> Vec<(String, String)> {
        let entries = fs::read_dir(&self.control.below).expect("a folder").map(|entry| entry.expect("an entry").path());
        let mut files: Vec<_> = entries
            .map(|path| {
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                (name, fs::read_to_string(path).expect("text"))
            })
            .collect();
        files.sort();
        files
    }

    fn assert_files(&self, wanted: &[(&str, &str)]) {
        let wanted: Vec<_> = wanted.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        assert_eq!(self.files(), wanted);
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        if let Some((child, _)) = &mut self.program {
            child.kill().expect("kills");
            child.wait().expect("is gone");
        }
    }
}

#[test]
fn each_fault_is_one_and_ends_when_it_is_switched_off() {
    let mut probe = Probe::new();
    probe.play("open a, put a 0 12345678, sync a");
    let full = "No space left on device (os error 28)";
    let broken = "Input/output error (os error 5)";
    for (fault, line, among) in [
        (Fault::Full, "put a 8 abcd", &["2", full][..]),
        (Fault::Full, "write a abcd", &["2", full]),
        (Fault::Full, "cut a 100", &[full]),
        (Fault::Full, "open b", &[full]),
        (Fault::WriteError, "put a 8 abcd", &[broken]),
        (Fault::WriteError, "cut a 4", &[broken]),
        (Fault::SyncError, "sync a", &[broken]),
        (Fault::SyncError, "sync-data a", &[broken]),
        (Fault::SyncError, "sync-folder", &[broken]),
        (Fault::ShortWrite, "put a 8 abcd", &["2"]),
        (Fault::ShortWrite, "write a abcd", &["2"]),
        (Fault::OpenError, "open b", &["Too many open files (os error 24)", broken]),
        (Fault::SlowSync, "sync a", &["ok"]),
    ] {
        let before = probe.control.hits(fault);
        probe.control.set(fault, ALWAYS, 7);
        for _ in 0..8 {
            let answer = probe.say(line);
            assert!(among.contains(&answer.as_str()), "{fault:?}, {line}: {answer}");
        }
        assert_eq!(probe.control.hits(fault) - before, 8, "{fault:?}, {line}");
        probe.control.off();
        probe.play("put a 0 1234, sync a");
    }
    assert_eq!(probe.say("open b"), "ok");
}

#[test]
fn a_share_of_the_calls_is_hit_and_the_same_ones_for_the_same_seed() {
    let hits = |seed| {
        let mut probe = Probe::new();
        probe.play("open a");
        probe.control.set(Fault::SyncError, ALWAYS / 2, seed);
        (0..40).map(|_| probe.say("sync a") == "ok").collect::<Vec<_>>()
    };
    let (first, other) = (hits(1), hits(2));
    assert!((5..35).contains(&first.iter().filter(|it| **it).count()), "{first:?}");
    assert_eq!(first, hits(1));
    assert_ne!(first, other);
}

#[test]
fn what_was_not_synced_is_gone_with_the_power() {
    let mut probe = Probe::new();
    probe.play("open a, put a 0 12345678, sync a, put a 2 ab, sync-data a");
    probe.play("put a 0 zz, put a 3 zzzzzzzz, cut a 1, write a y, cut a 20");
    probe.lose_power();
    probe.assert_files(&[("a", "12ab5678")]);
    // Nothing is taken back twice, and it goes on from there.
    probe.play("open a, put a 8 9, empty b");
    probe.lose_power();
    probe.assert_files(&[("a", "12ab5678")]);
    probe.play("open a, put a 8 9, sync a");
    probe.lose_power();
    probe.assert_files(&[("a", "12ab56789")]);
    probe.play("empty a");
    probe.lose_power();
    probe.assert_files(&[("a", "12ab56789")]);
}

#[test]
fn what_is_settled_counts_as_synced() {
    let mut probe = Probe::new();
    probe.play("open a, put a 0 1234, rename a b");
    probe.control.settle();
    probe.play("put a 0 zz, open c");
    probe.lose_power();
    probe.assert_files(&[("b", "1234")]);
}

#[test]
fn a_sync_that_fails_keeps_nothing() {
    let mut probe = Probe::new();
    probe.play("open a, put a 0 1234, sync a, put a 0 abcd");
    probe.control.set(Fault::SyncError, ALWAYS, 1);
    assert_ne!(probe.say("sync a"), "ok");
    probe.control.off();
    probe.lose_power();
    probe.assert_files(&[("a", "1234")]);
}

#[test]
fn names_last_once_a_folder_or_a_new_file_is_synced() {
    let mut probe = Probe::new();
    probe.play("open a, put a 0 a, sync a, open b, put b 0 b, open c, put c 0 c");
    probe.lose_power();
    probe.assert_files(&[("a", "a")]);
    probe.play("open b, put b 0 b, sync b, remove a, rename b a");
    probe.lose_power();
    probe.assert_files(&[("a", "a"), ("b", "b")]);
    probe.play("rename b a, open c, sync-folder, remove a");
    probe.lose_power();
    probe.assert_files(&[("a", "b"), ("c", "")]);
}

#[test]
fn of_a_torn_write_some_pages_are_on_the_disk() {
    let mut probe = Probe::new();
    probe.play("open a, fill a 64, sync a, open b, sync b");
    let zeros = |probe: &Probe| {
        let bytes = fs::read(probe.control.below.join("a")).expect("is there");
        assert_eq!(bytes.len(), 4096 * 64);
        bytes.chunks(4096).filter(|page| page.starts_with(b"0")).count()
    };
    for page in 0..64 {
        probe.play(&format!("put a {} 0000, put b {} 1", page * 4096, page * 4096));
    }
    probe.control.kill_all().take_back(Unsynced::Torn(3));
    probe.program.take().expect("runs").0.wait().expect("killed");
    assert!((10..54).contains(&zeros(&probe)), "{}", zeros(&probe));
}
