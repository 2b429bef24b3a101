//! Where settings come from: the process's environment, and below it a `.env` file. Neither is changed by
//! the other, and nothing but `config` reads either.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
};

use super::env_file::{self, EnvFileError};

/// Of the working folder only: that of a folder above belongs to somebody else.
const ENV_FILE: &str = ".env";
/// Whose names ours are. What begins like that and is no setting is a slip.
const PREFIXES: [&str; 2] = ["SAOMA_", "WXPAY_"];
/// A slip is so many letters at most.
const SLIP: usize = 3;

enum Value {
    Text(String),
    NotUtf8,
}

/// All that is set. The environment wins over the file, also with nothing: that is how one unsets a line.
pub struct Environment(BTreeMap<String, Value>);

/// Without values, of which any may be a secret.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Environment {
    /// The process's environment with `file` below it; without one that is named, with `.env` if there is one.
    ///
    /// # Errors
    /// The named file is not there, or a line cannot be read.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn load(file: Option<&Path>) -> Result<Self, EnvFileError> {
        let pairs = match file {
            Some(file) => env_file::read(file)?,
            None => match env_file::read(&PathBuf::from(ENV_FILE)) {
                Err(error) if error.is_not_found() => Vec::new(),
                read => read?,
            },
        };
        Ok(Self::of(std::env::vars_os(), pairs))
    }

    fn of(process: impl IntoIterator<Item = (OsString, OsString)>, file: Vec<(String, String)>) -> Self {
        let mut variables = BTreeMap::new();
        for (name, value) in process {
            // Ours are plain letters.
            let Ok(name) = name.into_string() else { continue };
            variables.insert(name, value.into_string().map_or(Value::NotUtf8, Value::Text));
        }
        for (name, value) in file {
            // Twice in a file: the first one counts, as dotenv has it everywhere.
            variables.entry(name).or_insert(Value::Text(value));
        }
        Self(variables)
    }

    pub fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::Text(text) => Some(text.clone()),
            Value::NotUtf8 => None,
        }
    }

    pub fn is_not_utf8(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(Value::NotUtf8))
    }

    /// Names with a value that begin like this and are none of `known`.
    pub fn others<'a>(&'a self, prefix: &'a str, known: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
        let is_set = |value: &Value| !matches!(value, Value::Text(text) if text.trim().is_empty());
        let set = self.0.iter().filter(move |(name, value)| name.starts_with(prefix) && is_set(value));
        set.map(|(name, _)| name.as_str()).filter(move |name| !known.contains(name))
    }

    /// Names that are set, look like ours and are none of `known`: a line for each, with the name that was
    /// meant where that is plain.
    pub fn strangers(&self, known: &BTreeSet<&str>) -> Vec<String> {
        let ours = self.0.keys().filter(|name| PREFIXES.iter().any(|prefix| name.starts_with(prefix)));
        let strangers = ours.filter(|name| !known.contains(name.as_str()));
        let told = |name: &String| match nearest(name, known) {
            Some(meant) => format!("{name} is set, but is no setting of Saoma; is {meant} meant?"),
            None => format!("{name} is set, but is no setting of Saoma"),
        };
        strangers.map(told).collect()
    }
}

fn nearest<'k>(name: &str, known: &BTreeSet<&'k str>) -> Option<&'k str> {
    let distances = known.iter().map(|known| (strsim::damerau_levenshtein(name, known), *known));
    distances.min().filter(|(distance, _)| *distance <= SLIP).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    fn environment(process: &[(&str, &[u8])], file: &[(&str, &str)]) -> Environment {
        let process = process.iter().map(|(name, value)| ((*name).into(), OsString::from_vec(value.to_vec())));
        Environment::of(process, file.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn the_environment_wins_also_with_nothing_and_the_first_line_of_a_file() {
        let both = environment(&[("A", b"1"), ("B", b"")], &[("A", "2"), ("B", "2"), ("C", "3"), ("C", "4")]);
        assert_eq!(
            ["A", "B", "C", "D"].map(|name| both.text(name)),
            [Some("1".to_owned()), Some(String::new()), Some("3".to_owned()), None]
        );
    }

    #[test]
    fn what_is_not_utf_8_is_not_unset() {
        let gbk = environment(&[("SAOMA_PAYEE", b"\xc9\xcc\xb5\xea")], &[("SAOMA_PAYEE", "file")]);
        assert!(gbk.is_not_utf8("SAOMA_PAYEE") && gbk.text("SAOMA_PAYEE").is_none() && !gbk.is_not_utf8("SAOMA_X"));
        assert_eq!(format!("{gbk:?}"), r#"{"SAOMA_PAYEE"}"#);
    }

    #[test]
    fn a_misspelt_name_is_told_with_the_one_that_was_meant() {
        let known = ["WXPAY_MCH_ID", "WXPAY_APPID", "SAOMA_PAYEE", "DATABASE_URL"].into();
        let set = ["WXPAY_MCHID", "WXPAY_APP_ID", "SAOMA_PAYE", "SAOMA_COLOUR_OF_THE_SKY", "SAOMA_PAYEE", "PATH"];
        let set = environment(&[], &set.map(|name| (name, "x")));
        let told = set.strangers(&known);
        let expected = ["SAOMA_COLOUR_OF_THE_SKY", "SAOMA_PAYEE meant", "WXPAY_APPID meant", "WXPAY_MCH_ID meant"];
        assert_eq!(told.len(), expected.len(), "{told:?}");
        assert!(told.iter().zip(expected).all(|(line, word)| line.contains(word)), "{told:?}");
        assert!(!told[0].contains("meant"), "{told:?}");
    }
}
