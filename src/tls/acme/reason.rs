//! Why there is no certificate, and what its operator can do about it.

use std::{error::Error as _, io, path::PathBuf};

use instant_acme::{Error, Problem};
use jiff::{SignedDuration, Timestamp};

use super::{
    super::told::{Words, minute},
    client::CallError,
};

/// What a server that is asked too often is left alone for when it does not say for how long.
const LEFT_ALONE: SignedDuration = SignedDuration::from_hours(1);

/// A name that was not proved to be ours.
#[derive(Debug)]
pub(super) struct WrongName {
    pub name: String,
    pub problem: Problem,
}

#[derive(Debug)]
pub(super) enum Refusal {
    /// It was not reached, or did not answer as one.
    Unreachable {
        directory: String,
        told: String,
    },
    /// Its own certificate is not believed.
    Disbelieved {
        directory: String,
        told: String,
    },
    Names(Vec<WrongName>),
    /// It was asked too often.
    RateLimited {
        told: String,
        wait: Option<SignedDuration>,
    },
    Refused {
        problem: Problem,
    },
    Keep {
        path: PathBuf,
        source: io::Error,
    },
    /// What was kept cannot be read.
    Recall {
        path: PathBuf,
        source: io::Error,
    },
    Other(String),
}

impl Refusal {
    #[expect(clippy::needless_pass_by_value, reason = "what `map_err` calls")]
    pub(crate) fn other(error: impl ToString) -> Self {
        Self::Other(shortened(&error.to_string()))
    }

    pub(crate) fn silent(directory: &str) -> Self {
        let told = "it does not come to an end with the order".to_owned();
        Self::Unreachable { directory: directory.to_owned(), told }
    }

    pub(crate) fn of(error: Error, directory: &str) -> Self {
        match error {
            Error::Api(problem) if kind(&problem) == "rateLimited" => {
                Self::RateLimited { told: detail(&problem), wait: None }
            }
            Error::Api(problem) => Self::Refused { problem },
            Error::Other(cause) => match cause.downcast_ref::<CallError>() {
                Some(call) => unreached(call, directory),
                None => Self::other(cause),
            },
            Error::Json(_) => {
                Self::Unreachable { directory: directory.to_owned(), told: "it answers nothing of ACME".to_owned() }
            }
            error => Self::other(error),
        }
    }

    pub(crate) fn with_wait(self, wait: Option<SignedDuration>) -> Self {
        match self {
            Self::RateLimited { told, .. } => Self::RateLimited { told, wait },
            other => other,
        }
    }

    /// How long the server wants to be left alone, at least.
    pub(crate) fn wait(&self) -> Option<SignedDuration> {
        match self {
            Self::RateLimited { wait, .. } => Some(wait.unwrap_or(LEFT_ALONE)),
            _ => None,
        }
    }

    /// For operators: what is wrong, and what to do.
    pub(crate) fn in_words(&self, names: &[String], now: Timestamp) -> Words {
        let public = self.public(names, now);
        let log = match self {
            Self::Keep { path, .. } | Self::Recall { path, .. } => format!("{}: {public}", path.display()),
            _ => public.clone(),
        };
        Words { public, log }
    }

    fn public(&self, names: &[String], now: Timestamp) -> String {
        match self {
            Self::Unreachable { directory, told } => {
                format!("the ACME server {directory} cannot be asked ({told}): can this machine reach it?")
            }
            Self::Disbelieved { directory, told } => format!(
                "the certificate of the ACME server {directory} is not believed ({told}): is this machine's clock \
                 right? It says {}. A CA of one's own is named in SAOMA_ACME_CA",
                minute(now)
            ),
            Self::Names(wrong) => wrong.iter().map(WrongName::in_words).collect::<Vec<_>>().join("; "),
            Self::RateLimited { told, .. } => {
                format!("the ACME server has been asked too often and makes no certificate for a while ({told})")
            }
            Self::Refused { problem } => refused(problem, names),
            Self::Keep { source, .. } => format!("nothing can be kept in SAOMA_DATA_DIR: {source}"),
            Self::Recall { source, .. } => format!("the account in SAOMA_DATA_DIR cannot be read: {source}"),
            Self::Other(told) => format!("no certificate was made: {told}"),
        }
    }
}

fn unreached(call: &CallError, directory: &str) -> Refusal {
    let directory = directory.to_owned();
    let CallError::Way(error) = call else {
        return Refusal::Unreachable { directory, told: call.to_string() };
    };
    // The reasons are in the sources; the error itself repeats the address.
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        told = inner.to_string();
        source = inner.source();
    }
    let told = shortened(if error.is_timeout() { "no answer in time" } else { &told });
    if told.contains("certificate") {
        Refusal::Disbelieved { directory, told }
    } else {
        Refusal::Unreachable { directory, told }
    }
}

impl WrongName {
    fn in_words(&self) -> String {
        let (name, told) = (&self.name, detail(&self.problem));
        // Some servers call every failure `unauthorized`.
        let kind = if told.contains("Failed to connect") { "connection" } else { kind(&self.problem) };
        match kind {
            "dns" => format!(
                "{name} is not found in the DNS ({told}): let its A record, and AAAA if there is one, name this machine"
            ),
            "connection" => format!(
                "at {name}, port 443, the ACME server reaches nobody ({told}): does the name point to this machine, \
                 and do firewalls let port 443 in?"
            ),
            "tls" | "unauthorized" => format!(
                "at {name}, port 443, somebody else answers ({told}): does the name point to this machine? A proxy or \
                 CDN in front has to pass the connection on as it is, or bring its own certificate (SAOMA_TLS=off)"
            ),
            "caa" => format!("the CAA record of {name} does not allow this ACME server ({told})"),
            _ => format!(
                "{name} was not proved to be this shop's ({told}): does the name, by its A and AAAA records, point to \
                 this machine?"
            ),
        }
    }
}

fn refused(problem: &Problem, names: &[String]) -> String {
    let (names, told) = (names.join(", "), detail(problem));
    match kind(problem) {
        "rejectedIdentifier" | "malformed" | "unsupportedIdentifier" => format!(
            "the ACME server makes no certificate for {names} ({told}): is WXPAY_NOTIFY_DOMAIN the shop's public name?"
        ),
        "externalAccountRequired" => {
            format!("the ACME server wants an account that was made there before ({told}): choose another one")
        }
        "invalidContact" | "unsupportedContact" => {
            format!("SAOMA_ACME_CONTACT: the ACME server does not take it ({told})")
        }
        _ => format!("the ACME server refuses {names} ({told})"),
    }
}

/// The end of `urn:ietf:params:acme:error:…`.
fn kind(problem: &Problem) -> &str {
    problem.r#type.as_deref().and_then(|kind| kind.rsplit(':').next()).unwrap_or_default()
}

fn detail(problem: &Problem) -> String {
    let details = problem.detail.iter().chain(problem.subproblems.iter().filter_map(|part| part.detail.as_ref()));
    shortened(&details.map(String::as_str).collect::<Vec<_>>().join(", "))
}

/// Somebody else's words, for one line of ours.
fn shortened(told: &str) -> String {
    const MOST: usize = 300;
    told.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(kind: &str) -> Problem {
        serde_json::from_value(serde_json::json!({
            "type": format!("urn:ietf:params:acme:error:{kind}"), "detail": "their\nwords", "status": 400,
        }))
        .expect("a problem")
    }

    fn told(refusal: &Refusal) -> String {
        refusal.in_words(&["shop.example.com".to_owned()], "2026-01-01T00:00:00Z".parse().expect("a time")).public
    }

    #[test]
    fn whoever_was_asked_too_often_is_left_alone_for_as_long_as_it_says() {
        let limited = || Refusal::of(Error::Api(problem("rateLimited")), "https://acme.example/dir");
        assert!(told(&limited()).contains("asked too often") && told(&limited()).contains("(their words)"));
        assert_eq!(limited().wait(), Some(LEFT_ALONE));
        let day = SignedDuration::from_hours(24);
        assert_eq!(limited().with_wait(Some(day)).wait(), Some(day));
        let other = Refusal::of(Error::Api(problem("rejectedIdentifier")), "https://acme.example/dir");
        assert_eq!(other.with_wait(Some(day)).wait(), None);
    }

    #[test]
    fn each_reason_says_what_to_do() {
        let wrong = |kind| {
            let problem = problem(kind);
            told(&Refusal::Names(vec![WrongName { name: "shop.example.com".to_owned(), problem }]))
        };
        for (kind, words) in [
            ("dns", "let its A record"),
            ("connection", "do firewalls let port 443 in"),
            ("unauthorized", "A proxy or CDN in front"),
            ("caa", "CAA record"),
            ("incorrectResponse", "was not proved"),
        ] {
            let told = wrong(kind);
            assert!(told.contains(words) && told.contains("shop.example.com"), "{kind}: {told}");
        }
        for (kind, words) in [
            ("rejectedIdentifier", "is WXPAY_NOTIFY_DOMAIN the shop's public name?"),
            ("invalidContact", "SAOMA_ACME_CONTACT"),
            ("externalAccountRequired", "choose another one"),
            ("serverInternal", "refuses shop.example.com"),
        ] {
            let told = told(&Refusal::Refused { problem: problem(kind) });
            assert!(told.contains(words), "{kind}: {told}");
        }
        assert!(told(&Refusal::silent("https://acme.example/dir")).contains("can this machine reach it?"));
    }
}
