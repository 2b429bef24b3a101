//! Reads variables and collects what is wrong with them.

use std::{cell::RefCell, collections::BTreeSet, fmt};

use super::variables;

/// One thing wrong with one variable (or a pair of which one is needed).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub variable: &'static str,
    pub what: String,
}

/// All that is wrong. The operator acts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration is not usable:")?;
        self.0.iter().try_for_each(|Problem { variable, what }| write!(f, "\n  {variable}: {what}"))?;
        if self.0.iter().any(|problem| variables::LIVE.contains(&problem.variable)) {
            write!(f, "\nA live shop needs all required WXPAY_* (README, \"Going live\"). ")?;
            write!(f, "To try everything without a merchant account: saoma serve --sandbox")?;
        }
        Ok(())
    }
}

/// Reads variables and collects what is wrong with them.
pub struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    /// What is a setting: whatever was looked up.
    pub(super) asked: RefCell<BTreeSet<&'static str>>,
    pub(super) problems: Vec<Problem>,
}

/// Without the lookup, which could tell every secret.
impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("problems", &self.problems).finish_non_exhaustive()
    }
}

impl<'a> Reader<'a> {
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, asked: RefCell::default(), problems: Vec::new() }
    }

    pub fn text(&self, variable: &'static str) -> Option<String> {
        self.asked.borrow_mut().insert(variable);
        (self.lookup)(variable).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    pub fn wrong(&mut self, variable: &'static str, what: impl fmt::Display) {
        self.problems.push(Problem { variable, what: what.to_string() });
    }

    /// The parsed value. When it is set but wrong, that is noted and the answer is `None`.
    pub fn parsed<T, E: fmt::Display>(
        &mut self,
        variable: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(variable)?;
        parse(&text).map_err(|error| self.wrong(variable, error)).ok()
    }

    pub fn required<T, E: fmt::Display>(
        &mut self,
        variable: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if self.text(variable).is_none() {
            self.wrong(variable, "is missing");
        }
        self.parsed(variable, parse)
    }
}

impl Reader<'_> {
    /// `value`, if nothing was wrong.
    pub(super) fn finish<T>(self, value: Option<T>) -> Result<T, Problems> {
        match value {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => Err(Problems(self.problems)),
        }
    }
}
