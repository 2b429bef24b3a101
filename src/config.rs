//! The environment, read once at start-up, checked as a whole: every wrong or missing variable is
//! named in one message, so that nobody mends them one start at a time.
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `WXPAY_*` | see [`live`]; in sandbox mode none may be set | |
//! | `DATABASE_URL` | `sqlite://PATH` or `mysql://USER:PASSWORD@HOST:PORT/NAME` | `sqlite://data/saoma.db`; in sandbox mode `sqlite://data/sandbox/saoma.db` |
//! | `SAOMA_DATA_DIR` | folder for everything we keep | `data` |
//! | `SAOMA_PAYEE` | the shop's name on the pay page | `扫码示例商店` |
//! | `SAOMA_PAY_MINUTES` | how long an order can be paid, 1–120 | 15 |
//! | `SAOMA_FEE_RATE` | the rate agreed on with WeChat Pay, like `0.60%` | whatever the bill says |
//! | `SAOMA_ORDERS_PER_MINUTE` | per client address, 0 = no limit | 30 |
//! | `SAOMA_CHECKS_PER_MINUTE` | presses of 我已完成支付, cancel and renew, per client address, 0 = no limit | 60 |
//! | `SAOMA_QUESTIONS_PER_SECOND` | to WeChat, of all instances together, 0 = no limit | 20 |
//! | `SAOMA_REJECTED_CALLBACKS_PER_MINUTE` | per client address, 0 = no limit | 120 |
//! | `SAOMA_TRUSTED_PROXIES` | addresses or networks, by comma | none |
//! | `SAOMA_PUBLIC_ORIGIN` | the address shoppers reach the shop by | `WXPAY_NOTIFY_DOMAIN` |
//! | `SAOMA_EGRESS_PROXY` (or `…_PATH`) | `http://USER:PASSWORD@HOST:PORT` on the way to WeChat Pay | none |
//! | `SAOMA_METRICS_TOKEN` (or `…_PATH`) | opens `/metrics` to other machines | none |
//! | `SAOMA_SECRET_KEY` (or `…_PATH`) | seals what is secret in the books; required on MySQL | `secret.key` beside them |
//! | `SAOMA_TLS` and what belongs to it | see [`tls`] | `off` |
//! | `LEPTOS_SITE_ADDR`, `LEPTOS_SITE_ROOT` | listen address, a site folder to use | `127.0.0.1:3000` (with TLS `[::]:443`), the site inside the program |
//!
//! A variable that is set but empty counts as not set. Whether there is money at stake is never guessed
//! from what is set: it is asked for ([`Wanted`]).

mod env_file;
mod environment;
mod file;
pub mod live;
mod reader;
mod shown;
pub mod tls;
mod variables;

use std::{collections::BTreeSet, fmt, net::SocketAddr, ops::Deref, path::PathBuf};

use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

pub use env_file::EnvFileError;
pub use environment::Environment;
pub use file::read as read_small_file;
pub use live::LiveSettings;
pub use reader::{Problem, Problems, Reader};
pub use tls::TlsSettings;
pub use variables::LOG;

use crate::{gateway::EgressProxy, secret_key::SecretKey, wechatpay::bill::Rate};

/// Everything the server is told from outside.
#[derive(Debug)]
pub struct Settings {
    pub mode: Mode,
    pub database_url: DatabaseUrl,
    pub data_dir: PathBuf,
    pub payee: String,
    pub pay_minutes: i64,
    pub orders_per_minute: u32,
    pub checks_per_minute: u32,
    pub questions_per_second: u32,
    pub rejected_callbacks_per_minute: u32,
    pub trusted_proxies: Vec<IpNet>,
    /// Where it is not the notify domain.
    pub public_origin: Option<Url>,
    pub egress_proxy: Option<EgressProxy>,
    pub metrics_token: Option<SecretString>,
    /// `None`: the one beside the books.
    pub secret_key: Option<SecretKey>,
    /// What the merchant has agreed on with WeChat.
    pub fee_rate: Option<Rate>,
    /// `None`: a proxy has it, or nobody.
    pub tls: Option<TlsSettings>,
    pub site_addr: SocketAddr,
    /// Instead of the site inside the program.
    pub site_root: Option<PathBuf>,
}

/// What somebody has asked for on the command line. A lost `.env` or another working folder must not turn a
/// shop into a sandbox, nor variables that are left over a sandbox into a shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Live,
    /// `open`: its pages and controls answer other machines too.
    Sandbox {
        open: bool,
    },
}

impl Wanted {
    pub const SANDBOX: Self = Self::Sandbox { open: false };
}

#[derive(Debug)]
pub enum Mode {
    /// No merchant account: the platform is the sandbox inside this process.
    Sandbox {
        open: bool,
    },
    Live(Box<LiveSettings>),
}

/// Where the books are. May hold a password, so it shows in no `Debug` and has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl Deref for DatabaseUrl {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl DatabaseUrl {
    /// Of a command's argument.
    ///
    /// # Errors
    /// It is none. Nothing of it is repeated: the password may be in it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        database_url(text)
    }

    /// Not a file on this machine.
    pub fn is_server(&self) -> bool {
        self.0.starts_with("mysql:")
    }

    /// Where the books are, for people: a file with its whole path, or server and database. No user, password or
    /// option.
    pub fn place(&self) -> String {
        match Url::parse(&self.0) {
            Ok(url) if url.scheme() == "mysql" => {
                let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                format!("mysql://{}{port}{}", url.host_str().unwrap_or_default(), url.path())
            }
            _ => {
                let path = self.0.trim_start_matches("sqlite:").trim_start_matches("//");
                let path = path.split_once('?').map_or(path, |(path, _)| path);
                std::path::absolute(path).map_or_else(|_| path.to_owned(), |path| path.display().to_string())
            }
        }
    }
}

impl DatabaseUrl {
    /// The same as a setting has it: it can be set to that, with what is secret in it beside.
    pub fn without_secrets(&self) -> String {
        let place = self.place();
        if self.is_server() { place } else { format!("sqlite://{place}") }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl([redacted])")
    }
}

fn number(range: std::ops::RangeInclusive<u32>) -> impl FnOnce(&str) -> Result<u32, String> {
    move |text| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()))
    }
}

fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let one = |(place, part): (usize, &str)| {
        let address = part.parse::<std::net::IpAddr>().map(IpNet::from);
        address.or_else(|_| part.parse()).map_err(|_| format!("part {place} is neither an address nor a network"))
    };
    (1..).zip(text.split(',').map(str::trim).filter(|part| !part.is_empty())).map(one).collect()
}

/// Nothing of a wrong one is repeated: the password may be in it.
fn database_url(text: &str) -> Result<DatabaseUrl, &'static str> {
    let usable = match text.split_once("://") {
        Some(("sqlite", path)) => !path.is_empty(),
        Some(("mysql", _)) => Url::parse(text).is_ok_and(|url| names_a_database(&url)),
        _ => false,
    };
    if usable {
        return Ok(DatabaseUrl(text.to_owned()));
    }
    Err("must be sqlite://PATH or mysql://USER:PASSWORD@HOST:PORT/NAME, \
         with what is neither a letter nor a digit in the password written as %XX")
}

fn names_a_database(url: &Url) -> bool {
    let name = url.path().trim_start_matches('/');
    url.has_host() && !name.is_empty() && !name.contains('/') && url.fragment().is_none()
}

impl Settings {
    /// Where bills and copies of the books are kept. A sandbox has a folder of its own: nothing of it may be taken for
    /// what is of real money.
    pub fn own_dir(&self) -> PathBuf {
        match self.mode {
            Mode::Live(_) => self.data_dir.clone(),
            Mode::Sandbox { .. } => self.data_dir.join("sandbox"),
        }
    }

    /// From the process's environment and its `.env`. What is set there and looks like a setting of ours
    /// but is none is said in the log.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn from_env(wanted: Wanted, environment: &Environment) -> Result<Self, Problems> {
        let lookup = |variable: &str| environment.text(variable);
        let mut reader = Reader::new(&lookup);
        let settings = Self::read(wanted, &mut reader);
        let known: BTreeSet<_> = reader.asked.borrow().iter().copied().chain(variables::LIVE).chain([LOG]).collect();
        let familiar = known.iter().copied().chain(variables::OTHERS).collect();
        for name in environment.strangers(&familiar) {
            tracing::warn!("{name}");
        }
        if matches!(wanted, Wanted::Sandbox { .. }) {
            // Misspelt or of a later version: somebody means a merchant account all the same.
            for name in environment.others("WXPAY_", &variables::LIVE) {
                reader.wrong("--sandbox", format!("no money moves there, but {name} is set (environment or .env)"));
            }
        }
        for variable in known.into_iter().filter(|variable| environment.is_not_utf8(variable)) {
            // It only looked as if it were not set.
            reader.problems.retain(|problem| problem.variable != variable);
            reader.wrong(variable, "is not UTF-8 (saved in GBK, perhaps)");
        }
        reader.finish(settings)
    }

    /// Where a server with these settings listens, and whether it speaks TLS there, whatever else is right or wrong
    /// with them.
    ///
    /// # Errors
    /// That is no address.
    pub fn listen_address(environment: &Environment) -> Result<(SocketAddr, bool), Problems> {
        let lookup = |variable: &str| environment.text(variable);
        let mut reader = Reader::new(&lookup);
        let has_tls = tls::is_on(&mut reader);
        let address = listen_address(&mut reader, has_tls);
        reader.finish(Some((address, has_tls)))
    }

    /// From `lookup`, which answers a variable's name with its value.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn from_lookup(wanted: Wanted, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let mut reader = Reader::new(lookup);
        let settings = Self::read(wanted, &mut reader);
        reader.finish(settings)
    }

    /// `None` when there is no telling, and why is in `reader`.
    fn read(wanted: Wanted, reader: &mut Reader<'_>) -> Option<Self> {
        let mode = match wanted {
            Wanted::Live => live::read(reader).map(|live| Mode::Live(Box::new(live))),
            Wanted::Sandbox { open } => {
                live::refuse(reader);
                Some(Mode::Sandbox { open })
            }
        };
        let data_dir = reader.text("SAOMA_DATA_DIR").unwrap_or_else(|| "data".to_owned());
        let database = reader.parsed("DATABASE_URL", database_url);
        let minutes = reader.parsed("SAOMA_PAY_MINUTES", number(1..=120)).unwrap_or(15);
        let orders = reader.parsed("SAOMA_ORDERS_PER_MINUTE", number(0..=1_000_000)).unwrap_or(30);
        let checks = reader.parsed("SAOMA_CHECKS_PER_MINUTE", number(0..=1_000_000)).unwrap_or(60);
        let questions = reader.parsed("SAOMA_QUESTIONS_PER_SECOND", number(0..=1_000)).unwrap_or(20);
        let rejected = reader.parsed("SAOMA_REJECTED_CALLBACKS_PER_MINUTE", number(0..=1_000_000)).unwrap_or(120);
        let trusted_proxies = reader.parsed("SAOMA_TRUSTED_PROXIES", networks).unwrap_or_default();
        let public_origin = reader.parsed("SAOMA_PUBLIC_ORIGIN", live::safe_origin);
        let egress_proxy = live::secret(reader, "SAOMA_EGRESS_PROXY", "SAOMA_EGRESS_PROXY_PATH")
            .and_then(|(variable, url)| live::noted(reader, variable, EgressProxy::parse(url.trim())));
        let metrics_token = live::secret(reader, "SAOMA_METRICS_TOKEN", "SAOMA_METRICS_TOKEN_PATH")
            .and_then(|(variable, token)| live::noted(reader, variable, metrics_token(token.trim())));
        let secret_key = live::secret(reader, "SAOMA_SECRET_KEY", "SAOMA_SECRET_KEY_PATH")
            .and_then(|(variable, key)| live::noted(reader, variable, SecretKey::parse(key.trim())));
        let is_server = database.as_ref().is_some_and(DatabaseUrl::is_server);
        let is_unset = ["SAOMA_SECRET_KEY", "SAOMA_SECRET_KEY_PATH"].iter().all(|name| reader.text(name).is_none());
        if wanted == Wanted::Live && is_server && is_unset {
            reader.wrong(
                "SAOMA_SECRET_KEY",
                "is missing (or SAOMA_SECRET_KEY_PATH): books on a server need one, the same for every instance. Books \
                 that were moved there from a file have theirs already: name its `secret.key`, which lies beside that \
                 file, in SAOMA_SECRET_KEY_PATH. For new books `openssl rand -hex 32` makes one; keep a copy",
            );
        }
        let fee_rate = reader.parsed("SAOMA_FEE_RATE", |text| {
            Rate::parse(text).ok_or("must be a rate like 0.60%, with four decimals at most")
        });
        let payee = reader.parsed("SAOMA_PAYEE", payee).unwrap_or_else(|| "扫码示例商店".to_owned());
        let shop = match (wanted, &mode) {
            (Wanted::Live, Some(Mode::Live(live))) => tls::Shop::Live(Some(live)),
            (Wanted::Live, _) => tls::Shop::Live(None),
            (Wanted::Sandbox { .. }, _) => tls::Shop::Sandbox,
        };
        let tls = tls::read(reader, shop, public_origin.as_ref());
        let site_addr = listen_address(reader, tls.is_some());
        let site_root = reader.text("LEPTOS_SITE_ROOT").map(PathBuf::from);
        let mode = mode?;
        // Books of their own: a shop's first start must not find the orders of somebody who tried it.
        let books = if matches!(mode, Mode::Sandbox { .. }) { "sandbox/saoma.db" } else { "saoma.db" };
        Some(Self {
            mode,
            database_url: database.unwrap_or_else(|| DatabaseUrl(format!("sqlite://{data_dir}/{books}"))),
            data_dir: data_dir.into(),
            payee,
            pay_minutes: i64::from(minutes),
            orders_per_minute: orders,
            checks_per_minute: checks,
            questions_per_second: questions,
            rejected_callbacks_per_minute: rejected,
            trusted_proxies,
            public_origin,
            egress_proxy,
            metrics_token,
            secret_key,
            fee_rate,
            tls,
            site_addr,
            site_root,
        })
    }
}

/// The usual one also when it is wrong, which is then in `reader`.
fn listen_address(reader: &mut Reader<'_>, has_tls: bool) -> SocketAddr {
    let usual = if has_tls { tls::HTTPS } else { SocketAddr::from(([127, 0, 0, 1], 3000)) };
    reader.parsed("LEPTOS_SITE_ADDR", str::parse::<SocketAddr>).unwrap_or(usual)
}

/// Long enough that nobody guesses it, plain enough for a header.
fn metrics_token(text: &str) -> Result<SecretString, &'static str> {
    let usable = (16..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if usable { Ok(text.to_owned().into()) } else { Err("must be 16 to 256 letters, digits and signs without blanks") }
}

fn payee(text: &str) -> Result<String, &'static str> {
    if text.chars().count() <= 40 { Ok(text.to_owned()) } else { Err("must not be longer than 40 characters") }
}

#[cfg(test)]
mod tests;
