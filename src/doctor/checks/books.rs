//! The books: whose they are, whether what is acknowledged is on the disk, and whether anybody looks after them.

use jiff::SignedDuration;

use crate::{
    doctor::{
        facts::{Books, Engine, Facts, FileSystem, OpenBooks},
        report::{Finding, Report, Unchecked, Why},
        words::Check,
    },
    wechatpay::time::rfc3339,
};

/// `PRAGMA synchronous = FULL`.
const FULL: i64 = 2;
/// A job that money waits for ends well every few seconds.
const STALE: SignedDuration = SignedDuration::from_mins(10);

pub(super) fn check(facts: &Facts, report: &mut Report) {
    match &facts.books {
        Books::None => {}
        Books::Refused(why) => report.findings.push(Finding::broken(Check::BooksRefused, why)),
        Books::Unreachable(why) => {
            report.findings.push(Finding::broken(Check::BooksUnreachable, why));
            report.unchecked.push(Unchecked { what: "books", why: Why::Told(why.clone()) });
        }
        Books::Open(books) => open(facts, books, report),
    }
    match facts.machine.file_system {
        Some(FileSystem::Network(name)) => report.findings.push(Finding::broken(Check::NetworkFileSystem, name)),
        Some(FileSystem::Memory) => report.findings.push(Finding::risk(Check::VolatileFileSystem, "tmpfs")),
        Some(FileSystem::Local) | None => {}
    }
}

fn open(facts: &Facts, books: &OpenBooks, report: &mut Report) {
    match books.engine {
        Engine::Sqlite { synchronous } if synchronous < FULL => {
            report.findings.push(Finding::broken(Check::Durability, format!("synchronous = {synchronous}")));
        }
        Engine::Sqlite { .. } => {}
        Engine::Mysql { flush_log, binlog, sync_binlog, is_galera } => {
            if flush_log != 1 && !is_galera {
                let detail = format!("innodb_flush_log_at_trx_commit = {flush_log}");
                report.findings.push(Finding::broken(Check::Durability, detail));
            } else if binlog && sync_binlog != 1 && !is_galera {
                report.findings.push(Finding::risk(Check::Durability, format!("sync_binlog = {sync_binlog}")));
            }
        }
    }
    if let Err(why) = &books.write {
        report.findings.push(Finding::broken(Check::NotWritable, why));
    }
    if let Some(since) = books.put_back {
        report.findings.push(Finding::broken(Check::PutBack, rfc3339(since)));
    }
    if matches!(books.engine, Engine::Sqlite { .. }) && books.instances > 1 {
        // One that was killed within the last half minute cannot be told from one that runs.
        report.findings.push(Finding::risk(Check::SeveralServers, books.instances.to_string()).likely());
    }
    if books.instances > 0 {
        for (job, last) in &books.jobs {
            if facts.now.duration_since(*last) > STALE {
                report.findings.push(Finding::broken(Check::JobsStale, format!("{job}: {}", rfc3339(*last))));
            }
        }
    }
}
