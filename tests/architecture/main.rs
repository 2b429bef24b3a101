//! Keeps the dependency directions true that `src/lib.rs` states.

#![expect(clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]

mod circles;
mod docs;
mod paths;

use std::{
    fs,
    path::{Path, PathBuf},
};

use self::{
    circles::Circle,
    paths::{Named, Source, Token, named, tokens},
};

/// What a module, or a part of one, may know beside itself. The longest prefix decides. Where rooms of a
/// module stand on the right-hand side, each of its rooms has a rule, and knows of the others only what
/// that rule names, nothing of the house around them.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("clock", &[]),
    ("entropy", &[]),
    ("secret_key", &[]),
    ("service_manager", &[]),
    ("signals", &[]),
    ("telemetry", &["clock"]),
    ("wall", &["metrics", "readiness"]),
    ("metrics", &["domain", "telemetry"]),
    ("readiness", &[]),
    ("supervise", &["metrics", "readiness"]),
    ("tls", &["clock", "config", "metrics", "readiness"]),
    ("wechatpay", &["domain"]),
    ("gateway", &["clock", "domain", "entropy", "metrics", "wall", "wechatpay"]),
    ("storage", &["domain"]),
    (
        "checkout",
        &["clock", "domain", "entropy", "gateway", "metrics", "readiness", "storage", "supervise", "wechatpay"],
    ),
    // Jobs → orders, refunds → payments, and what all share. `payments` and `memory` know no use case.
    (
        "checkout::jobs",
        &[
            "checkout::error",
            "checkout::memory",
            "checkout::orders",
            "checkout::pauses",
            "checkout::shared",
            "checkout::time_limits",
            "domain",
            "gateway",
            "metrics",
            "storage",
            "supervise",
        ],
    ),
    (
        "checkout::orders",
        &[
            "checkout::catalogue",
            "checkout::contradiction",
            "checkout::error",
            "checkout::hinted",
            "checkout::memory",
            "checkout::number_start",
            "checkout::pauses",
            "checkout::shared",
            "checkout::snapshot",
            "checkout::time_limits",
            "checkout::verdict",
            "checkout::visit",
            "domain",
            "gateway",
            "storage",
            "wechatpay",
        ],
    ),
    (
        "checkout::refunds",
        &[
            "checkout::contradiction",
            "checkout::error",
            "checkout::hinted",
            "checkout::inbox",
            "checkout::number_start",
            "checkout::pauses",
            "checkout::payments",
            "checkout::shared",
            "checkout::time_limits",
            "checkout::verdict",
            "checkout::visit",
            "domain",
            "gateway",
            "storage",
            "wechatpay",
        ],
    ),
    (
        "checkout::verified",
        &[
            "checkout::error",
            "checkout::inbox",
            "checkout::payments",
            "checkout::shared",
            "checkout::verdict",
            "domain",
            "storage",
            "wechatpay",
        ],
    ),
    ("checkout::contradiction", &["storage"]),
    ("checkout::announce", &["checkout::error", "checkout::shared", "storage"]),
    ("checkout::kept_keys", &["checkout::error", "checkout::shared", "storage"]),
    ("checkout::whole", &["checkout::shared", "storage"]),
    ("checkout::visit", &["checkout::shared", "domain", "gateway", "wechatpay"]),
    (
        "checkout::shared",
        &[
            "checkout::memory",
            "checkout::payments",
            "checkout::settings",
            "checkout::snapshot",
            "clock",
            "entropy",
            "gateway",
            "metrics",
            "readiness",
            "storage",
            "supervise",
        ],
    ),
    (
        "checkout::payments",
        &["checkout::memory", "checkout::verdict", "clock", "domain", "metrics", "storage", "supervise", "wechatpay"],
    ),
    ("checkout::memory", &["domain"]),
    ("checkout::time_limits", &["checkout::error", "storage"]),
    ("checkout::catalogue", &["domain", "storage", "wechatpay"]),
    ("checkout::error", &["domain", "storage", "wechatpay"]),
    ("checkout::hinted", &["gateway"]),
    ("checkout::inbox", &["storage", "wechatpay"]),
    ("checkout::number_start", &[]),
    ("checkout::pauses", &[]),
    ("checkout::settings", &["storage", "wechatpay"]),
    ("checkout::snapshot", &["domain", "storage"]),
    ("checkout::verdict", &[]),
    (
        "backoffice",
        &[
            "checkout",
            "clock",
            "domain",
            "entropy",
            "gateway",
            "metrics",
            "readiness",
            "secret_key",
            "storage",
            "wechatpay",
        ],
    ),
    ("reconcile", &["checkout", "clock", "domain", "gateway", "metrics", "storage", "wechatpay"]),
    (
        "command",
        &["backoffice", "checkout", "config", "doctor", "domain", "reconcile", "startup", "storage", "wechatpay"],
    ),
    ("config", &["domain", "gateway", "secret_key", "wechatpay"]),
    ("doctor", &["clock", "domain", "entropy", "gateway", "storage", "tls", "wechatpay"]),
    // Routes know use cases. What is shared between them is put together in `http.rs`.
    (
        "http",
        &[
            "app",
            "backoffice",
            "checkout",
            "clock",
            "doctor",
            "domain",
            "entropy",
            "metrics",
            "readiness",
            "reconcile",
            "storage",
            "tls",
            "wall",
            "wechatpay",
        ],
    ),
    (
        "http::admin",
        &["app", "backoffice", "checkout", "clock", "doctor", "domain", "reconcile", "storage", "wechatpay"],
    ),
    ("http::body", &["app"]),
    ("http::behind_proxies", &[]),
    ("http::door", &["app", "metrics", "tls"]),
    ("http::rate_limits", &[]),
    ("http::this_machine", &["app"]),
    ("http::language", &["app"]),
    ("http::merchant_api", &["checkout", "domain", "wechatpay"]),
    ("http::notices", &[]),
    ("http::notify", &["backoffice", "checkout", "wall", "wechatpay"]),
    ("http::order_status", &["checkout", "domain", "wechatpay"]),
    ("http::pages", &["app"]),
    ("http::redirect", &[]),
    ("http::refusal", &["app"]),
    ("http::security", &["app"]),
    ("http::shopper", &["domain"]),
    ("http::server_functions", &["app", "checkout", "domain", "storage"]),
    ("http::site", &["app"]),
    ("http::switch", &["app"]),
    // Pages know only each other and the vocabulary. What the server does for them is `http`'s.
    ("app", &["domain"]),
    ("app::language", &[]),
    ("app::words", &[]),
    ("sandbox", &["clock", "entropy"]),
    // Console, api → callbacks → platform → books → crypto, faults → the ground.
    (
        "sandbox::console",
        &[
            "sandbox::books",
            "sandbox::callbacks",
            "sandbox::crypto",
            "sandbox::error",
            "sandbox::failure",
            "sandbox::faults",
            "sandbox::key_mode",
            "sandbox::platform",
            "sandbox::wire_time",
        ],
    ),
    (
        "sandbox::api",
        &[
            "sandbox::books",
            "sandbox::callbacks",
            "sandbox::crypto",
            "sandbox::endpoint",
            "sandbox::error",
            "sandbox::faults",
            "sandbox::platform",
            "sandbox::wire_time",
        ],
    ),
    (
        "sandbox::callbacks",
        &[
            "entropy",
            "sandbox::books",
            "sandbox::crypto",
            "sandbox::error",
            "sandbox::faults",
            "sandbox::mark",
            "sandbox::platform",
            "sandbox::wire_time",
        ],
    ),
    (
        "sandbox::platform",
        &["clock", "entropy", "sandbox::books", "sandbox::crypto", "sandbox::error", "sandbox::faults"],
    ),
    (
        "sandbox::books",
        &[
            "sandbox::bill_terms",
            "sandbox::crypto",
            "sandbox::error",
            "sandbox::failure",
            "sandbox::files",
            "sandbox::wire_time",
        ],
    ),
    ("sandbox::crypto", &["clock", "entropy", "sandbox::failure", "sandbox::files", "sandbox::key_mode"]),
    ("sandbox::faults", &["sandbox::bill_terms", "sandbox::endpoint", "sandbox::error", "sandbox::key_mode"]),
    ("sandbox::wire", &["sandbox::crypto", "sandbox::mark"]),
    ("sandbox::bill_terms", &[]),
    ("sandbox::endpoint", &[]),
    ("sandbox::error", &[]),
    ("sandbox::failure", &[]),
    ("sandbox::files", &["sandbox::failure"]),
    ("sandbox::key_mode", &[]),
    ("sandbox::mark", &[]),
    ("sandbox::wire_time", &[]),
    (
        "startup",
        &[
            "backoffice",
            "checkout",
            "clock",
            "config",
            "doctor",
            "domain",
            "entropy",
            "gateway",
            "http",
            "metrics",
            "readiness",
            "reconcile",
            "sandbox",
            "secret_key",
            "service_manager",
            "storage",
            "supervise",
            "tls",
            "wall",
            "wechatpay",
        ],
    ),
    (
        "main",
        &[
            "command",
            "config",
            "domain",
            "http",
            "sandbox",
            "service_manager",
            "signals",
            "startup",
            "storage",
            "telemetry",
        ],
    ),
];

/// Crates, or paths of them, that a module must not touch.
const MUST_NOT_USE: &[(&str, &[&str])] = &[
    ("domain", &["sqlx", "axum", "http", "leptos", "reqwest", "tokio", "serde_json"]),
    ("wechatpay", &["sqlx", "axum", "leptos", "reqwest", "tokio", "std::fs", "std::net", "std::env", "std::time"]),
    ("gateway", &["sqlx", "axum", "leptos"]),
    ("storage", &["axum", "http", "leptos", "reqwest"]),
    ("backoffice", &["axum", "leptos", "reqwest"]),
    ("checkout", &["axum", "http", "leptos", "reqwest"]),
    ("http", &["reqwest", "rsa"]),
    ("app", &["sqlx", "reqwest", "rsa", "aws_lc_rs"]),
    ("sandbox", &["sqlx", "leptos", "aes_gcm"]),
];

/// What only one place does.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("env::var", &[]),
    ("env::vars", &[]),
    ("env::var_os", &[]),
    ("env::vars_os", &["config"]),
    ("Timestamp::now", &["clock"]),
    ("SystemTime::now", &["clock"]),
    ("StdRng::seed_from_u64", &["entropy"]),
];

fn begins_with(path: &[String], prefix: &str) -> bool {
    let prefix: Vec<&str> = prefix.split("::").collect();
    path.len() >= prefix.len() && path.iter().zip(&prefix).all(|(a, b)| a == b)
}

fn ends_with(path: &[String], suffix: &str) -> bool {
    path.join("::") == suffix || path.join("::").ends_with(&format!("::{suffix}"))
}

/// The longest entry for this module.
fn rule<'a>(rules: &'a [(&str, &'a [&str])], module: &[String]) -> Option<&'a [&'a str]> {
    let fitting = rules.iter().filter(|(prefix, _)| begins_with(module, prefix));
    fitting.max_by_key(|(prefix, _)| prefix.len()).map(|(_, names)| *names)
}

fn has_rooms(house: &str) -> bool {
    let is_room = |known: &str| known.split_once("::").is_some_and(|(top, _)| top == house);
    MAY_KNOW.iter().any(|(_, known)| known.iter().any(|known| is_room(known)))
}

/// Everything that is against the rules, in words.
fn violations(sources: &[Source]) -> Vec<String> {
    let read: Vec<(&Source, Named)> = sources.iter().map(|source| (source, named(source))).collect();
    let tests: Vec<&Vec<String>> = read.iter().flat_map(|(_, named)| &named.test_modules).collect();
    let mut found = Vec::new();
    for (source, named) in &read {
        let module = &source.module;
        let Some(own) = module.first() else { continue };
        if tests.iter().any(|test| module.starts_with(test)) {
            continue;
        }
        let here = module.join("::");
        let Some(may_know) = rule(MAY_KNOW, module) else {
            found.push(format!("{here} is in no rule"));
            continue;
        };
        for path in &named.inside {
            let Some(top) = path.first() else { continue };
            // A private item of the crate's root is nobody's module.
            let is_module = MAY_KNOW.iter().any(|(name, _)| name == top);
            let at_home = if has_rooms(own) && module.len() > 1 { 2 } else { 1 };
            let is_own = path.len() >= at_home && path[..at_home] == module[..at_home];
            if is_module && !is_own && !may_know.iter().any(|known| begins_with(path, known)) {
                found.push(format!("{here} knows {}", path.join("::")));
            }
        }
        for path in &named.outside {
            for forbidden in rule(MUST_NOT_USE, module).unwrap_or_default() {
                if begins_with(path, forbidden) {
                    found.push(format!("{here} uses {}", path.join("::")));
                }
            }
            for (what, places) in ONLY_IN {
                if ends_with(path, what) && !places.contains(&own.as_str()) {
                    found.push(format!("{here} calls {}", path.join("::")));
                }
            }
        }
    }
    found
}

fn module_of(file: &Path) -> Vec<String> {
    let parts = file.with_extension("");
    let parts: Vec<String> = parts.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts == ["lib"] { Vec::new() } else { parts }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                Vec::from_iter(path.extension().is_some_and(|it| it == "rs").then_some(path))
            }
        })
        .collect()
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let read = |file: PathBuf| Source {
        module: module_of(file.strip_prefix(&root).expect("below src")),
        text: fs::read_to_string(&file).expect("a source"),
    };
    files(&root).into_iter().map(read).collect()
}

#[test]
fn dependencies_go_one_way() {
    let sources = sources();
    assert!(sources.len() > 80, "all of them: {}", sources.len());
    let violations = violations(&sources);
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

#[test]
fn nobody_knows_itself_by_way_of_others() {
    let circles: Vec<String> = circles::circles(&sources()).iter().map(Circle::to_string).collect();
    assert!(circles.is_empty(), "\n{}", circles.join("\n"));
}

#[test]
fn every_module_has_a_rule_and_every_rule_a_module() {
    let sources = sources();
    for (prefix, _) in MAY_KNOW.iter().chain(MUST_NOT_USE) {
        assert!(sources.iter().any(|source| begins_with(&source.module, prefix)), "{prefix} is gone");
    }
    for source in sources.iter().filter(|source| !source.module.is_empty()) {
        assert!(rule(MAY_KNOW, &source.module).is_some(), "{:?}", source.module);
    }
}

/// `notify` shows the fuzzer, and nobody else, what lies behind a signature; `main` refuses to be
/// built that way.
#[test]
fn only_the_fuzzer_gets_past_a_signature() {
    let fuzzing = Token::Word("fuzzing".to_owned());
    let count = |source: &Source| tokens(&source.text).iter().filter(|token| **token == fuzzing).count();
    let sources = sources();
    let mut places: Vec<_> = sources.iter().map(|it| (it.module.join("::"), count(it))).filter(|it| it.1 > 0).collect();
    places.sort();
    assert_eq!(places, [("main".to_owned(), 1), ("wechatpay::notify".to_owned(), 1)]);
    let main = sources.iter().find(|it| it.module == ["main"]).expect("a program");
    assert!(main.text.contains("#[cfg(fuzzing)]\ncompile_error!("), "no program is built with it");
}

fn found(module: &str, text: &str) -> Vec<String> {
    let module = module.split("::").map(str::to_owned).collect();
    violations(&[Source { module, text: text.to_owned() }])
}

#[test]
fn a_violation_is_found_in_whatever_form_it_comes() {
    for (module, text, told) in [
        ("domain::order", "use crate::storage::orders;", "domain::order knows storage::orders"),
        ("domain::order", "fn f(c: &crate::clock::Clock) {}", "domain::order knows clock::Clock"),
        ("domain", "use super::clock::Clock;", "domain knows clock::Clock"),
        ("domain::order", "use super::super::clock::Clock;", "domain::order knows clock::Clock"),
        ("domain::order", "mod inner { use super::super::super::clock; }", "domain::order knows clock"),
        (
            "wechatpay::notify",
            "use crate::{domain::Fen, gateway::{Gateway}};",
            "wechatpay::notify knows gateway::Gateway",
        ),
        ("storage", "use crate::{wechatpay as w, domain::Fen};", "storage knows wechatpay"),
        (
            "checkout::orders::place",
            "impl From<crate::http::AppState> for X {}",
            "checkout::orders::place knows http::AppState",
        ),
        (
            "http::notify",
            "use crate::{\n    // words\n    sandbox::Sandbox,\n};",
            "http::notify knows sandbox::Sandbox",
        ),
        ("app::api", "crate::sandbox::run();", "app::api knows sandbox::run"),
        ("app::pages::pay", "use crate::{app::api, checkout::Checkout};", "app::pages::pay knows checkout::Checkout"),
        ("app::api", "use crate::http::AppState;", "app::api knows http::AppState"),
        ("app::components::qr", "mod ssr { use crate::http::AppState; }", "app::components::qr knows http::AppState"),
        ("sandbox::api::gate", "use crate::wechatpay::ALGORITHM;", "sandbox::api::gate knows wechatpay::ALGORITHM"),
        ("sandbox::books::order", "use crate::sandbox::{api, error};", "sandbox::books::order knows sandbox::api"),
        ("sandbox::mark", "use super::Sandbox;", "sandbox::mark knows sandbox::Sandbox"),
        ("sandbox::faults", "use super::platform;", "sandbox::faults knows sandbox::platform"),
        ("http::rate_limits", "use super::super::storage::Database;", "http::rate_limits knows storage::Database"),
        (
            "wechatpay::keys",
            "let text = std::fs::read_to_string(path);",
            "wechatpay::keys uses std::fs::read_to_string",
        ),
        ("wechatpay::keys", "use std::{fmt, fs};", "wechatpay::keys uses std::fs"),
        ("gateway", "sqlx::query(sql)", "gateway uses sqlx::query"),
        ("domain::money", "use serde_json::Value;", "domain::money uses serde_json::Value"),
        ("checkout", "let now = jiff::Timestamp::now();", "checkout calls jiff::Timestamp::now"),
        ("http::site", "std::env::var(\"X\")", "http::site calls std::env::var"),
        ("newcomer", "", "newcomer is in no rule"),
    ] {
        assert_eq!(found(module, text), [told], "{module}: {text}");
    }
}

#[test]
fn what_is_allowed_is_not_found() {
    for (module, text) in [
        ("domain::order", "use super::money::Fen; use crate::domain::Product;"),
        (
            "wechatpay::notify",
            "//! see crate::checkout\n/* crate::storage /* crate::http */ */ use crate::domain::Fen;",
        ),
        ("wechatpay::notify", r##"let a = "crate::storage"; let b = r#"crate::"http"::x"#; let c = b"sqlx::query";"##),
        ("wechatpay::notify", "fn f<'a>(a: &'a str) -> char { '\\'' } const X: char = '\"'; use crate::domain::Fen;"),
        (
            "wechatpay::notify",
            "#[cfg(test)]\nmod tests { use crate::checkout::Checkout; fn f() { std::fs::read(\"\"); } }",
        ),
        ("wechatpay::notify", "pub(crate) fn f() {} pub(in crate::checkout) fn g() {}"),
        (
            "checkout::orders::close",
            "mod a { mod b { use super::super::X; } } use super::{grounds, snapshot::CodeState};",
        ),
        ("startup", "use crate::{http, sandbox::Sandbox, storage::Database};"),
        ("main", "use saoma::{sandbox, startup::Application};"),
        ("sandbox", "use self::{api::router, books::ledger::Ledger}; use crate::clock::Clock;"),
        ("sandbox::books::ledger::orders", "use super::{Change, super::order}; use crate::sandbox::error::ApiError;"),
        ("storage::orders", "use sqlx::AnyConnection; orders::find(c)"),
    ] {
        assert_eq!(found(module, text), [""; 0], "{module}: {text}");
    }
}

#[test]
fn files_of_test_modules_are_left_out_and_others_are_not() {
    let source = |module: &[&str], text: &str| Source {
        module: module.iter().map(|&part| part.to_owned()).collect(),
        text: text.to_owned(),
    };
    let parent = source(&["gateway"], "mod reply;\n#[cfg(test)]\nmod tests;\nmod wire;");
    let test = source(&["gateway", "tests", "platform"], "use crate::sandbox::Sandbox;");
    let other = source(&["gateway", "wire"], "use crate::sandbox::Sandbox;");
    assert_eq!(violations(&[parent, test, other]), ["gateway::wire knows sandbox::Sandbox"]);
}

fn circles_of(files: &[(&str, &str)]) -> Vec<String> {
    let module = |name: &str| name.split("::").map(str::to_owned).collect();
    let sources = files.iter().map(|(name, text)| Source { module: module(name), text: (*text).to_owned() });
    circles::circles(&sources.collect::<Vec<_>>())
        .iter()
        .map(|it| format!("{}: {}", it.module.join("::"), it.names.join(" ")))
        .collect()
}

#[test]
fn a_circle_is_found_by_whatever_way_it_goes() {
    let at_the_top = [("a", "use crate::b::B;"), ("b", "use crate::c::C;"), ("c", "use super::a::A;")];
    assert_eq!(circles_of(&at_the_top), [": a b c"]);
    let below = [("p", ""), ("p::a::deep", "use crate::p::b::B;"), ("p::a", ""), ("p::b", "use super::a::A;")];
    assert_eq!(circles_of(&below), ["p: a b"]);
    let shown_by_the_parent =
        [("p", "mod a; mod b; pub use b::Y;"), ("p::a", "use super::Y;"), ("p::b", "use super::a::X;")];
    assert_eq!(circles_of(&shown_by_the_parent), ["p: a b"]);
    for own in ["mod a; struct X(a::Y);", "mod a; use a::Y; struct X(Y);", "mod a; pub use self::a::Y; struct X(Y);"] {
        assert_eq!(circles_of(&[("p", own), ("p::a", "use super::X;")]), ["p: a its own"], "{own}");
    }
}

#[test]
fn what_goes_one_way_is_no_circle() {
    for files in [
        [("p", "mod a; pub use a::Y; struct X;"), ("p::a", "use super::X;")],
        [("p", "mod a; struct X(a::Y);"), ("p::a", "pub struct Y;")],
        [("p", "mod a;"), ("p::a", "#[cfg(test)]\nmod tests { use super::*; use crate::p::a::tests::X; }")],
        [("p", "use crate::q::X;"), ("q", "#[cfg(test)]\nmod tests { use crate::p::X; }")],
        [("p::a", "pub(in crate::p) struct X(super::b::Y);"), ("p::b", "pub(in crate::p::a) struct Y;")],
    ] {
        assert_eq!(circles_of(&files), [""; 0], "{files:?}");
    }
}
