//! Coming in to `/admin`, and staying out of it: over real HTTP, as browsers and those who are none do.

use saoma::{
    backoffice::staff::{Actor, StaffError, accounts::Change, audit},
    domain::Role,
    storage::staff_links::Purpose,
};

use crate::support::{App, Desk, PASSWORD, Stage, code_of, mock_clock, until};

const SESSION: &str = "saoma-staff";
const DEVICE: &str = "saoma-device";

async fn is_in(desk: &Desk<'_>) -> bool {
    desk.get("/admin").await.status == 200
}

async fn app() -> App {
    App::with_demo_staff().await
}

#[tokio::test]
async fn a_login_takes_both_factors_and_a_new_session() {
    let app = app().await;
    let desk = Desk::at(&app);
    assert_eq!(desk.get("/admin").await.status, 303);
    let before = desk.cookie(SESSION).expect("a cookie of nobody");
    let demo = app.state.staff.demo_accounts().pop().expect("a manager");
    let led = desk.post_to("/admin/login", &[("name", &demo.name), ("password", &demo.password)]).await;
    assert!(led.starts_with("/admin/factor"), "{led}");
    let half_way = desk.cookie(SESSION).expect("a cookie");
    assert_ne!(half_way, before, "nobody gets in by a cookie that was there before");
    assert!(!is_in(&desk).await, "a password alone opens nothing");
    let code = desk.demo_code("/admin/factor").await;
    let led = desk.post_to("/admin/factor", &[("code", &code), ("next", "/admin/audit")]).await;
    assert_eq!(led, "/admin/audit");
    assert_ne!(desk.cookie(SESSION), Some(half_way.clone()));
    assert!(is_in(&desk).await);
    for fixed in [before, half_way] {
        let thief = Desk::at(&app);
        thief.put_cookie(SESSION, &fixed);
        assert!(!is_in(&thief).await, "whoever has put it there before");
    }
    let told = desk.get("/admin/audit").await.shown();
    assert!(told.contains("demo-manager") && told.contains("登录"), "{told}");
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_answer_alike() {
    let app = app().await;
    let demo = app.state.staff.demo_accounts().pop().expect("a manager");
    let desk = Desk::at(&app);
    let nobody = desk.post("/admin/login", &[("name", "nobody"), ("password", "not the password")]).await;
    let wrong = desk.post("/admin/login", &[("name", &demo.name), ("password", "not the password")]).await;
    assert_eq!((nobody.status, wrong.status), (401, 401));
    assert_eq!(nobody.shown(), wrong.shown());
    assert!(wrong.text().contains("value=\"demo-manager\""), "what was typed stays");
    let manager = Actor::command_line("test");
    app.state.staff.change_account("demo-viewer", Change::Disable, &manager).await.expect("disabled");
    let viewer = app.state.staff.demo_accounts().remove(0);
    let disabled = desk.post("/admin/login", &[("name", &viewer.name), ("password", &viewer.password)]).await;
    // Once more, since the page does not offer that account any longer.
    let nobody = desk.post("/admin/login", &[("name", "nobody"), ("password", "not the password")]).await;
    assert_eq!((disabled.status, disabled.shown()), (401, nobody.shown()));
}

#[tokio::test]
async fn no_form_of_another_site_and_none_without_its_token_does_anything() {
    let app = app().await;
    let desk = Desk::enter(&app, Role::Manager).await;
    let csrf = desk.csrf().await;
    for fields in [vec![], vec![("csrf", "")], vec![("csrf", "0".repeat(64).as_str())]] {
        let answer = desk.post_bare("/admin/logout", &fields).await;
        assert_eq!(answer.status, 403, "{answer:?}");
        assert!(is_in(&desk).await);
    }
    let foreign = desk.form("/admin/logout", &[("csrf", &csrf)]).header("origin", "https://evil.example");
    assert_eq!(desk.send(foreign).await.status, 403);
    let foreign = desk.form("/admin/logout", &[("csrf", &csrf)]).header("sec-fetch-site", "cross-site");
    assert_eq!(desk.send(foreign).await.status, 403);
    assert!(is_in(&desk).await);
    let other = Desk::enter(&app, Role::Viewer).await;
    let answer = other.post_bare("/admin/logout", &[("csrf", &csrf)]).await;
    assert_eq!(answer.status, 403, "somebody else's token");
    let stranger = Desk::at(&app);
    let answer = stranger.post_bare("/admin/login", &[("name", "demo-viewer"), ("password", "x")]).await;
    assert_eq!(answer.status, 403, "at login too");
    assert_eq!(desk.post_to("/admin/logout", &[]).await, "/admin/login?said=logged-out");
    assert!(!is_in(&desk).await);
}

#[tokio::test]
async fn a_code_opens_once() {
    let app = app().await;
    let (desk, secret, _) = Desk::invite(&app, "anna", Role::Manager).await;
    assert!(is_in(&desk).await);
    let enter = async |code: &str| {
        let desk = Desk::at(&app);
        desk.post_to("/admin/login", &[("name", "anna"), ("password", PASSWORD)]).await;
        (desk.post("/admin/factor", &[("code", code)]).await.status, desk)
    };
    assert_eq!(enter(&code_of(&secret, &app)).await.0, 401, "it was used when it was set up");
    app.advance(31);
    let code = code_of(&secret, &app);
    assert_eq!(enter(&code).await.0, 303);
    let (status, desk) = enter(&code).await;
    assert_eq!(status, 401);
    assert!(desk.get("/admin/factor").await.text().contains("/admin/factor"), "and may try again");
    app.advance(31);
    assert_eq!(enter("000000").await.0, 401);
    assert_eq!(enter(&code_of(&secret, &app)).await.0, 303);
}

#[tokio::test]
async fn of_two_with_the_same_code_at_once_one_comes_in() {
    let app = app().await;
    let (_, secret, recovery) = Desk::invite(&app, "anna", Role::Manager).await;
    app.advance(31);
    for code in [code_of(&secret, &app), recovery[0].clone()] {
        let (one, other) = (Desk::at(&app), Desk::at(&app));
        for desk in [&one, &other] {
            desk.post_to("/admin/login", &[("name", "anna"), ("password", PASSWORD)]).await;
        }
        let fields = [("code", code.as_str())];
        let (first, second) = tokio::join!(one.post("/admin/factor", &fields), other.post("/admin/factor", &fields));
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 401], "{code}");
    }
}

#[tokio::test]
async fn a_recovery_code_opens_once() {
    let app = app().await;
    let (_, _, recovery) = Desk::invite(&app, "anna", Role::Operator).await;
    assert_eq!(recovery.len(), 10);
    let enter = async |code: &str| {
        let desk = Desk::at(&app);
        desk.post_to("/admin/login", &[("name", "anna"), ("password", PASSWORD)]).await;
        desk.post("/admin/factor", &[("code", code)]).await.status
    };
    assert_eq!(enter(&recovery[0]).await, 303);
    assert_eq!(enter(&recovery[0]).await, 401);
    assert_eq!(enter(&recovery[1].to_lowercase().replace('-', "")).await, 303, "however it is typed");
    assert_eq!(enter("0000-0000-0000-0000").await, 401);
    let stored: Vec<String> =
        sqlx::query_scalar("SELECT hash FROM staff_recovery_codes").fetch_all(&app.books.pool).await.expect("reads");
    assert!(stored.iter().all(|hash| recovery.iter().all(|code| !hash.contains(&code.replace('-', "")))));
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    let app = app().await;
    let idle = Desk::enter(&app, Role::Viewer).await;
    app.advance(29 * 60);
    assert!(is_in(&idle).await);
    app.advance(30 * 60);
    assert!(!is_in(&idle).await, "30 minutes without a click");
    let busy = Desk::enter(&app, Role::Viewer).await;
    for _ in 0..12 * 3 - 1 {
        app.advance(20 * 60);
        assert!(is_in(&busy).await);
    }
    app.advance(20 * 60);
    assert!(!is_in(&busy).await, "12 hours, however busy");
    let half_way = Desk::at(&app);
    let demo = app.state.staff.demo_accounts().pop().expect("a manager");
    half_way.post_to("/admin/login", &[("name", &demo.name), ("password", &demo.password)]).await;
    app.advance(11 * 60);
    assert_eq!(half_way.get("/admin/factor").await.status, 303, "the second factor has ten minutes");
}

#[tokio::test]
async fn a_session_from_a_clock_that_was_ahead_is_distrusted() {
    let app = app().await;
    app.clock.set(jiff::SignedDuration::from_hours(5));
    let desk = Desk::enter(&app, Role::Manager).await;
    assert!(is_in(&desk).await);
    app.clock.set(jiff::SignedDuration::from_hours(-5));
    assert!(!is_in(&desk).await);
    let again = Desk::enter(&app, Role::Manager).await;
    assert!(is_in(&again).await, "a code that was used in the future keeps nobody out");
}

#[tokio::test]
async fn whoever_is_changed_is_out_at_once() {
    let app = app().await;
    let clerk = Actor::command_line("test");
    let staff = &app.state.staff;
    for change in [Change::Role(Role::Viewer), Change::Disable, Change::ResetFactor] {
        let name = format!("anna-{}", app.state.entropy.nonce().get(..6).expect("digits"));
        let (desk, _, _) = Desk::invite(&app, &name, Role::Operator).await;
        assert!(is_in(&desk).await);
        staff.change_account(&name, change, &clerk).await.expect("changed");
        assert!(!is_in(&desk).await, "{change:?}");
    }
    let (desk, _, _) = Desk::invite(&app, "berta", Role::Operator).await;
    let fields = [("old", PASSWORD), ("new", "another long password"), ("again", "another long password")];
    let wrong = [("old", "not the password"), fields[1], fields[2]];
    assert_eq!(desk.post("/admin/account/password", &wrong).await.status, 401);
    let thief = desk.copy();
    assert_eq!(desk.post_to("/admin/account/password", &fields).await, "/admin/login?said=password-set");
    assert!(!is_in(&desk).await && !is_in(&thief).await);
    let forged = Desk::at(&app);
    for cookie in ["0".repeat(32), "x".to_owned(), "../admin".to_owned()] {
        forged.put_cookie(SESSION, &cookie);
        assert!(!is_in(&forged).await);
    }
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_owner_alone() {
    let app = app().await;
    let (one, other) = (Desk::enter(&app, Role::Viewer).await, Desk::enter(&app, Role::Viewer).await);
    let operator = Desk::enter(&app, Role::Operator).await;
    let all = app.state.staff.list_sessions(None).await.expect("reads");
    let of = |name: &str| all.iter().filter(|it| it.name == name).map(|it| it.id).collect::<Vec<_>>();
    let (viewers, operators) = (of("demo-viewer"), of("demo-operator"));
    assert_eq!((viewers.len(), operators.len()), (2, 1));
    let id = operators[0].to_string();
    one.post_to("/admin/account/session", &[("session", &id)]).await;
    assert!(is_in(&operator).await, "somebody else's");
    // Newest first.
    let id = viewers[1].to_string();
    other.post_to("/admin/account/session", &[("session", &id)]).await;
    assert!(!is_in(&one).await && is_in(&other).await);
}

#[tokio::test]
async fn strangers_cannot_shut_staff_out() {
    let app = app().await;
    let known = Desk::enter(&app, Role::Manager).await;
    let demo = app.state.staff.demo_accounts().pop().expect("a manager");
    let stranger = Desk::at(&app);
    let guess = [("name", demo.name.as_str()), ("password", "guessed again")];
    for _ in 0..5 {
        assert_eq!(stranger.post("/admin/login", &guess).await.status, 401);
    }
    let right = [("name", demo.name.as_str()), ("password", demo.password.as_str())];
    assert_eq!(stranger.post("/admin/login", &right).await.status, 429, "too many, right or wrong");
    let nobody = [("name", "nobody"), ("password", "guessed again")];
    for _ in 0..5 {
        stranger.post("/admin/login", &nobody).await;
    }
    assert_eq!(stranger.post("/admin/login", &nobody).await.status, 429, "also who does not exist");
    known.post_to("/admin/logout", &[]).await;
    assert!(known.cookie(DEVICE).is_some());
    let led = known.post_to("/admin/login", &right).await;
    assert!(led.starts_with("/admin/factor"), "a browser that is known to the account: {led}");
    known.forget(DEVICE);
    assert_eq!(known.post("/admin/login", &right).await.status, 429);
    app.advance(16);
    assert_eq!(stranger.post("/admin/login", &right).await.status, 303, "after the pause");
}

#[tokio::test]
async fn a_link_opens_once_and_for_half_an_hour() {
    let app = app().await;
    let (staff, clerk) = (&app.state.staff, Actor::command_line("test"));
    let link = async |purpose| {
        let token = staff.make_link("demo-viewer", purpose, &clerk).await.expect("a link").0;
        format!("/admin/link/{token}")
    };
    let desk = Desk::at(&app);
    let fields = [("password", PASSWORD), ("again", PASSWORD)];
    let old = link(Purpose::Password).await;
    let new = link(Purpose::Password).await;
    assert_eq!(desk.get(&old).await.status, 404, "a newer one takes its place");
    assert_eq!(desk.get(&new).await.status, 200);
    assert_eq!(desk.get(&new).await.status, 200, "looking at it leaves it as it is");
    let short = desk.post(&new, &[("password", "short"), ("again", "short")]).await;
    assert_eq!(short.status, 422, "{short:?}");
    let differ = desk.post(&new, &[("password", PASSWORD), ("again", "a long enough passwordX")]).await;
    assert_eq!(differ.status, 422);
    assert_eq!(desk.post_to(&new, &fields).await, "/admin/login?said=password-set");
    assert_eq!(desk.post(&new, &fields).await.status, 404);
    let led = desk.post_to("/admin/login", &[("name", "demo-viewer"), ("password", PASSWORD)]).await;
    assert_eq!(led, "/admin");
    let late = link(Purpose::Password).await;
    app.advance(30 * 60);
    assert_eq!(desk.get(&late).await.status, 404);
    assert_eq!(desk.get("/admin/link/0123456789abcdef0123456789abcdef").await.status, 404);
    let stored: Vec<String> =
        sqlx::query_scalar("SELECT hash FROM staff_links").fetch_all(&app.books.pool).await.expect("reads");
    assert!(stored.iter().all(|hash| !late.contains(hash.as_str())));
}

#[tokio::test]
async fn the_last_manager_stays() {
    let app = app().await;
    let (staff, clerk) = (&app.state.staff, Actor::command_line("test"));
    for change in [Change::Disable, Change::Role(Role::Operator)] {
        let refused = staff.change_account("demo-manager", change, &clerk).await;
        assert!(refused.is_err(), "{change:?}");
    }
    staff.add_account("invited", Role::Manager, &clerk).await.expect("added");
    assert!(
        staff.change_account("demo-manager", Change::Disable, &clerk).await.is_err(),
        "who cannot log in yet is none"
    );
    Desk::invite(&app, "anna", Role::Manager).await;
    let (one, other) = tokio::join!(
        staff.change_account("demo-manager", Change::Disable, &clerk),
        staff.change_account("anna", Change::Disable, &clerk)
    );
    assert!(one.is_ok() != other.is_ok(), "one of them stays: {one:?} {other:?}");
}

#[tokio::test]
async fn the_audit_log_tells_when_it_was_touched() {
    let app = app().await;
    let desk = Desk::enter(&app, Role::Manager).await;
    desk.confirm(&app).await;
    let verify = async || audit::verify(&app.state.db).await.expect("reads");
    let whole = verify().await;
    assert!(whole.entries >= 3 && whole.problems.is_empty(), "{whole:?}");
    let alter = async |sql: &'static str| sqlx::query(sql).execute(&app.books.pool).await.expect("writes");
    let middle = "SELECT id FROM audit_log WHERE number = 2";
    let id: i64 = sqlx::query_scalar(middle).fetch_one(&app.books.pool).await.expect("reads");
    alter("UPDATE audit_log SET who = 'nobody' WHERE number = 2").await;
    assert_eq!(verify().await.problems, [format!("entry {id} has been changed")]);
    alter("DELETE FROM audit_log WHERE number = 2").await;
    let missing = verify().await.problems;
    assert!(missing.len() == 1 && missing[0].contains("missing"), "{missing:?}");
    alter("DELETE FROM audit_log WHERE number > 1").await;
    let cut = verify().await.problems;
    assert!(cut.len() == 1 && cut[0].contains("ends before"), "{cut:?}");
}

#[tokio::test]
async fn a_log_that_is_being_written_is_whole() {
    let app = app().await;
    let staff = app.state.staff.clone();
    let actor = Actor { staff: None, name: "anna".to_owned(), address: String::new(), request_id: String::new() };
    let is_over = std::sync::atomic::AtomicBool::new(false);
    let writes = async {
        for number in 0..300 {
            staff.note(&actor, audit::what::ORDERS_EXPORTED, &format!("orders:{number}"), "").await.expect("writes");
        }
        is_over.store(true, std::sync::atomic::Ordering::SeqCst);
    };
    let reads = async {
        while !is_over.load(std::sync::atomic::Ordering::SeqCst) {
            let whole = audit::verify(&app.state.db).await.expect("reads");
            assert!(whole.problems.is_empty(), "{whole:?}");
        }
    };
    tokio::join!(writes, reads);
}

#[tokio::test]
async fn nothing_of_the_audit_log_is_changed_or_removed_by_the_program() {
    fn sources(dir: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(dir).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                sources(&path, found);
            } else {
                found.push(std::fs::read_to_string(&path).expect("a source"));
            }
        }
    }
    let mut found = Vec::new();
    sources(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut found);
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let all: Vec<String> = found.iter().map(|text| plain(text)).collect();
    assert!(all.iter().any(|text| text.contains("insert into audit_log")), "it is written somewhere");
    for verb in [
        "update audit_log",
        "delete from audit_log",
        "replace into audit_log",
        "truncate table audit_log",
        "drop table audit_log",
    ] {
        assert!(all.iter().all(|text| !text.contains(verb)), "{verb}");
    }
}

#[tokio::test]
async fn an_export_of_the_audit_log_is_no_formula() {
    let app = app().await;
    let desk = Desk::enter(&app, Role::Viewer).await;
    let actor = Actor { staff: None, name: "=cmd".to_owned(), address: String::new(), request_id: String::new() };
    app.state.staff.add_account("formula", Role::Viewer, &actor).await.expect("added");
    let csv = desk.get("/admin/audit.csv?what=ACCOUNT_ADDED").await;
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(csv.text().starts_with("\u{feff}time,who,what"), "{}", csv.text());
    assert!(csv.text().contains(",'=cmd,ACCOUNT_ADDED,staff:formula,"), "{}", csv.text());
    assert!(!csv.text().contains("LOGIN"), "only what was searched for");
}

#[tokio::test]
async fn live_answers_at_its_own_address_only() {
    let outside = crate::support::Outside::start(&mock_clock()).await;
    let port = crate::support::free_port();
    let app = Stage::new().live(&outside, port).start().await;
    assert_eq!(app.get("/admin").await.status, 303);
    let other = app.request(reqwest::Method::GET, "/admin").header("host", format!("localhost:{port}"));
    assert_eq!(app.send(other).await.status, 404, "another name");
    assert!(app.state.staff.demo_accounts().is_empty());
    assert!(!app.get("/admin/login").await.text().contains("demo"), "no demo accounts");
    let port = crate::support::free_port();
    let money = Stage::new().live(&outside, port).with_real_money().start().await;
    assert_eq!(money.get("/admin/login").await.status, 404, "not without encryption, where money is");
}

#[tokio::test]
async fn what_opens_a_sandbox_is_for_this_machine() {
    let app = app().await;
    let demo = app.state.staff.demo_accounts().pop().expect("a manager");
    let page = async |name: &str, value: &str| {
        let request = app.request(reqwest::Method::GET, "/admin/login").header(name, value);
        app.send(request).await.text().contains(&demo.password)
    };
    assert!(page("accept", "text/html").await);
    assert!(!page("host", "sandbox.example.com").await);
    assert!(!page("x-forwarded-for", "203.0.113.9").await);
}

#[tokio::test]
async fn whoever_knows_the_password_cannot_guess_the_code() {
    let app = app().await;
    let (desk, ..) = Desk::invite(&app, "anna", Role::Manager).await;
    desk.post_to("/admin/logout", &[]).await;
    for desk in [desk, Desk::at(&app)] {
        let mut refused = 0;
        for _ in 0..8 {
            desk.post_to("/admin/login", &[("name", "anna"), ("password", PASSWORD)]).await;
            let answer = desk.post("/admin/factor", &[("code", "000000")]).await.status;
            refused += usize::from(answer == 429);
        }
        assert!(refused >= 3, "a right password gives no more tries at the code: {refused}");
    }
}

#[tokio::test]
async fn a_burst_of_passwords_is_no_way_past_the_limit() {
    let app = app().await;
    let tries = (0..30).map(|_| async {
        let desk = Desk::at(&app);
        desk.post("/admin/login", &[("name", "demo-viewer"), ("password", "not the password")]).await.status
    });
    let statuses = futures::future::join_all(tries).await;
    let looked_at = statuses.iter().filter(|status| **status == 401).count();
    assert_eq!(looked_at, 5, "{statuses:?}");
}

#[tokio::test]
async fn an_account_page_ends_its_owners_sessions_only() {
    let app = app().await;
    let manager = Desk::enter(&app, Role::Manager).await;
    let viewer = Desk::enter(&app, Role::Viewer).await;
    let sessions = app.state.staff.list_sessions(None).await.expect("sessions");
    let theirs = sessions.iter().find(|session| session.name == "demo-viewer").expect("the viewer's").id.to_string();
    manager.post_to("/admin/account/session", &[("session", &theirs)]).await;
    assert!(is_in(&viewer).await, "without a second factor given once more");
}

#[tokio::test]
async fn a_link_for_another_second_factor_takes_the_password_and_a_wrong_one_is_written_down() {
    let app = app().await;
    let (desk, old, _) = Desk::invite(&app, "anna", Role::Manager).await;
    let token = app.state.staff.make_link("anna", Purpose::Totp, &Actor::command_line("test")).await.expect("a link").0;
    let (path, other) = (format!("/admin/link/{token}"), Desk::at(&app));
    assert_eq!(other.post(&path, &[("password", "not the password")]).await.status, 401);
    until("it to be written down", async || {
        let sql = "SELECT COUNT(*) FROM audit_log WHERE what = 'LOGIN_FAILED' AND who = 'anna' AND result = 'REFUSED'";
        let count: i64 = sqlx::query_scalar(sql).fetch_one(&app.books.pool).await.expect("reads");
        (count == 1).then_some(())
    })
    .await;
    assert!(is_in(&desk).await, "nothing has ended");
    assert_eq!(other.post_to(&path, &[("password", PASSWORD)]).await, "/admin/enrol");
    assert!(!is_in(&desk).await, "everywhere else it has");
    assert_eq!(Desk::at(&app).post(&path, &[("password", PASSWORD)]).await.status, 404, "it works once");
    let page = other.get("/admin/enrol").await;
    let new =
        page.text().split("<p class=\"number\">").nth(1).and_then(|rest| rest.split('<').next()).expect("a secret");
    assert_ne!(new, old);
    assert_eq!(other.post("/admin/enrol", &[("code", &code_of(new, &app))]).await.status, 200);
    app.advance(31);
    let enter = async |code: String| {
        let desk = Desk::at(&app);
        desk.post_to("/admin/login", &[("name", "anna"), ("password", PASSWORD)]).await;
        desk.post("/admin/factor", &[("code", &code)]).await.status
    };
    assert_eq!([enter(code_of(&old, &app)).await, enter(code_of(new, &app)).await], [401, 303], "the new phone alone");
}

#[tokio::test]
async fn a_browser_is_known_no_more_after_a_reset_and_after_half_a_year() {
    let app = app().await;
    let (clerk, staff) = (Actor::command_line("test"), &app.state.staff);
    let known = async |name: &str| {
        let sql = "SELECT COUNT(*) FROM staff_devices WHERE staff_id = ?";
        let id = staff.find_account(name).await.expect("is there").id;
        sqlx::query_scalar::<_, i64>(sql).bind(id).fetch_one(&app.books.pool).await.expect("reads")
    };
    for (name, change) in [("anna", Change::Disable), ("berta", Change::ResetFactor)] {
        drop(Desk::invite(&app, name, Role::Operator).await);
        assert_eq!(known(name).await, 1);
        staff.change_account(name, change, &clerk).await.expect("changed");
        assert_eq!(known(name).await, 0, "{change:?}");
    }
    for (name, purpose) in [("clara", Purpose::Password), ("dora", Purpose::Totp)] {
        drop(Desk::invite(&app, name, Role::Operator).await);
        let token = staff.make_link(name, purpose, &clerk).await.expect("a link").0;
        let fields = [("password", PASSWORD), ("again", PASSWORD)];
        Desk::at(&app).post_to(&format!("/admin/link/{token}"), &fields).await;
        assert_eq!(known(name).await, 0, "{purpose:?}");
    }
    drop(Desk::enter(&app, Role::Viewer).await);
    app.advance(180 * 24 * 3600);
    staff.remove_old_sessions().await.expect("writes");
    assert_eq!(known("demo-viewer").await, 1);
    app.advance(1);
    staff.remove_old_sessions().await.expect("writes");
    assert_eq!(known("demo-viewer").await, 0);
}

#[tokio::test]
async fn nobody_is_called_like_the_program() {
    let app = app().await;
    let added = app.state.staff.add_account(" Saoma ", Role::Viewer, &Actor::command_line("test")).await;
    assert!(matches!(added, Err(StaffError::NameTaken)), "{added:?}");
}

#[tokio::test]
async fn the_status_tells_who_is_logged_in_and_until_when() {
    let app = app().await;
    drop(Desk::enter(&app, Role::Viewer).await);
    app.advance(60);
    let desk = Desk::enter(&app, Role::Manager).await;
    let page = desk.get("/admin/status").await.shown();
    let ends_in = |minutes: i64| {
        let at = jiff::tz::offset(8).to_datetime(app.clock.now() + jiff::SignedDuration::from_mins(minutes));
        at.strftime("%Y-%m-%d %H:%M:%S").to_string()
    };
    assert!(page.contains("已登录的员工 2"), "{page}");
    assert!(page.contains(&format!("demo-manager {}", ends_in(30))), "{page}");
    assert!(page.contains(&format!("demo-viewer {}", ends_in(28))), "{page}");
    app.advance(29 * 60);
    let page = desk.get("/admin/status").await.shown();
    assert!(page.contains("已登录的员工 1") && !page.contains("demo-viewer 2"), "{page}");
}

#[tokio::test]
async fn an_address_that_cannot_be_read_is_a_page_in_the_language() {
    let app = app().await;
    let desk = Desk::enter(&app, Role::Manager).await;
    for path in [
        "/admin/orders/abc",
        "/admin/approvals/x",
        "/admin/audit?before=x",
        "/admin/orders/9/refund?payment=1&payment=2",
    ] {
        let answer = desk.get(path).await;
        assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
        assert!(
            answer.shown().contains("地址可能写错了") && answer.shown().contains("demo-manager"),
            "{path}: {}",
            answer.shown()
        );
        let english = desk.send(app.request(reqwest::Method::GET, path).header("accept-language", "en")).await;
        assert!(english.shown().contains("The address may be mistyped"), "{path}: {}", english.shown());
    }
}
