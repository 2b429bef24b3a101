//! `/admin`: the merchant's side. Pages rendered on the server; no WebAssembly, no JavaScript.
//!
//! **To add a page**: a row in `table` (method, path, who may, handler), a handler in a file here, a view in
//! `app/admin/`, its texts in `app/admin/words/`. Who may, the session and the CSRF token are checked by the row,
//! before the handler runs: it checks nothing of that itself.
//!
//! - A handler is one of axum's. It takes a [`StaffCall`] (who it is: `call.who.staff_id`, `.name`, `.role`; and
//!   `call.language`, `.address`, `.request_id`; `call.actor()` for use cases), and `State<AppState>`,
//!   `Path`, `Query`, `Form` as it likes. `state.staff`, `state.office` and `state.checkout` have
//!   the use cases.
//! - It answers `call.page(title, view)`, whose components make no signals (nothing changes in them); an error of the books is `call.trouble(&error)`.
//! - A form is `<form method="post">` with `<Csrf token=…/>` (`call.csrf()`) in it. A POST that has done something
//!   answers `call.go("/admin/…", Some(Said::…))`, so that a reload repeats nothing; one that has not shows the form
//!   again with what was typed, by `call.page_with(StatusCode::…, title, view)`.
//! - What decides about money or people is `May::Confirmed(role)`: its POST is let through only after the second
//!   factor has been given once more (`call.who.is_confirmed`); until then a page shows `<ConfirmFirst …/>` in its
//!   form's place.
//! - Bigger bodies than [`FORM`](super::body::FORM) are a row's `.takes(limits)`.

mod abnormal;
mod account;
mod approvals;
mod asking;
mod audit;
mod bills;
mod call;
mod confirm;
mod cookies;
mod csrf;
mod dashboard;
mod doctor;
mod enrol;
#[cfg(test)]
mod every_code_has_words;
mod factor;
mod gate;
mod inbox;
mod link;
mod login;
mod looks;
mod order;
mod orders;
mod people;
mod products;
mod put_back;
mod refund;
mod route;
mod status;
mod table;
mod times;
mod upload;

use axum::{Router, middleware};
use http::Method;

pub use self::route::May;
use self::{gate::Gate, route::Row};
use super::state::AppState;

/// What there is: the one table that the router is made of.
pub fn table() -> Vec<(Method, &'static str, May)> {
    table::rows().into_iter().map(|Row { method, path, may, .. }| (method, path, may)).collect()
}

pub(crate) fn router(state: &AppState) -> Router<AppState> {
    let table = table();
    table::rows().into_iter().chain([table::with_a_slash()]).fold(Router::new(), |router, row| {
        let gate = Gate { state: state.clone(), may: row.may, body: row.body, page: page_of(row.path, &table) };
        router.route(row.path, row.route.route_layer(middleware::from_fn_with_state(gate, gate::pass)))
    })
}

/// The page that a route belongs to: its own where it can be looked at, else the nearest one above it.
fn page_of(path: &'static str, table: &[(Method, &'static str, May)]) -> &'static str {
    let is_page = |path: &str| table.iter().any(|(method, it, _)| *method == Method::GET && *it == path);
    let mut page = path;
    while !is_page(page) {
        let Some((above, _)) = page.rsplit_once('/') else { return "/admin" };
        page = above;
    }
    page
}
