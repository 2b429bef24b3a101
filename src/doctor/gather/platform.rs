//! What WeChat says, in a handful of calls.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use url::Url;

use super::books::open;
use crate::{
    clock::Clock,
    doctor::facts::{Called, Echo, Host, Refused},
    entropy::Entropy,
    gateway::{Cause, Gateway, GatewayError},
    storage::{Database, inbox},
    wechatpay::ApiV3Keys,
};

/// So long a test callback is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(250);

pub async fn hosts(gateway: &Gateway) -> Vec<Host> {
    let reached = gateway.reach().await.into_iter();
    reached.map(|it| Host { name: it.host, answered: it.answered }).collect()
}

/// Asks for the platform certificates: who signs what is asked, and what is sealed with the APIv3 key.
pub async fn certificates(gateway: &Gateway) -> Called {
    match gateway.refresh_certificates().await {
        Ok(_) => Called::Good,
        Err(error) => called(&error),
    }
}

fn called(error: &GatewayError) -> Called {
    if error.is_wrong_api_v3_key() {
        return Called::Sealed;
    }
    match (error, error.told()) {
        (GatewayError::Unknown(outcome), _) if matches!(outcome.cause, Cause::Unverified(_)) => {
            Called::Unverified(error.to_string())
        }
        (GatewayError::Unknown(_), _) | (_, None) => Called::Unknown(error.to_string()),
        (_, Some(told)) => {
            let explained = told.explained();
            Called::Refused(Refused {
                code: told.code.to_string(),
                request_id: error.request_id().map(ToString::to_string),
                chinese: format!("{}。{}", explained.chinese.cause, explained.chinese.remedy),
                english: explained.to_string(),
            })
        }
    }
}

/// The self-test, until its callback is in the books of the server that takes it.
pub async fn echo(
    gateway: &Gateway,
    (db, keys): (&Database, &ApiV3Keys),
    notify_url: &Url,
    clock: &Clock,
    entropy: &Entropy,
) -> Echo {
    let message = format!("saoma-doctor-{}", entropy.nonce());
    // The server's clock may be another one.
    let since = clock.now() - jiff::SignedDuration::from_mins(10);
    if let Err(error) = gateway.echo(&message, notify_url).await {
        return Echo::Call(called(&error));
    }
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if has_arrived(db, keys, since, &message).await {
            return Echo::Arrived;
        }
        sleep(LOOK_AGAIN).await;
    }
    Echo::Lost
}

async fn has_arrived(db: &Database, keys: &ApiV3Keys, since: jiff::Timestamp, message: &str) -> bool {
    let Ok(mut c) = db.read().await else { return false };
    let Ok(bodies) = inbox::list_echoes(&mut c, since).await else { return false };
    bodies.iter().filter_map(|body| open(body, keys)).any(|text| String::from_utf8_lossy(&text).contains(message))
}
