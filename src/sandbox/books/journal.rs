//! An append-only file of lines, each one whole change. A line that a crash cut short was never
//! answered for, so it is dropped.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
};

use crate::sandbox::files;

pub(super) struct Journal {
    file: File,
    /// Bytes up to the end of the last whole line.
    length: u64,
}

impl Journal {
    /// The whole lines of the file; none when there is no file yet.
    pub(super) fn read(path: &Path) -> io::Result<Vec<String>> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let text = str::from_utf8(bytes.get(..whole).unwrap_or_default())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// Replaces the file by one with just these lines, and goes on at its end.
    pub(super) fn rewrite(path: &Path, lines: impl Iterator<Item = String>) -> io::Result<Self> {
        let draft = path.with_added_extension("new");
        let mut out = io::BufWriter::new(files::creating(0o600).write(true).truncate(true).open(&draft)?);
        for line in lines {
            out.write_all(line.as_bytes())?;
            out.write_all(b"\n")?;
        }
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&draft, path)?;
        let file = File::options().append(true).open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { file, length })
    }

    /// Once this returns, the line outlives the process; it need not outlive the machine.
    pub(super) fn append(&mut self, line: &str) -> io::Result<()> {
        let text = format!("{line}\n");
        if let Err(error) = self.file.write_all(text.as_bytes()) {
            // Half a line may be there: what follows must not be glued to it.
            self.file.set_len(self.length)?;
            return Err(error);
        }
        self.length += text.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_a_line_that_was_cut_short() {
        let path = std::env::temp_dir().join(format!("saoma-journal-{}", uuid::Uuid::new_v4()));
        assert_eq!(Journal::read(&path).expect("no file"), Vec::<String>::new());
        let mut journal = Journal::rewrite(&path, ["一".to_owned()].into_iter()).expect("writes");
        journal.append("二").expect("appends");
        assert_eq!(Journal::read(&path).expect("reads"), ["一", "二"]);
        let whole = fs::read(&path).expect("reads");
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).expect("writes");
            let expected: &[&str] = if cut < 4 { &[] } else { &["一"] };
            assert_eq!(Journal::read(&path).expect("reads"), expected, "{cut}");
        }
        fs::remove_file(path).expect("removes");
    }
}
