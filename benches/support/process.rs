//! What another process of this machine has used. Linux only, like the budgets.

use std::{fs, io, time::Duration};

/// Of the clock that `/proc` counts in; the same on every Linux.
const TICKS_A_SECOND: u32 = 100;

fn nonsense() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

/// On the processors so far, in the program and in the kernel on its behalf.
pub fn cpu_time(id: u32) -> io::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The name of the program may hold anything, and ends with the last bracket.
    let rest = stat.rsplit_once(") ").ok_or_else(nonsense)?.1;
    let ticks = rest.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u32>().map_err(|_| nonsense()));
    let ticks: u32 = ticks.sum::<io::Result<u32>>()?;
    Ok(Duration::from_secs(1) * ticks / TICKS_A_SECOND)
}
