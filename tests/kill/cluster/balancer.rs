//! In front of all instances, where WeChat calls back. It does what no real one would: it gives every
//! notification to all of them at the same moment.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::http::StatusCode;
use futures::{StreamExt as _, stream::FuturesUnordered};
use tokio::{sync::oneshot, time::Instant};

use crate::between::{Callback, stand};

/// WeChat waits five seconds for an answer.
const LIMIT: Duration = Duration::from_millis(4_500);
/// As the status of an instance that gives none.
const NONE: u16 = 0;

pub struct Balancer {
    pub origin: String,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    /// How often the instances answered with these, sorted.
    answers: Mutex<BTreeMap<Vec<u16>, usize>>,
    acknowledged: Mutex<Vec<Instant>>,
}

#[derive(Clone)]
struct Passing {
    client: reqwest::Client,
    shops: Vec<String>,
    seen: Arc<Seen>,
}

impl Balancer {
    pub async fn start(port: u16, client: reqwest::Client, shops: Vec<String>) -> Self {
        let seen = Arc::new(Seen::default());
        let passing = Passing { client, shops, seen: Arc::clone(&seen) };
        let origin = stand(port, move |callback| pass_on(passing.clone(), callback)).await;
        Self { origin, seen }
    }

    pub fn answers(&self) -> BTreeMap<Vec<u16>, usize> {
        self.seen.answers.lock().expect("no panic").clone()
    }

    pub fn acknowledged(&self) -> usize {
        self.seen.acknowledged.lock().expect("no panic").len()
    }

    /// The longest time without an acknowledgement, between the two.
    pub fn longest_gap(&self, from: Instant, until: Instant) -> Duration {
        let acknowledged = self.seen.acknowledged.lock().expect("no panic");
        let within = acknowledged.iter().copied().filter(|at| (from..until).contains(at));
        let moments: Vec<_> = [from].into_iter().chain(within).chain([until]).collect();
        moments.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
    }
}

/// Answers as soon as one of them has acknowledged: then it is in the books that all of them share.
async fn pass_on(to: Passing, callback: Callback) -> StatusCode {
    let asking = to.shops.into_iter().map(|shop| {
        let (client, callback) = (to.client.clone(), callback.clone());
        async move { callback.pass_on(&client, &shop, LIMIT).await.map_or(NONE, |status| status.as_u16()) }
    });
    let mut asking: FuturesUnordered<_> = asking.collect();
    let (first, acknowledged) = oneshot::channel();
    tokio::spawn(async move {
        let (mut first, mut answers) = (Some(first), Vec::new());
        while let Some(answer) = asking.next().await {
            answers.push(answer);
            if answer == 200
                && let Some(first) = first.take()
            {
                to.seen.acknowledged.lock().expect("no panic").push(Instant::now());
                first.send(()).ok();
            }
        }
        answers.sort_unstable();
        *to.seen.answers.lock().expect("no panic").entry(answers).or_default() += 1;
    });
    if acknowledged.await.is_ok() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}
