//! A shop whose books are laid aside, and put back: the server and the commands, one after the other.

use std::{path::Path, process::Command};

use serde_json::json;
use sqlx::Connection as _;
use tempfile::TempDir;

use super::{Placed, Process, command, database_url, folder, lay_keys, until};

/// What a command ends with: exit code, standard output and standard error.
pub fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = command(folder, arguments);
    command.env("DATABASE_URL", database_url(&folder.join("data")));
    ended(command)
}

pub fn ended(mut command: Command) -> (i32, String, String) {
    let output = command.output().expect("runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
}

/// Whoever works on the file itself.
pub async fn write(file: &Path, statement: sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let mut c = sqlx::SqliteConnection::connect_with(&options).await.expect("opens");
    statement.execute(&mut c).await.expect("writes");
    c.close().await.expect("closes");
}

pub fn shop() -> TempDir {
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    folder
}

pub async fn serve(folder: &Path) -> Process {
    let process = Process::serve(folder, &[("SAOMA_ORDERS_PER_MINUTE", "0")]).await;
    quick_refunds(&process).await;
    process
}

pub async fn quick_refunds(process: &Process) {
    process.faults(json!({"refund_ms": 0, "refund_gap_seconds": 0})).await;
}

pub async fn stop(mut process: Process) {
    process.terminate();
    process.ended().await;
}

/// A shop has sold something, its books were copied to `copy.db`, and it has stopped.
pub async fn sold_and_copied(folder: &Path) -> Placed {
    let process = serve(folder).await;
    let order = paid(&process).await;
    let (code, told, log) = run(folder, &["backup", "--sandbox", "--to", "copy.db"]);
    assert_eq!(code, 0, "{told}{log}");
    stop(process).await;
    order
}

pub async fn paid(process: &Process) -> Placed {
    let order = process.order(1).await;
    process.pay(&order.code_url).await;
    process.until_status(&order.token, "SUCCESS").await;
    order
}

/// Until everything has been asked about that the copy may have forgotten.
pub async fn until_whole(folder: &Path) {
    until("the end of all questions", async || {
        let (code, told, log) = run(folder, &["restore", "--sandbox", "--status"]);
        assert_eq!(code, 0, "{told}{log}");
        told.contains("nothing is open").then_some(())
    })
    .await;
}
