//! A refusal by a control.

use axum::{
    Json,
    extract::rejection::{JsonRejection, PathRejection, QueryRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::sandbox::error::ApiError;

pub(in crate::sandbox) struct ControlError {
    pub(in crate::sandbox) status: StatusCode,
    pub(in crate::sandbox) code: &'static str,
    pub(in crate::sandbox) message: String,
}

impl ControlError {
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "BAD_REQUEST", message: message.into() }
    }
}

/// The interface's own refusals, for a person who does the same by hand.
impl From<ApiError> for ControlError {
    fn from(error: ApiError) -> Self {
        Self { status: error.status, code: error.code, message: error.message }
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "code": self.code, "message": self.message }))).into_response()
    }
}

impl From<JsonRejection> for ControlError {
    fn from(rejection: JsonRejection) -> Self {
        Self { status: rejection.status(), code: "BAD_REQUEST", message: rejection.body_text() }
    }
}

impl From<PathRejection> for ControlError {
    fn from(rejection: PathRejection) -> Self {
        Self { status: rejection.status(), code: "BAD_REQUEST", message: rejection.body_text() }
    }
}

impl From<QueryRejection> for ControlError {
    fn from(rejection: QueryRejection) -> Self {
        Self { status: rejection.status(), code: "BAD_REQUEST", message: rejection.body_text() }
    }
}
