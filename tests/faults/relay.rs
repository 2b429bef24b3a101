//! Between WeChat and the shop: knows what the shop has acknowledged, and when.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::http::StatusCode;
use saoma::wechatpay::{ApiV3Key, ApiV3Keys};
use serde_json::Value;
use tokio::time::Instant;

use crate::{
    between::{Callback, stand},
    process::credentials,
};

/// WeChat waits five seconds for an answer.
const LIMIT: Duration = Duration::from_secs(5);

/// What a notification was about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A `transaction_id`.
    Payment(String),
    /// An `out_refund_no`, and how WeChat says it has ended.
    Refund(String, String),
}

pub struct Relay {
    pub origin: String,
    acknowledged: Arc<Mutex<Vec<(Instant, Subject)>>>,
}

#[derive(Clone)]
struct Passing {
    client: reqwest::Client,
    shop: String,
    keys: Arc<ApiV3Keys>,
    acknowledged: Arc<Mutex<Vec<(Instant, Subject)>>>,
}

impl Relay {
    /// The sandbox in `sandbox` calls back here, and the shop hears it.
    pub async fn start(client: reqwest::Client, shop: String, sandbox: &Path) -> Self {
        let key = ApiV3Key::parse(&credentials(sandbox)["WXPAY_API_V3_KEY"]).expect("a key");
        let acknowledged = Arc::<Mutex<Vec<_>>>::default();
        let keys = Arc::new(ApiV3Keys::new(key));
        let passing = Passing { client, shop, keys, acknowledged: Arc::clone(&acknowledged) };
        let origin = stand(0, move |callback| pass_on(passing.clone(), callback)).await;
        Self { origin, acknowledged }
    }

    pub fn acknowledged(&self) -> Vec<Subject> {
        self.acknowledged.lock().expect("no panic").iter().map(|(_, subject)| subject.clone()).collect()
    }

    /// When the next one after that moment came.
    pub fn first_after(&self, moment: Instant) -> Option<Instant> {
        let acknowledged = self.acknowledged.lock().expect("no panic");
        let after = acknowledged.iter().rev().map(|(at, _)| *at).take_while(|at| *at > moment);
        after.min()
    }
}

async fn pass_on(to: Passing, callback: Callback) -> StatusCode {
    let Some(status) = callback.pass_on(&to.client, &to.shop, LIMIT).await else { return StatusCode::BAD_GATEWAY };
    if status.is_success() {
        to.acknowledged.lock().expect("no panic").push((Instant::now(), read(&callback.body, &to.keys)));
    }
    status
}

fn read(body: &[u8], keys: &ApiV3Keys) -> Subject {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let body: Value = serde_json::from_slice(body).expect("JSON");
    let [nonce, data, sealed] = ["nonce", "associated_data", "ciphertext"].map(|name| text(&body["resource"], name));
    let content = keys.open(&nonce, &data, &sealed).expect("sealed with the shop's key");
    let content: Value = serde_json::from_slice(&content).expect("JSON");
    match content["out_refund_no"].as_str() {
        Some(number) => Subject::Refund(number.to_owned(), text(&content, "refund_status")),
        None => Subject::Payment(text(&content, "transaction_id")),
    }
}
