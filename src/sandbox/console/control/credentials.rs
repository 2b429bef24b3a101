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
    const WHAT: &str = "sandbox credentials";
    let reading = tokio::task::spawn_blocking(move || read(&platform));
    let read = reading.await.map_err(|error| ApiError::of(WHAT, &error))?;
    Ok(read.map(|variables| Json(variables.into())).map_err(|error| ApiError::of(WHAT, &error))?)
}

fn read(platform: &Platform) -> Result<Map<String, Value>, SandboxError> {
    let all = SandboxCredentials::build(&platform.place, &platform.keys).variables_and_texts()?;
    Ok(all.into_iter().map(|(name, value)| (name, value.into())).collect())
}
