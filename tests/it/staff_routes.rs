//! Route × role × method, made from the one table of routes that the router is built of: nobody gets in where he does
//! not belong, and a new route without a rule fails here.

use std::collections::BTreeSet;

use reqwest::Method;
use saoma::{
    domain::Role,
    http::admin::{May, table},
};

use crate::support::{Answer, App, Desk};

/// What an answer means for whoever asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Got {
    /// The handler has answered, whatever it thinks of what was sent.
    Through,
    Login,
    Confirm,
    /// Where a login of this kind goes on.
    GoOn,
    Forbidden,
}

fn got(answer: &Answer) -> Got {
    let led = answer.header("location").unwrap_or_default();
    match answer.status {
        303 if led.starts_with("/admin/login?next") => Got::Login,
        303 if led.starts_with("/admin/confirm?") => Got::Confirm,
        303 if led == "/admin" || led.starts_with("/admin/factor") => Got::GoOn,
        403 => Got::Forbidden,
        200 | 303 | 400 | 401 | 404 | 422 => Got::Through,
        other => panic!("{other}: {answer:?}"),
    }
}

/// With a session of this role, whole but not confirmed; `None`: nobody.
fn expected(may: May, method: &Method, role: Option<Role>) -> Got {
    let Some(role) = role else {
        return if may == May::Anybody { Got::Through } else { Got::Login };
    };
    match may {
        May::HalfWay => Got::GoOn,
        // Who has a second factor shows it before he changes it.
        May::Enrolling if role.moves_money() => Got::Confirm,
        May::Staff(least) | May::Confirmed(least) if role < least => Got::Forbidden,
        May::Confirmed(_) if *method == Method::POST => Got::Confirm,
        May::Anybody | May::SignedIn | May::Enrolling | May::Staff(_) | May::Confirmed(_) => Got::Through,
    }
}

fn filled_in(path: &str) -> String {
    path.replace("{token}", &"0".repeat(32))
        .split('/')
        .map(|part| if part.starts_with('{') { "999999" } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

/// What ends the session comes last.
fn routes() -> Vec<(Method, &'static str, May)> {
    let mut routes = table();
    routes.sort_by_key(|(_, path, _)| path.ends_with("/logout"));
    routes
}

#[tokio::test]
async fn every_route_lets_in_whom_its_rule_names() {
    let app = App::with_demo_staff().await;
    for role in [None, Some(Role::Viewer), Some(Role::Operator), Some(Role::Manager)] {
        let desk = match role {
            Some(role) => Desk::enter(&app, role).await,
            None => Desk::at(&app),
        };
        for (method, path, may) in routes() {
            let address = filled_in(path);
            let answer = match method {
                Method::GET => desk.get(&address).await,
                _ => desk.post(&address, &[]).await,
            };
            assert_eq!(got(&answer), expected(may, &method, role), "{method} {path} as {role:?}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn no_post_does_anything_without_the_token_or_from_elsewhere() {
    let app = App::with_demo_staff().await;
    let desk = Desk::enter(&app, Role::Manager).await;
    desk.confirm(&app).await;
    let csrf = desk.csrf().await;
    for (method, path, may) in routes().into_iter().filter(|(method, ..)| *method != Method::GET) {
        let address = filled_in(path);
        let bare = desk.post_bare(&address, &[]).await;
        let wanted = if may == May::HalfWay { Got::GoOn } else { Got::Forbidden };
        assert_eq!(got(&bare), wanted, "{method} {path}");
        let foreign = desk.form(&address, &[("csrf", &csrf)]).header("origin", "https://evil.example");
        assert_eq!(desk.send(foreign).await.status, 403, "{method} {path}");
    }
    assert_eq!(desk.get("/admin").await.status, 200, "and still here");
}

#[tokio::test]
async fn other_methods_are_none() {
    let app = App::with_demo_staff().await;
    let desk = Desk::enter(&app, Role::Manager).await;
    let paths: BTreeSet<&str> = table().into_iter().map(|(_, path, _)| path).collect();
    for path in paths {
        let address = filled_in(path);
        for method in [Method::PUT, Method::DELETE, Method::PATCH] {
            let answer = desk.send(app.request(method.clone(), &address)).await;
            assert_eq!(answer.status, 405, "{method} {path}");
        }
        if !table().contains(&(Method::POST, path, May::Anybody))
            && table().iter().all(|(method, it, _)| *it != path || *method == Method::GET)
        {
            assert_eq!(desk.post(&address, &[]).await.status, 405, "POST {path}");
        }
    }
}

/// Pages and server functions of the shop: each shopper's own by his cookie, none of staff. A new one is put here once
/// somebody has thought about who may.
const SHOP: &[(&str, &str)] = &[
    ("GET", "/"),
    ("GET", "/orders"),
    ("GET", "/pay/{token}"),
    ("GET", "/pay/{token}/cancel"),
    ("GET", "/pay/{token}/receipt"),
    ("GET", "/products/{id}"),
    ("GET", "/api/ui/watch_order"),
    ("POST", "/api/ui/cancel_order"),
    ("POST", "/api/ui/check_payment"),
    ("GET", "/api/ui/list_orders"),
    ("GET", "/api/ui/list_products"),
    ("GET", "/api/ui/load_product"),
    ("POST", "/api/ui/place_order"),
    ("POST", "/api/ui/renew_code"),
];

#[tokio::test]
async fn every_page_of_the_shop_is_one_that_somebody_has_thought_about() {
    let there: BTreeSet<(String, String)> =
        saoma::http::shop_addresses().into_iter().map(|(method, path)| (method.to_string(), path)).collect();
    let known: BTreeSet<(String, String)> =
        SHOP.iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(there, known);
    assert!(there.iter().all(|(_, path)| !path.starts_with("/admin")));
}
