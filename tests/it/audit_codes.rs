//! Everything that the audit log has a name for is done once here, and each name is looked for afterwards: one that nothing
//! writes would let somebody believe that it never happened.

use std::collections::BTreeSet;

use reqwest::Method;
use saoma::{
    backoffice::{
        Acted,
        orders::{Asked as Typed, Filter},
        products::{Draft, NewLooks, Place},
        staff::{
            Actor,
            accounts::Change,
            approvals::{Asked, Decision, RefundAsk},
            audit::what,
        },
    },
    checkout::ToAccount,
    domain::{Fen, ProductId, Role},
    reconcile::BillDay,
    storage::approvals::{Approval, Limits},
};
use serde_json::json;

use crate::support::{App, Desk, PASSWORD, Placed, code_of, paid_under, until, wanted};

fn clerk() -> Actor {
    Actor::command_line("test")
}

async fn paid(app: &App) -> Placed {
    let order = app.order(2).await;
    app.pay(&order.code_url).await;
    app.until_status(&order.token, "SUCCESS").await;
    order
}

async fn set(app: &App, sql: &'static str) {
    sqlx::query(sql).execute(&app.books.pool).await.expect("writes");
}

/// Comes in and goes out, with what goes wrong at that.
async fn logins(app: &App) {
    let (desk, secret, recovery) = Desk::invite(app, "anna", Role::Manager).await;
    app.advance(31);
    desk.post_to("/admin/confirm", &[("code", &code_of(&secret, app)), ("next", "/admin/account")]).await;
    assert_eq!(desk.post("/admin/account/codes", &[]).await.status, 200);
    desk.post_to("/admin/logout", &[]).await;
    assert_eq!(desk.post("/admin/login", &[("name", "anna"), ("password", "wrong")]).await.status, 401);
    desk.post_to("/admin/login", &[("name", "anna"), ("password", PASSWORD)]).await;
    assert_eq!(desk.post("/admin/factor", &[("code", &recovery[0])]).await.status, 401, "there are others now");
    app.advance(31);
    desk.post_to("/admin/factor", &[("code", &code_of(&secret, app))]).await;
    let (other, _, recovery) = Desk::invite(app, "berta", Role::Operator).await;
    other.post_to("/admin/login", &[("name", "berta"), ("password", PASSWORD)]).await;
    other.post_to("/admin/factor", &[("code", &recovery[0])]).await;
    let session = app.state.staff.list_sessions(None).await.expect("reads").remove(0);
    app.state.staff.end_session(session.id, &clerk()).await.expect("ends");
    for change in [Change::Role(Role::Viewer), Change::Disable, Change::Enable, Change::ResetFactor] {
        app.state.staff.change_account("berta", change, &clerk()).await.expect("changed");
    }
}

/// One that needs no second person; and four that do, of which each ends otherwise.
async fn refunds(app: &App, order: &Placed) {
    let (staff, operator) = (&app.state.staff, app.member("demo-operator").await.actor());
    let ask = async || {
        let wanted = RefundAsk {
            of: paid_under(&order.order_no),
            amount: Some(Fen::new(100).expect("money")),
            reason: "退货".to_owned(),
            out_refund_no: app.state.checkout.draw_refund_number().expect("a number"),
            another: true,
            note: String::new(),
        };
        staff.ask_refund(&wanted, &operator).await.expect("asked")
    };
    let waiting = async || -> Approval {
        let Asked::Waiting(approval) = ask().await else { panic!("needs a second person") };
        *approval
    };
    let Asked::Refund(refund) = ask().await else { panic!("needs nobody") };
    let who = Acted::by(clerk());
    app.state.office.retry_refund(&refund.out_refund_no, &who).await.expect("asked");
    drop(app.state.office.give_up_refund(&refund.out_refund_no, &who).await);
    set(app, "UPDATE refunds SET state = 'REFUSED', settled_ms = NULL").await;
    app.state.office.settle_refund(&refund, &who).await.expect("settled");
    let fen = |amount: i64| Some(Fen::new(amount).expect("money"));
    let limits = Limits { per_refund: fen(1), per_day: fen(1) };
    staff.set_limits(limits, &clerk()).await.expect("set");
    let manager = app.member("demo-manager").await.actor();
    for (decision, actor) in
        [(Decision::Approve, &manager), (Decision::Refuse, &manager), (Decision::Withdraw, &operator)]
    {
        staff.decide(waiting().await.id, decision, actor).await.expect("decided");
    }
    waiting().await;
    app.advance(7 * 24 * 3600);
    staff.end_old_approvals().await.expect("ends");
}

/// What could not go back is sent to the shop's own account.
async fn abnormal(app: &App) {
    app.faults(json!({"refund_outcome": "abnormal"})).await;
    let order = paid(app).await;
    let asked = app.state.checkout.refund(&paid_under(&order.order_no), wanted(None)).await.expect("accepted");
    app.until_status(&order.token, "REFUND_ABNORMAL").await;
    app.faults(json!({"refund_outcome": "success"})).await;
    let refund = app.state.checkout.load_refund(&asked.out_refund_no).await.expect("is there");
    let serial = app.state.checkout.sealing_key().await.expect("a key").serial;
    app.state.staff.send_abnormal_refund(&refund, ToAccount::Merchant(serial), &clerk()).await.expect("sent");
}

async fn orders(app: &App, order: &Placed) {
    let (office, who) = (&app.state.office, Acted::by(clerk()));
    let open = app.order(1).await;
    let [id, open] = [app.books.order(&order.order_no).await.id, app.books.order(&open.order_no).await.id];
    office.ask_about_order(open, &who).await.expect("asked");
    office.close_order(open, &who).await.expect("closed");
    office.add_note(id, "看一下", "form", &who).await.expect("noted");
    let sql =
        "INSERT INTO concerns (kind, order_id, detail, at_ms) SELECT 'PAYMENT_CONTRADICTED', id, 'x', 1 FROM orders";
    set(app, sql).await;
    office.settle_concerns(id, &who).await.expect("settled");
    let filter = Filter::read(&Typed::default(), app.clock.now()).expect("a filter");
    office.note_export(&who, &filter).await.expect("noted");
    office.replay(1, &who).await.expect("replayed");
    office.settle_notification(1, &who).await.expect("settled");
}

async fn shelf(app: &App) {
    let (shelf, actor, id) = (&app.state.shelf, clerk(), ProductId(1));
    let draft = Draft { title: "碧螺春".to_owned(), summary: String::new(), price: Fen::new(8_800).expect("money") };
    shelf.create(&actor, None, draft.clone(), true, None).await.expect("created");
    shelf.edit(&actor, id, None, draft, true).await.expect("changed");
    let mut picture = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(64, 64).write_to(&mut picture, image::ImageFormat::Png).expect("a picture");
    shelf.set_picture(&actor, id, Some(picture.into_inner())).await.expect("shown");
    shelf.put_at(&actor, id, Place::Last).await.expect("moved");
    shelf.withdraw(&actor, id).await.expect("withdrawn");
    shelf.offer(&actor, id).await.expect("offered");
    let looks = NewLooks { footer: "欢迎".to_owned(), ..NewLooks::default() };
    shelf.set_looks(&actor, looks).await.expect("changed");
}

async fn bills(app: &App, manager: &Desk<'_>, day: BillDay) {
    for file in ["rows.csv", "sums.csv"] {
        assert_eq!(manager.get(&format!("/admin/bills/{day}/{file}")).await.status, 200, "{file}");
    }
    let differences = app.state.reconcile.differences(day, 0, 9).await.expect("reads");
    let path = format!("/admin/differences/{}", differences.first().expect("one").id);
    manager.post_to(&path, &[("why", "收银台"), ("to", "EXPLAINED")]).await;
    manager.post_to(&format!("/admin/bills/{day}/check"), &[]).await;
    assert_eq!(manager.get("/admin/audit.csv").await.status, 200);
}

async fn set_up(app: &App, manager: &Desk<'_>) {
    manager.post_to("/admin/doctor", &[]).await;
    set(app, "INSERT INTO restorations (since_ms, noticed_ms, found_by) VALUES (1, 1, 'COMMAND')").await;
    app.state.office.note_put_back(&Acted::by(clerk()), "copy.db").await.expect("noted");
    assert!(app.state.office.release_put_back(&Acted::by(clerk()), "compared").await.expect("released"));
}

#[tokio::test]
async fn whatever_the_log_has_a_name_for_is_written() {
    let app = App::with_demo_staff().await;
    app.faults(json!({"refund_ms": 0, "refund_gap_seconds": 0})).await;
    let day = BillDay::of(app.clock.now());
    let order = app.order(2).await;
    let body = json!({"out_trade_no": order.order_no, "success_time": format!("{day}T12:00:00+08:00")});
    assert_eq!(app.control(Method::POST, "/_sandbox/pay", &body).await.status, 200);
    app.until_status(&order.token, "SUCCESS").await;
    app.faults(json!({"bill_today": true, "bill_unknown": 1})).await;
    app.state.reconcile.check(day).await.expect("compared");
    let manager = Desk::enter(&app, Role::Manager).await;
    bills(&app, &manager, day).await;
    set_up(&app, &manager).await;
    logins(&app).await;
    shelf(&app).await;
    orders(&app, &order).await;
    abnormal(&app).await;
    refunds(&app, &paid(&app).await).await;
    let written = async || -> BTreeSet<String> {
        let sql = "SELECT DISTINCT what FROM audit_log";
        let all: Vec<String> = sqlx::query_scalar(sql).fetch_all(&app.books.pool).await.expect("reads");
        all.into_iter().collect()
    };
    until("failures, which are written after their answer", async || {
        let written = written().await;
        (written.contains(what::LOGIN_FAILED) && written.contains(what::FACTOR_FAILED)).then_some(())
    })
    .await;
    // Of `saoma move`, which takes the books away from a server like this one: `moving` looks for it.
    let here = what::ALL.iter().filter(|code| **code != what::BOOKS_MOVED);
    let known: BTreeSet<String> = here.map(|code| (*code).to_owned()).collect();
    let written = written().await;
    assert_eq!(known.difference(&written).collect::<Vec<_>>(), [""; 0], "nothing writes them, or nothing here does");
    assert_eq!(written.difference(&known).collect::<Vec<_>>(), [""; 0], "they have no name");
}
