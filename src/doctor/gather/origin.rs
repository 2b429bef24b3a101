//! The address that WeChat calls, as it is reached from here: by its public name, with no proxy on the way, and as
//! strictly as WeChat does.

use std::{error::Error as _, time::Duration};

use jiff::Timestamp;
use reqwest::{Client, Response, StatusCode, header, redirect, tls::TlsInfo};
use tokio::net::lookup_host;
use url::Url;
use x509_cert::{Certificate, der::Decode as _};

use crate::doctor::facts::{Answered, Origin};

const LIMIT: Duration = Duration::from_secs(10);
/// Headers of a callback that nobody has signed.
const PROBE: [(&str, &str); 4] = [
    ("wechatpay-nonce", "saoma-doctor"),
    ("wechatpay-serial", "saoma-doctor"),
    ("wechatpay-signature", "c2FvbWEtZG9jdG9y"),
    ("wechatpay-signature-type", "WECHATPAY2-SHA256-RSA2048"),
];

pub async fn look(origin: &Url, notify_url: &Url, now: Timestamp) -> Origin {
    let host = origin.host_str().unwrap_or_default().to_owned();
    let port = origin.port_or_known_default().unwrap_or(443);
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let addresses = match lookup_host((name, port)).await {
        Ok(found) => Ok(found.map(|it| it.ip()).collect()),
        Err(error) => Err(error.to_string()),
    };
    let client = Client::builder().no_proxy().redirect(redirect::Policy::none()).timeout(LIMIT).tls_info(true).build();
    let (mut page, mut callback, mut certificate_ends) =
        (Answered::Nobody("no client".to_owned()), Answered::Nobody("no client".to_owned()), None);
    if let Ok(client) = client
        && addresses.is_ok()
    {
        let url = origin.join("healthz").unwrap_or_else(|_| origin.clone());
        page = match client.get(url).send().await {
            Ok(answer) => {
                certificate_ends = end_of_certificate(&answer);
                healthz(answer).await
            }
            Err(error) => failed(&error),
        };
        let mut probe = client.post(notify_url.clone()).header(header::CONTENT_TYPE, "application/json").body("{}");
        for (name, value) in PROBE {
            probe = probe.header(name, value);
        }
        callback = match probe.header("wechatpay-timestamp", now.as_second()).send().await {
            Ok(answer) => refusal(answer).await,
            Err(error) => failed(&error),
        };
    }
    Origin { host, addresses, page, callback, certificate_ends }
}

async fn healthz(answer: Response) -> Answered {
    if let Some(redirect) = redirected(&answer) {
        return redirect;
    }
    let told = describe(&answer);
    match answer.text().await {
        Ok(text) if text == "ok\n" => Answered::Ours,
        _ => Answered::Other(told),
    }
}

/// A callback that nobody has signed is refused for that (401), or for a header that did not come through (400).
async fn refusal(answer: Response) -> Answered {
    if let Some(redirect) = redirected(&answer) {
        return redirect;
    }
    let (status, told) = (answer.status(), describe(&answer));
    let is_ours = answer.text().await.is_ok_and(|text| text.contains("\"FAIL\""));
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS if is_ours => Answered::Ours,
        StatusCode::BAD_REQUEST if is_ours => Answered::Stripped,
        _ => Answered::Other(format!("POST: {told}")),
    }
}

fn redirected(answer: &Response) -> Option<Answered> {
    let to = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
    answer.status().is_redirection().then(|| Answered::Redirect(to.to_owned()))
}

fn describe(answer: &Response) -> String {
    let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    format!("{} {kind}", answer.status().as_u16())
}

fn failed(error: &reqwest::Error) -> Answered {
    let mut told = Vec::new();
    let mut behind = error.source();
    while let Some(cause) = behind {
        told.push(cause.to_string());
        behind = cause.source();
    }
    let told = if told.is_empty() { "no answer in time".to_owned() } else { told.join(": ") };
    if told.contains("certificate") { Answered::BadCertificate(told) } else { Answered::Nobody(told) }
}

fn end_of_certificate(answer: &Response) -> Option<Timestamp> {
    let der = answer.extensions().get::<TlsInfo>()?.peer_certificate()?;
    let certificate = Certificate::from_der(der).ok()?;
    let end = certificate.tbs_certificate().validity().not_after.to_unix_duration().as_secs();
    Timestamp::from_second(i64::try_from(end).ok()?).ok()
}
