//! `saoma order`, `saoma inbox` and `saoma status`, as programs use them.

use std::process::Stdio;

use serde_json::Value;

use crate::support::{Process, command, database_url, folder, lay_keys, until};

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
}
