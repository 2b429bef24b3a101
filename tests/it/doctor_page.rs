//! `/admin/doctor`: the checks of `saoma doctor` on a server that runs. What it finds on this machine is shown at once, the
//! rest when a manager has asked for it; in both languages, and without a script.

use std::time::Duration;

use reqwest::Method;
use saoma::domain::Role;
use serde_json::json;

use crate::{
    site::lay_site,
    support::{Answer, App, Desk, Stage, folder, is_file, mock_clock, until, until_within},
};

async fn with_site(stage: Stage) -> App {
    let site = folder();
    lay_site(site.path());
    let app = stage.set("LEPTOS_SITE_ROOT", &site.path().display().to_string()).start().await;
    assert_eq!(app.get("/healthz").await.status, 200);
    app
}

async fn page(desk: &Desk<'_>) -> Answer {
    let answer = desk.get("/admin/doctor").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

async fn in_english(desk: &Desk<'_>) -> Answer {
    let request = desk.site.request(Method::GET, "/admin/doctor").header("accept-language", "en");
    desk.send(request).await
}

async fn until_asked(desk: &Desk<'_>) -> Answer {
    until("the end of it", async || Some(page(desk).await).filter(|page| page.text().contains("上次："))).await
}

async fn asked(app: &App) -> i64 {
    let sql = "SELECT COUNT(*) FROM audit_log WHERE what = 'DOCTOR_ASKED' AND who = 'demo-manager'";
    sqlx::query_scalar(sql).fetch_one(&app.books.pool).await.expect("the log")
}

#[tokio::test]
async fn of_a_right_set_up_nothing_is_said_and_managers_ask_outside() {
    // A throw-away server does not sync, and the doctor says so.
    if !is_file() {
        return;
    }
    let app = with_site(Stage::new()).await;
    let viewer = Desk::enter(&app, Role::Viewer).await;
    let at_once = page(&viewer).await;
    for told in ["没有发现问题", "还没有做过", "只有管理员能开始"] {
        assert!(at_once.text().contains(told), "{told}: {at_once:?}");
    }
    assert!(!at_once.text().contains("action=\"/admin/doctor\"") && at_once.header("refresh").is_none(), "{at_once:?}");
    assert_eq!(viewer.post("/admin/doctor", &[]).await.status, 403);
    assert!(viewer.get("/admin/status").await.text().contains("href=\"/admin/doctor\""));

    let manager = Desk::enter(&app, Role::Manager).await;
    assert!(page(&manager).await.text().contains("开始联网检查"));
    assert_eq!(manager.post_to("/admin/doctor", &[]).await, "/admin/doctor");
    let done = until_asked(&manager).await;
    assert!(done.text().contains("没有发现问题") && !done.text().contains("没能检查的"), "the whole way: {done:?}");
    assert!(page(&viewer).await.text().contains("上次："), "who only looks sees what came of it");
    let english = in_english(&viewer).await;
    assert!(english.text().contains("Nothing is wrong.") && english.text().contains("Last done at"), "{english:?}");
    assert_eq!(asked(&app).await, 1);
}

#[tokio::test]
async fn what_is_broken_is_shown_with_what_to_do() {
    // A throw-away server does not sync, and the doctor says so.
    if !is_file() {
        return;
    }
    let clock = mock_clock();
    let app = with_site(Stage::new().clock(&clock)).await;
    let sql = "INSERT INTO products (id, title, summary, price_fen) VALUES (9, '😀😀', '', 1)";
    sqlx::query(sql).execute(&app.books.pool).await.expect("writes");
    let manager = Desk::enter(&app, Role::Manager).await;
    let at_once = page(&manager).await;
    for told in ["有 1 处要处理", "故障", "微信支付会拒绝这个商品", "saoma product put", "9 😀😀", "确定"]
    {
        assert!(at_once.text().contains(told), "{told}: {at_once:?}");
    }
    assert!(!at_once.text().contains("本机时间"), "nobody outside was asked: {at_once:?}");

    // The shop's clock is ten minutes behind the platform's.
    app.faults(json!({"clock_skew_seconds": 600})).await;
    manager.post_to("/admin/doctor", &[]).await;
    let done = until_asked(&manager).await;
    for told in ["有 2 处要处理", "本机时间与微信支付相差太大", "微信支付会拒绝这个商品"] {
        assert!(done.text().contains(told), "{told}: {done:?}");
    }
    let english = in_english(&manager).await;
    for told in ["2 things to mend", "This machine's clock is far from WeChat Pay's", "How sure", "Certain"] {
        assert!(english.text().contains(told), "{told}: {english:?}");
    }
    // Mended: said no more, without anybody asking again.
    sqlx::query("DELETE FROM products WHERE id = 9").execute(&app.books.pool).await.expect("writes");
    let mended = page(&manager).await;
    assert!(mended.text().contains("有 1 处要处理") && mended.text().contains("本机时间"), "{mended:?}");
}

#[tokio::test]
async fn while_it_asks_the_page_shows_how_far_it_is_and_reloads_by_itself() {
    let app = with_site(Stage::new()).await;
    // The test callback does not come, and is waited for.
    app.faults(json!({"drop": "all"})).await;
    let manager = Desk::enter(&app, Role::Manager).await;
    manager.post_to("/admin/doctor", &[]).await;
    let waiting = until("the last step", async || {
        let page = page(&manager).await;
        page.text().contains("aria-current=\"step\">测试通知走完全程").then_some(page)
    })
    .await;
    assert_eq!(waiting.header("refresh"), Some("2"));
    for told in ["正在检查", "进行中", "完成"] {
        assert!(waiting.text().contains(told), "{told}: {waiting:?}");
    }
    assert!(!waiting.text().contains("action=\"/admin/doctor\""), "one at a time: {waiting:?}");
    assert_eq!(manager.post_to("/admin/doctor", &[]).await, "/admin/doctor");
    assert_eq!(asked(&app).await, 1, "it is not begun again");
    let done = until_within(Duration::from_secs(50), "the end of it", async || {
        Some(page(&manager).await).filter(|page| page.text().contains("上次："))
    })
    .await;
    assert!(done.text().contains("测试通知三十秒内没有进入账本") && done.text().contains("很可能"), "{done:?}");
    assert!(done.header("refresh").is_none());
}
