//! The facts for `saoma doctor`: of settings as they are, whether a server with them could start or not.

use std::path::PathBuf;

use super::{
    books::open_books,
    catalogue,
    error::StartupError,
    mark,
    platform::{self, Parts},
    put_back,
    surroundings::Surroundings,
    tls,
};
use crate::{
    config::{Environment, Mode, Settings, Wanted},
    doctor::{
        Finding, Patient, Severity, examine as examine_facts,
        facts::{Books, Engine, Facts, FileSystem, Front, Keys, Machine, Port},
        gather::{self, outside::Ways},
        words::Check,
    },
    gateway::{EgressProxy, Gateway, SetupError},
    http::Site,
    metrics::Metrics,
    readiness::Readiness,
    storage::{Database, SchemaError, StorageError, books::PlatformKind, copies},
    tls::Source,
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
    let mut patient = patient(&settings, surroundings);
    patient.front.port = gather::machine::port(settings.site_addr, settings.tls.is_some()).await;
    let mut facts = patient.facts(now);
    let (url, data_dir) = (settings.database_url.clone(), settings.data_dir.clone());
    let (proxy, questions) = (settings.egress_proxy.clone(), settings.questions_per_second);
    // Once for the books, which are of an account, and once for the way to the platform, with or without books.
    let opened = match Settings::from_env(wanted, environment) {
        Ok(again) => open_books(again.mode, &url, &data_dir).await,
        Err(problems) => Err(problems.into()),
    };
    let kind = kind(&settings, surroundings);
    let live = match settings.mode {
        Mode::Live(live) => Ok(*live),
        Mode::Sandbox { .. } => platform::beside(&data_dir),
    };
    let db = match opened {
        Ok((db, _)) => {
            let beside = put_back::beside_of(&url, &data_dir);
            let written = gather::books::write(&db, &beside, now).await;
            facts.books = match gather::books::look(&db, written, &patient.demo, now).await {
                Ok(books) => Books::Open(Box::new(books)),
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
            parts.gateway.proxy = proxy;
            parts.gateway.questions_per_second = questions;
            if let Ok(ways) = ways(parts, kind, surroundings) {
                facts.online = Some(ways.ask(db.as_ref(), facts.front.port == Port::Ours, &|_| ()).await);
            }
        }
    }
    if let Some(db) = db {
        db.close().await;
    }
    facts
}

fn ways(mut parts: Parts, kind: PlatformKind, surroundings: &Surroundings) -> Result<Ways, SetupError> {
    let (clock, entropy) = (surroundings.clock.clone(), surroundings.entropy.clone());
    let (metrics, readiness) = (Metrics::default(), Readiness::default());
    parts.gateway.wall = platform::wall(kind, &metrics, &readiness);
    parts.gateway.total_limit = surroundings.platform_limit;
    let proxy = parts.gateway.proxy.as_ref().map(EgressProxy::place);
    let gateway = Gateway::new(&parts.gateway, parts.merchant, metrics, clock.clone(), entropy.clone())?;
    Ok(Ways {
        gateway,
        keys: parts.api_v3_keys,
        origin: parts.origin,
        notify_url: parts.notify_url,
        proxy,
        clock,
        entropy,
    })
}

/// What of the settings is looked at, with the port as of a server that has it.
pub(super) fn patient(settings: &Settings, surroundings: &Surroundings) -> Patient {
    let mut keys = Keys::default();
    let mut secrets: Vec<PathBuf> = Vec::new();
    if let Mode::Live(live) = &settings.mode {
        keys.certificate_ends = live.certificate_ends;
        keys.has_public_key = live.public_key.is_some();
        secrets.clone_from(&live.secret_files);
    } else {
        keys.has_public_key = true;
    }
    let site = match &settings.site_root {
        Some(root) => Site::read(root).map(drop).map_err(|error| format!("LEPTOS_SITE_ROOT: {error}")),
        None if surroundings.site.is_empty() => Err("built without its site".to_owned()),
        None => Ok(()),
    };
    let certificate = match settings.tls.clone().map(|it| tls::source(it, &settings.data_dir, surroundings.tls)) {
        Some(Source::Files(files)) => Some(files),
        Some(Source::Acme(_)) | None => None,
    };
    secrets.extend(certificate.iter().map(|files| files.key.clone()));
    let kind = kind(settings, surroundings);
    Patient {
        is_play: kind == PlatformKind::Loopback,
        keys,
        front: Front {
            site,
            has_tls: settings.tls.is_some(),
            certificate: None,
            is_loopback: settings.site_addr.ip().is_loopback(),
            names_proxies: !settings.trusted_proxies.is_empty(),
            port: Port::Ours,
        },
        data_dir: settings.data_dir.clone(),
        books: copies::file_of(&settings.database_url).ok().flatten(),
        secrets,
        demo: if kind == PlatformKind::WechatPay { catalogue::demo() } else { Vec::new() },
        certificate,
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
    let facts = patient(settings, surroundings).facts(surroundings.clock.now());
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
    match gather::books::look(db, Ok(()), &[], now).await {
        Ok(mut books) => {
            books.put_back = None;
            facts.books = Books::Open(Box::new(books));
        }
        Err(error) => tracing::warn!(%error, "the books cannot be looked at"),
    }
    facts.keys.opens_callbacks = gather::books::opens_callbacks(db, keys, now).await.unwrap_or(None);
    for finding in examine_facts(&facts).findings {
        let Finding { check, severity, detail, .. } = &finding;
        // Of these the log tells already.
        if matches!(check, Check::SiteMissing | Check::OwnCertificate) {
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
    Front { site: Ok(()), has_tls: false, certificate: None, is_loopback: false, names_proxies: true, port: Port::Free }
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
