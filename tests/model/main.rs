//! Chance against the money rules (design §3.2). From a seed, a shop and a platform are taken through
//! orders, payments, callbacks, questions, sweeps, refunds, faults, crashes, passing time, a clock that
//! jumps and care that panics, some of it at the same moment; after every step both sides' books are laid
//! beside each other. The books are a real SQLite database, the calls cross real HTTP, and the clocks are
//! the seed's.
//!
//! `make model` runs 10,000 seeds; `MODEL_SEEDS` changes how many, `MODEL_FROM` at which it begins, `MODEL_SEED=n` runs one of them
//! again and tells its steps. The same seed draws the same steps; what two of them do at the same
//! moment may come out in another order.

#![expect(clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "a failing seed tells its steps")]
#![expect(clippy::disallowed_methods, reason = "the size comes from the environment")]

mod books;
mod dice;
mod forger;
mod platform;
mod rules;
mod seed;
mod shop;
mod steps;

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{runtime::Builder, time::Instant};

use crate::platform::Line;

/// In `make test`.
const SEEDS: u64 = 300;
/// A progress line each so many.
const REPORT: u64 = 500;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a whole number"))
}

#[derive(Default)]
struct Progress {
    next: AtomicU64,
    done: AtomicU64,
    steps: AtomicUsize,
    failed: AtomicBool,
    broken: Mutex<Option<String>>,
    reached: Mutex<BTreeMap<String, usize>>,
}

fn numbered(steps: &[String]) -> String {
    let lines: Vec<_> = (1..).zip(steps).map(|(at, step)| format!("{at:>4}  {step}")).collect();
    lines.join("\n")
}

/// Takes seeds until there are no more, or one has failed.
fn work(progress: &Progress, last: u64, tells: bool, began: Instant) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let line = Line::open().await;
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().expect("a client");
        loop {
            let seed = progress.next.fetch_add(1, Ordering::SeqCst);
            if seed > last || progress.failed.load(Ordering::SeqCst) {
                return;
            }
            let seed::Outcome { told, violation, reached } = seed::run(seed, &line, &client).await;
            let steps = progress.steps.fetch_add(told.len(), Ordering::SeqCst) + told.len();
            let done = progress.done.fetch_add(1, Ordering::SeqCst) + 1;
            {
                let mut total = progress.reached.lock().expect("no panic");
                for (what, count) in reached {
                    *total.entry(what).or_default() += count;
                }
            }
            let steps_told = || numbered(&told);
            if let Some(broken) = violation {
                progress.failed.store(true, Ordering::SeqCst);
                let broken = format!("seed {seed}, after step {}: {broken}\n{}", told.len(), steps_told());
                progress.broken.lock().expect("no panic").get_or_insert(broken);
            } else if tells {
                println!("{}", steps_told());
            } else if done.is_multiple_of(REPORT) {
                println!("{done:>6} seeds, {steps:>7} steps, {:>5} s", began.elapsed().as_secs());
            }
        }
    });
}

#[test]
fn no_course_of_events_breaks_a_money_rule() {
    let one = number("MODEL_SEED");
    let first = one.or_else(|| number("MODEL_FROM")).unwrap_or(1);
    let last = one.unwrap_or_else(|| number("MODEL_SEEDS").unwrap_or(SEEDS));
    let progress = Progress { next: AtomicU64::new(first), ..Progress::default() };
    shop::prepare();
    let began = Instant::now();
    let workers = std::thread::available_parallelism().map_or(2, |count| count.get() * 2);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| work(&progress, last, one.is_some(), began));
        }
    });
    for (what, count) in progress.reached.into_inner().expect("no panic") {
        println!("{count:>8}  {what}");
    }
    if let Some(broken) = progress.broken.into_inner().expect("no panic") {
        panic!("{broken}\nMODEL_SEED=n runs seed n again");
    }
    let (seeds, steps) = (progress.done.into_inner(), progress.steps.into_inner());
    println!("{seeds} seeds, {steps} steps, {} s, no violation", began.elapsed().as_secs());
}
