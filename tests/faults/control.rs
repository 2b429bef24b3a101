//! The other side of `preload.c`: builds it, gives it to programs, switches faults on and off.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/preload.c");

/// What can happen to files. The numbers are those of `enum fault` in `preload/undo.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// ENOSPC, also in the middle of a write.
    Full = 1,
    /// EIO of a write or a truncation, of which half may have happened.
    WriteError = 2,
    /// EIO of fsync and fdatasync.
    SyncError = 3,
    /// Half of what was to be written is.
    ShortWrite = 4,
    /// EMFILE or EIO.
    OpenError = 5,
    /// A sync takes up to 300 ms.
    SlowSync = 6,
}

impl Fault {
    pub const ALL: [Self; 6] =
        [Self::Full, Self::WriteError, Self::SyncError, Self::ShortWrite, Self::OpenError, Self::SlowSync];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "disk full",
            Self::WriteError => "write fails",
            Self::SyncError => "sync fails",
            Self::ShortWrite => "short writes",
            Self::OpenError => "open fails",
            Self::SlowSync => "slow syncs",
        }
    }
}

/// A fault hits every call that it can.
pub const ALWAYS: u64 = 1 << 16;

/// The places of the words in `struct control`.
const FAULT: u64 = 0;
const SHARE: u64 = 1;
const SEED: u64 = 2;
const GENERATION: u64 = 3;
const HITS: u64 = 5;
const WORDS: usize = 12;

/// Built once per run, with the compiler that this project needs anyway. Put in its place in one step: another
/// run may be starting programs with it.
static LIBRARY: LazyLock<PathBuf> = LazyLock::new(|| {
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("preload.so");
    let new = library.with_extension(format!("{}.so", std::process::id()));
    let options = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"];
    let built = Command::new("cc").args(options).arg(&new).args([SOURCE, "-ldl", "-lpthread"]).output();
    let built = built.expect("a C compiler");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    fs::rename(new, &library).expect("ours");
    library
});

/// Over the files below one folder.
pub struct Control {
    pub below: PathBuf,
    /// On the same file system, and not below.
    pub journal: PathBuf,
    words: File,
}

impl Control {
    /// `below` is made if it is not there.
    pub fn new(below: &Path, journal: &Path) -> Self {
        fs::create_dir_all(below).expect("a folder");
        fs::create_dir_all(journal).expect("a folder");
        let words = File::options().create(true).truncate(true).read(true).write(true).open(journal.join("control"));
        let words = words.expect("a file");
        words.write_all_at(&[0; 8 * WORDS], 0).expect("writes");
        let whole = |path: &Path| path.canonicalize().expect("is there");
        Self { below: whole(below), journal: whole(journal), words }
    }

    /// What a program is started with.
    pub fn variables(&self) -> BTreeMap<String, String> {
        let text = |path: &Path| path.display().to_string();
        let pairs = [
            ("LD_PRELOAD", text(&LIBRARY)),
            ("FAULTS_BELOW", text(&self.below)),
            ("FAULTS_JOURNAL", text(&self.journal)),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// From now on `fault` hits `share` (of [`ALWAYS`]) of the calls that it can.
    pub fn set(&self, fault: Fault, share: u64, seed: u64) {
        self.write(SEED, seed);
        self.write(SHARE, share);
        self.write(FAULT, fault as u64);
    }

    pub fn off(&self) {
        self.write(FAULT, 0);
    }

    pub fn is_on(&self, fault: Fault) -> bool {
        self.read(FAULT) == fault as u64
    }

    /// How often it has hit.
    pub fn hits(&self, fault: Fault) -> u64 {
        self.read(HITS + fault as u64)
    }

    /// Whoever is there by now does not write any more.
    pub fn end_generation(&self) {
        self.write(GENERATION, self.read(GENERATION) + 1);
    }

    fn read(&self, word: u64) -> u64 {
        let mut bytes = [0; 8];
        self.words.read_exact_at(&mut bytes, 8 * word).expect("reads");
        u64::from_ne_bytes(bytes)
    }

    fn write(&self, word: u64, value: u64) {
        self.words.write_all_at(&value.to_ne_bytes(), 8 * word).expect("writes");
    }
}
