//! A row of the table of routes, and who may.

use axum::{
    extract::DefaultBodyLimit,
    handler::Handler,
    routing::{MethodRouter, get as on_get, post as on_post},
};
use http::Method;

use super::super::{
    body::{BodyLimits, FORM},
    state::AppState,
};
use crate::domain::Role;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum May {
    /// Whoever comes: login, and the one-time links.
    Anybody,
    /// Whose password was right, and whose second factor is still to come.
    HalfWay,
    /// Who has to set up a second factor, or wants another one.
    Enrolling,
    /// Who has come in in any way: to go out again.
    SignedIn,
    /// Who has come in, with this role or a higher one.
    Staff(Role),
    /// The same, and to do something only after the second factor has been given once more.
    Confirmed(Role),
}

pub(super) struct Row {
    pub method: Method,
    pub path: &'static str,
    pub may: May,
    pub body: BodyLimits,
    pub route: MethodRouter<AppState>,
}

impl Row {
    /// More than a form, as `gate` reads it.
    pub(super) fn takes(self, body: BodyLimits) -> Self {
        Self { body, route: self.route.layer(DefaultBodyLimit::disable()), ..self }
    }
}

pub(super) fn get<H: Handler<T, AppState>, T: 'static>(path: &'static str, may: May, handler: H) -> Row {
    Row { method: Method::GET, path, may, body: FORM, route: on_get(handler) }
}

pub(super) fn post<H: Handler<T, AppState>, T: 'static>(path: &'static str, may: May, handler: H) -> Row {
    Row { method: Method::POST, path, may, body: FORM, route: on_post(handler) }
}
