//! What ends the process in order. SIGTERM, SIGINT and SIGQUIT do. SIGHUP means that the terminal is gone:
//! it ends a server that was started from one, unless `nohup` said otherwise. Without a terminal (systemd, a
//! container) it can only mean "reload", for which there is nothing to do: settings are read at the start, and
//! whoever asks for that must not lose the server. SIGUSR1, SIGUSR2 and SIGALRM, which end a process that has said
//! nothing about them, mean nothing here: a script that asks another kind of server to reopen its log with them must
//! not cut off a payment.

use std::{fs, io};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Cancelled by the first of them. Needs a runtime.
///
/// # Errors
/// The system takes no handler.
pub fn stop_asked() -> io::Result<CancellationToken> {
    let token = CancellationToken::new();
    for kind in [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::quit()] {
        tokio::spawn(cancel_on(signal(kind)?, token.clone()));
    }
    // Whoever has it ignored, as `nohup` does, wants it ignored: a handler would undo that.
    if !is_ignored(SignalKind::hangup()) {
        let hangups = signal(SignalKind::hangup())?;
        if has_terminal() {
            tokio::spawn(cancel_on(hangups, token.clone()));
        } else {
            tokio::spawn(go_on(hangups));
        }
    }
    for kind in [SignalKind::user_defined1(), SignalKind::user_defined2(), SignalKind::alarm()] {
        tokio::spawn(ignore(signal(kind)?, kind));
    }
    Ok(token)
}

async fn cancel_on(mut signals: Signal, token: CancellationToken) {
    signals.recv().await;
    token.cancel();
}

async fn ignore(mut signals: Signal, kind: SignalKind) {
    while signals.recv().await.is_some() {
        tracing::info!(signal = kind.as_raw_value(), "a signal that means nothing here");
    }
}

async fn go_on(mut hangups: Signal) {
    while hangups.recv().await.is_some() {
        tracing::info!("SIGHUP: there is nothing to reload, settings are read at the start");
    }
}

/// As it was when the process began. Where that cannot be read, nothing is.
fn is_ignored(kind: SignalKind) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (kind.as_raw_value() - 1) & 1 == 1
}

fn has_terminal() -> bool {
    fs::File::open("/dev/tty").is_ok()
}
