//! Money of one payment that goes back twice because nobody who asks knows of the other: two forms, a form and a command,
//! one that waits for a second person, one whose request is still on its way.

use reqwest::StatusCode;
use saoma::{
    backoffice::{
        orders::NotActed,
        staff::{
            Actor, StaffError,
            approvals::{Asked, Decision, RefundAsk},
        },
    },
    checkout::{NotGivenUp, Numbered, RefundError, RefundOrder},
    domain::{Fen, OutRefundNo, Role},
    storage::{
        approvals::{Approval, Limits},
        events::Source,
    },
};
use serde_json::{Value, json};

use crate::support::{App, Clerk, Desk, Placed, Stage, hidden, mock_clock, paid_under, wanted};

fn fen(amount: i64) -> Fen {
    Fen::new(amount).expect("money")
}

async fn paid(app: &App) -> Placed {
    app.faults(json!({"refund_ms": 0, "refund_gap_seconds": 0})).await;
    let order = app.order(2).await;
    app.pay(&order.code_url).await;
    app.until_status(&order.token, "SUCCESS").await;
    order
}

/// What the platform has given back, in fen.
async fn given_back(app: &App) -> Vec<i64> {
    let ledger = app.get("/_sandbox/ledger").await;
    let lines = ledger.text().lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    lines.filter(|line| line["type"] == "refund").map(|refund| refund["amount"].as_i64().expect("fen")).collect()
}

#[tokio::test]
async fn what_a_form_did_not_know_of_stops_it() {
    let app = App::start().await;
    let order = paid(&app).await;
    let path = format!("/admin/orders/{}/refund", app.books.order(&order.order_no).await.id);
    let clerk = Clerk::open(&app, "operator").await;
    let payment = app.books.payments().await.remove(0).transaction_id;
    let check =
        |amount: &str, more: &str| format!("{path}?payment={payment}&step=check&amount={amount}&reason=x{more}");
    let confirm = async |form: &crate::support::Answer, amount: &str, more: &[(&str, &str)]| {
        let number = hidden(form.text(), "number");
        let fields = [("payment", &*payment), ("number", &*number), ("amount", amount), ("reason", "x")];
        clerk.post(&path, form, &[&fields, more].concat()).await
    };
    // Two people, or two tabs.
    let (one, other) = (clerk.page(&check("5.00", "")).await, clerk.page(&check("5.00", "")).await);
    assert_eq!(confirm(&one, "5.00", &[]).await.status, 303);
    let stopped = confirm(&other, "5.00", &[]).await;
    assert_eq!(stopped.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", stopped.shown());
    assert!(stopped.shown().contains("已经申请过退这笔付款的 ¥5.00") && stopped.text().contains("name=\"another\""));
    assert_eq!(confirm(&one, "5.00", &[]).await.status, 303, "the first one once more");
    assert_eq!(given_back(&app).await, [500]);
    // A command meanwhile.
    let form = clerk.page(&check("6.00", "")).await;
    app.state.checkout.refund(&paid_under(&order.order_no), wanted(600)).await.expect("accepted");
    assert_eq!(confirm(&form, "6.00", &[]).await.status, 422);
    assert_eq!(given_back(&app).await, [500, 600]);
    // Whoever knows of it may all the same.
    let form = clerk.page(&check("6.00", "&another=1")).await;
    assert_eq!(confirm(&form, "6.00", &[("another", "1")]).await.status, 303);
    assert_eq!(given_back(&app).await, [500, 600, 600]);
}

fn ask_for(app: &App, order: &Placed, amount: i64) -> RefundAsk {
    RefundAsk {
        of: paid_under(&order.order_no),
        amount: Some(fen(amount)),
        reason: "退货".to_owned(),
        out_refund_no: app.state.checkout.draw_refund_number().expect("a number"),
        another: false,
        note: String::new(),
    }
}

async fn waiting(app: &App, name: &str, ask: &RefundAsk) -> Result<Approval, StaffError> {
    match app.state.staff.ask_refund(ask, &app.member(name).await.actor()).await? {
        Asked::Waiting(approval) => Ok(*approval),
        Asked::Refund(refund) => panic!("needs a second person: {refund:?}"),
    }
}

#[tokio::test]
async fn what_waits_for_a_second_person_is_asked_for_already() {
    let app = App::with_demo_staff().await;
    let order = paid(&app).await;
    let limits = Limits { per_refund: Some(fen(1)), per_day: None };
    app.state.staff.set_limits(limits, &Actor::command_line("test")).await.expect("set");
    let approval = waiting(&app, "demo-operator", &ask_for(&app, &order, 500)).await.expect("waits");
    let checkout = &app.state.checkout;
    let of = paid_under(&order.order_no);

    let by_command = RefundOrder { source: Source::CommandLine, ..wanted(500) };
    let refused = checkout.refund(&of, by_command.clone()).await.expect_err("the same");
    assert!(
        matches!(&refused, RefundError::Waits { number, amount }
        if number.as_str() == approval.subject && *amount == fen(500)),
        "{refused}"
    );
    let refused = waiting(&app, "demo-manager", &ask_for(&app, &order, 500)).await.expect_err("the same");
    assert!(matches!(&refused, StaffError::Refund(error) if matches!(**error, RefundError::Waits { .. })), "{refused}");
    // Two that ask at the same moment have both seen nothing.
    let asks = [ask_for(&app, &order, 700), ask_for(&app, &order, 700)];
    let asked = tokio::join!(waiting(&app, "demo-operator", &asks[0]), waiting(&app, "demo-manager", &asks[1]));
    assert_eq!([&asked.0, &asked.1].into_iter().filter(|it| it.is_ok()).count(), 1, "{asked:?}");
    assert!(given_back(&app).await.is_empty());

    // Whoever names a number of his own knows what he does; whoever approves afterwards is told of it.
    let number = OutRefundNo::parse("by-hand-1").expect("legal");
    checkout.refund(&of, RefundOrder { number: Numbered::Chosen(number), ..by_command }).await.expect("accepted");
    let manager = Desk::enter(&app, Role::Manager).await;
    let page = manager.get(&format!("/admin/approvals/{}", approval.id)).await;
    assert!(page.shown().contains("已经另外申请过退这笔付款的同样金额"), "{}", page.shown());
    let actor = app.member("demo-manager").await.actor();
    app.state.staff.decide(approval.id, Decision::Refuse, &actor).await.expect("refused");
    assert_eq!(given_back(&app).await, [500]);
}

#[tokio::test]
async fn a_refund_that_may_still_arrive_is_not_given_up() {
    let app = Stage::new().clock(&mock_clock()).start().await;
    let order = paid(&app).await;
    let who = saoma::backoffice::Acted { actor: Actor::command_line("test"), source: Source::Staff };
    app.faults(json!({"platform_down": "closed"})).await;
    let refund = app.state.checkout.refund(&paid_under(&order.order_no), wanted(500)).await.expect("written");
    assert_eq!(refund.state.code(), "REQUESTED", "nobody has answered");
    // WeChat answers again, and has not heard of it yet.
    app.faults(json!({"platform_down": "off"})).await;
    let give_up = async || app.state.office.give_up_refund(&refund.out_refund_no, &who).await;
    let kept = give_up().await.expect_err("on its way");
    assert!(matches!(kept, NotActed::NotGivenUp(NotGivenUp::UnderWay)), "{kept}");
    app.advance(61);
    assert_eq!(give_up().await.expect("given up").state.code(), "REFUSED");
    assert!(given_back(&app).await.is_empty());
    // Nobody sends what was given up.
    app.state.office.retry_refund(&refund.out_refund_no, &who).await.expect("asks");
    assert!(given_back(&app).await.is_empty());
}
