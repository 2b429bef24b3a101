//! All routes of `/admin`, and who may.

use super::{
    abnormal, account, approvals, audit, bills, confirm, dashboard, doctor, enrol, factor, inbox, link, login, looks,
    order, orders, people, products, put_back, refund,
    route::{May, Row, get, post},
    status,
    upload::PICTURE,
};
use crate::domain::Role::{Manager, Operator, Viewer};

/// With a slash behind it, as somebody types it: no page of its own.
pub(super) fn with_a_slash() -> Row {
    get("/admin/", May::Anybody, dashboard::lead)
}

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

        get ("/admin/products",                May::Staff(Viewer),  products::list),
        get ("/admin/products/new",            May::Staff(Manager), products::new),
        post("/admin/products/new",            May::Staff(Manager), products::create),
        get ("/admin/products/{id}",           May::Staff(Viewer),  products::show),
        post("/admin/products/{id}",           May::Staff(Manager), products::edit),
        post("/admin/products/{id}/picture",   May::Staff(Manager), products::set_picture).takes(PICTURE),
        post("/admin/products/{id}/place",     May::Staff(Manager), products::put_at),
        post("/admin/products/{id}/sale",      May::Staff(Manager), products::set_sale),
        get ("/admin/looks",                   May::Staff(Viewer),  looks::show),
        post("/admin/looks",                   May::Staff(Manager), looks::choose).takes(PICTURE),

        get ("/admin/account",                 May::Staff(Viewer),      account::show),
        post("/admin/account/password",        May::Staff(Viewer),      account::change_password),
        post("/admin/account/session",         May::Staff(Viewer),      account::end_session),
        post("/admin/account/codes",           May::Confirmed(Viewer),  account::renew_codes),

        get ("/admin/approvals",               May::Staff(Viewer),      approvals::list),
        get ("/admin/approvals/{id}",          May::Staff(Viewer),      approvals::show),
        post("/admin/approvals/{id}/approve",  May::Confirmed(Manager), approvals::approve),
        post("/admin/approvals/{id}/refuse",   May::Confirmed(Manager), approvals::refuse_it),
        post("/admin/approvals/{id}/withdraw", May::Staff(Operator),    approvals::withdraw),

        get ("/admin/staff",                   May::Staff(Viewer),      people::show),
        post("/admin/staff/change",            May::Confirmed(Manager), people::ask_change),
        post("/admin/staff/limits",            May::Confirmed(Manager), people::ask_limits),
        post("/admin/staff/session",           May::Confirmed(Manager), people::end_session),

        get ("/admin/audit",                   May::Staff(Viewer),      audit::show),
        get ("/admin/audit.csv",               May::Staff(Viewer),      audit::export),

        get ("/admin/bills",                  May::Staff(Viewer),  bills::calendar),
        get ("/admin/bills/{day}",            May::Staff(Viewer),  bills::day),
        post("/admin/bills/{day}/check",      May::Staff(Manager), bills::check),
        get ("/admin/bills/{day}/rows.csv",   May::Staff(Manager), bills::rows),
        get ("/admin/bills/{day}/sums.csv",   May::Staff(Manager), bills::sums),
        get ("/admin/differences/{id}",       May::Staff(Viewer),  bills::difference),
        post("/admin/differences/{id}",       May::Staff(Manager), bills::decide),

        get ("/admin/orders",              May::Staff(Viewer),   orders::list),
        post("/admin/orders/find",         May::Staff(Viewer),   orders::find),
        get ("/admin/orders/orders.csv",   May::Staff(Viewer),   orders::export),
        get ("/admin/orders/{id}",         May::Staff(Viewer),   order::show),
        post("/admin/orders/{id}/ask",     May::Staff(Operator), order::ask),
        post("/admin/orders/{id}/close",   May::Staff(Operator), order::close),
        post("/admin/orders/{id}/note",    May::Staff(Operator), order::note),
        post("/admin/orders/{id}/settle",  May::Staff(Operator), order::settle),
        post("/admin/orders/{id}/retry",   May::Staff(Operator), order::retry),
        post("/admin/orders/{id}/give-up", May::Staff(Operator), order::give_up),
        post("/admin/orders/{id}/seen",    May::Staff(Operator), order::seen),
        get ("/admin/orders/{id}/refund",  May::Staff(Operator), refund::show),
        post("/admin/orders/{id}/refund",  May::Staff(Operator), refund::ask),
        get ("/admin/orders/{id}/abnormal/{refund}",       May::Confirmed(Operator), abnormal::show),
        post("/admin/orders/{id}/abnormal/{refund}/check", May::Confirmed(Operator), abnormal::check),
        post("/admin/orders/{id}/abnormal/{refund}",       May::Confirmed(Operator), abnormal::send),

        get ("/admin/inbox",               May::Staff(Viewer),   inbox::list),
        get ("/admin/inbox/{id}",          May::Staff(Viewer),   inbox::show),
        post("/admin/inbox/{id}/replay",   May::Staff(Operator), inbox::replay),
        post("/admin/inbox/{id}/settle",   May::Staff(Operator), inbox::settle),
        get ("/admin/refused",             May::Staff(Viewer),   inbox::list_refused),
        get ("/admin/refused/{id}",        May::Staff(Viewer),   inbox::show_refused),
        get ("/admin/doctor",              May::Staff(Viewer),      doctor::show),
        post("/admin/doctor",              May::Staff(Manager),     doctor::ask),
        get ("/admin/put-back",            May::Staff(Viewer),      put_back::show),
        post("/admin/put-back/release",    May::Confirmed(Manager), put_back::release),
        get ("/admin/status",              May::Staff(Viewer),   status::show),
    ]
}
