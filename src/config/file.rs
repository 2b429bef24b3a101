//! Files that settings name: small and regular. A pipe that nobody writes to would hang the start without a
//! word, and a device that never ends would eat the memory.

use std::{fs, io, path::Path};

/// Many times what any key or `.env` needs.
const MOST: u64 = 1024 * 1024;

/// # Errors
/// It cannot be read, is no regular file, or is longer than 1 MiB.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let found = fs::metadata(path)?;
    if !found.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "is no regular file"));
    }
    if found.len() > MOST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "is longer than 1 MiB"));
    }
    fs::read(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_or_never_begins_is_not_read() {
        for path in ["/dev/zero", "/"] {
            assert_eq!(read(Path::new(path)).expect_err("no file").kind(), io::ErrorKind::InvalidInput, "{path}");
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("long");
        fs::write(&path, vec![b'#'; 1024 * 1024 + 1]).expect("writes");
        assert_eq!(read(&path).expect_err("too long").kind(), io::ErrorKind::FileTooLarge);
    }
}
