//! Carries one notification to the shop (`wechatpay-v3.md` §6.1, §6.3), with all that the faults do to it on
//! its way.

use std::{sync::Arc, time::Duration};

use axum::http::header;
use futures::future;
use tokio::time::Instant;

use super::{
    client,
    notification::{self, Notification},
    v2_notice,
};
use crate::sandbox::{
    books::delivery::{Attempt, Delivery, Outcome, Progress, Reason, Subject},
    error::ApiError,
    faults::{KeyShares, Twist},
    mark,
    platform::Platform,
};

/// How much of an answer is kept for people to read.
const ANSWER_MAX: usize = 512;

/// One try of a delivery that was taken out of the queue, with all that the faults add to it.
pub(in crate::sandbox) async fn deliver(platform: Arc<Platform>, number: u64) {
    let Some(delivery) = platform.ledger().delivery(number).cloned() else {
        return;
    };
    let round = Round::plan(&platform, &delivery);
    let mut attempts = Vec::new();
    if round.probe {
        attempts.push(attempt(&platform, &delivery, &round, &[Twist::Signtest], false).await);
    }
    let first = attempt(&platform, &delivery, &round, &round.twists, round.dropped);
    let beside = (0..round.beside).map(|_| duplicate(&platform, &delivery, &round));
    let (first, beside) = tokio::join!(first, future::join_all(beside));
    let accepted = first.result.is_acknowledged();
    let outcome = first.result.clone();
    attempts.push(first);
    attempts.extend(beside);
    if accepted {
        for _ in 0..round.after {
            attempts.push(duplicate(&platform, &delivery, &round).await);
        }
    }
    let progress = if accepted {
        delivery.progress.accepted()
    } else {
        let scale = platform.faults().retry_scale;
        delivery.progress.failed(platform.now(), scale)
    };
    log(&delivery, &outcome, &progress);
    platform.ledger().attempted(number, attempts, progress);
    // The ladder may have set a time that is earlier than what the notifier waits for.
    platform.wake.notify_one();
}

/// Before a reply, and to its end also when the client does not wait for that.
pub(in crate::sandbox) async fn deliver_apart(platform: &Arc<Platform>, number: u64) -> Result<(), ApiError> {
    let delivery = tokio::spawn(deliver(Arc::clone(platform), number));
    delivery.await.map_err(|error| ApiError::of("sandbox notification", &error))
}

/// The faults of one try, decided before it starts.
struct Round {
    probe: bool,
    dropped: bool,
    twists: Vec<Twist>,
    /// Duplicates at the same moment.
    beside: u32,
    /// Duplicates after acceptance.
    after: u32,
    keys: KeyShares,
    timeout: Duration,
}

impl Round {
    fn plan(platform: &Platform, delivery: &Delivery) -> Self {
        let mut faults = platform.faults();
        let first = delivery.attempts.is_empty();
        Self {
            probe: first && platform.chance(faults.signtest_callbacks),
            dropped: faults.drop.take(),
            twists: faults.take_twists(),
            beside: if first { faults.concurrent_duplicates } else { 0 },
            after: faults.duplicates,
            keys: faults.callback_keys(),
            timeout: Duration::from_millis(faults.callback_timeout_ms),
        }
    }
}

async fn duplicate(platform: &Arc<Platform>, delivery: &Delivery, round: &Round) -> Attempt {
    let mut attempt = attempt(platform, delivery, round, &[], false).await;
    attempt.faults.push("duplicate".to_owned());
    attempt
}

async fn attempt(
    platform: &Arc<Platform>,
    delivery: &Delivery,
    round: &Round,
    twists: &[Twist],
    dropped: bool,
) -> Attempt {
    let at_ms = platform.now().as_millisecond();
    let started = Instant::now();
    let mut faults: Vec<String> = twists.iter().map(|twist| twist.name().to_owned()).collect();
    let is_v2 = matches!(delivery.subject, Subject::RefundV2 { .. });
    let key = (!is_v2).then(|| platform.draw_key(round.keys));
    let serial = key.as_ref().map(|key| key.serial.clone()).unwrap_or_default();
    let result = if dropped {
        faults.push("drop".to_owned());
        Outcome::Dropped
    } else {
        let notification = match key {
            Some(key) => notification::build(platform, delivery, key, twists).await,
            None => Ok(v2_notice::build(platform)),
        };
        match notification {
            Ok(notification) => post(platform, delivery, notification, round.timeout).await,
            Err(error) => {
                Outcome::Failed { reason: Reason::Platform, detail: format!("{}: {}", error.code, error.message) }
            }
        }
    };
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Attempt { at_ms, result, duration_ms, serial, faults }
}

/// §6.1: the headers of real traffic.
async fn post(platform: &Platform, delivery: &Delivery, notification: Notification, timeout: Duration) -> Outcome {
    let request = platform
        .client
        .post(&delivery.notify_url)
        .timeout(timeout)
        .header(header::USER_AGENT, "Mozilla/4.0")
        .header(header::ACCEPT, "*/*")
        .header(header::CONTENT_TYPE, notification.content_type)
        .header(header::CACHE_CONTROL, "no-cache")
        .header(header::PRAGMA, "no-cache")
        .header(mark::HEADER, mark::VALUE)
        .body(notification.body);
    let request = notification.headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
    match request.send().await {
        Ok(answer) => {
            let status = answer.status().as_u16();
            Outcome::Answered { status, text: beginning(answer).await }
        }
        Err(error) => client::outcome(&error),
    }
}

/// The status has decided already: whatever goes wrong here changes nothing.
async fn beginning(mut answer: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() >= ANSWER_MAX {
            bytes.truncate(ANSWER_MAX);
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn log(delivery: &Delivery, first: &Outcome, progress: &Progress) {
    let (id, state, retries) = (&delivery.id, progress.state, progress.retries);
    let (url, reason) = (&delivery.notify_url, first.reason());
    match reason {
        None => tracing::info!(notification.id = id, ?state, retries, "sandbox notification {id}: {state:?}"),
        Some(reason) => {
            let detail = if let Outcome::Failed { detail, .. } = first { detail } else { "" };
            let told = "sandbox notification";
            tracing::warn!(notification.id = id, ?state, retries, reason, detail, "{told} {id} not taken by {url}");
        }
    }
}
