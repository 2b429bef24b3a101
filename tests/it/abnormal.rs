//! WeChat's abnormal refund: what the payer's account did not take goes to a bank account that somebody names, once,
//! and neither the card's number nor its holder's name is anywhere afterwards.

use futures::future::join_all;
use saoma::{
    backoffice::{
        attention::{Need, Place},
        staff::{AbnormalError, Actor, StaffError},
    },
    checkout::{NotSent, ToAccount},
    domain::{Fen, RefundState, Role},
    storage::{approvals::Limits, refunds::Refund},
    wechatpay::{
        ErrorCode,
        model::{Bank, BankAccount, PayeeName, SealedCard},
    },
};
use serde_json::{Value, json};
use sqlx::Row as _;

use crate::support::{App, Desk, Member, Placed, hidden, paid_under, until, wanted};

const ACCOUNT: &str = "6225880123456783";
const NAME: &str = "欧阳测试";

/// A paid order of which `amount` could not go back: its status is `REFUND_ABNORMAL`.
struct Stuck {
    app: App,
    order: Placed,
    refund: Refund,
}

impl Stuck {
    async fn start(amount: Option<i64>) -> Self {
        let app = App::with_demo_staff().await;
        app.faults(json!({"refund_ms": 0, "refund_gap_seconds": 0, "refund_outcome": "abnormal"})).await;
        let order = app.order(2).await;
        app.pay(&order.code_url).await;
        app.until_status(&order.token, "SUCCESS").await;
        let asked = app.state.checkout.refund(&paid_under(&order.order_no), wanted(amount)).await.expect("accepted");
        app.until_status(&order.token, "REFUND_ABNORMAL").await;
        app.faults(json!({"refund_outcome": "success"})).await;
        let refund = app.state.checkout.load_refund(&asked.out_refund_no).await.expect("is there");
        assert_eq!(refund.state, RefundState::Abnormal);
        Self { app, order, refund }
    }

    fn path(&self) -> String {
        format!("/admin/orders/{}/abnormal/{}", self.refund.order_id, self.refund.id)
    }

    async fn state(&self) -> RefundState {
        self.app.state.checkout.load_refund(&self.refund.out_refund_no).await.expect("is there").state
    }

    async fn send(&self, to: ToAccount, member: &Member) -> Result<Refund, AbnormalError> {
        self.app.state.staff.send_abnormal_refund(&self.refund, to, &member.actor()).await
    }

    async fn to_merchant(&self) -> ToAccount {
        ToAccount::Merchant(self.app.state.checkout.sealing_key().await.expect("a key").serial)
    }

    async fn to_user(&self) -> ToAccount {
        let key = self.app.state.checkout.sealing_key().await.expect("a key");
        let (account, name) = (BankAccount::parse(ACCOUNT).expect("digits"), PayeeName::parse(NAME).expect("a name"));
        let card = SealedCard::seal(Bank::ALL[0], &account, &name, &key).expect("sealed");
        ToAccount::User(Box::new(card))
    }

    /// Of the timeline, those of this kind with what they tell.
    async fn events(&self, kind: &str) -> Vec<String> {
        let sql = "SELECT detail FROM order_events WHERE order_id = ? AND kind = ? ORDER BY id";
        let query = sqlx::query_scalar(sql).bind(self.refund.order_id).bind(kind);
        query.fetch_all(&self.app.books.pool).await.expect("reads")
    }

    /// Calls that WeChat answered well.
    async fn heard(&self) -> u64 {
        self.app.metric("saoma_wechat_calls_total", "interface=\"abnormal_refund\",result=\"ok\"").await
    }

    /// Refunds at the platform: amount and status.
    async fn at_wechat(&self) -> Vec<(i64, String)> {
        let ledger = self.app.get("/_sandbox/ledger").await;
        let lines = ledger.text().lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let refunds = lines.filter(|line| line["type"] == "refund");
        refunds
            .map(|it| (it["amount"].as_i64().expect("fen"), it["status"].as_str().expect("a status").to_owned()))
            .collect()
    }

    async fn set_aside(&self) -> i64 {
        let sql = "SELECT refunding_fen FROM payments WHERE id = ?";
        sqlx::query_scalar(sql).bind(self.refund.payment_id).fetch_one(&self.app.books.pool).await.expect("reads")
    }

    async fn sweep_after(&self, seconds: i64) {
        self.app.advance(seconds);
        self.app.state.checkout.sweep_refunds().await.expect("sweeps");
    }

    async fn audit(&self) -> Vec<(String, String)> {
        let sql = "SELECT who, result FROM audit_log WHERE what = 'ABNORMAL_SENT' ORDER BY id";
        let rows = sqlx::query(sql).fetch_all(&self.app.books.pool).await.expect("reads");
        rows.iter().map(|row| (row.get("who"), row.get("result"))).collect()
    }
}

fn has_secret(text: &str) -> bool {
    [ACCOUNT, "6225 8801 2345 6783", NAME, "欧阳"].iter().any(|secret| text.contains(secret))
}

#[tokio::test]
async fn by_page_to_the_shoppers_card_and_no_page_or_row_has_its_number_or_name() {
    let stuck = Stuck::start(Some(2_800)).await;
    let (app, path) = (&stuck.app, stuck.path());
    let desk = Desk::enter(app, Role::Operator).await;
    let order_path = format!("/admin/orders/{}", stuck.refund.order_id);
    assert!(desk.get(&order_path).await.text().contains(&format!("href=\"{path}\"")), "the order's page leads there");
    let first = desk.get(&path).await;
    assert!(
        first.text().contains("/admin/confirm?next=") && !first.text().contains("name=\"account\""),
        "first the factor"
    );
    desk.confirm(app).await;
    let form = desk.get(&path).await;
    assert_eq!(form.header("cache-control"), Some("no-store"));
    let field = form.text().split("<input").find(|input| input.contains("name=\"account\"")).expect("a field");
    assert!(field.contains("autocomplete=\"off\"") && !field.contains("value="), "{field}");

    let typed = [("to", "user"), ("bank", "CMB_DEBIT"), ("account", "6225 8801 2345 6783"), ("name", NAME)];
    let with = |name: &str, value: &'static str| typed.map(|(it, was)| (it, if it == name { value } else { was }));
    for (field, wrong, kept) in [
        ("name", "😀", false),
        ("name", "\u{3000} \u{200b}", false),
        ("bank", "HXB_DEBIT", true),
        ("account", "6225", true),
        ("to", "", true),
    ] {
        let again = desk.post(&format!("{path}/check"), &with(field, wrong)).await;
        assert_eq!(again.status, 422, "{field}: {}", again.text());
        let has_number = ["6225 8801", "value=\"6225"].iter().any(|it| again.text().contains(it));
        assert!(!has_number, "{field}: not the number");
        assert_eq!(again.text().contains(NAME), kept, "{field}: what else was typed stays");
        assert!(again.text().contains("class=\"field__problem\""), "{field}");
    }
    // One digit is wrong, which WeChat would say much later; where the card does say so it is taken.
    let mistyped = with("account", "6225 8801 2345 6784");
    let again = desk.post(&format!("{path}/check"), &mistyped).await;
    assert!(again.status == 422 && again.text().contains("校验位") && again.text().contains("name=\"unusual\""));
    assert!(!again.text().contains("6784"), "not the number");
    let sure = [&mistyped[..], &[("unusual", "yes")]].concat();
    assert_eq!(desk.post(&format!("{path}/check"), &sure).await.status, 200);
    let check = desk.post(&format!("{path}/check"), &typed).await;
    assert_eq!((check.status, check.header("cache-control")), (200, Some("no-store")));
    let text = check.text();
    assert!(!has_secret(text), "{text}");
    assert!(
        text.contains("6783") && text.contains("招商银行") && text.contains("***试") && text.contains("28.00"),
        "{text}"
    );
    assert_eq!(stuck.events("REFUND_ABNORMAL_ASKED").await, Vec::<String>::new(), "nothing is done yet");

    let [account, name, serial, bank] = ["account", "name", "serial", "bank"].map(|name| hidden(text, name));
    // Base64 in an attribute is as it is.
    let sealed: [(&str, &str); 5] =
        [("to", "user"), ("bank", &bank), ("account", &account), ("name", &name), ("serial", &serial)];
    let bare = sealed.map(|(it, was)| (it, if it == "account" { ACCOUNT } else { was }));
    assert_eq!(desk.post(&path, &bare).await.status, 422, "a bare number is not taken");
    assert_eq!(desk.post_to(&path, &sealed).await, format!("{order_path}?said=abnormal-sent"));
    assert_eq!(
        desk.post_to(&path, &sealed).await,
        order_path,
        "pressed twice: somebody else may have chosen otherwise"
    );
    app.until_status(&stuck.order.token, "REFUND_PARTIAL").await;
    assert_eq!(stuck.state().await, RefundState::Success);
    assert_eq!(stuck.heard().await, 1);
    assert_eq!(stuck.at_wechat().await, [(2_800, "SUCCESS".to_owned())], "one refund");
    assert_eq!(stuck.set_aside().await, 2_800);
    let number = &stuck.refund.out_refund_no;
    assert_eq!(stuck.events("REFUND_ABNORMAL_ASKED").await, [format!("{number} USER_BANK_CARD demo-operator")]);
    let operator = "demo-operator".to_owned();
    let entries = [(operator.clone(), "ASKED".to_owned()), (operator, "DONE".to_owned())];
    assert_eq!(stuck.audit().await, entries);

    for page in [&order_path, "/admin", "/admin/audit"] {
        let page = desk.get(page).await;
        assert!(page.status == 200 && !has_secret(page.text()), "{page:?}");
    }
    assert!(desk.get(&order_path).await.text().contains("申请改退到银行卡"));
    for row in every_row(app).await {
        assert!(!has_secret(&row), "{row}");
    }
}

/// All texts of the tables that a refund, its order and its audit touch.
async fn every_row(app: &App) -> Vec<String> {
    let mut rows = app.books.picture().await;
    for sql in [
        "SELECT json_array(out_refund_no, reason, hex(request), refund_id, problem, request_id) FROM refunds",
        "SELECT json_array(who, what, subject, detail, address, request_id, result) FROM audit_log",
        "SELECT json_array(notify_id, event_type, verdict, hex(body)) FROM notifications",
        "SELECT json_array(kind, detail) FROM concerns",
        "SELECT json_array(author, text) FROM order_notes",
    ] {
        rows.extend(sqlx::query_scalar::<_, String>(sql).fetch_all(&app.books.pool).await.expect("reads"));
    }
    assert!(rows.len() > 10);
    rows
}

#[tokio::test]
async fn to_the_merchants_own_account_nothing_is_sealed_and_others_of_the_payment_go_on() {
    let stuck = Stuck::start(Some(300)).await;
    let (app, rest) = (&stuck.app, stuck.order.total - 300);
    let of = paid_under(&stuck.order.order_no);
    let desk = Desk::enter(app, Role::Operator).await;
    desk.confirm(app).await;
    let check = desk.post(&format!("{}/check", stuck.path()), &[("to", "merchant")]).await;
    assert!(check.status == 200 && !check.text().contains("name=\"account\""), "{}", check.text());
    let too_much = app.state.checkout.refund(&of, wanted(rest + 1)).await;
    assert!(too_much.is_err(), "its money stays set aside: {too_much:?}");
    assert!(desk.post_to(&stuck.path(), &[("to", "merchant")]).await.ends_with("?said=abnormal-sent"));
    app.state.checkout.refund(&of, wanted(rest)).await.expect("the rest is free");
    app.until_status(&stuck.order.token, "REFUND_SUCCESS").await;
    assert_eq!(stuck.set_aside().await, stuck.order.total);
    assert_eq!(stuck.at_wechat().await.iter().map(|(amount, _)| amount).sum::<i64>(), stuck.order.total);
    let told = stuck.events("REFUND_ABNORMAL_ASKED").await;
    assert_eq!(told, [format!("{} MERCHANT_BANK_CARD demo-operator", stuck.refund.out_refund_no)]);
    // The shopper has the rest, and not this.
    let pay = format!("/pay/{}", stuck.order.token);
    for path in [pay.clone(), format!("{pay}/receipt")] {
        let page = app.get(&path).await.shown();
        assert!(page.contains("¥3.00 由商家另行退还") && page.contains("由商家另行退还给您"), "{path}: {page}");
        assert!(page.contains("¥125.00 已退回") && page.contains("原路退回"), "{path}: {page}");
        assert!(page.contains("有退款由商家另行退还") && !page.contains("已全额退款"), "{path}: {page}");
    }
    let receipt = app.get(&format!("{pay}/receipt")).await.shown();
    assert!(receipt.contains("实付金额 ¥ 128.00"), "{receipt}");
}

#[tokio::test]
async fn what_went_to_the_merchants_own_account_is_not_promised_to_come_back_the_way_it_came() {
    let stuck = Stuck::start(None).await;
    let (app, operator) = (&stuck.app, stuck.app.member("demo-operator").await);
    stuck.send(stuck.to_merchant().await, &operator).await.expect("sent");
    app.until_status(&stuck.order.token, "REFUND_SUCCESS").await;
    let pay = format!("/pay/{}", stuck.order.token);
    for path in [pay.clone(), format!("{pay}/receipt")] {
        let page = app.get(&path).await.shown();
        assert!(
            page.contains("由商家另行退还给您") && !page.contains("原路退回") && !page.contains("已退回"),
            "{page}"
        );
        assert!(page.contains("有退款由商家另行退还") && !page.contains("已全额退款"), "{page}");
    }
}

#[tokio::test]
async fn what_came_back_to_the_shop_is_owed_to_the_shopper_until_somebody_says_that_he_was_paid() {
    let stuck = Stuck::start(Some(50)).await;
    let (app, number) = (&stuck.app, stuck.refund.out_refund_no.clone());
    let desk = Desk::enter(app, Role::Operator).await;
    desk.confirm(app).await;
    app.faults(json!({"error_500": {"abnormal": 1}})).await;
    stuck.send(stuck.to_merchant().await, &app.member("demo-operator").await).await.expect("not known how it ended");
    assert!(needs(app).await.iter().all(|need| need.0 != Need::OwedRefund), "it is not known to be there");
    stuck.sweep_after(90).await;
    stuck.send(stuck.to_merchant().await, &app.member("demo-operator").await).await.expect("sent");
    app.until_status(&stuck.order.token, "REFUND_PARTIAL").await;
    let place = Place::Order(stuck.refund.order_id);
    let owed = [(Need::OwedRefund, number.to_string(), Some(stuck.refund.amount), place)];
    assert_eq!(needs(app).await, owed, "once, although it was asked for twice");
    assert_eq!(app.metric("saoma_needs_someone", "what=\"owed_refund\"").await, 1);
    let order = format!("/admin/orders/{}", stuck.refund.order_id);
    let page = desk.get(&order).await.shown();
    assert!(page.contains("还要另行退给顾客") && page.contains("还欠顾客退款") && !page.contains("已退回"), "{page}");
    for list in ["/admin/orders", "/admin/orders?needs=1", "/admin/orders/orders.csv"] {
        let list = desk.get(list).await.text().to_owned();
        assert!(list.contains("还欠顾客退款"), "{list}");
    }
    // Somebody who looks at what WeChat says otherwise has not paid him.
    desk.post_to(&format!("{order}/settle"), &[]).await;
    assert_eq!(needs(app).await, owed);
    for _ in 0..2 {
        let said = desk.post_to(&format!("{order}/seen"), &[("number", number.as_str())]).await;
        assert!(said.ends_with("?said=settled"), "{said}");
    }
    assert_eq!(needs(app).await, []);
    assert_eq!(app.metric("saoma_needs_someone", "what=\"owed_refund\"").await, 0);
    let page = desk.get(&order).await.shown();
    assert!(page.contains("已另行退给顾客") && !page.contains("还欠顾客退款"), "{page}");
    let sql = "SELECT COUNT(*) FROM audit_log WHERE what = 'REFUND_SEEN'";
    let noted: i64 = sqlx::query_scalar(sql).fetch_one(&app.books.pool).await.expect("reads");
    assert_eq!(noted, 1);
}

/// What needs someone about orders.
async fn needs(app: &App) -> Vec<(Need, String, Option<Fen>, Place)> {
    let needs = app.state.office.what_needs_someone().await.expect("a list");
    needs.into_iter().map(|it| (it.need, it.what, it.amount, it.place)).collect()
}

#[tokio::test]
async fn what_went_to_the_shoppers_card_in_the_end_is_not_owed() {
    let stuck = Stuck::start(Some(50)).await;
    let (app, operator) = (&stuck.app, stuck.app.member("demo-operator").await);
    app.faults(json!({"error_500": {"abnormal": 1}})).await;
    stuck.send(stuck.to_merchant().await, &operator).await.expect("not known how it ended");
    stuck.sweep_after(90).await;
    stuck.send(stuck.to_user().await, &operator).await.expect("sent");
    app.until_status(&stuck.order.token, "REFUND_PARTIAL").await;
    assert_eq!(needs(app).await, []);
}

#[tokio::test]
async fn by_eight_at_once_wechat_is_asked_once() {
    let stuck = Stuck::start(None).await;
    stuck.app.faults(json!({"refund_ms": 3_600_000})).await;
    let (operator, manager) = (stuck.app.member("demo-operator").await, stuck.app.member("demo-manager").await);
    let (own, card) = (stuck.to_merchant().await, stuck.to_user().await);
    let press = |at: usize| {
        let to = if at.is_multiple_of(2) { own.clone() } else { card.clone() };
        stuck.send(to, if at < 4 { &operator } else { &manager })
    };
    let pressed = join_all((0..8).map(press)).await;
    let sent = pressed.iter().filter(|it| it.is_ok()).count();
    let late = |it: &Result<Refund, AbnormalError>| {
        let error = it.as_ref().err();
        matches!(
            error,
            Some(AbnormalError::NotSent(NotSent::OnItsWay(_) | NotSent::NotAbnormal(RefundState::Processing)))
        )
    };
    assert_eq!((sent, pressed.iter().filter(|it| late(it)).count()), (1, 7), "{pressed:?}");
    assert_eq!((stuck.heard().await, stuck.events("REFUND_ABNORMAL_ASKED").await.len()), (1, 1));
    assert_eq!(stuck.state().await, RefundState::Processing);
    assert_eq!(stuck.app.look(&stuck.order.token).await["status"], "REFUND_PROCESSING");
    assert_eq!(stuck.audit().await.len(), 2, "asked, and done");
}

#[tokio::test]
async fn whoever_may_not_refund_or_comes_too_late_sends_nothing() {
    let stuck = Stuck::start(None).await;
    let viewer = Desk::enter(&stuck.app, Role::Viewer).await;
    let path = stuck.path();
    for status in [
        viewer.get(&path).await.status,
        viewer.post(&format!("{path}/check"), &[("to", "merchant")]).await.status,
        viewer.post(&path, &[("to", "merchant")]).await.status,
    ] {
        assert_eq!(status, 403);
    }
    let refused = stuck.send(stuck.to_merchant().await, &stuck.app.member("demo-viewer").await).await;
    assert!(matches!(refused, Err(AbnormalError::Staff(StaffError::Role(Role::Operator)))), "{refused:?}");
    // Mended in the console meanwhile: WeChat's last word comes first.
    let console = format!("/_sandbox/refunds/{}", stuck.refund.out_refund_no);
    let mended = stuck.app.control(reqwest::Method::POST, &console, &json!({"status": "SUCCESS"})).await;
    assert_eq!(mended.status, 200, "{mended:?}");
    let late = stuck.send(stuck.to_merchant().await, &stuck.app.member("demo-operator").await).await;
    let state = RefundState::Success;
    assert!(matches!(late, Err(AbnormalError::NotSent(NotSent::NotAbnormal(it))) if it == state), "{late:?}");
    let desk = Desk::enter(&stuck.app, Role::Operator).await;
    desk.confirm(&stuck.app).await;
    let led = desk.post_to(&path, &[("to", "merchant")]).await;
    assert!(led.starts_with(&format!("/admin/orders/{}", stuck.refund.order_id)), "{led}");
    assert_eq!((stuck.heard().await, stuck.events("REFUND_ABNORMAL_ASKED").await.len()), (0, 0));
}

#[tokio::test]
async fn beyond_the_limits_it_takes_a_manager_who_has_not_asked_for_the_refund() {
    let stuck = Stuck::start(Some(2_000)).await;
    let (staff, fen) = (&stuck.app.state.staff, |fen| Some(Fen::new(fen).expect("money")));
    let limits = Limits { per_refund: fen(1_000), per_day: fen(5_000) };
    staff.set_limits(limits, &Actor::command_line("test")).await.expect("set");
    let (operator, manager) = (stuck.app.member("demo-operator").await, stuck.app.member("demo-manager").await);
    let refused = stuck.send(stuck.to_merchant().await, &operator).await;
    assert!(matches!(refused, Err(AbnormalError::NotSent(NotSent::NotAllowed))), "{refused:?}");
    // As if he had asked for it: what the audit log says.
    let subject = format!("refund:{}", stuck.refund.out_refund_no);
    staff.note(&manager.actor(), "REFUND_ASKED", &subject, "20.00").await.expect("noted");
    let refused = stuck.send(stuck.to_merchant().await, &manager).await;
    assert!(matches!(refused, Err(AbnormalError::NotSent(NotSent::NotAllowed))), "{refused:?}");
    assert_eq!((stuck.heard().await, stuck.events("REFUND_ABNORMAL_ASKED").await.len()), (0, 0));
    assert!(stuck.audit().await.is_empty(), "what was not allowed is undone as a whole");
    let (other, _, _) = Desk::invite(&stuck.app, "anna", Role::Manager).await;
    drop(other);
    stuck.send(stuck.to_merchant().await, &stuck.app.member("anna").await).await.expect("sent");
    stuck.app.until_status(&stuck.order.token, "REFUND_PARTIAL").await;
}

#[tokio::test]
async fn what_one_person_sends_counts_to_his_day() {
    let stuck = Stuck::start(Some(800)).await;
    let fen = |fen| Some(Fen::new(fen).expect("money"));
    let limits = Limits { per_refund: fen(1_000), per_day: fen(1_000) };
    stuck.app.state.staff.set_limits(limits, &Actor::command_line("test")).await.expect("set");
    let operator = stuck.app.member("demo-operator").await;
    stuck.send(stuck.to_merchant().await, &operator).await.expect("within the limits");
    assert_eq!(stuck.app.state.staff.refunded_today(operator.id).await.expect("reads"), 800);
}

#[tokio::test]
async fn an_answer_that_is_lost_is_found_by_asking_and_nothing_is_sent_meanwhile() {
    let stuck = Stuck::start(None).await;
    let operator = stuck.app.member("demo-operator").await;
    // Not even heard.
    stuck.app.faults(json!({"error_500": {"abnormal": 1}})).await;
    let lost = stuck.send(stuck.to_merchant().await, &operator).await.expect("nobody knows");
    assert_eq!(lost.state, RefundState::Abnormal);
    let again = stuck.send(stuck.to_user().await, &operator).await;
    assert!(matches!(again, Err(AbnormalError::NotSent(NotSent::OnItsWay(_)))), "{again:?}");
    let desk = Desk::enter(&stuck.app, Role::Viewer).await;
    let page = desk.get(&format!("/admin/orders/{}", stuck.refund.order_id)).await;
    assert!(page.text().contains("微信支付还没有确认") && page.text().contains("demo-operator"), "{}", page.text());
    assert_eq!(stuck.audit().await.len(), 1, "asked, without an end");
    stuck.sweep_after(61).await;
    let number = &stuck.refund.out_refund_no;
    assert_eq!(stuck.events("REFUND_ABNORMAL_REFUSED").await, [format!("{number} ABNORMAL")]);
    assert_eq!(stuck.state().await, RefundState::Abnormal);
    // Heard, and the answer is lost.
    stuck.app.faults(json!({"error_500_after_commit": {"abnormal": 1}, "refund_ms": 3_600_000})).await;
    let lost = stuck.send(stuck.to_merchant().await, &operator).await.expect("nobody knows");
    assert_eq!(lost.state, RefundState::Abnormal);
    stuck.sweep_after(61).await;
    assert_eq!(stuck.state().await, RefundState::Processing, "its query tells");
    assert_eq!(stuck.app.look(&stuck.order.token).await["status"], "REFUND_PROCESSING");
    stuck.app.advance(3_600);
    until("swept", async || {
        stuck.sweep_after(1_801).await;
        (stuck.state().await == RefundState::Success).then_some(())
    })
    .await;
    assert_eq!(stuck.app.look(&stuck.order.token).await["status"], "REFUND_SUCCESS");
    assert_eq!(stuck.at_wechat().await, [(stuck.order.total, "SUCCESS".to_owned())]);
    assert_eq!(stuck.events("REFUND_ABNORMAL_ASKED").await.len(), 2);
}

#[tokio::test]
async fn a_notice_that_is_faster_than_the_reply_is_not_taken_back() {
    let stuck = Stuck::start(None).await;
    stuck.app.faults(json!({"timeout_after_commit": {"abnormal": 1}, "timeout_ms": 1_500})).await;
    let operator = stuck.app.member("demo-operator").await;
    let to = stuck.to_merchant().await;
    let (sent, ()) = tokio::join!(stuck.send(to, &operator), async {
        stuck.app.until_status(&stuck.order.token, "REFUND_SUCCESS").await;
    });
    assert_eq!(sent.expect("sent").state, RefundState::Success);
    assert_eq!(stuck.state().await, RefundState::Success);
    let events = stuck.app.books.events(&stuck.order.order_no).await;
    assert_eq!(events.last().map(String::as_str), Some("REFUND_SUCCESS/CALLBACK"), "{events:?}");
}

#[tokio::test]
async fn an_old_notice_that_it_is_abnormal_changes_nothing_and_a_new_one_does() {
    let stuck = Stuck::start(None).await;
    let app = &stuck.app;
    app.faults(json!({"refund_ms": 3_600_000})).await;
    stuck.send(stuck.to_user().await, &app.member("demo-operator").await).await.expect("sent");
    assert_eq!(stuck.state().await, RefundState::Processing);
    let number = &stuck.refund.out_refund_no;
    let transaction: String =
        sqlx::query_scalar("SELECT transaction_id FROM payments").fetch_one(&app.books.pool).await.expect("reads");
    let mut notice = app.forger.refund(&stuck.order, &transaction, number.as_str(), stuck.order.total);
    notice.event_type = "REFUND.ABNORMAL".to_owned();
    notice.content["refund_status"] = json!("ABNORMAL");
    notice.content["refund_id"] = json!(stuck.refund.refund_id);
    assert_eq!(app.deliver_refund(&app.forger.callback(&notice)).await.status, 200);
    stuck.sweep_after(1).await;
    assert_eq!(stuck.state().await, RefundState::Processing, "WeChat was asked, and it is on its way");
    // That account does not take it either.
    let console = format!("/_sandbox/refunds/{number}");
    let moved = app.control(reqwest::Method::POST, &console, &json!({"status": "ABNORMAL"})).await;
    assert_eq!(moved.status, 200, "{moved:?}");
    until("abnormal again", async || {
        stuck.sweep_after(1).await;
        (stuck.state().await == RefundState::Abnormal).then_some(())
    })
    .await;
    app.faults(json!({"refund_ms": 0})).await;
    stuck.send(stuck.to_merchant().await, &app.member("demo-operator").await).await.expect("to another account");
    app.until_status(&stuck.order.token, "REFUND_SUCCESS").await;
    assert_eq!(stuck.set_aside().await, stuck.order.total);
    assert_eq!(stuck.at_wechat().await, [(stuck.order.total, "SUCCESS".to_owned())]);
}

#[tokio::test]
async fn a_card_that_wechat_cannot_open_is_refused_and_can_be_sent_again() {
    let stuck = Stuck::start(None).await;
    let operator = stuck.app.member("demo-operator").await;
    let ToAccount::User(mut card) = stuck.to_user().await else { panic!("a card") };
    card.real_name = card.real_name.chars().rev().filter(|it| *it != '=').collect();
    let refused = stuck.send(ToAccount::User(card), &operator).await;
    let Err(AbnormalError::NotSent(NotSent::Refused(Some(code)))) = refused else { panic!("{refused:?}") };
    assert_eq!(code, ErrorCode::ParamError);
    let number = &stuck.refund.out_refund_no;
    assert_eq!(stuck.events("REFUND_ABNORMAL_REFUSED").await, [format!("{number} PARAM_ERROR")]);
    assert_eq!(stuck.audit().await.last().map(|(_, result)| result.clone()), Some("REFUSED".to_owned()));
    let desk = Desk::enter(&stuck.app, Role::Viewer).await;
    let page = desk.get(&format!("/admin/orders/{}", stuck.refund.order_id)).await;
    assert!(page.text().contains("PARAM_ERROR"), "{}", page.text());
    stuck.send(stuck.to_user().await, &operator).await.expect("at once");
    stuck.app.until_status(&stuck.order.token, "REFUND_SUCCESS").await;
}
