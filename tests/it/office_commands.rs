//! `saoma order`, `saoma inbox` and `saoma status`, as programs use them.

use std::process::Stdio;

use serde_json::Value;

use crate::support::{Books, Process, command, database_url, folder, lay_keys, system_user, until};

/// Exit code, standard output and standard error.
fn run(folder: &std::path::Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = command(folder, arguments);
    command.arg("--sandbox").env("DATABASE_URL", database_url(&folder.join("data"))).stdin(Stdio::null());
    let output = command.output().expect("runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn told(folder: &std::path::Path, arguments: &[&str]) -> Value {
    let (code, out, err) = run(folder, arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {err}");
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {out}"))
}

#[tokio::test]
async fn programs_find_list_export_replay_and_ask_for_the_status() {
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    let process = Process::serve(folder.path(), &[("SAOMA_ORDERS_PER_MINUTE", "0")]).await;
    let (order, unpaid) = (process.order(2).await, process.order(1).await);
    let transaction = process.pay(&order.code_url).await;
    process.until_status(&order.token, "SUCCESS").await;
    let at = folder.path();
    let found = told(at, &["order", "find", &transaction, "--json"]);
    assert_eq!(found["orders"][0]["out_trade_no"], *order.order_no);
    assert_eq!(
        (&found["orders"][0]["total_fen"], &found["orders"][0]["found_by"]),
        (&order.total.into(), &"CALLBACK".into())
    );
    let (code, _, err) = run(at, &["order", "find", "%"]);
    assert_eq!((code, err.contains("no order has the number %")), (Some(1), true), "{err}");
    let listed = told(at, &["order", "list", "--status", "NOTPAY", "--json"]);
    assert_eq!(
        (listed["orders"].as_array().map(Vec::len), &listed["orders"][0]["out_trade_no"]),
        (Some(1), &unpaid.order_no.clone().into())
    );
    let (code, _, err) = run(at, &["order", "list", "--from", "soon", "--least", "x"]);
    assert_eq!((code, err.contains("--from, --least")), (Some(1), true), "{err}");
    let (code, file, err) = run(at, &["order", "export"]);
    assert_eq!((code, file.lines().count(), err.contains("2 orders")), (Some(0), 3, true), "{file}{err}");
    let (_, lines, _) = run(at, &["order", "export", "--json"]);
    assert!(
        lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()) && lines.lines().count() == 2,
        "{lines}"
    );
    // One word for a closed order, wherever it is told.
    let books = Books::open(&database_url(&at.join("data"))).await;
    let sql = "UPDATE orders SET status = 'CLOSED', closed_reason = 'CANCELLED' WHERE status = 'NOTPAY'";
    sqlx::query(sql).execute(&books.pool).await.expect("writes");
    for arguments in
        [&["order", "export"][..], &["order", "list", "--status", "CANCELLED"], &["order", "show", &unpaid.order_no]]
    {
        let (_, out, err) = run(at, arguments);
        let is_told = |line: &&str| line.contains(&unpaid.order_no) || line.contains(" yuan  ");
        let line = out.lines().find(is_told).unwrap_or_else(|| panic!("{arguments:?}: {out}{err}"));
        assert!(line.contains("CANCELLED") && !line.contains("CLOSED"), "{arguments:?}: {line}");
    }
    let shown = told(at, &["order", "show", &order.order_no, "--json"]);
    assert_eq!(shown["payments"][0]["transaction_id"], *transaction);
    let inbox = until("the notification", async || {
        let inbox = told(at, &["inbox", "list", "--json"]);
        (inbox["notifications"][0]["verdict"] == "PAID").then_some(inbox)
    })
    .await;
    let id = inbox["notifications"][0]["id"].to_string();
    assert_eq!(told(at, &["inbox", "replay", &id, "--json"])["verdict"], "DUPLICATE");
    assert!(told(at, &["inbox", "show", &id, "--json"])["has_signature"].as_bool().expect("told"));
    assert_eq!(told(at, &["inbox", "refused", "--json"])["refused"], serde_json::json!([]));
    let status = told(at, &["status", "--json"]);
    assert_eq!((&status["mode"], &status["merchant"]["platform"]), (&"sandbox".into(), &"LOOPBACK".into()));
    assert!(status["instances"].as_array().is_some_and(|all| !all.is_empty()), "{status}");
    let url = status["settings"].as_array().and_then(|all| all.iter().find(|it| it["name"] == "DATABASE_URL"));
    let url = url.and_then(|it| it["value"].as_str()).expect("told");
    assert!(url.starts_with("sqlite:///") || url.starts_with("mysql://"), "it can be set to that: {url}");
}

#[tokio::test]
async fn what_commands_do_and_hand_out_is_in_the_audit_log_by_the_systems_name() {
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    let process = Process::serve(folder.path(), &[("SAOMA_ORDERS_PER_MINUTE", "0")]).await;
    process.faults(serde_json::json!({"refund_ms": 0, "refund_gap_seconds": 0})).await;
    let order = process.order(2).await;
    process.pay(&order.code_url).await;
    process.until_status(&order.token, "SUCCESS").await;
    let at = folder.path();
    for arguments in [
        &["refund", &order.order_no, "--amount-fen", "100", "--out-refund-no", "BY-COMMAND"][..],
        &["refund", &order.order_no, "--amount-fen", "100", "--out-refund-no", "BY-COMMAND"],
        &["order", "query", &order.order_no],
        &["order", "export"],
        &["order", "show", &order.order_no],
    ] {
        let (code, out, err) = run(at, arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {out}{err}");
    }
    // The number of a surplus that may go back by itself is nobody's to give away.
    let taken = ["refund", &order.order_no, "--amount-fen", "100", "--out-refund-no", "S4200001234"];
    let (code, _, err) = run(at, &taken);
    assert!(code == Some(1) && err.contains("surplus"), "{err}");
    let (code, _, err) = run(at, &["refund", &order.order_no, "--amount-fen", "99999999"]);
    assert_eq!(code, Some(1), "nothing was asked for: {err}");
    let books = Books::open(&database_url(&at.join("data"))).await;
    let sql = "SELECT who, what, subject, result FROM audit_log ORDER BY id";
    let rows: Vec<(String, String, String, String)> = sqlx::query_as(sql).fetch_all(&books.pool).await.expect("reads");
    let told = |(_, what, subject, result): &(String, String, String, String)| {
        let subject = if what == "ORDERS_EXPORTED" { "" } else { subject.as_str() };
        format!("{what} {subject} {result}")
    };
    let id: i64 = sqlx::query_scalar("SELECT order_id FROM refunds").fetch_one(&books.pool).await.expect("one refund");
    let wanted = [
        "REFUND_ASKED refund:BY-COMMAND DONE".to_owned(),
        "REFUND_RETRIED refund:BY-COMMAND ASKED".to_owned(),
        "REFUND_RETRIED refund:BY-COMMAND DONE".to_owned(),
        format!("ORDER_ASKED order:{id} ASKED"),
        format!("ORDER_ASKED order:{id} DONE"),
        "ORDERS_EXPORTED  DONE".to_owned(),
    ];
    assert_eq!(rows.iter().map(told).collect::<Vec<_>>(), wanted);
    assert!(rows.iter().all(|(who, ..)| *who == format!("os:{}", system_user())), "{rows:?}");

    // With nobody there to answer, what the books say is no answer.
    let mut process = process;
    let (code, out, err) = run(at, &["order", "query", &order.order_no, "--json"]);
    assert!(code == Some(0) && out.contains("\"answer\": \"PAID\""), "{out}{err}");
    process.terminate();
    process.ended().await;
    let (code, out, err) = run(at, &["order", "query", &order.order_no, "--json"]);
    assert!(code == Some(1) && out.contains("\"answer\": null") && out.contains("\"SUCCESS\""), "{out}{err}");
    assert!(err.contains("no usable answer"), "{err}");
}
