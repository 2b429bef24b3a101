//! `/admin/doctor`: what is wrong with this set-up.

use axum::{extract::State, response::Response};
use http::{HeaderValue, header::REFRESH};

use super::{
    super::state::AppState,
    call::{StaffCall, go},
    times::second,
};
use crate::{
    app::{
        admin::{DoctorPage, DoctorView, FindingView, words::Doctor},
        language::Language,
    },
    backoffice::staff::audit::what,
    doctor::{Finding, Severity, Sure, Unchecked, Why, checkup::Looked, gather::outside::Step},
    domain::Role,
};

/// While somebody outside is asked, in seconds. By a header, so that it needs no script.
const AGAIN: HeaderValue = HeaderValue::from_static("2");

pub(super) async fn show(State(state): State<AppState>, call: StaffCall) -> Response {
    let (language, words) = (call.language, Doctor::of(call.language));
    let view = view(&call, state.checkup.look().await);
    let is_running = view.running.is_some();
    let mut page = call.page(words.title, leptos::view! { <DoctorPage language view/> });
    if is_running {
        page.headers_mut().insert(REFRESH, AGAIN);
    }
    page
}

/// Takes longer than anybody waits for a page.
pub(super) async fn ask(State(state): State<AppState>, call: StaffCall) -> Response {
    if let Some(asking) = state.checkup.begin() {
        if let Err(error) = state.staff.note(&call.actor(), what::DOCTOR_ASKED, "doctor", "").await {
            return call.trouble(&error);
        }
        state.checkout.spawn(asking);
    }
    go("/admin/doctor", None)
}

fn view(call: &StaffCall, looked: Looked) -> DoctorView {
    let (language, words) = (call.language, Doctor::of(call.language));
    let Looked { now, report, asked, running } = looked;
    let place = |step: Step| Step::ALL.iter().position(|it| *it == step).unwrap_or_default();
    let unchecked = |it: Unchecked| {
        let why = language.choose::<fn(&Why) -> String>(Why::chinese, Why::english)(&it.why);
        ((words.what_unchecked)(it.what).to_owned(), why)
    };
    DoctorView {
        looked: second(now),
        findings: report.findings.into_iter().map(|it| finding(language, it)).collect(),
        unchecked: report.unchecked.into_iter().map(unchecked).collect(),
        asked: asked.map(second),
        running: running.map(|running| (second(running.since), place(running.step))),
        csrf: (call.who.role >= Role::Manager).then(|| call.csrf()),
    }
}

fn finding(language: Language, it: Finding) -> FindingView {
    let words = language.choose(it.chinese(), it.english());
    FindingView {
        code: it.check.code(),
        is_broken: it.severity == Severity::Broken,
        is_certain: it.sure == Sure::Certain,
        detail: it.detail,
        explained: it
            .explained
            .as_ref()
            .map(|(chinese, english)| language.choose(chinese, english).clone())
            .unwrap_or_default(),
        means: words.means,
        remedy: words.remedy,
    }
}
