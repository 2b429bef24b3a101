//! The interfaces of `/v3`, as the shop calls them.

mod date;
mod gate;
mod interfaces;
mod reply;
mod routes;

pub(super) use self::{date::tell as tell_date, routes::router};
