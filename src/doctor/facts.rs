//! What was found out before anything is judged. Nothing in here is a secret.

use std::{net::IpAddr, path::PathBuf};

use jiff::{SignedDuration, Timestamp};

use super::report::Why;

#[derive(Clone, Debug)]
pub struct Facts {
    pub now: Timestamp,
    /// Nobody's money: the platform is on this machine.
    pub is_play: bool,
    /// Settings that cannot be used: variable and why.
    pub problems: Vec<(String, String)>,
    pub keys: Keys,
    pub books: Books,
    pub machine: Machine,
    pub front: Front,
    /// `None`: nobody outside was asked.
    pub online: Option<Online>,
}

#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Of the merchant's certificate, where it was given.
    pub certificate_ends: Option<Timestamp>,
    pub has_public_key: bool,
    /// Whether the newest callback that was kept opens with the APIv3 key; `None` where there is none.
    pub opens_callbacks: Option<bool>,
}

#[derive(Clone, Debug)]
pub enum Books {
    /// There are none yet: the first start makes them.
    None,
    /// They are not this shop's, not of this version, or not kept here any more.
    Refused(String),
    Unreachable(String),
    Open(Box<OpenBooks>),
}

#[derive(Clone, Debug)]
pub struct OpenBooks {
    pub engine: Engine,
    /// One row, written and committed.
    pub write: Result<(), String>,
    /// They are a copy that was put back, and do not know everything yet.
    pub put_back: Option<Timestamp>,
    /// Instances that gave a sign of life within the last half minute.
    pub instances: i64,
    /// What the jobs that money waits for last ended well with.
    pub jobs: Vec<(String, Timestamp)>,
    /// Products on sale that WeChat would refuse, and why.
    pub unfit: Vec<String>,
    /// Products of the sandbox that are on sale for real money.
    pub demo: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// `PRAGMA synchronous`: 2 is FULL.
    Sqlite {
        synchronous: i64,
    },
    Mysql {
        flush_log: i64,
        binlog: bool,
        sync_binlog: i64,
        is_galera: bool,
    },
}

#[derive(Clone, Debug, Default)]
pub struct Machine {
    pub data_dir: PathBuf,
    pub free_bytes: Option<u64>,
    pub books_bytes: u64,
    /// Free and all.
    pub inodes: Option<(u64, u64)>,
    /// Of the books' file.
    pub file_system: Option<FileSystem>,
    /// What holds secrets or books and is open to others on this machine.
    pub open_to_others: Vec<PathBuf>,
    /// The time zone that this machine is told to be in, which is not to be found on it.
    pub lost_zone: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSystem {
    Local,
    /// NFS, SMB and the like: locks and syncs are not what SQLite needs.
    Network(&'static str),
    /// Gone with the machine's next start.
    Memory,
}

#[derive(Clone, Debug)]
pub struct Front {
    /// Whether the program has its pages' styles and scripts, or why the named folder has none.
    pub site: Result<(), String>,
    pub has_tls: bool,
    /// Why nobody gets in with the certificate whose files are named.
    pub certificate: Option<String>,
    pub is_loopback: bool,
    pub names_proxies: bool,
    pub port: Port,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Port {
    Free,
    /// A Saoma answers there.
    Ours,
    /// Somebody else has it, or it cannot be had.
    Taken(String),
}

#[derive(Clone, Debug)]
pub struct Online {
    /// WeChat's hosts, the main one first.
    pub hosts: Vec<Host>,
    /// Host and port of the proxy on the way.
    pub proxy: Option<String>,
    /// How many platform certificates came and opened.
    pub certificates: Called,
    pub origin: Option<Origin>,
    pub echo: Echo,
}

#[derive(Clone, Debug)]
pub struct Host {
    pub name: String,
    /// With how far our clock is ahead of its own, if it told.
    pub answered: Result<Option<SignedDuration>, String>,
}

/// What a call to WeChat came to.
#[derive(Clone, Debug)]
pub enum Called {
    Good,
    Refused(Refused),
    /// What was sealed with the APIv3 key does not open.
    Sealed,
    /// The answer's signature is not one of the keys we have.
    Unverified(String),
    Unknown(String),
    NotAsked,
}

#[derive(Clone, Debug)]
pub struct Refused {
    pub code: String,
    pub request_id: Option<String>,
    pub chinese: String,
    pub english: String,
}

/// The address that WeChat calls, as this machine reaches it.
#[derive(Clone, Debug)]
pub struct Origin {
    pub host: String,
    pub addresses: Result<Vec<IpAddr>, String>,
    pub page: Answered,
    /// To a callback that nobody has signed.
    pub callback: Answered,
    pub certificate_ends: Option<Timestamp>,
}

#[derive(Clone, Debug)]
pub enum Answered {
    /// As a Saoma answers.
    Ours,
    Redirect(String),
    /// By a Saoma, but a header has not come through.
    Stripped,
    /// By something in front of it.
    Other(String),
    BadCertificate(String),
    Nobody(String),
}

/// The self-test that goes the whole way: to WeChat, back to the server, into the books.
#[derive(Clone, Debug)]
pub enum Echo {
    Arrived,
    Lost,
    Call(Called),
    NotTried(Why),
}
