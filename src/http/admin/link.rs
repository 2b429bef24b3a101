//! `/admin/link/{token}`: a one-time link that a command has printed.

use axum::{
    Form,
    extract::{Path, State},
    response::Response,
};
use http::StatusCode;
use serde::Deserialize;

use super::{
    super::state::AppState,
    call::{Around, go},
    login::{go_on, problem},
};
use crate::{
    app::admin::{LinkPage, Said, words::Entrance},
    backoffice::staff::StaffError,
    storage::staff_links::Purpose,
};

#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
}

pub(super) async fn show(State(state): State<AppState>, around: Around, Path(token): Path<String>) -> Response {
    page(&state, &around, StatusCode::OK, &token, String::new()).await
}

async fn page(state: &AppState, around: &Around, status: StatusCode, token: &str, problem: String) -> Response {
    let link = match state.staff.look_at_link(token).await {
        Ok(link) => link,
        Err(StaffError::NoSuchLink) => {
            return around.refused(StatusCode::NOT_FOUND, |words| (words.no_link, words.no_link_hint));
        }
        Err(error) => return around.trouble(&error),
    };
    let (language, csrf) = (around.language, around.csrf());
    let is_factor = link.purpose == Purpose::Totp;
    let title = Entrance::of(language).link;
    around.page_with(status, title, leptos::view! { <LinkPage language csrf name=link.name is_factor problem/> })
}

pub(super) async fn take_up(
    State(state): State<AppState>,
    around: Around,
    Path(token): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let words = Entrance::of(around.language);
    let link = state.staff.look_at_link(&token).await;
    if link.is_ok_and(|link| link.purpose != Purpose::Totp) && typed.password != typed.again {
        let problem = words.passwords_differ.to_owned();
        return page(&state, &around, StatusCode::UNPROCESSABLE_ENTITY, &token, problem).await;
    }
    match state.staff.take_up_link(&token, &around.login("", &typed.password)).await {
        Ok(Some(logged_in)) => go_on(&around, &logged_in, "/admin"),
        Ok(None) => go("/admin/login", Some(Said::PasswordSet)),
        Err(error) => {
            let (status, problem) = problem(&around, &error);
            page(&state, &around, status, &token, problem).await
        }
    }
}
