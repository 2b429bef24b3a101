//! All routes of `/admin`, and who may.

use super::{
    account, confirm, dashboard, enrol, factor, link, login,
    route::{May, Row, get, post},
};
use crate::domain::Role::Viewer;

#[rustfmt::skip]
pub(super) fn rows() -> Vec<Row> {
    vec![
        get ("/admin",                May::Staff(Viewer), dashboard::show),

        get ("/admin/login",          May::Anybody,       login::show),
        post("/admin/login",          May::Anybody,       login::log_in),
        post("/admin/logout",         May::SignedIn,      login::log_out),
        get ("/admin/factor",         May::HalfWay,       factor::show),
        post("/admin/factor",         May::HalfWay,       factor::prove),
        get ("/admin/enrol",          May::Enrolling,     enrol::show),
        post("/admin/enrol",          May::Enrolling,     enrol::prove),
        get ("/admin/link/{token}",   May::Anybody,       link::show),
        post("/admin/link/{token}",   May::Anybody,       link::take_up),
        get ("/admin/confirm",        May::Staff(Viewer), confirm::show),
        post("/admin/confirm",        May::Staff(Viewer), confirm::confirm),

        get ("/admin/account",        May::Staff(Viewer), account::show),
    ]
}
