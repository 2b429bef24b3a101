//! What staff does, by the use cases that its pages and commands are made of; money and callbacks go over real HTTP.

use futures::TryStreamExt as _;
use saoma::{
    backoffice::{
        Acted,
        attention::{Item, Need, Place},
        inbox::CannotReplay,
        orders::{Asked, Columns, Filter, Form, NotActed},
        staff::Actor,
    },
    checkout::{Answer, Numbered, RefundError, RefundOrder},
    domain::{Fen, OrderStatus, OutRefundNo},
    storage::{events::Source, inbox::Lead, refunds::Refund},
};
use serde_json::json;

use crate::support::{App, Placed, Stage, is_file, mock_clock, paid_under, until};

fn staff() -> Acted {
    let [address, request_id] = [String::new(), String::new()];
    Acted::by(Actor { staff: None, name: "alice".to_owned(), address, request_id })
}

async fn paid(app: &App, product: i64) -> Placed {
    let order = app.order(product).await;
    app.pay_by_forgery(&order).await;
    order
}

async fn id_of(app: &App, order: &Placed) -> i64 {
    app.books.order(&order.order_no).await.id
}

async fn numbers(app: &App, asked: Asked) -> Vec<String> {
    let filter = Filter::read(&asked, app.clock.now()).expect("a filter");
    let page = app.state.office.list_orders(&filter, None).await.expect("a page");
    page.rows.into_iter().map(|row| row.beside.out_trade_no).collect()
}

async fn needs(app: &App) -> Vec<Item> {
    app.state.office.what_needs_someone().await.expect("a list")
}

#[tokio::test]
async fn orders_are_found_by_each_filter_and_by_every_number() {
    let app = App::start().await;
    let (unpaid, by_callback) = (app.order(1).await, paid(&app, 2).await);
    let other = app.order(3).await;
    app.faults(json!({"drop": 99})).await;
    let transaction = app.pay(&other.code_url).await;
    let who = staff();
    let asked = app.state.office.ask_about_order(id_of(&app, &other).await, &who).await.expect("asked");
    assert_eq!(asked, Answer::Paid);
    assert_eq!(numbers(&app, Asked::default()).await, [&*other.order_no, &by_callback.order_no, &unpaid.order_no]);
    for (asked, wanted) in [
        (Asked { kind: "NOTPAY".into(), ..Asked::default() }, vec![&unpaid]),
        (Asked { kind: "SUCCESS".into(), ..Asked::default() }, vec![&other, &by_callback]),
        (Asked { product: "2".into(), ..Asked::default() }, vec![&by_callback]),
        (Asked { found: "CALLBACK".into(), ..Asked::default() }, vec![&by_callback]),
        (Asked { found: "STAFF".into(), ..Asked::default() }, vec![&other]),
        (Asked { found: "STAFF".into(), product: "1".into(), ..Asked::default() }, vec![]),
        (Asked { needs_someone: true, ..Asked::default() }, vec![]),
        (Asked { first: "2020-01-01".into(), last: "2020-12-31".into(), ..Asked::default() }, vec![]),
    ] {
        let wanted: Vec<&str> = wanted.into_iter().map(|it| &*it.order_no).collect();
        assert_eq!(numbers(&app, asked.clone()).await, wanted, "{asked:?}");
    }
    let yuan = Fen::new(by_callback.total).expect("an amount").to_string();
    let total = Asked { least: yuan.clone(), most: yuan, ..Asked::default() };
    assert!(numbers(&app, total).await.contains(&by_callback.order_no));
    for number in [&other.order_no, &transaction, &other.token] {
        let found = app.state.office.search(number).await.expect("a search");
        assert_eq!(found.into_iter().map(|row| row.beside.out_trade_no).collect::<Vec<_>>(), [&*other.order_no]);
    }
    for nothing in ["%", "", " ", "订单", &"9".repeat(10_000), "' OR '1'='1"] {
        assert!(app.state.office.search(nothing).await.expect("a search").is_empty(), "{nothing:.20}");
    }
}

#[tokio::test]
async fn an_export_is_a_file_that_a_spreadsheet_reads_and_runs_nothing_of() {
    let app = App::start().await;
    let order = app.order(1).await;
    sqlx::query("UPDATE orders SET title = '=HYPERLINK(\"https://evil.example\")'")
        .execute(&app.books.pool)
        .await
        .expect("writes");
    let columns = Columns { headings: ["a"; 11], status: OrderStatus::code, owed: "OWED", found: |_| "" };
    let filter = Filter::usual(app.clock.now());
    let pieces: Vec<_> =
        app.state.office.export_orders(filter, Form::Csv(columns)).pieces().try_collect().await.expect("a file");
    let orders: usize = pieces.iter().map(|piece| piece.1).sum();
    let file = String::from_utf8(pieces.into_iter().flat_map(|piece| piece.0).collect()).expect("UTF-8");
    assert_eq!(orders, 1);
    let lines: Vec<&str> = file.split("\r\n").collect();
    assert_eq!((lines[0], lines.len()), ("\u{feff}a,a,a,a,a,a,a,a,a,a,a", 3), "{file}");
    let begin = format!("{},\"'=HYPERLINK(\"\"https://evil.example\"\")\",1,", order.order_no);
    assert!(lines[1].starts_with(&begin), "{file}");
}

#[tokio::test]
async fn staff_asks_closes_and_notes_and_each_may_be_said_twice() {
    let app = App::start().await;
    let (open, done) = (app.order(1).await, paid(&app, 2).await);
    let (office, who) = (&app.state.office, staff());
    let (open_id, done_id) = (id_of(&app, &open).await, id_of(&app, &done).await);
    assert_eq!(office.ask_about_order(open_id, &who).await.expect("asked"), Answer::NotPaid);
    let form = office.new_form();
    for _ in 0..2 {
        office.add_note(open_id, " 客户来电 ", &form, &who).await.expect("noted");
        let closed = office.close_order(open_id, &who).await.expect("closed");
        assert_eq!(closed.status.code(), "CLOSED");
    }
    assert!(matches!(office.close_order(done_id, &who).await, Err(NotActed::NotOpen(OrderStatus::Success))));
    for bad in ["", "  ", &"长".repeat(1001)] {
        assert!(matches!(office.add_note(open_id, bad, "f", &who).await, Err(NotActed::Note)));
    }
    let sheet = office.open_sheet(open_id).await.expect("a sheet");
    let notes: Vec<_> = sheet.notes.iter().map(|note| (note.author.as_str(), note.text.as_str())).collect();
    assert_eq!(notes, [("alice", "客户来电")]);
    let events = app.books.events(&open.order_no).await;
    for event in ["ASKED/STAFF", "CANCEL_ASKED/STAFF", "CLOSED/STAFF"] {
        assert_eq!(events.iter().filter(|it| *it == event).count(), 1, "{event}: {events:?}");
    }
    assert_eq!(office.open_sheet(done_id).await.expect("a sheet").notifications.len(), 1);
}

/// Asked for at the page of the order.
async fn give_back(app: &App, order: &Placed, amount: i64, number: &OutRefundNo) -> Result<Refund, RefundError> {
    let amount = Some(Fen::new(amount).expect("an amount"));
    let number = Numbered::Chosen(number.clone());
    let reason = "退一部分".to_owned();
    let wanted = RefundOrder { amount, reason, source: Source::Staff, number, another: false };
    app.state.checkout.refund(&paid_under(&order.order_no), wanted).await
}

#[tokio::test]
async fn a_refund_that_stands_still_is_retried_or_given_up() {
    let app = App::start().await;
    let order = paid(&app, 2).await;
    let (office, who) = (&app.state.office, staff());
    // The platform does not know the payment that was forged, so it does not take the refund.
    let number = OutRefundNo::parse("standing-one").expect("legal");
    let refund = give_back(&app, &order, 1, &number).await.expect("written");
    assert_eq!(refund.state.code(), "REQUESTED");
    let listed = office.search(&order.order_no).await.expect("a search").remove(0).beside;
    assert_eq!((listed.refunded_fen, listed.set_aside_fen), (0, 1), "nobody has given it back");
    assert_eq!(office.retry_refund(&number, &who).await.expect("asked").state.code(), "REQUESTED");
    for _ in 0..2 {
        assert_eq!(office.give_up_refund(&number, &who).await.expect("given up").state.code(), "REFUSED");
    }
    assert!(needs(&app).await.is_empty(), "whoever gave it up has seen it");
    let left = sqlx::query_scalar::<_, i64>("SELECT refunding_fen FROM payments").fetch_one(&app.books.pool).await;
    assert_eq!(left.expect("reads"), 0, "its money can be given back otherwise");
    let good = app.order(3).await;
    app.faults(json!({"refund_ms": 0, "refund_gap_seconds": 0})).await;
    app.pay(&good.code_url).await;
    app.until_status(&good.token, "SUCCESS").await;
    let number = OutRefundNo::parse("accepted-one").expect("legal");
    give_back(&app, &good, 1, &number).await.expect("accepted");
    let listed = office.search(&good.order_no).await.expect("a search").remove(0).beside;
    assert_eq!((listed.refunded_fen, listed.set_aside_fen), (1, 0));
    assert!(matches!(office.give_up_refund(&number, &who).await, Err(NotActed::NotGivenUp(_))));
}

#[tokio::test]
async fn what_needs_someone_is_listed_and_counted_until_it_is_settled() {
    let app = App::start().await;
    let order = paid(&app, 2).await;
    let id = id_of(&app, &order).await;
    let (office, who) = (&app.state.office, staff());
    assert_eq!(needs(&app).await, []);
    let number = OutRefundNo::parse("stuck-one").expect("legal");
    give_back(&app, &order, 1, &number).await.expect("written");
    let set = |sql: &'static str| sqlx::query(sql).execute(&app.books.pool);
    set("UPDATE refunds SET state = 'ABNORMAL'").await.expect("writes");
    set("INSERT INTO concerns (kind, order_id, detail, at_ms) SELECT 'PAYMENT_CONTRADICTED', id, 'x NOTPAY', 1 FROM orders")
        .await
        .expect("writes");
    let mut stranger = order.clone();
    stranger.order_no = "20261126000000NOBODYS0NUMBER".to_owned();
    app.deliver(&app.forger.payment(&stranger)).await;
    let listed = needs(&app).await;
    let places: Vec<_> = listed.iter().map(|item| (item.need, item.place)).collect();
    let notification =
        office.list_inbox(&Lead::Verdict("UNKNOWN_ORDER".into()), None).await.expect("reads").entries[0].id;
    assert_eq!(
        places,
        [
            (Need::Contradiction, Place::Order(id)),
            (Need::QuarantinedNotification, Place::Notification(notification)),
            (Need::AbnormalRefund, Place::Order(id)),
        ]
    );
    let asked = Asked { needs_someone: true, ..Asked::default() };
    assert_eq!(numbers(&app, asked.clone()).await, [&*order.order_no]);
    assert_eq!(app.metric("saoma_needs_someone", "what=\"abnormal_refund\"").await, 1);
    assert_eq!(app.metric("saoma_needs_someone", "what=\"stuck_surplus\"").await, 0);
    assert!(office.settle_notification(notification, &who).await.expect("settled"));
    assert_eq!(office.settle_concerns(id, &who).await.expect("settled"), 1);
    set("UPDATE refunds SET state = 'SUCCESS'").await.expect("writes");
    assert_eq!(needs(&app).await, []);
    assert_eq!(numbers(&app, asked).await, [""; 0]);
}

#[tokio::test]
async fn a_notification_is_verified_again_as_of_when_it_came_and_booked() {
    let app = App::start_with_mock_clock().await;
    let order = app.order(2).await;
    let office = &app.state.office;
    let set = |sql: &'static str| sqlx::query(sql).execute(&app.books.pool);
    set("UPDATE orders SET total_fen = total_fen + 1").await.expect("writes");
    app.deliver(&app.forger.payment(&order)).await;
    let entry = office.list_inbox(&Lead::All, None).await.expect("reads").entries[0].clone();
    assert_eq!(entry.verdict, "MISMATCH_AMOUNT");
    set("UPDATE orders SET total_fen = total_fen - 1").await.expect("writes");
    app.advance(10 * 24 * 3600);
    let replayed = office.replay(entry.id, &staff()).await.expect("verifies");
    assert_eq!(replayed.verdict.code(), "PAID");
    assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
    let payments = app.books.payments().await;
    assert_eq!((payments.len(), &*payments[0].source), (1, "STAFF"));
    assert_eq!(office.replay(entry.id, &staff()).await.expect("verifies").verdict.code(), "DUPLICATE");
    let entry = office.list_inbox(&Lead::All, None).await.expect("reads").entries[0].clone();
    assert_eq!((entry.deliveries, &*entry.verdict), (1, "MISMATCH_AMOUNT"), "what it was stays");
    assert_eq!(entry.replayed.map(|it| it.1).as_deref(), Some("DUPLICATE"));
    set("UPDATE notifications SET headers = REPLACE(headers, 'nonce: ', 'nonce: x')").await.expect("writes");
    assert!(matches!(office.replay(entry.id, &staff()).await, Err(CannotReplay::Refused(_))), "altered");
    set("UPDATE platform_keys SET serial = 'gone'").await.expect("writes");
    set("UPDATE notifications SET headers = REPLACE(headers, 'serial: ', 'serial: X')").await.expect("writes");
    assert!(matches!(office.replay(entry.id, &staff()).await, Err(CannotReplay::KeyGone(_))));
    set("UPDATE notifications SET signature = NULL").await.expect("writes");
    assert!(matches!(office.replay(entry.id, &staff()).await, Err(CannotReplay::NoSignature)));
    set("UPDATE notifications SET emptied_ms = 1").await.expect("writes");
    assert!(matches!(office.replay(entry.id, &staff()).await, Err(CannotReplay::Emptied)));
    assert!(matches!(office.replay(999_999, &staff()).await, Err(CannotReplay::NoSuch)));
}

#[tokio::test]
async fn refused_deliveries_are_kept_in_bounds_and_counted_all() {
    let app = App::start().await;
    let order = app.order(2).await;
    let callback = app.forger.payment(&order);
    let probe = callback.clone().with("wechatpay-signature", "WECHATPAY/SIGNTEST/abc");
    assert_eq!(app.deliver(&probe).await.status, 401);
    let long = callback.with_body(vec![b'{'; 20_000]);
    for _ in 0..60 {
        assert_eq!(app.deliver(&long).await.status, 401);
    }
    let office = &app.state.office;
    let refused = until("them to be written", async || {
        let refused = office.list_refused(None).await.expect("reads").entries;
        (refused.len() == 50).then_some(refused)
    })
    .await;
    let first = refused.last().expect("some");
    assert_eq!((&*first.reason, first.is_probe, &*first.about), ("signature_probe", true, "payments"));
    let last = &refused[0];
    assert_eq!((&*last.reason, last.is_probe, last.body.len(), last.body_bytes), ("signature", false, 4096, 20_000));
    assert_eq!((last.address.as_str(), last.serial.is_some(), last.sent.is_some()), ("127.0.0.1", true, true));
    assert!(!last.headers.contains("ignature: "), "no signature: {}", last.headers);
    let counted = until("all to be counted", async || {
        let counts = office.report().await.expect("a report").today().refused;
        (counts.values().sum::<i64>() == 61).then_some(counts)
    })
    .await;
    assert_eq!(counted.get("signature_probe"), Some(&1));
    assert!(office.list_inbox(&Lead::All, None).await.expect("reads").entries.is_empty(), "nothing was believed");
}

#[tokio::test]
async fn a_day_is_summed_up_and_an_old_one_too() {
    let app = Stage::new().clock(&mock_clock()).start().await;
    app.faults(json!({"refund_ms": 0, "refund_gap_seconds": 0})).await;
    let (first, _unpaid) = (app.order(2).await, app.order(1).await);
    app.pay(&first.code_url).await;
    app.until_status(&first.token, "SUCCESS").await;
    let (office, who) = (&app.state.office, staff());
    let number = OutRefundNo::parse("a-refund").expect("legal");
    give_back(&app, &first, 1, &number).await.expect("accepted");
    office.sum_up().await.expect("sums");
    let today = office.report().await.expect("a report").today();
    assert_eq!((today.placed, today.paid, today.paid_fen), (2, 1, first.total));
    assert_eq!((today.refunds, today.refunded_fen, today.net_fen()), (1, 1, first.total - 1));
    assert_eq!((today.by_callback(), today.by_question(), today.paid_of_placed()), (1, 0, Some(500)));
    // Another one, with no payment and no order beside it.
    let another = OutRefundNo::parse("another-refund").expect("legal");
    let wanted = RefundOrder { number: Numbered::Chosen(another), another: true, ..crate::support::wanted(2) };
    app.advance(1);
    app.state.checkout.refund(&paid_under(&first.order_no), wanted).await.expect("accepted");
    office.sum_up().await.expect("sums");
    let today = office.report().await.expect("a report").today();
    assert_eq!((today.refunds, today.refunded_fen), (2, 3), "at once, and not with the next hour");
    // A third within the same second, and one that WeChat never accepts.
    let third = OutRefundNo::parse("third-refund").expect("legal");
    let wanted = |number: &OutRefundNo| RefundOrder {
        number: Numbered::Chosen(number.clone()),
        another: true,
        ..crate::support::wanted(3)
    };
    app.state.checkout.refund(&paid_under(&first.order_no), wanted(&third)).await.expect("accepted");
    app.faults(json!({"refund_refused": 9, "refund_refusal": "NOT_ENOUGH"})).await;
    let standing = OutRefundNo::parse("standing-refund").expect("legal");
    let stands = app.state.checkout.refund(&paid_under(&first.order_no), wanted(&standing)).await.expect("kept");
    assert_eq!(stands.state, saoma::domain::RefundState::Requested);
    office.sum_up().await.expect("sums");
    let today = office.report().await.expect("a report").today();
    assert_eq!((today.refunds, today.refunded_fen), (3, 6), "what was accepted, all of it, and nothing else");
    let [row] = office.search(&first.order_no).await.expect("a search").try_into().expect("one order");
    assert_eq!((row.beside.refunded_fen, row.beside.set_aside_fen), (6, 3), "the list says the same");
    let day = saoma::reconcile::BillDay::of(app.clock.now());
    let sums = String::from_utf8(app.state.reconcile.export_sums(day, day).await.expect("sums")).expect("UTF-8");
    assert!(sums.contains(",3,0.06,"), "and the accountant's file: {sums}");
    app.faults(json!({"refund_refused": 0})).await;
    // Ten days later a callback is lost and found by asking.
    app.advance(10 * 24 * 3600);
    let late = app.order(3).await;
    app.faults(json!({"drop": 99})).await;
    app.pay(&late.code_url).await;
    office.ask_about_order(id_of(&app, &late).await, &who).await.expect("asked");
    office.sum_up().await.expect("sums");
    let report = office.report().await.expect("a report");
    assert_eq!((report.today().placed, report.today().paid, report.today().by_question()), (1, 1, 1));
    assert_eq!((report.total.paid, report.total.paid_fen), (2, first.total + late.total));
    assert_eq!(report.days[19].1, today, "ten days ago is as it was");
    // Books from before there were sums.
    for sql in ["DELETE FROM day_sums", "DELETE FROM leases WHERE name IN ('sums_forth', 'sums_back')"] {
        sqlx::query(sql).execute(&app.books.pool).await.expect("writes");
    }
    assert_eq!(office.report().await.expect("a report").total.paid, 0);
    office.sum_up().await.expect("sums");
    assert_eq!(office.report().await.expect("a report"), report);
}

#[tokio::test]
async fn many_days_are_not_summed_up_in_one_transaction() {
    let app = Stage::new().clock(&mock_clock()).start().await;
    app.order(1).await;
    // Three lines a day, from before there were sums.
    let now = app.clock.now().as_millisecond();
    let insert = "INSERT INTO payments (transaction_id, order_id, attempt_id, kind, source, total_fen, success_ms, booked_ms) \
                  SELECT ?, order_id, id, 'FIRST', ?, 1, ?, ? FROM attempts";
    for (day, source) in (0..30).flat_map(|day| ["CALLBACK", "QUERY", "BILL"].map(|source| (day, source))) {
        let at = now - day * 86_400_000;
        let insert = sqlx::query(insert).bind(format!("42{day}{source}")).bind(source).bind(at).bind(at);
        insert.execute(&app.books.pool).await.expect("writes");
    }
    // Whoever places orders of a hundred days back makes the books that old.
    let first = sqlx::query("UPDATE orders SET created_ms = ?").bind(now - 100 * 86_400_000);
    first.execute(&app.books.pool).await.expect("writes");
    app.order(2).await;
    let lines = async || {
        let count = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM day_sums").fetch_one(&app.books.pool);
        count.await.expect("counts")
    };
    // The lines that come last cannot be written.
    let refuse = if is_file() {
        "CREATE TRIGGER refuse BEFORE INSERT ON day_sums WHEN NEW.measure = 'PLACED' BEGIN SELECT RAISE(ABORT, 'not now'); END"
    } else {
        "CREATE TRIGGER refuse BEFORE INSERT ON day_sums FOR EACH ROW \
         IF NEW.measure = 'PLACED' THEN SIGNAL SQLSTATE '45000'; END IF"
    };
    sqlx::raw_sql(refuse).execute(&app.books.pool).await.expect("refuses");
    app.state.office.sum_up().await.expect_err("the last lines are missing");
    let written = lines().await;
    assert!(written >= 64, "{written} lines of those before: the others went with the last ones");
    sqlx::raw_sql("DROP TRIGGER refuse").execute(&app.books.pool).await.expect("allows");
    app.state.office.sum_up().await.expect("sums");
    assert!(lines().await > 90);
    let report = app.state.office.report().await.expect("a report");
    assert_eq!((report.total.paid, report.total.placed), (90, 1));
}

#[tokio::test]
async fn a_request_id_leads_to_its_order_also_after_wechat_has_answered_again() {
    let app = App::start_with_mock_clock().await;
    // A refund: accepted by the first answer, at its end by the second.
    app.faults(json!({"refund_ms": 0, "refund_gap_seconds": 0})).await;
    let order = app.order(2).await;
    app.pay(&order.code_url).await;
    app.until_status(&order.token, "SUCCESS").await;
    app.faults(json!({"drop": 99})).await;
    give_back(&app, &order, 1, &OutRefundNo::parse("a-refund").expect("legal")).await.expect("accepted");
    let first = app.books.refunds().await.remove(0).request_id.expect("of the first answer");
    app.advance(61);
    app.state.checkout.sweep_refunds().await.expect("sweeps");
    let ended = app.books.refunds().await.remove(0);
    let last = ended.request_id.expect("of the last answer");
    assert!(ended.state == "SUCCESS" && first != last, "{first} {last}");
    // An attempt: refused first, and then it has a code.
    app.faults(json!({"error_500": {"prepay": 2}})).await;
    let other = app.browser().try_order(1).await;
    assert_eq!(other.status, 502, "{other:?}");
    let attempt = async || {
        let sql = "SELECT out_trade_no, state, request_id FROM attempts ORDER BY id DESC LIMIT 1";
        let query = sqlx::query_as::<_, (String, String, Option<String>)>(sql);
        query.fetch_one(&app.books.pool).await.expect("an attempt")
    };
    let (number, _, refused) = attempt().await;
    app.advance(120);
    app.state.checkout.fetch_code(app.books.order(&number).await.id).await.expect("a code");
    let (_, state, open) = attempt().await;
    assert_eq!(state, "OPEN");
    assert_ne!(refused, open);
    for (request_id, wanted) in [
        (first, &order.order_no),
        (last, &order.order_no),
        (refused.expect("one"), &number),
        (open.expect("one"), &number),
    ] {
        let found = app.state.office.search(&request_id).await.expect("a search");
        let found: Vec<_> = found.into_iter().map(|row| row.beside.out_trade_no).collect();
        assert_eq!(found, std::slice::from_ref(wanted), "{request_id}");
    }
}

#[tokio::test]
async fn the_status_counts_nobody_who_is_not_there() {
    let app = App::with_demo_staff().await;
    let now = app.clock.now().as_millisecond();
    for (name, beats, wall) in [("stopped", 0, now), ("silent", 9, now - 3_600_000), ("beside", 9, now)] {
        let sql = "INSERT INTO heartbeats (instance, beats, started_ms, wall_ms) VALUES (?, ?, ?, ?)";
        let insert = sqlx::query(sql).bind(name).bind(beats).bind(wall).bind(wall);
        insert.execute(&app.books.pool).await.expect("writes");
    }
    let half_way = crate::support::Desk::at(&app);
    let demo = app.state.staff.demo_accounts().into_iter().find(|it| it.role.moves_money()).expect("a demo account");
    let led = half_way.post_to("/admin/login", &[("name", &demo.name), ("password", &demo.password)]).await;
    assert!(led.starts_with("/admin/factor"), "{led}");
    let viewer = crate::support::Desk::enter(&app, saoma::domain::Role::Viewer).await;
    let status = serde_json::to_value(app.state.office.status().await.expect("a status")).expect("JSON");
    let all = status["instances"].as_array().expect("some");
    let is_live = |name: &str| all.iter().find(|it| it["id"] == name).map(|it| it["is_live"] == true);
    assert_eq!((is_live("stopped"), is_live("silent"), is_live("beside")), (None, Some(false), Some(true)), "{status}");
    let sessions: Vec<&str> =
        status["sessions"].as_array().expect("some").iter().filter_map(|it| it["name"].as_str()).collect();
    assert_eq!(sessions, ["demo-viewer"], "whoever has yet to show a second factor is not logged in");
    let page = viewer.get("/admin/status").await;
    assert!(page.text().contains("以后没有心跳") && !page.text().contains(">stopped<"), "{}", page.text());
}

#[tokio::test]
async fn the_status_tells_how_it_is_set_and_no_secret() {
    let app = Stage::new().set("SAOMA_METRICS_TOKEN", "metrics-token-of-32-characters-abc").start().await;
    let status = app.state.office.status().await.expect("a status");
    let value = serde_json::to_string(&status).expect("JSON");
    assert_eq!((status.shown.mode, status.merchant.as_ref().map(|it| it.platform)), ("sandbox", Some("LOOPBACK")));
    assert!(status.shown.settings.iter().any(|it| it.name == "SAOMA_METRICS_TOKEN" && it.value == "set"));
    assert!(status.keys.iter().any(|key| key.serial == app.forger.public_key_id), "{value}");
    assert!(status.disk.is_some_and(|disk| disk.free > 0 && disk.free <= disk.total));
    for secret in ["metrics-token-of", app.forger.api_v3_key.as_str(), "BEGIN"] {
        assert!(!value.contains(secret), "{secret}: {value}");
    }
}

#[tokio::test]
async fn a_refund_that_nobody_accepts_needs_someone_after_an_hour() {
    let app = App::start_with_mock_clock().await;
    let order = paid(&app, 2).await;
    let number = OutRefundNo::parse("waits-for-long").expect("legal");
    give_back(&app, &order, 1, &number).await.expect("written");
    assert_eq!(needs(&app).await, [], "it has just been asked for");
    app.advance(3601);
    assert_eq!(needs(&app).await.iter().map(|it| it.need).collect::<Vec<_>>(), [Need::StandingRefund]);
}
