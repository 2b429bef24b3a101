//! The way to the ACME server: HTTPS with limits on time and size.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::body::Bytes;
use http::{
    HeaderMap, Request, Response, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use http_body_util::BodyExt as _;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use jiff::SignedDuration;
use reqwest::{Certificate, Client, redirect};

use super::error::AcmeError;

/// Of one call.
const LIMIT: Duration = Duration::from_secs(30);
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// Certificates with their chain are a few KiB.
const MOST: usize = 256 * 1024;

/// Clones share what they were told.
#[derive(Clone, Debug)]
pub(super) struct AcmeClient {
    client: Client,
    wait: Arc<Mutex<Option<SignedDuration>>>,
}

/// The server did not answer as one does.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    #[error("{0}")]
    Way(#[from] reqwest::Error),
    #[error("its answer is too long")]
    TooLong,
    #[error("it answers {status} and nothing of ACME")]
    NotAcme { status: StatusCode },
}

impl AcmeClient {
    pub(crate) fn new(ca: Option<&[u8]>) -> Result<Self, AcmeError> {
        let unusable = |error: reqwest::Error| AcmeError::Client(error.to_string());
        let mut client = Client::builder()
            .no_proxy()
            .https_only(true)
            .redirect(redirect::Policy::none())
            .timeout(LIMIT)
            .connect_timeout(CONNECT_LIMIT);
        if let Some(ca) = ca {
            let roots = Certificate::from_pem_bundle(ca).map_err(unusable)?;
            if roots.is_empty() {
                return Err(AcmeError::Client("there is no certificate in it (PEM, BEGIN CERTIFICATE)".to_owned()));
            }
            client = client.tls_certs_only(roots);
        }
        Ok(Self { client: client.build().map_err(unusable)?, wait: Arc::default() })
    }

    /// How long the server wants to be left alone.
    pub(crate) fn wait(&self) -> Option<SignedDuration> {
        *self.wait.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn call(self, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, CallError> {
        let (parts, body) = request.into_parts();
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(never) => match never {},
        };
        let url = parts.uri.to_string();
        let mut answer = self.client.request(parts.method, url).headers(parts.headers).body(body).send().await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if bytes.len() + chunk.len() > MOST {
                return Err(CallError::TooLong);
            }
            bytes.extend_from_slice(&chunk);
        }
        *self.wait.lock().unwrap_or_else(PoisonError::into_inner) = wait(status, &headers);
        if !status.is_success() && !is_json(&headers) {
            return Err(CallError::NotAcme { status });
        }
        let mut response = Response::new(());
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(BytesResponse { parts: response.into_parts().0, body: Box::new(Bytes::from(bytes)) })
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.contains("json")
}

fn wait(status: StatusCode, headers: &HeaderMap) -> Option<SignedDuration> {
    if status.is_success() {
        return None;
    }
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(SignedDuration::from_secs)
}

impl HttpClient for AcmeClient {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let call = self.clone().call(request);
        Box::pin(async move { call.await.map_err(|error| Error::Other(Box::new(error))) })
    }
}
