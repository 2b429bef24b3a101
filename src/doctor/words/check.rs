//! What was checked, and how its words are laid down.

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
    OwnCertificate,
    UnfitProduct,
    DemoOnSale,
}

/// In one language.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    pub means: &'static str,
    pub remedy: &'static str,
}

/// A check, its name for programs, Chinese and English.
pub(super) struct Row(pub(super) Check, pub(super) &'static str, pub(super) Words, pub(super) Words);

pub(super) const fn row(
    check: Check,
    code: &'static str,
    chinese: (&'static str, &'static str),
    english: (&'static str, &'static str),
) -> Row {
    let chinese = Words { means: chinese.0, remedy: chinese.1 };
    Row(check, code, chinese, Words { means: english.0, remedy: english.1 })
}
