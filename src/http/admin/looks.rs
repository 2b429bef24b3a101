//! `/admin/looks`: how the shop looks.

use axum::{
    extract::{Multipart, State},
    response::Response,
};
use http::StatusCode;

use super::{
    super::state::AppState,
    call::{StaffCall, go},
    upload::{Upload, said_of},
};
use crate::{
    app::admin::{
        LooksForm, LooksPage, Said,
        words::{Basics, Shelf as Words},
    },
    backoffice::products::{LooksError, NewLooks},
    domain::Role,
};

pub(super) async fn show(State(state): State<AppState>, call: StaffCall) -> Response {
    match state.shelf.looks().await {
        Ok(looks) => {
            let form = LooksForm {
                name: looks.name,
                accent: looks.accent.map(|accent| accent.to_string()).unwrap_or_default(),
                contact: looks.contact,
                footer: looks.footer,
                problem: String::new(),
            };
            page(&state, &call, StatusCode::OK, form)
        }
        Err(error) => trouble(&call, &error.into()),
    }
}

fn page(state: &AppState, call: &StaffCall, status: StatusCode, form: LooksForm) -> Response {
    let (language, csrf, may_edit) = (call.language, call.csrf(), call.who.role >= Role::Manager);
    let (logo, usual_name) = (state.looks.known().logo.clone(), state.checkout.payee().to_owned());
    call.page_with(
        status,
        Words::of(language).looks,
        leptos::view! { <LooksPage language csrf may_edit form logo usual_name/> },
    )
}

pub(super) async fn choose(State(state): State<AppState>, call: StaffCall, form: Multipart) -> Response {
    let Ok(mut upload) = Upload::read(form).await else {
        return call.refused(StatusCode::BAD_REQUEST, |words: &'static Basics| (words.trouble, words.trouble_hint));
    };
    let text = |name: &str| upload.text(name).to_owned();
    // A browser's field for colours has always one: it counts when it was asked for.
    let accent = if upload.text("own_accent") == "yes" { text("accent") } else { String::new() };
    let mut form = LooksForm {
        name: text("name"),
        accent,
        contact: text("contact"),
        footer: text("footer"),
        problem: String::new(),
    };
    let new = NewLooks {
        name: form.name.clone(),
        accent: form.accent.clone(),
        contact: form.contact.clone(),
        footer: form.footer.clone(),
        no_logo: upload.text("no_logo") == "yes",
        logo: upload.take_file(),
    };
    match state.shelf.set_looks(&call.actor(), new).await {
        Ok(()) => {
            state.looks.reread(state.clock.now()).await;
            go("/admin/looks", Some(Said::Saved))
        }
        Err(error) => {
            let Some(problem) = problem(&call, &error) else { return trouble(&call, &error) };
            form.problem = problem;
            page(&state, &call, StatusCode::UNPROCESSABLE_ENTITY, form)
        }
    }
}

fn problem(call: &StaffCall, error: &LooksError) -> Option<String> {
    let words = Words::of(call.language);
    Some(match error {
        LooksError::Name => words.bad_name.to_owned(),
        LooksError::NoColour => words.bad_colour.to_owned(),
        LooksError::Pale { accent } => {
            let tenths = accent.contrast();
            let ratio = format!("{}.{}", tenths / 10, tenths % 10);
            (words.pale)(&accent.to_string(), &ratio, &accent.readable().to_string())
        }
        LooksError::Contact => words.bad_contact.to_owned(),
        LooksError::Footer => words.bad_footer.to_owned(),
        LooksError::Logo(error) => said_of(*error, words).to_owned(),
        LooksError::Storage(_) => return None,
    })
}

fn trouble(call: &StaffCall, error: &LooksError) -> Response {
    tracing::error!(%error, "the looks of the shop cannot be kept");
    call.refused(StatusCode::SERVICE_UNAVAILABLE, |words: &'static Basics| (words.trouble, words.trouble_hint))
}
