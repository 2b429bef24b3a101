//! What people read: links lead somewhere, every setting is told, and nothing grows longer than a person reads.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::files;

/// Lines of the pages that a newcomer reads from the top.
const MOST: usize = 160;
const PREFIXES: [&str; 4] = ["SAOMA_", "WXPAY_", "LEPTOS_SITE_", "DATABASE_URL"];

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn pages() -> Vec<PathBuf> {
    let at = repository();
    let mut pages: Vec<_> = ["README.md", "README.zh-CN.md", "CHANGELOG.md"].map(|page| at.join(page)).into();
    let docs = fs::read_dir(at.join("docs")).expect("docs").map(|entry| entry.expect("reads").path());
    pages.extend(docs.filter(|path| path.extension().is_some_and(|it| it == "md")));
    pages
}

/// Without blocks of code, whose brackets are no links and whose `#` are no headings.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect::<Vec<_>>().join("\n")
}

/// As GitHub makes them of headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let prose = prose(text);
    let headings = prose.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let slug = |heading: &str| {
        let kept = heading.to_lowercase().replace(' ', "-");
        kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
    };
    headings.map(slug).collect()
}

fn links(text: &str) -> Vec<String> {
    let prose = prose(text);
    let targets = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.map(|target| target.replace(char::is_whitespace, "")).filter(|it| !it.contains("://")).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut broken = Vec::new();
    for page in pages() {
        let text = read(&page);
        for link in links(&text) {
            let (path, anchor) = link.split_once('#').map_or((&*link, None), |(path, anchor)| (path, Some(anchor)));
            let target = if path.is_empty() { page.clone() } else { page.parent().expect("a folder").join(path) };
            let is_there = target.exists();
            let has_anchor = || anchor.is_none_or(|anchor| anchors(&read(&target)).contains(anchor));
            if !is_there || !has_anchor() {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    let example = "# A b, *c*: `d`-e\n```\n# no\n```\n## 上线\n[x](y.md#z) [w](https://a.b)";
    assert_eq!(anchors(example), ["a-b-c-d-e", "上线"].map(str::to_owned).into());
    assert_eq!(links(example), ["y.md#z"]);
}

fn settings_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
    let is_setting = |word: &&str| PREFIXES.iter().any(|prefix| word.starts_with(prefix) && !word.ends_with('_'));
    words.filter(is_setting).map(str::to_owned).collect()
}

#[test]
fn every_setting_is_told_and_none_that_is_none() {
    let at = repository();
    let mut known = BTreeSet::new();
    for path in files(&at.join("src")) {
        let is_config =
            path.strip_prefix(at.join("src")).is_ok_and(|it| it.starts_with("config") || it == Path::new("config.rs"));
        if is_config && !path.ends_with("tests.rs") {
            let text = read(&path);
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            // Those are of other programs.
            let code = match code.split_once("const OTHERS") {
                Some((before, after)) => before.to_owned() + after.split_once("];").map_or("", |it| it.1),
                None => code.to_owned(),
            };
            let quoted = code.split('"').skip(1).step_by(2).filter(|text| !text.contains(' '));
            known.extend(quoted.flat_map(settings_in));
        }
    }
    assert!(known.len() >= 30, "{known:?}");
    for page in ["docs/settings.md", ".env.example"] {
        let told = settings_in(&read(&at.join(page)));
        // A secret and the file that holds it are told in one line.
        let is_told = |name: &String| {
            let other = name.strip_suffix("_PATH").map_or(format!("{name}_PATH"), str::to_owned);
            told.contains(name) || told.contains(&other)
        };
        let untold: Vec<_> = known.iter().filter(|name| !is_told(name)).collect();
        assert!(untold.is_empty(), "{page} does not name {untold:?}");
        let unknown: Vec<_> = told.difference(&known).collect();
        assert!(unknown.is_empty(), "{page} names {unknown:?}, which nobody reads");
    }
}

#[test]
fn neither_readme_is_longer_than_a_person_reads() {
    for page in ["README.md", "README.zh-CN.md"] {
        let lines = read(&repository().join(page)).lines().count();
        assert!(lines <= MOST, "{page} has {lines} lines: what is longer belongs into docs/");
    }
}

#[test]
fn every_metric_is_told() {
    let at = repository();
    let told = read(&at.join("docs/metrics.md"));
    let mut count = 0;
    for path in files(&at.join("src"))
        .into_iter()
        .filter(|path| path.components().any(|it| it.as_os_str() == "metrics") || path.ends_with("metrics.rs"))
    {
        let text = read(&path);
        for register in text.split("registry.register").skip(1) {
            let Some(name) = register.split('"').nth(1) else { continue };
            count += 1;
            assert!(told.contains(&format!("`saoma_{name}")), "docs/metrics.md does not name saoma_{name}");
        }
    }
    assert!(count > 20, "{count}");
}

/// As `/metrics` tells them: with what the format adds to counters and histograms.
fn metrics_told() -> BTreeSet<String> {
    let at = repository();
    let mut told = BTreeSet::new();
    for path in files(&at.join("src/metrics")).into_iter().chain([at.join("src/metrics.rs")]) {
        for register in read(&path).split("registry.register").skip(1) {
            let unit = if register.starts_with("_with_unit") { "_seconds" } else { "" };
            let Some(name) = register.split('"').nth(1) else { continue };
            for end in ["", "_total", "_bucket", "_sum", "_count"] {
                told.insert(format!("saoma_{name}{unit}{end}"));
            }
        }
    }
    told
}

fn words_with<'a>(text: &'a str, begin: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(move |word| word.starts_with(begin))
}

#[test]
fn alerts_and_dashboard_ask_for_what_there_is() {
    let (at, known) = (repository(), metrics_told());
    for file in ["deploy/prometheus-rules.yml", "deploy/grafana-dashboard.json"] {
        let text = read(&at.join(file));
        let asked: BTreeSet<&str> = words_with(&text, "saoma_").collect();
        assert!(asked.len() > 8, "{file}: {asked:?}");
        let unknown: Vec<_> = asked.iter().filter(|name| !known.contains(**name)).collect();
        assert!(unknown.is_empty(), "{file} asks for {unknown:?}, which nobody tells");
    }
    assert!(!known.contains("saoma_orders_paid_total"), "what there is not is found");
}

#[test]
fn whatever_needs_someone_is_alarmed() {
    let at = repository();
    let code = read(&at.join("src/backoffice/attention.rs"));
    let kinds = code.split("const fn code").nth(1).and_then(|it| it.split("impl ").next()).unwrap_or_default();
    let kinds: Vec<&str> = kinds.split('"').skip(1).step_by(2).filter(|it| !it.contains(' ')).take(10).collect();
    let rules = read(&at.join("deploy/prometheus-rules.yml"));
    assert_eq!(kinds.len(), 10, "{kinds:?}");
    for kind in kinds {
        assert!(rules.contains(&format!("what=\"{kind}\"")), "no alert for {kind}");
    }
}
