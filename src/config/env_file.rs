//! `.env`: dotenvy's syntax without dotenvy's errors, which repeat the line that they could not read. The
//! line may be a private key, so ours say where it stands and never what.

use std::{
    cell::Cell,
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::file;

/// A file of settings that cannot be used. The operator mends it.
#[derive(Debug, thiserror::Error)]
pub enum EnvFileError {
    #[error("{}: cannot be read: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{}: line {line}{}: {fault}", path.display(), in_brackets(name.as_deref()))]
    Line {
        path: PathBuf,
        line: usize,
        /// Whose value it is, where that can be told.
        name: Option<String>,
        fault: Fault,
    },
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("is not UTF-8; save the file as UTF-8")]
    NotUtf8,
    #[error("a quote is opened here and never closed")]
    OpenQuote,
    #[error("is not NAME=VALUE; a value with spaces or of several lines stands in quotes")]
    Syntax,
    #[error("the name stands in the file before, with another value: remove one of them")]
    Twice,
}

impl EnvFileError {
    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, Self::File { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

fn in_brackets(name: Option<&str>) -> String {
    name.map(|name| format!(" ({name})")).unwrap_or_default()
}

/// What the file sets, in its order.
///
/// # Errors
/// It cannot be opened, or one of its lines cannot be read.
pub(crate) fn read(path: &Path) -> Result<Vec<(String, String)>, EnvFileError> {
    let bytes = file::read(path).map_err(|source| EnvFileError::File { path: path.to_owned(), source })?;
    parse(&bytes).map_err(|(line, fault)| {
        let name = bytes.split(|byte| *byte == b'\n').nth(line - 1).and_then(name_in);
        EnvFileError::Line { path: path.to_owned(), line, name, fault }
    })
}

/// Or the number of the first line that cannot be read, from 1.
fn parse(bytes: &[u8]) -> Result<Vec<(String, String)>, (usize, Fault)> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
        (line, Fault::NotUtf8)
    })?;
    // Editors on Windows begin a file with a mark. The newline is for dotenvy, which takes a space at the
    // very end for the beginning of something.
    let text = format!("{}\n", text.trim_start_matches('\u{feff}'));
    let given = Cell::new(0);
    let mut pairs: Vec<(String, String)> = Vec::new();
    for pair in dotenvy::from_read_iter(Lines { left: text.as_bytes(), given: &given }) {
        let (name, value) = pair.map_err(|error| place(&error, given.get()))?;
        // Shells take the last one, others the first: by either somebody opens other books than he means.
        if pairs.iter().any(|it| it.0 == name && it.1 != value) {
            return Err((given.get().max(1), Fault::Twice));
        }
        pairs.push((name, value));
    }
    Ok(pairs)
}

/// Where the value begins that ends with the line `last`, and cannot be read.
fn place(error: &dotenvy::Error, last: usize) -> (usize, Fault) {
    let dotenvy::Error::LineParse(text, _) = error else { return (last.max(1), Fault::Syntax) };
    let first = (last + 1).saturating_sub(text.lines().count().max(1)).max(1);
    // A whole line has lost its end by then; only what ran into the end of the file has it still.
    (first, if text.ends_with('\n') { Fault::OpenQuote } else { Fault::Syntax })
}

/// The name that a line sets. What merely looks a little like one may be a piece of a key.
fn name_in(line: &[u8]) -> Option<String> {
    let line = String::from_utf8_lossy(line);
    let line = line.trim_start_matches('\u{feff}').trim_start();
    let name = line.strip_prefix("export ").unwrap_or(line).split_once('=')?.0.trim();
    let is_name = name.len() <= 64
        && name.contains('_')
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    is_name.then(|| name.to_owned())
}

/// Hands out a line at a time, so that it is known how far its reader has come.
struct Lines<'a> {
    left: &'a [u8],
    given: &'a Cell<usize>,
}

impl Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let line = self.left.iter().position(|byte| *byte == b'\n').map_or(self.left.len(), |end| end + 1);
        let count = line.min(buffer.len());
        let (now, later) = self.left.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.left = later;
        self.given.set(self.given.get() + usize::from(now.ends_with(b"\n")));
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        parse(text.as_bytes()).expect("readable")
    }

    #[test]
    fn what_editors_and_shells_write_is_read() {
        let pem = "-----BEGIN PRIVATE KEY-----\nMIIE\nabcd==\n-----END PRIVATE KEY-----";
        for (text, value) in [
            ("A_B=c", "c"),
            ("\u{feff}A_B=c\n", "c"),
            ("# words, isn't it\r\n\r\nA_B=c\r\n", "c"),
            ("export A_B=\"c d\"", "c d"),
            ("A_B='c $d'  # why", "c $d"),
            ("A_B=c ", "c"),
            ("A_B=c#d", "c#d"),
            ("A_B=龙井", "龙井"),
            (&format!("A_B=\"{pem}\"\n"), pem),
            (&format!("A_B='{pem}'"), pem),
            (r#"A_B="-----BEGIN PRIVATE KEY-----\nMIIE\nabcd==\n-----END PRIVATE KEY-----""#, pem),
            ("A_B=", ""),
        ] {
            assert_eq!(pairs(text), [("A_B".to_owned(), value.to_owned())], "{text:?}");
        }
        let windows = pairs(&format!("A_B=\"{}\"\r\nC_D=e\r\n", pem.replace('\n', "\r\n")));
        assert_eq!(windows[0].1.replace('\r', ""), pem);
        assert_eq!(windows[1].1, "e");
        assert_eq!(pairs(&format!("A_B={}", "x".repeat(20_000)))[0].1.len(), 20_000);
        assert_eq!(pairs("A_B=1\nA_B=1").len(), 2, "the same twice is no question");
    }

    #[test]
    fn an_error_says_where_and_whose_and_never_what() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".env");
        for (text, line, name, fault) in [
            (&b"WXPAY_PRIVATE_KEY=-----BEGIN SECRET-----\nSECRET\n"[..], 1, Some("WXPAY_PRIVATE_KEY"), Fault::Syntax),
            (b"A_B=1\n\n# it's\nWXPAY_API_V3_KEY=SECRET SECRET\n", 4, Some("WXPAY_API_V3_KEY"), Fault::Syntax),
            (b"A_B=1\nC_D=\"x\ny\"\nSECRET/SECRET\n", 4, None, Fault::Syntax),
            (b"A_B=1\nSECRET+a==\n", 2, None, Fault::Syntax),
            (b"A_B=1\nC_D=\"SECRET\nSECRET\nE_F=1\n", 2, Some("C_D"), Fault::OpenQuote),
            (b"A_B=1\nC_D='SECRET", 2, Some("C_D"), Fault::OpenQuote),
            (b"A_B=1\r\nC_D=\"x\r\ny\" SECRET\r\nE_F=1\r\n", 2, Some("C_D"), Fault::Syntax),
            (b"A_B=1\nSAOMA_PAYEE=SECRET\xc9\xce\xb5\xea\n", 2, Some("SAOMA_PAYEE"), Fault::NotUtf8),
            (b"DATABASE_URL=1SECRET\nA_B=1\nDATABASE_URL=2SECRET\n", 3, Some("DATABASE_URL"), Fault::Twice),
            (b"\xff\xfeA\0", 1, None, Fault::NotUtf8),
            (b"\xef\xbb\xbfC_D=SECRET SECRET", 1, Some("C_D"), Fault::Syntax),
        ] {
            fs::write(&path, text).expect("writes");
            let error = read(&path).expect_err("cannot be read");
            let EnvFileError::Line { line: at, name: whose, fault: why, .. } = &error else { panic!("{error}") };
            assert_eq!((*at, whose.as_deref(), *why), (line, name, fault), "{}", String::from_utf8_lossy(text));
            let told = format!("{error} {error:?}");
            assert!(!told.contains("SECRET") && told.contains(".env"), "{told}");
        }
    }
}
