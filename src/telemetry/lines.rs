//! Standard error, written by a thread of its own: on a full disk, with its reader gone or stopped, lines are
//! lost and counted, and nobody who logs waits or fails.

use std::{
    io::{self, Write},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;

/// Lines that may wait: some seconds of a busy server.
const QUEUE: usize = 8192;

/// Of this process.
static LOST: AtomicU64 = AtomicU64::new(0);
static QUEUE_OF_LINES: LazyLock<Option<SyncSender<Entry>>> = LazyLock::new(|| {
    let (lines, queue) = sync_channel(QUEUE);
    thread::Builder::new().name("log".to_owned()).spawn(move || write(&queue)).is_ok().then_some(lines)
});

enum Entry {
    Line(Vec<u8>),
    /// Told once everything before it is written.
    Mark(SyncSender<()>),
}

fn write(queue: &Receiver<Entry>) {
    while let Ok(entry) = queue.recv() {
        match entry {
            Entry::Line(line) => {
                if io::stderr().write_all(&line).is_err() {
                    LOST.fetch_add(1, Ordering::Relaxed);
                }
            }
            Entry::Mark(done) => {
                if done.try_send(()).is_err() {
                    // Whoever asked has stopped waiting.
                    return;
                }
            }
        }
    }
}

fn put(entry: Entry) {
    let is_taken = QUEUE_OF_LINES.as_ref().is_some_and(|lines| lines.try_send(entry).is_ok());
    if !is_taken {
        LOST.fetch_add(1, Ordering::Relaxed);
    }
}

/// Lines that nobody will read, since the process began.
pub fn lost_lines() -> u64 {
    LOST.load(Ordering::Relaxed)
}

/// A line on standard error that is not one of the log's: what a command or a start has to say. Lost like
/// any other when it cannot be written.
pub fn say(line: &str) {
    put(Entry::Line(format!("{line}\n").into_bytes()));
}

/// Before the process ends: waits until everything so far is written, but not for longer than `limit`.
pub fn flush(limit: Duration) {
    let Some(lines) = QUEUE_OF_LINES.as_ref() else { return };
    let (done, written) = sync_channel(1);
    // A full queue does not become empty: its reader is stopped.
    if lines.try_send(Entry::Mark(done)).is_ok() && written.recv_timeout(limit).is_err() {
        LOST.fetch_add(1, Ordering::Relaxed);
    }
}

/// Makes a writer for each event; the event is one line.
#[derive(Debug)]
pub(super) struct Lines;

/// Collects what is written of one event.
#[derive(Debug, Default)]
pub(super) struct Line(Vec<u8>);

impl MakeWriter<'_> for Lines {
    type Writer = Line;

    fn make_writer(&self) -> Line {
        Line::default()
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.0.is_empty() {
            put(Entry::Line(std::mem::take(&mut self.0)));
        }
    }
}
