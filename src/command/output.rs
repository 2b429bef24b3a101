//! Standard output of a command, if there is one.

use std::{fs, io, path::Path};

/// Where a command writes to.
///
/// # Errors
/// It was closed when the program began (`>&-`). Nobody can see what is written then, and a number that nobody sees is
/// no number: nothing is to be asked. What stands in its place is what the language put there, so that no file of ours
/// is taken for it: `/dev/null`, open for reading too, which nobody does who means to throw the output away.
pub fn standard_output() -> io::Result<io::Stdout> {
    const MODE: u32 = 0o3;
    const READ_AND_WRITE: u32 = 0o2;
    let is_null = fs::read_link("/proc/self/fd/1").is_ok_and(|file| file == Path::new("/dev/null"));
    let info = fs::read_to_string("/proc/self/fdinfo/1").unwrap_or_default();
    let flags = info.lines().find_map(|line| u32::from_str_radix(line.strip_prefix("flags:")?.trim(), 8).ok());
    if is_null && flags.is_some_and(|flags| flags & MODE == READ_AND_WRITE) {
        return Err(io::Error::new(io::ErrorKind::BrokenPipe, "standard output is closed"));
    }
    Ok(io::stdout())
}
