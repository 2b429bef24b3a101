//! `/_sandbox/certificates` lets one platform certificate follow another, `/_sandbox/api-v3-key`
//! sets another `APIv3` key, as the merchant would in its console (`wechatpay-v3.md` §3, §4).

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ControlError;
use crate::sandbox::{
    crypto::{
        credentials::SandboxCredentials,
        keys::{PlatformCertificate, RotationError},
    },
    error::ApiError,
    failure::SandboxError,
    platform::Platform,
    wire_time,
};

type Shared = State<Arc<Platform>>;

/// Those in use, oldest first.
pub(super) async fn certificates(State(platform): Shared) -> Json<Value> {
    let certificates = platform.keys.certificates();
    Json(json!({ "certificates": certificates.iter().map(|certificate| show(certificate)).collect::<Vec<_>>() }))
}

/// Issues the next one. `/v3/certificates` lists both from now on; how much the new one signs is
/// the knob `new_certificate_share`.
pub(super) async fn issue(State(platform): Shared) -> Result<Json<Value>, ControlError> {
    Ok(Json(show(&*issue_certificate(&platform).await?)))
}

pub(super) async fn retire(State(platform): Shared, Path(serial): Path<String>) -> Result<Json<Value>, ControlError> {
    retire_certificate(&platform, serial).await?;
    Ok(certificates(State(platform)).await)
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewKey {
    /// 32 letters and digits; made up when it is missing.
    api_v3_key: Option<String>,
}

/// Callbacks are sealed with the new key at once, and `credentials.env` has it. The body may be
/// empty.
pub(super) async fn change_api_v3_key(State(platform): Shared, body: Bytes) -> Result<Json<Value>, ControlError> {
    let wanted: NewKey = if body.is_empty() {
        NewKey::default()
    } else {
        serde_json::from_slice(&body).map_err(|error| ControlError::bad_request(error.to_string()))?
    };
    let previous = set_api_v3_key(&platform, wanted.api_v3_key).await?;
    Ok(Json(json!({ "api_v3_key": platform.keys.api_v3_key_text(), "previous": previous })))
}

/// Off the async threads: making a key takes a moment, and files are written.
pub(in crate::sandbox) async fn issue_certificate(
    platform: &Arc<Platform>,
) -> Result<Arc<PlatformCertificate>, ControlError> {
    let now = platform.now();
    let issue = move |platform: &Platform| {
        let issued = platform.keys.issue_certificate(now, &platform.entropy)?;
        write_credentials(platform)?;
        Ok::<_, RotationError>(issued)
    };
    Ok(away(platform, issue).await??)
}

pub(in crate::sandbox) async fn retire_certificate(
    platform: &Arc<Platform>,
    serial: String,
) -> Result<(), ControlError> {
    let retire = move |platform: &Platform| {
        platform.keys.retire_certificate(&serial)?;
        write_credentials(platform)?;
        Ok::<_, RotationError>(())
    };
    Ok(away(platform, retire).await??)
}

/// The key of before.
pub(in crate::sandbox) async fn set_api_v3_key(
    platform: &Arc<Platform>,
    wanted: Option<String>,
) -> Result<String, ControlError> {
    let change = move |platform: &Platform| {
        let previous = platform.keys.change_api_v3_key(wanted, &platform.entropy)?;
        write_credentials(platform)?;
        Ok::<_, SandboxError>(previous)
    };
    Ok(away(platform, change).await?.map_err(RotationError::from)?)
}

/// `credentials.env` names the newest certificate, and has the key.
fn write_credentials(platform: &Platform) -> Result<(), SandboxError> {
    SandboxCredentials::build(&platform.place, &platform.keys).write(&platform.place.dir)
}

async fn away<T: Send + 'static>(
    platform: &Arc<Platform>,
    work: impl FnOnce(&Platform) -> T + Send + 'static,
) -> Result<T, ControlError> {
    let platform = Arc::clone(platform);
    tokio::task::spawn_blocking(move || work(&platform)).await.map_err(|_| ApiError::system_error().into())
}

fn show(certificate: &PlatformCertificate) -> Value {
    let (from, to) = certificate.validity();
    json!({
        "serial_no": certificate.key.serial,
        "effective_time": wire_time::seconds(from),
        "expire_time": wire_time::seconds(to),
    })
}

impl From<RotationError> for ControlError {
    fn from(error: RotationError) -> Self {
        let (status, code) = match &error {
            RotationError::TwoInUse => (StatusCode::CONFLICT, "TWO_CERTIFICATES"),
            RotationError::LastInUse => (StatusCode::CONFLICT, "LAST_CERTIFICATE"),
            RotationError::Unknown => (StatusCode::NOT_FOUND, "CERTIFICATE_UNKNOWN"),
            RotationError::Keys(SandboxError::ApiV3Key) => {
                return Self::bad_request("api_v3_key: 32 letters and digits");
            }
            RotationError::Keys(_) => (StatusCode::INTERNAL_SERVER_ERROR, "FILES"),
        };
        if let RotationError::Keys(error) = &error {
            tracing::error!(error = error as &dyn std::error::Error, "sandbox keys");
        }
        Self { status, code, message: error.to_string() }
    }
}
