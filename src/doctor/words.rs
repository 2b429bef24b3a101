//! What each check has to say: what it means for money, what to do, and where. Both languages.

mod books;
mod keys;
mod machine;
mod ways;

/// What was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    Settings,
    CertificateEnded,
    CertificateEnds,
    ApiV3Key,
    Signature,
    KeyKind,
    PublicKey,
    Refused,
    Clock,
    HostUnreachable,
    NotifyName,
    NotifyPrivate,
    NotifyUnreachable,
    NotifyCertificate,
    NotifyCertificateEnds,
    NotifyRedirect,
    NotifyOther,
    NotifyStripped,
    CallbackLost,
    BooksRefused,
    BooksUnreachable,
    Durability,
    NetworkFileSystem,
    VolatileFileSystem,
    NotWritable,
    PutBack,
    SeveralServers,
    JobsStale,
    DiskFull,
    InodesFull,
    TimeZone,
    OpenToOthers,
    SiteMissing,
    ProxyUnnamed,
    PortTaken,
    UnfitProduct,
    DemoOnSale,
}

/// In one language.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    pub means: &'static str,
    pub remedy: &'static str,
}

struct Row(Check, &'static str, Words, Words);

const fn row(
    check: Check,
    code: &'static str,
    chinese: (&'static str, &'static str),
    english: (&'static str, &'static str),
) -> Row {
    let chinese = Words { means: chinese.0, remedy: chinese.1 };
    Row(check, code, chinese, Words { means: english.0, remedy: english.1 })
}

const NONE: Words = Words { means: "", remedy: "" };

impl Check {
    fn row(self) -> Option<&'static Row> {
        FAMILIES.into_iter().flatten().find(|row| row.0 == self)
    }

    /// Stable, for programs.
    pub fn code(self) -> &'static str {
        self.row().map_or("", |row| row.1)
    }

    pub fn chinese(self) -> &'static Words {
        self.row().map_or(&NONE, |row| &row.2)
    }

    pub fn english(self) -> &'static Words {
        self.row().map_or(&NONE, |row| &row.3)
    }
}

const FAMILIES: [&[Row]; 4] = [keys::ROWS, ways::ROWS, books::ROWS, machine::ROWS];
