//! `/admin/status`: how this instance is set, and how it is.

use axum::{extract::State, response::Response};

use super::{super::state::AppState, call::StaffCall, times::second};
use crate::{
    app::admin::{Listed, StatusPage, words::Overview},
    backoffice::{
        staff::StaffError,
        status::{Instance, Status},
    },
};

pub(super) async fn show(State(state): State<AppState>, call: StaffCall) -> Response {
    let words = Overview::of(call.language);
    let put_back = match state.office.find_put_back().await {
        Ok(put_back) => put_back.is_some(),
        Err(error) => return call.trouble(&StaffError::from(error)),
    };
    let status = match state.office.status().await {
        Ok(status) => status,
        Err(error) => return call.trouble(&StaffError::from(error)),
    };
    let (language, lists) = (call.language, lists(words, status));
    call.page(words.status, leptos::view! { <StatusPage language lists put_back/> })
}

fn lists(words: &'static Overview, status: Status) -> Vec<Listed> {
    let instance = instance(words, &status);
    let never = || words.never.to_owned();
    let list = |id, title, heads, rows, none| Listed { id, title, hint: "", heads, rows, none };
    let pairs = (words.item, words.value);
    vec![
        list("instance", words.instance, pairs, instance, ""),
        list(
            "troubles",
            words.troubles,
            pairs,
            status.troubles.into_iter().map(|it| (it.what.to_owned(), it.said)).collect(),
            words.no_troubles,
        ),
        list(
            "keys",
            words.keys,
            (words.serial, words.ends),
            status.keys.into_iter().map(|it| (it.serial, it.ends.map_or_else(never, second))).collect(),
            words.no_keys,
        ),
        list(
            "jobs",
            words.jobs,
            (words.item, words.last_good),
            status.jobs.into_iter().map(|it| (it.name, it.last_good.map(second).unwrap_or_default())).collect(),
            words.nothing,
        ),
        list(
            "instances",
            words.instances,
            (words.item, words.last_beat),
            status.instances.into_iter().map(|it| instance_line(words, it)).collect(),
            words.nothing,
        ),
        Listed {
            hint: words.sessions_hint,
            ..list(
                "sessions",
                words.sessions,
                (words.item, words.ends),
                status.sessions.into_iter().map(|it| (it.name, second(it.ends))).collect(),
                words.no_sessions,
            )
        },
        Listed {
            hint: words.settings_hint,
            ..list(
                "settings",
                words.settings,
                pairs,
                status.shown.settings.into_iter().map(|it| (it.name.to_owned(), value(words, it.value))).collect(),
                words.nothing,
            )
        },
    ]
}

/// One that is silent is not counted among those that run.
fn instance_line(words: &Overview, it: Instance) -> (String, String) {
    let beat = second(it.last_beat);
    (it.id, if it.is_live { beat } else { (words.silent_since)(&beat) })
}

fn value(words: &Overview, value: String) -> String {
    match &*value {
        "set" => words.set.to_owned(),
        "not set" => words.not_set.to_owned(),
        _ => value,
    }
}

fn instance(words: &Overview, status: &Status) -> Vec<(String, String)> {
    let gib = |bytes: u64| format!("{}.{} GiB", bytes >> 30, ((bytes % (1 << 30)) * 10) >> 30);
    let mode = if status.shown.mode == "live" { words.mode_live } else { words.mode_sandbox };
    let disk = status.disk.map(|disk| (words.disk_free)(&gib(disk.free), &gib(disk.total)));
    let platform = status.merchant.as_ref().map(|it| match it.platform {
        "LOOPBACK" => words.no_money.to_owned(),
        _ => "WeChat Pay".to_owned(),
    });
    let rows = [
        (words.version, status.shown.version.clone()),
        (words.mode, mode.to_owned()),
        (words.merchant, status.merchant.as_ref().map(|it| it.mchid.clone()).unwrap_or_default()),
        (words.platform, platform.unwrap_or_default()),
        (words.books, status.shown.books.clone()),
        (words.disk, disk.unwrap_or_default()),
        (words.sessions, status.sessions.len().to_string()),
        (words.https, status.certificate_ends.map_or_else(|| words.https_none.to_owned(), second)),
    ];
    rows.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
