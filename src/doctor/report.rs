//! What is said of the facts.

use super::words::{Check, Words};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It works, but not as it should, or not for ever.
    Risk,
    /// Money is lost, cannot come in, or cannot be accounted for.
    Broken,
}

impl Severity {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Risk => "RISK",
            Self::Broken => "BROKEN",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sure {
    Certain,
    /// It may have another cause.
    Likely,
}

impl Sure {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Certain => "CERTAIN",
            Self::Likely => "LIKELY",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub check: Check,
    pub severity: Severity,
    pub sure: Sure,
    /// Names, numbers, paths: the same in every language.
    pub detail: String,
}

impl Finding {
    pub fn broken(check: Check, detail: impl Into<String>) -> Self {
        Self { check, severity: Severity::Broken, sure: Sure::Certain, detail: detail.into() }
    }

    pub fn risk(check: Check, detail: impl Into<String>) -> Self {
        Self { severity: Severity::Risk, ..Self::broken(check, detail) }
    }

    #[must_use]
    pub fn likely(self) -> Self {
        Self { sure: Sure::Likely, ..self }
    }

    pub fn chinese(&self) -> &'static Words {
        self.check.chinese()
    }

    pub fn english(&self) -> &'static Words {
        self.check.english()
    }
}

/// What could not be checked, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unchecked {
    pub what: &'static str,
    pub why: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub findings: Vec<Finding>,
    pub unchecked: Vec<Unchecked>,
}

impl Report {
    /// Whether this has been said already.
    pub fn names(&self, check: Check) -> bool {
        self.findings.iter().any(|finding| finding.check == check)
    }
}
