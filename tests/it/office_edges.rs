//! The pages of the back office at their edges: addresses that lead nowhere, forms that are sent twice, what is told of
//! days without anything.

use saoma::{
    backoffice::{
        reports::Totals,
        staff::{Actor, accounts::Change},
    },
    domain::Role,
    storage::staff_links::Purpose,
};

use crate::support::{App, Desk, hidden, until};

#[tokio::test]
async fn a_day_that_there_is_not_is_no_trouble_with_the_books() {
    let app = App::with_demo_staff().await;
    let desk = Desk::enter(&app, Role::Viewer).await;
    for day in ["2026-02-30", "abc", "1999-01-01"] {
        let page = desk.get(&format!("/admin/bills/{day}")).await;
        assert!(page.status == 404 && page.text().contains("没有这一天"), "{day}: {}", page.text());
        assert!(!page.text().contains("/readyz"), "{day}");
    }
    assert_eq!(desk.get("/admin/bills/2026-02-28").await.status, 200);
}

#[tokio::test]
async fn a_form_for_a_product_that_is_sent_twice_is_one_product() {
    let app = App::with_demo_staff().await;
    let desk = Desk::enter(&app, Role::Manager).await;
    let form = hidden(desk.get("/admin/products/new").await.text(), "form");
    let fields = [("title", "青瓷杯"), ("summary", ""), ("price", "12.00"), ("form", &form)];
    let led = desk.post_to("/admin/products/new", &fields).await;
    assert_eq!(desk.post_to("/admin/products/new", &fields).await, led);
    let titles = async || {
        let sql = "SELECT COUNT(*) FROM products WHERE title IN ('青瓷杯', '青瓷盘')";
        sqlx::query_scalar::<_, i64>(sql).fetch_one(&app.books.pool).await.expect("reads")
    };
    assert_eq!(titles().await, 1);
    // Somebody has gone back and written another one.
    let fields = [("title", "青瓷盘"), ("summary", ""), ("price", "12.00"), ("form", &form)];
    let other = desk.post_to("/admin/products/new", &fields).await;
    assert_ne!(other, led);
    assert_eq!(desk.post_to("/admin/products/new", &fields).await, other);
    assert_eq!(titles().await, 2);
}

#[tokio::test]
async fn a_browser_that_does_not_say_where_it_comes_from_is_led_back_to_a_page() {
    let app = App::with_demo_staff().await;
    let desk = Desk::enter(&app, Role::Manager).await;
    app.advance(600);
    for (form, page) in [
        ("/admin/staff/limits", "/admin/staff"),
        ("/admin/account/codes", "/admin/account"),
        ("/admin/approvals/1/approve", "/admin/approvals/1"),
    ] {
        let next: String = url::form_urlencoded::byte_serialize(page.as_bytes()).collect();
        let led = desk.post_to(form, &[]).await;
        assert_eq!(led, format!("/admin/confirm?next={next}&said=confirm-first"));
    }
}

#[tokio::test]
async fn whose_second_factor_is_still_to_come_is_not_among_the_sessions() {
    let app = App::with_demo_staff().await;
    let desk = Desk::enter(&app, Role::Manager).await;
    let demo = app.state.staff.demo_accounts().into_iter().find(|it| it.role == Role::Operator).expect("is there");
    let half = Desk::at(&app);
    let led = half.post_to("/admin/login", &[("name", &demo.name), ("password", &demo.password)]).await;
    assert!(led.starts_with("/admin/factor"), "{led}");
    let names = |sessions: Vec<saoma::storage::staff_sessions::Session>| {
        sessions.into_iter().map(|it| it.name).collect::<Vec<_>>()
    };
    let listed = app.state.staff.list_sessions(None).await.expect("a list");
    assert_eq!(names(listed), ["demo-manager"]);
    let operator = app.member("demo-operator").await;
    assert_eq!(names(app.state.staff.list_sessions(Some(operator.id)).await.expect("a list")), Vec::<String>::new());
    assert_eq!(desk.get("/admin/staff").await.text().matches("value=\"2\"").count(), 0);
}

#[tokio::test]
async fn how_far_the_sums_have_got_is_not_told_as_a_job() {
    let app = App::with_demo_staff().await;
    let desk = Desk::enter(&app, Role::Viewer).await;
    let page = until("the sums to have run", async || {
        app.state.office.sum_up().await.expect("sums");
        let page = desk.get("/admin/status").await.text().to_owned();
        page.contains("sums").then_some(page)
    })
    .await;
    assert!(!page.contains("sums_back") && !page.contains("sums_forth"), "{page}");
    let metrics = app.get("/metrics").await;
    assert!(!metrics.text().contains("sums_back"), "{}", metrics.text());
}

#[tokio::test]
async fn a_day_without_callbacks_has_no_time_that_they_took() {
    let app = App::with_demo_staff().await;
    let desk = Desk::enter(&app, Role::Viewer).await;
    let page = desk.get("/admin").await.text().replace("<!>", "");
    assert!(page.contains("<td class=\"number\">—</td>") && !page.contains(">0.0</td>"), "{page}");
}

#[test]
fn not_more_is_paid_than_was_placed() {
    let after_midnight = Totals { placed: 16, paid: 17, ..Totals::default() };
    assert_eq!(after_midnight.paid_of_placed(), Some(1000));
    assert_eq!(Totals { placed: 4, paid: 1, ..Totals::default() }.paid_of_placed(), Some(250));
}

#[tokio::test]
async fn a_search_that_ends_before_it_begins_names_the_field() {
    let app = App::with_demo_staff().await;
    let desk = Desk::enter(&app, Role::Viewer).await;
    let page = desk.get("/admin/audit?from=2026-11-27&until=2026-11-26").await;
    assert_eq!(page.status, 422);
    assert!(
        page.text().contains("from-problem") && page.text().contains("开始日期不能晚于结束日期"),
        "{}",
        page.text()
    );
    assert_eq!(desk.get("/admin/audit?from=2026-11-27&until=2026-11-27").await.status, 200);
}

#[tokio::test]
async fn the_address_with_a_slash_leads_to_the_one_without() {
    let app = App::with_demo_staff().await;
    let answer = app.get("/admin/").await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/admin")));
}

#[tokio::test]
async fn an_account_that_no_longer_opens_as_it_is_shown_is_not_offered() {
    let app = App::with_demo_staff().await;
    let offered = async |name: &str| app.get("/admin/login").await.text().contains(name);
    assert!(offered("demo-operator").await);
    let clerk = Actor::command_line("test");
    app.state.staff.change_account("demo-operator", Change::Role(Role::Manager), &clerk).await.expect("changed");
    assert!(!offered("demo-operator").await && offered("demo-viewer").await);
}

#[tokio::test]
async fn a_link_tells_which_one_it_has_ended() {
    let app = App::with_demo_staff().await;
    let (staff, clerk) = (&app.state.staff, Actor::command_line("test"));
    let ended = async |purpose| staff.make_link("demo-operator", purpose, &clerk).await.expect("a link").1;
    assert_eq!(ended(Purpose::Totp).await, None);
    assert_eq!(ended(Purpose::Password).await, Some(Purpose::Totp));
    app.advance(31 * 60);
    assert_eq!(ended(Purpose::Password).await, None, "it had ended by itself");
}
