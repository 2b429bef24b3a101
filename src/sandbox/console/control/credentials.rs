//! `GET /_sandbox/credentials`: what is in `credentials.env`, and the texts of the files that it names, for those who
//! cannot read the sandbox's folder.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Map, Value};

use super::error::ControlError;
use crate::sandbox::{
    crypto::credentials::SandboxCredentials, error::ApiError, failure::SandboxError, platform::Platform,
};

pub(super) async fn show(State(platform): State<Arc<Platform>>) -> Result<Json<Value>, ControlError> {
    let read = tokio::task::spawn_blocking(move || read(&platform)).await.map_err(|_| ApiError::system_error())?;
    read.map(|variables| Json(variables.into())).map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "sandbox credentials");
        ApiError::system_error().into()
    })
}

fn read(platform: &Platform) -> Result<Map<String, Value>, SandboxError> {
    let all = SandboxCredentials::build(&platform.place, &platform.keys).variables_and_texts()?;
    Ok(all.into_iter().map(|(name, value)| (name, value.into())).collect())
}
