//! `RUST_LOG`: what is logged. A slip in it must not silence a shop.

use tracing::Level;
use tracing_subscriber::{EnvFilter, filter::Targets};

const USUAL: &str = "info";
/// Ours, below which a filter that says nothing of us is not obeyed.
const OWN: &str = "saoma";

/// The filter that `text` asks for, and what has to be said about it.
pub(crate) fn choose(text: Option<&str>) -> (EnvFilter, Option<&'static str>) {
    let usual = || EnvFilter::new(USUAL);
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return (usual(), None) };
    let Ok(filter) = EnvFilter::try_new(text) else {
        return (
            usual(),
            Some("RUST_LOG cannot be read, so it is taken for `info`; e.g. `debug` or `warn,saoma=debug`"),
        );
    };
    if shows_ours(text) || is_silence(text) {
        return (filter, None);
    }
    let ours = format!("{text},{OWN}=warn");
    let filter = EnvFilter::try_new(ours).unwrap_or_else(|_| usual());
    (
        filter,
        Some(
            "RUST_LOG says nothing about Saoma (a level is `info` or `debug`): warnings and errors are shown all the same",
        ),
    )
}

/// `Targets` knows no filters by span, and where one is used somebody knows what they are doing.
fn shows_ours(text: &str) -> bool {
    text.parse::<Targets>().map_or(true, |targets| targets.would_enable(OWN, &Level::ERROR))
}

/// Asked for in so many words.
fn is_silence(text: &str) -> bool {
    text.split(',').map(str::trim).any(|part| part.eq_ignore_ascii_case("off") || part.starts_with(OWN))
}

#[cfg(test)]
mod tests {
    use super::choose;

    #[test]
    fn a_filter_that_says_nothing_is_told_and_silences_nobody() {
        for (text, filter, told) in [
            (None, "info", false),
            (Some(" "), "info", false),
            (Some("debug"), "debug", false),
            (Some("warn,saoma=debug"), "saoma=debug,warn", false),
            (Some("off"), "off", false),
            (Some("saoma=off"), "saoma=off", false),
            (Some("inf"), "inf=trace,saoma=warn", true),
            (Some("sqlx=debug"), "saoma=warn,sqlx=debug", true),
            (Some("saoma=lots"), "info", true),
            (Some("info;debug"), "", true),
        ] {
            let (chosen, complaint) = choose(text);
            assert_eq!(complaint.is_some(), told, "{text:?}");
            let chosen = chosen.to_string();
            let sorted = |text: &str| {
                let mut parts: Vec<_> = text.split(',').map(str::to_owned).collect();
                parts.sort();
                parts
            };
            assert!(filter.is_empty() || sorted(&chosen) == sorted(filter), "{text:?}: {chosen}");
        }
    }
}
