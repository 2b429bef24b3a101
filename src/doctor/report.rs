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
    /// What WeChat has said, explained: Chinese and English.
    pub explained: Option<(String, String)>,
}

impl Finding {
    pub fn broken(check: Check, detail: impl Into<String>) -> Self {
        Self { check, severity: Severity::Broken, sure: Sure::Certain, detail: detail.into(), explained: None }
    }

    pub fn risk(check: Check, detail: impl Into<String>) -> Self {
        Self { severity: Severity::Risk, ..Self::broken(check, detail) }
    }

    #[must_use]
    pub fn likely(self) -> Self {
        Self { sure: Sure::Likely, ..self }
    }

    #[must_use]
    pub fn explained(self, chinese: &str, english: &str) -> Self {
        Self { explained: Some((chinese.to_owned(), english.to_owned())), ..self }
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
    pub why: Why,
}

/// Why something could not be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// What answers at the notify address is another's.
    AddressIsWrong,
    NoServer,
    NotReached,
    NoBooks,
    /// WeChat's answers have no date.
    NoDate,
    /// In somebody's own words.
    Told(String),
    /// WeChat's code, and what it means: Chinese and English.
    Refused {
        code: String,
        chinese: String,
        english: String,
    },
}

impl Why {
    pub fn english(&self) -> String {
        match self {
            Self::AddressIsWrong => "the notify address is not right".to_owned(),
            Self::NoServer => "no server runs with these settings on this machine".to_owned(),
            Self::NotReached => "WeChat Pay is not reached".to_owned(),
            Self::NoBooks => "the books cannot be opened".to_owned(),
            Self::NoDate => "no Date in an answer of WeChat Pay's".to_owned(),
            Self::Told(told) => told.clone(),
            Self::Refused { code, english, .. } => format!("{code}: {english}"),
        }
    }

    pub fn chinese(&self) -> String {
        match self {
            Self::AddressIsWrong => "回调地址有问题".to_owned(),
            Self::NoServer => "本机没有用这些设置运行服务".to_owned(),
            Self::NotReached => "连不上微信支付".to_owned(),
            Self::NoBooks => "账本打不开".to_owned(),
            Self::NoDate => "微信支付的应答里没有时间".to_owned(),
            Self::Told(told) => told.clone(),
            Self::Refused { code, chinese, .. } => format!("{code}：{chinese}"),
        }
    }
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
