//! The interfaces of `/v3`, as the shop calls them.

mod gate;
mod interfaces;
mod reply;
mod routes;

pub(super) use self::routes::router;
