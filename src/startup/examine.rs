//! The facts for `saoma doctor`: of settings as they are, whether a server with them could start or not.

use std::path::PathBuf;

use url::Url;

use super::{books::open_books, catalogue, error::StartupError, mark, platform, put_back, surroundings::Surroundings};
use crate::{
    config::{Environment, Mode, Settings, Wanted},
    doctor::{
        Finding, Severity, examine as examine_facts,
        facts::{Answered, Books, Called, Echo, Engine, Facts, FileSystem, Front, Host, Keys, Machine, Online, Port},
        gather,
        words::Check,
    },
    gateway::Gateway,
    http::Site,
    metrics::Metrics,
    readiness::Readiness,
    storage::{Database, SchemaError, StorageError, books::PlatformKind, copies},
    wechatpay::ApiV3Keys,
};

/// Without asking anybody outside, unless that is wanted.
pub async fn examine(wanted: Wanted, environment: &Environment, surroundings: &Surroundings, is_online: bool) -> Facts {
    let now = surroundings.clock.now();
    let settings = match Settings::from_env(wanted, environment) {
        Ok(settings) => settings,
        Err(problems) => {
            let problems = problems.0.into_iter().map(|it| (it.variable.to_owned(), it.what)).collect();
            return Facts {
                now,
                is_play: matches!(wanted, Wanted::Sandbox { .. }),
                problems,
                keys: Keys::default(),
                books: Books::None,
                machine: Machine::default(),
                front: unknown_front(),
                online: None,
            };
        }
    };
    let mut facts = of_settings(&settings, surroundings);
    facts.front.port = gather::machine::port(settings.site_addr, settings.tls.is_some()).await;
    let (url, data_dir) = (settings.database_url.clone(), settings.data_dir.clone());
    let (proxy, questions) = (settings.egress_proxy.clone(), settings.questions_per_second);
    // Once for the books, which are of an account, and once for the way to the platform, with or without books.
    let opened = match Settings::from_env(wanted, environment) {
        Ok(again) => open_books(again.mode, &url, &data_dir).await,
        Err(problems) => Err(problems.into()),
    };
    let kind = kind(&settings, surroundings);
    let mode = settings.mode;
    let live = match mode {
        Mode::Live(live) => Ok(*live),
        Mode::Sandbox { .. } => platform::beside(&data_dir),
    };
    let db = match opened {
        Ok((db, _)) => {
            let beside = put_back::beside_of(&url, &data_dir);
            facts.books = match gather::books::look(&db, gather::books::write(&db, &beside, now).await, now).await {
                Ok(mut books) => {
                    if kind == PlatformKind::WechatPay {
                        books.demo = catalogue::list_demo_on_sale(&db).await.unwrap_or_default();
                    }
                    Books::Open(Box::new(books))
                }
                Err(error) => Books::Unreachable(error.to_string()),
            };
            Some(db)
        }
        Err(error) => {
            facts.books = closed(&error);
            None
        }
    };
    if let Ok(live) = live
        && let Ok(mut parts) = platform::parts(live)
    {
        if let Some(db) = &db {
            facts.keys.opens_callbacks =
                gather::books::opens_callbacks(db, &parts.api_v3_keys, now).await.unwrap_or(None);
        }
        if is_online {
            let (metrics, readiness) = (Metrics::default(), Readiness::default());
            parts.gateway.wall = platform::wall(kind, &metrics, &readiness);
            parts.gateway.total_limit = surroundings.platform_limit;
            parts.gateway.questions_per_second = questions;
            let told = proxy.as_ref().map(crate::gateway::EgressProxy::place);
            parts.gateway.proxy = proxy;
            let (clock, entropy) = (surroundings.clock.clone(), surroundings.entropy.clone());
            let origin = (parts.origin, parts.notify_url);
            let keys = parts.api_v3_keys;
            if let Ok(gateway) = Gateway::new(&parts.gateway, parts.merchant, metrics, clock, entropy) {
                let ours = facts.front.port == Port::Ours;
                facts.online = Some(ask(&gateway, db.as_ref(), &keys, &origin, told, ours, surroundings).await);
            }
        }
    }
    if let Some(db) = db {
        db.close().await;
    }
    facts
}

fn of_settings(settings: &Settings, surroundings: &Surroundings) -> Facts {
    let mut keys = Keys::default();
    let mut secrets: Vec<PathBuf> = Vec::new();
    if let Mode::Live(live) = &settings.mode {
        keys.certificate_ends = live.certificate_ends;
        keys.has_public_key = live.public_key.is_some();
        secrets.clone_from(&live.secret_files);
    } else {
        keys.has_public_key = true;
    }
    let books = copies::file_of(&settings.database_url).ok().flatten();
    let has_tls = settings.tls.is_some();
    let site = match &settings.site_root {
        Some(root) => Site::read(root).map(drop).map_err(|error| format!("LEPTOS_SITE_ROOT: {error}")),
        None if surroundings.site.is_empty() => Err("built without its site".to_owned()),
        None => Ok(()),
    };
    Facts {
        now: surroundings.clock.now(),
        is_play: kind(settings, surroundings) == PlatformKind::Loopback,
        problems: Vec::new(),
        keys,
        books: Books::None,
        machine: gather::machine::look(&settings.data_dir, books.as_deref(), &secrets),
        front: Front {
            site,
            has_tls,
            is_loopback: settings.site_addr.ip().is_loopback(),
            names_proxies: !settings.trusted_proxies.is_empty(),
            port: Port::Free,
        },
        online: None,
    }
}

fn kind(settings: &Settings, surroundings: &Surroundings) -> PlatformKind {
    surroundings.platform.unwrap_or_else(|| match &settings.mode {
        Mode::Live(live) => mark::of(live).platform,
        Mode::Sandbox { .. } => PlatformKind::Loopback,
    })
}

/// For `saoma serve`, before it touches anything.
///
/// # Errors
/// The books are where SQLite's must not be.
pub(super) fn before(settings: &Settings, surroundings: &Surroundings) -> Result<Facts, StartupError> {
    let facts = of_settings(settings, surroundings);
    match facts.machine.file_system {
        Some(FileSystem::Network(name)) => {
            let place = settings.database_url.place();
            Err(StartupError::NetworkFileSystem { place, name })
        }
        _ => Ok(facts),
    }
}

/// The same once they are open: says what is wrong, and refuses books that are not synced.
///
/// # Errors
/// They are SQLite's and `synchronous` is below FULL.
pub(super) async fn after(mut facts: Facts, db: &Database, keys: &ApiV3Keys) -> Result<(), StartupError> {
    let now = facts.now;
    // Whether they can be written, and are a copy, has been looked at already.
    match gather::books::look(db, Ok(()), now).await {
        Ok(mut books) => {
            books.put_back = None;
            facts.books = Books::Open(Box::new(books));
        }
        Err(error) => tracing::warn!(%error, "the books cannot be looked at"),
    }
    facts.keys.opens_callbacks = gather::books::opens_callbacks(db, keys, now).await.unwrap_or(None);
    for finding in examine_facts(&facts).findings {
        let Finding { check, severity, detail, .. } = &finding;
        // Of a missing site the log tells already.
        if *check == Check::SiteMissing {
            continue;
        }
        let (code, words) = (check.code(), finding.english());
        match severity {
            Severity::Broken => tracing::error!(check = code, "{code}: {detail}: {}. {}", words.means, words.remedy),
            Severity::Risk => tracing::warn!(check = code, "{code}: {detail}: {}. {}", words.means, words.remedy),
        }
    }
    match &facts.books {
        Books::Open(books) => match books.engine {
            Engine::Sqlite { synchronous } if synchronous < FULL => Err(StartupError::NotSynced { synchronous }),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// `PRAGMA synchronous`.
const FULL: i64 = 2;

const fn unknown_front() -> Front {
    Front { site: Ok(()), has_tls: false, is_loopback: false, names_proxies: true, port: Port::Free }
}

fn closed(error: &StartupError) -> Books {
    match error {
        StartupError::Storage(StorageError::Schema(SchemaError::NoBooks))
        | StartupError::Books { source: StorageError::Schema(SchemaError::NoBooks), .. }
        | StartupError::NoSandbox { .. } => Books::None,
        StartupError::NotOurBooks(_)
        | StartupError::Storage(StorageError::Schema(_))
        | StartupError::Books { source: StorageError::Schema(_), .. } => Books::Refused(error.to_string()),
        error => Books::Unreachable(error.to_string()),
    }
}

async fn ask(
    gateway: &Gateway,
    db: Option<&Database>,
    keys: &ApiV3Keys,
    (origin, notify_url): &(Url, Url),
    proxy: Option<String>,
    server_runs: bool,
    surroundings: &Surroundings,
) -> Online {
    let (clock, entropy) = (&surroundings.clock, &surroundings.entropy);
    let hosts: Vec<Host> = gather::platform::hosts(gateway).await;
    let is_reached = hosts.first().is_some_and(|host| host.answered.is_ok());
    let certificates = if is_reached { gather::platform::certificates(gateway).await } else { Called::NotAsked };
    // With no server on this machine its address answers nobody, and says nothing of the set-up.
    let here = gather::origin::look(origin, notify_url, clock.now());
    let origin = if server_runs { Some(here.await) } else { None };
    // What answers there instead of a Saoma does so to WeChat as well; who cannot reach himself may be reached.
    let is_another = origin.as_ref().is_some_and(|it| {
        it.addresses.is_err()
            || !matches!(it.page, Answered::Ours | Answered::Nobody(_))
            || matches!(it.callback, Answered::Stripped)
    });
    let echo = match db {
        _ if is_another => Echo::NotTried("the notify address is not right"),
        _ if !server_runs => Echo::NotTried("no server runs with these settings on this machine"),
        _ if !is_reached => Echo::NotTried("WeChat Pay is not reached"),
        None => Echo::NotTried("the books cannot be opened"),
        Some(db) => gather::platform::echo(gateway, (db, keys), notify_url, clock, entropy).await,
    };
    Online { hosts, proxy, certificates, origin, echo }
}
