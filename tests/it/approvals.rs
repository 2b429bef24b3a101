//! Two pairs of eyes: what one person asks for and another one decides, once, whoever presses at the same moment.

use std::time::Duration;

use saoma::{
    backoffice::staff::{
        Actor, StaffError,
        approvals::{Asked, Decision, RefundAsk, Wanted as Change},
        audit,
    },
    checkout::RefundError,
    clock::Clock,
    config::{Settings, Wanted},
    domain::{Fen, OutRefundNo, Role},
    startup::Surroundings,
    storage::{
        approvals::{Approval, Limits, State},
        staff_links::Purpose,
    },
};
use serde_json::{Value, json};

use crate::support::{
    App, Books, Desk, Member, Placed, Process, Site, database_url, folder, is_file, lay_keys, paid_under, until,
    until_within,
};

fn fen(amount: i64) -> Fen {
    Fen::new(amount).expect("money")
}

async fn limit(app: &App, per_refund: Option<i64>, per_day: Option<i64>) {
    let limits = Limits { per_refund: per_refund.map(fen), per_day: per_day.map(fen) };
    app.state.staff.set_limits(limits, &Actor::command_line("test")).await.expect("set");
}

async fn paid(app: &App, product: i64) -> Placed {
    let order = app.order(product).await;
    app.pay(&order.code_url).await;
    app.until_status(&order.token, "SUCCESS").await;
    order
}

fn ask_for(app: &App, order: &Placed, amount: Option<i64>) -> RefundAsk {
    RefundAsk {
        of: paid_under(&order.order_no),
        amount: amount.map(fen),
        reason: "退货".to_owned(),
        out_refund_no: app.state.checkout.draw_refund_number().expect("a number"),
        another: false,
        note: "请看一下".to_owned(),
    }
}

async fn ask(app: &App, member: &Member, order: &Placed) -> Approval {
    match app.state.staff.ask_refund(&ask_for(app, order, None), &member.actor()).await.expect("asked") {
        Asked::Waiting(approval) => *approval,
        Asked::Refund(refund) => panic!("needs a second person: {refund:?}"),
    }
}

async fn numbers(app: &App, sql: &'static str) -> Vec<i64> {
    sqlx::query_scalar(sql).fetch_all(&app.books.pool).await.expect("reads")
}

/// Set aside of all payments, in fen.
async fn set_aside(app: &App) -> i64 {
    numbers(app, "SELECT refunding_fen FROM payments").await.into_iter().sum()
}

/// What the platform thinks it has given back, in fen.
async fn given_back(app: &App) -> Vec<i64> {
    let ledger = app.get("/_sandbox/ledger").await;
    let lines = ledger.text().lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    lines.filter(|line| line["type"] == "refund").map(|refund| refund["amount"].as_i64().expect("fen")).collect()
}

/// What the audit log says of it.
async fn decisions(app: &App, approval: &Approval) -> Vec<String> {
    let sql =
        "SELECT what FROM audit_log WHERE what IN ('APPROVED', 'REFUSED', 'WITHDRAWN', 'EXPIRED') AND subject = ?";
    let subject = format!("refund:{}", approval.subject);
    sqlx::query_scalar(sql).bind(subject).fetch_all(&app.books.pool).await.expect("reads")
}

#[tokio::test]
async fn without_limits_one_person_refunds() {
    let app = App::with_demo_staff().await;
    let order = paid(&app, 2).await;
    let ask = ask_for(&app, &order, Some(100));
    let operator = app.member("demo-operator").await;
    for _ in 0..2 {
        let asked = app.state.staff.ask_refund(&ask, &operator.actor()).await.expect("asked");
        assert!(matches!(asked, Asked::Refund(refund) if refund.out_refund_no == ask.out_refund_no), "sent twice");
    }
    assert_eq!(given_back(&app).await, [100]);
    let viewer = app.member("demo-viewer").await;
    let refused = app.state.staff.ask_refund(&ask_for(&app, &order, None), &viewer.actor()).await;
    assert!(matches!(refused, Err(StaffError::Role(Role::Operator))), "{refused:?}");
}

#[tokio::test]
async fn above_the_limit_the_money_is_set_aside_until_a_second_person_decides() {
    let app = App::with_demo_staff().await;
    app.faults(json!({"refund_ms": 0})).await;
    limit(&app, Some(1_000), None).await;
    let order = paid(&app, 2).await;
    let operator = app.member("demo-operator").await;
    let small = ask_for(&app, &order, Some(1_000));
    let asked = app.state.staff.ask_refund(&small, &operator.actor()).await.expect("asked");
    assert!(matches!(asked, Asked::Refund(_)), "up to the limit");
    let approval = ask(&app, &operator, &order).await;
    assert_eq!((approval.state, approval.amount), (State::Waiting, Some(fen(11_800))));
    assert_eq!(set_aside(&app).await, 12_800);
    let clerk = app.state.checkout.refund(&paid_under(&order.order_no), crate::support::wanted(1)).await;
    assert!(clerk.is_err(), "nothing is left for anybody else: {clerk:?}");
    assert_eq!(given_back(&app).await, [1_000], "nobody has asked WeChat");

    let manager = Desk::enter(&app, Role::Manager).await;
    let page = format!("/admin/approvals/{}", approval.id);
    assert!(manager.get("/admin/approvals").await.text().contains(&page));
    let led = manager.post_to(&format!("{page}/approve"), &[]).await;
    assert!(led.starts_with("/admin/confirm"), "the second factor first: {led}");
    assert!(!manager.get(&page).await.text().contains("/approve\""), "no button before it");
    manager.confirm(&app).await;
    assert!(manager.get(&page).await.text().contains("/approve\""));
    assert_eq!(manager.post_to(&format!("{page}/approve"), &[]).await, format!("{page}?said=approved"));
    assert_eq!(
        manager.post_to(&format!("{page}/approve"), &[]).await,
        format!("{page}?said=approved"),
        "pressed twice"
    );
    assert_eq!(given_back(&app).await, [1_000, 11_800]);
    assert_eq!(set_aside(&app).await, 12_800);
    assert_eq!(numbers(&app, "SELECT COUNT(*) FROM refund_holds").await, [0]);
    assert_eq!(decisions(&app, &approval).await, ["APPROVED"]);
    app.until_status(&order.token, "REFUND_SUCCESS").await;
}

#[tokio::test]
async fn nobody_decides_about_his_own_also_after_a_change_of_role() {
    let app = App::with_demo_staff().await;
    limit(&app, Some(1), None).await;
    let (order, other) = (paid(&app, 2).await, paid(&app, 3).await);
    let manager = app.member("demo-manager").await;
    let own = ask(&app, &manager, &order).await;
    let operator = app.member("demo-operator").await;
    let theirs = ask(&app, &operator, &other).await;
    let clerk = Actor::command_line("test");
    let change = saoma::backoffice::staff::accounts::Change::Role(Role::Manager);
    app.state.staff.change_account("demo-operator", change, &clerk).await.expect("promoted");
    let promoted = app.member("demo-operator").await;
    for (member, approval) in [(&manager, &own), (&promoted, &theirs)] {
        for decision in [Decision::Approve, Decision::Refuse] {
            let refused = app.state.staff.decide(approval.id, decision, &member.actor()).await;
            assert!(matches!(refused, Err(StaffError::OwnRequest)), "{refused:?}");
        }
    }
    let refused = app.state.staff.decide(own.id, Decision::Withdraw, &promoted.actor()).await;
    assert!(matches!(refused, Err(StaffError::NotYours)), "{refused:?}");
    let viewer = app.member("demo-viewer").await;
    let refused = app.state.staff.decide(own.id, Decision::Approve, &viewer.actor()).await;
    assert!(matches!(refused, Err(StaffError::Role(Role::Manager))), "{refused:?}");
    // Whoever was a manager when he pressed, and is none any more when it is decided.
    let stale = Member { role: Role::Manager, ..app.member("demo-viewer").await };
    let refused = app.state.staff.decide(own.id, Decision::Approve, &stale.actor()).await;
    assert!(matches!(refused, Err(StaffError::Role(Role::Manager))), "{refused:?}");
    assert!(given_back(&app).await.is_empty());
    let decided = app.state.staff.decide(own.id, Decision::Approve, &promoted.actor()).await.expect("decides");
    assert_eq!(decided.state, State::Approved);
}

#[tokio::test]
async fn approved_refused_and_withdrawn_at_the_same_moment_it_has_one_end() {
    let app = App::with_demo_staff().await;
    limit(&app, Some(1), None).await;
    let (anna, _, _) = Desk::invite(&app, "anna", Role::Manager).await;
    drop(anna);
    let (one, other) = (app.member("demo-manager").await, app.member("anna").await);
    let operator = app.member("demo-operator").await;
    let (mut approved, mut ends) = (0, Vec::new());
    for round in 0..12 {
        let order = paid(&app, 3).await;
        let before = set_aside(&app).await;
        let approval = ask(&app, &operator, &order).await;
        let decide = |decision, member: &Member| {
            let (staff, actor, id) = (app.state.staff.clone(), member.actor(), approval.id);
            tokio::spawn(async move { staff.decide(id, decision, &actor).await.expect("an answer").state })
        };
        let pressed = match round % 3 {
            0 => [
                decide(Decision::Approve, &one),
                decide(Decision::Refuse, &other),
                decide(Decision::Withdraw, &operator),
            ],
            1 => [
                decide(Decision::Withdraw, &operator),
                decide(Decision::Approve, &other),
                decide(Decision::Refuse, &one),
            ],
            _ => [decide(Decision::Refuse, &one), decide(Decision::Approve, &other), decide(Decision::Approve, &one)],
        };
        let mut told = Vec::new();
        for answer in pressed {
            told.push(answer.await.expect("no panic"));
        }
        let end = app.state.staff.find_approval(approval.id).await.expect("reads").state;
        assert!(told.iter().all(|it| *it == end), "everybody hears the same: {told:?} {end:?}");
        assert_eq!(decisions(&app, &approval).await, [end.code()], "once in the audit log");
        let is_approved = end == State::Approved;
        approved += usize::from(is_approved);
        let sql = "SELECT COUNT(*) FROM refunds WHERE out_refund_no = ?";
        let refunds: i64 =
            sqlx::query_scalar(sql).bind(&approval.subject).fetch_one(&app.books.pool).await.expect("reads");
        assert_eq!(refunds, i64::from(is_approved));
        assert_eq!(set_aside(&app).await - before, if is_approved { order.total } else { 0 });
        ends.push(end);
    }
    until("every refund at WeChat", async || (given_back(&app).await.len() == approved).then_some(())).await;
    assert_eq!(numbers(&app, "SELECT COUNT(*) FROM refund_holds").await, [0]);
    let whole = audit::verify(&app.state.db).await.expect("reads");
    assert!(whole.problems.is_empty(), "{whole:?} {ends:?}");
}

#[tokio::test]
async fn two_at_once_do_not_pass_the_limit_of_a_day() {
    let app = App::with_demo_staff().await;
    limit(&app, None, Some(10_000)).await;
    let operator = app.member("demo-operator").await;
    let (first, second) = (paid(&app, 3).await, paid(&app, 3).await);
    let (a, b) = (ask_for(&app, &first, None), ask_for(&app, &second, None));
    let actor = operator.actor();
    let (a, b) = tokio::join!(app.state.staff.ask_refund(&a, &actor), app.state.staff.ask_refund(&b, &actor));
    let waiting = [a, b].into_iter().filter(|it| matches!(it, Ok(Asked::Waiting(_)))).count();
    assert_eq!(waiting, 1);
    assert_eq!(given_back(&app).await, [6_800]);
    assert_eq!(app.state.staff.refunded_today(operator.id).await.expect("reads"), 6_800);
    app.advance(24 * 3600);
    assert_eq!(app.state.staff.refunded_today(operator.id).await.expect("reads"), 0, "another Beijing day");
}

#[tokio::test]
async fn what_nobody_decides_ends_after_seven_days() {
    let app = App::with_demo_staff().await;
    limit(&app, Some(1), None).await;
    let order = paid(&app, 2).await;
    let approval = ask(&app, &app.member("demo-operator").await, &order).await;
    app.advance(7 * 24 * 3600 - 60);
    assert_eq!(app.state.staff.end_old_approvals().await.expect("reads"), 0);
    app.advance(60);
    let late = app.state.staff.decide(approval.id, Decision::Approve, &app.member("demo-manager").await.actor()).await;
    assert_eq!(late.expect("an answer").state, State::Expired, "too late");
    assert_eq!(set_aside(&app).await, 0);
    let approval = ask(&app, &app.member("demo-operator").await, &order).await;
    app.advance(7 * 24 * 3600);
    app.state.staff.end_old_approvals().await.expect("ends");
    let ended = app.state.staff.find_approval(approval.id).await.expect("reads");
    assert_eq!((ended.state, set_aside(&app).await), (State::Expired, 0));
    assert!(given_back(&app).await.is_empty());
}

#[tokio::test]
async fn limits_and_accounts_change_with_a_second_manager() {
    let app = App::with_demo_staff().await;
    let (anna, _, _) = Desk::invite(&app, "anna", Role::Manager).await;
    let manager = Desk::enter(&app, Role::Manager).await;
    manager.confirm(&app).await;
    let wrong = manager.post("/admin/staff/limits", &[("per_refund", "1,5"), ("per_day", ""), ("form", "a")]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("value=\"1,5\""), "what was typed stays");
    let split = manager.post("/admin/staff/limits", &[("per_refund", "500"), ("per_day", ""), ("form", "c")]).await;
    assert_eq!((split.status, split.shown().contains("拆成几笔")), (422, true), "a limit that can be gone round");
    assert_eq!(numbers(&app, "SELECT COUNT(*) FROM approvals").await, [0], "nobody is asked");
    let limits = [("per_refund", "500"), ("per_day", "2000.50"), ("form", "b")];
    let led = manager.post_to("/admin/staff/limits", &limits).await;
    assert_eq!(manager.post_to("/admin/staff/limits", &limits).await, led, "sent twice it is asked for once");
    let change = [("name", "demo-viewer"), ("change", "disable"), ("form", "c")];
    let other = manager.post_to("/admin/staff/change", &change).await;
    assert_eq!(app.state.staff.limits().await.expect("reads"), Limits::default(), "asked for, not done");
    let viewer = Desk::enter(&app, Role::Viewer).await;
    for led in [led, other] {
        let page = led.split('?').next().expect("a path");
        assert_eq!(manager.post(&format!("{page}/approve"), &[]).await.status, 403, "one's own");
        // Anna's phone is not the sandbox's: she decides by the use case, which the page is an adapter of.
        let id = page.rsplit('/').next().and_then(|id| id.parse().ok()).expect("an id");
        let decided = app.state.staff.decide(id, Decision::Approve, &app.member("anna").await.actor()).await;
        assert_eq!(decided.expect("decides").state, State::Approved);
    }
    let limits = app.state.staff.limits().await.expect("reads");
    assert_eq!((limits.per_refund, limits.per_day), (Some(fen(50_000)), Some(fen(200_050))));
    assert_eq!(viewer.get("/admin").await.status, 303, "out at once");
    assert_eq!(anna.get("/admin").await.status, 200);
    let own = app.member("demo-operator").await;
    let refused = app.state.staff.ask_change("d", "anna", &Change::Disable, "", &own.actor()).await;
    assert!(matches!(refused, Err(StaffError::Role(Role::Manager))), "{refused:?}");
}

#[tokio::test]
async fn what_wechat_has_given_back_beats_what_only_waits() {
    let app = App::with_demo_staff().await;
    app.faults(json!({"refund_ms": 0})).await;
    limit(&app, Some(1), None).await;
    let order = paid(&app, 2).await;
    let approval = ask(&app, &app.member("demo-operator").await, &order).await;
    // Somebody gives all of it back in the merchant console.
    let refund = json!({"out_trade_no": order.order_no, "out_refund_no": "CONSOLE1", "notice": "v3"});
    let made = app.control(reqwest::Method::POST, "/_sandbox/refund", &refund).await;
    assert!(made.status < 300, "{made:?}");
    until("the console's refund in the books", async || {
        let count = numbers(&app, "SELECT COUNT(*) FROM refunds WHERE source = 'CONSOLE'").await;
        (count == [1]).then_some(())
    })
    .await;
    assert_eq!(set_aside(&app).await, order.total, "once");
    let late = app.state.staff.decide(approval.id, Decision::Approve, &app.member("demo-manager").await.actor()).await;
    assert_eq!(late.expect("an answer").state, State::Expired);
    assert_eq!(given_back(&app).await, [order.total]);
}

#[tokio::test]
async fn what_waits_is_seen_on_its_order_and_among_what_needs_someone_with_all_that_decides_it() {
    let app = App::with_demo_staff().await;
    limit(&app, Some(1), None).await;
    let order = paid(&app, 2).await;
    let wanted = RefundAsk { note: "从右\u{202e}往左".to_owned(), ..ask_for(&app, &order, Some(10_000)) };
    let asked = app.state.staff.ask_refund(&wanted, &app.member("demo-operator").await.actor()).await.expect("asked");
    let Asked::Waiting(approval) = asked else { panic!("needs a second person") };
    let (page, at) = (format!("/admin/approvals/{}", approval.id), approval.order_id.expect("of an order"));
    let desk = Desk::enter(&app, Role::Manager).await;
    let shown = desk.get(&format!("/admin/orders/{at}")).await;
    assert!(shown.text().contains(&format!("href=\"{page}\"")), "the way to it");
    assert!(shown.shown().contains("待审批") && shown.shown().contains("退款待审批，钱已预留"), "{}", shown.shown());
    assert!(!shown.shown().contains("REFUND_HELD"), "in words");
    let overview = desk.get("/admin").await;
    assert!(overview.text().contains(&format!("href=\"{page}\"")) && overview.shown().contains("等待审批"));
    assert_eq!(app.metric("saoma_needs_someone", "what=\"waiting_approval\"").await, 1);

    let decide = desk.get(&page).await.shown();
    let transaction = app.books.payments().await.remove(0).transaction_id;
    for fact in ["西湖龙井 明前特级 50g", "退货", &transaction, "¥128.00", "退后还可退 ¥28.00"] {
        assert!(decide.contains(fact), "{fact}: {decide}");
    }
    assert!(decide.contains("从右\u{fffd}往左") && !decide.contains('\u{202e}'), "nothing that turns the page round");
    assert!(!decide.contains("已停用"), "{decide}");
    let clerk = Actor::command_line("test");
    let change = saoma::backoffice::staff::accounts::Change::Disable;
    app.state.staff.change_account("demo-operator", change, &clerk).await.expect("disabled");
    assert!(desk.get(&page).await.shown().contains("申请人的账号已停用"));

    for said in ["approved", "refused", "withdrawn", "expired", "saved"] {
        let told = desk.get(&format!("{page}?said={said}")).await;
        assert!(!told.text().contains("role=\"status\""), "{said}: nothing has been done: {}", told.shown());
    }
    let manager = app.member("demo-manager").await;
    app.state.staff.decide(approval.id, Decision::Refuse, &manager.actor()).await.expect("decides");
    assert!(desk.get(&format!("{page}?said=refused")).await.text().contains("role=\"status\""));
    assert!(!desk.get(&format!("{page}?said=approved")).await.text().contains("role=\"status\""));
    assert!(!desk.get("/admin").await.text().contains(&page), "nobody is needed any more");
    assert!(desk.get(&format!("/admin/orders/{at}")).await.shown().contains("已拒绝"), "and it is still to be seen");
}

#[tokio::test]
async fn an_approval_that_cannot_be_read_keeps_no_other_from_its_end() {
    let app = App::with_demo_staff().await;
    limit(&app, Some(1), None).await;
    let operator = app.member("demo-operator").await;
    let mut asked = Vec::new();
    for _ in 0..3 {
        asked.push(ask(&app, &operator, &paid(&app, 3).await).await);
    }
    let set =
        async |sql: &'static str, id: i64| sqlx::query(sql).bind(id).execute(&app.books.pool).await.expect("writes");
    set("UPDATE approvals SET kind = 'NEWER' WHERE id = ?", asked[0].id).await;
    set("UPDATE approvals SET wanted = 'of a newer version' WHERE id = ?", asked[1].id).await;
    app.advance(7 * 24 * 3600);
    app.state.staff.end_old_approvals().await.expect("goes on");
    for ended in &asked[1..] {
        let ended = app.state.staff.find_approval(ended.id).await.expect("reads");
        assert_eq!(ended.state, State::Expired, "{}", ended.id);
    }
    assert_eq!(set_aside(&app).await, 6_800, "of the first alone: whatever is written beside, money comes free");
    let manager = app.member("demo-manager").await;
    let other = ask(&app, &operator, &paid(&app, 3).await).await;
    set("UPDATE approvals SET wanted = '' WHERE id = ?", other.id).await;
    let decided = app.state.staff.decide(other.id, Decision::Approve, &manager.actor()).await.expect("decides");
    assert_eq!(decided.state, State::Approved, "its kind says what it is");
}

#[tokio::test]
async fn whoever_comes_too_late_for_the_money_hears_what_is_left() {
    let app = App::with_demo_staff().await;
    limit(&app, Some(1), None).await;
    let actor = app.member("demo-operator").await.actor();
    for _ in 0..8 {
        let order = paid(&app, 2).await;
        let (one, other) = (ask_for(&app, &order, Some(10_000)), ask_for(&app, &order, Some(9_000)));
        let (one, other) =
            tokio::join!(app.state.staff.ask_refund(&one, &actor), app.state.staff.ask_refund(&other, &actor));
        let (told, kept) = match (one, other) {
            (Ok(Asked::Waiting(kept)), Err(StaffError::Refund(error)))
            | (Err(StaffError::Refund(error)), Ok(Asked::Waiting(kept))) => (error, kept.amount.map_or(0, Fen::get)),
            both => panic!("one waits, and one is refused: {both:?}"),
        };
        assert!(matches!(*told, RefundError::Amount { left } if left == fen(12_800 - kept)), "{told}");
    }
}

/// Of a process, beside it: as a command does.
async fn beside(folder: &std::path::Path, port: u16) -> saoma::startup::StaffRoom {
    let data = folder.join("data");
    let variables = [
        ("SAOMA_DATA_DIR", data.display().to_string()),
        ("DATABASE_URL", database_url(&data)),
        ("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}")),
    ];
    let key = [("SAOMA_SECRET_KEY", "5a".repeat(32))];
    let variables: Vec<_> = variables.into_iter().chain(key.into_iter().filter(|_| !is_file())).collect();
    let lookup = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    let settings = Settings::from_lookup(Wanted::SANDBOX, &lookup).expect("usable");
    saoma::startup::open_staff(settings, Surroundings::system()).await.expect("opens")
}

#[tokio::test]
async fn killed_while_two_decide_it_still_has_one_end() {
    const ROUNDS: u64 = 6;
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    let quiet = [("RUST_LOG", "error"), ("SAOMA_ORDERS_PER_MINUTE", "0")];
    let mut shop = Process::serve(folder.path(), &quiet).await;
    let room = beside(folder.path(), shop.port()).await;
    let books = Books::open(&database_url(&folder.path().join("data"))).await;
    let clerk = Actor::command_line("test");
    let limits = Limits { per_refund: Some(fen(1)), per_day: None };
    room.staff.set_limits(limits, &clerk).await.expect("set");
    let operator = room.staff.find_account("demo-operator").await.expect("is there");
    let operator = Member { id: operator.id, name: operator.name, role: operator.role };

    // Two managers, each with the second factor given once more.
    let first = Desk::at(&shop);
    let demo = room.staff.demo_accounts().pop().expect("a manager");
    first.post_to("/admin/login", &[("name", &demo.name), ("password", &demo.password)]).await;
    let code = first.demo_code("/admin/factor").await;
    first.post_to("/admin/factor", &[("code", &code)]).await;
    let code = first.demo_code("/admin/confirm").await;
    first.post_to("/admin/confirm", &[("code", &code)]).await;
    room.staff.add_account("anna", Role::Manager, &clerk).await.expect("added");
    let token = room.staff.make_link("anna", Purpose::Invite, &clerk).await.expect("a link").0;
    let second = Desk::at(&shop);
    second.take_up(&token, &Clock::system()).await;
    let jars = [first.jar(), second.jar()];
    drop((first, second));

    let mut approved = 0;
    for round in 0..ROUNDS {
        let order = shop.order(3).await;
        shop.pay(&order.code_url).await;
        shop.until_status(&order.token, "SUCCESS").await;
        let wanted = RefundAsk {
            of: paid_under(&order.order_no),
            amount: None,
            reason: "退货".to_owned(),
            out_refund_no: OutRefundNo::parse(&format!("KILL{round}")).expect("a number"),
            another: false,
            note: String::new(),
        };
        let asked = room.staff.ask_refund(&wanted, &operator.actor()).await.expect("asked");
        let Asked::Waiting(approval) = asked else { panic!("needs a second person") };
        let pressed: Vec<_> = jars
            .iter()
            .zip([["approve", "refuse"], ["refuse", "approve"]])
            .map(|(jar, decisions)| {
                let decision = decisions[usize::try_from(round % 2).expect("small")];
                let (site, jar) = (Site::clone(&shop), jar.clone());
                let path = format!("/admin/approvals/{}/{decision}", approval.id);
                tokio::spawn(async move {
                    let desk = Desk::with_jar(&site, jar);
                    let csrf = desk.csrf().await;
                    let form = desk.form(&path, &[("csrf", &csrf)]);
                    drop(Site::try_send(desk.bear(form)).await);
                })
            })
            .collect();
        // From before either has been read to after both are answered.
        tokio::time::sleep(Duration::from_millis(4 * round)).await;
        shop.kill();
        for press in pressed {
            drop(press.await);
        }
        shop = Process::serve(folder.path(), &quiet).await;
        let desk = Desk::with_jar(&shop, jars[0].clone());
        desk.post(&format!("/admin/approvals/{}/approve", approval.id), &[]).await;
        let end = room.staff.find_approval(approval.id).await.expect("reads").state;
        assert!(matches!(end, State::Approved | State::Refused), "round {round}: {end:?}");
        let sql = "SELECT what FROM audit_log WHERE what IN ('APPROVED', 'REFUSED') AND subject = ?";
        let subject = format!("refund:KILL{round}");
        let told: Vec<String> = sqlx::query_scalar(sql).bind(subject).fetch_all(&books.pool).await.expect("reads");
        assert_eq!(told, [end.code()], "round {round}: once in the audit log");
        approved += usize::from(end == State::Approved);
        // One that was being asked for when the server died is due again half a minute later.
        until_within(Duration::from_secs(90), "the refunds at WeChat", async || {
            let ledger = shop.get("/_sandbox/ledger").await;
            let count = ledger.text().lines().filter(|line| line.contains("\"type\":\"refund\"")).count();
            assert!(count <= approved, "more went back than was approved");
            (count == approved).then_some(())
        })
        .await;
    }
    println!("{approved} of {ROUNDS} approved");
    let whole = audit::verify(&room.db).await.expect("reads");
    assert!(whole.problems.is_empty(), "{whole:?}");
    room.db.close().await;
}
