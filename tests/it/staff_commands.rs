//! `saoma staff`, as a process beside a server.

use std::process::Output;

use serde_json::Value;

use crate::support::{Books, Process, command, database_url, folder, lay_keys};

struct Shop {
    folder: tempfile::TempDir,
    server: Process,
}

impl Shop {
    async fn start() -> Self {
        let folder = folder();
        lay_keys(&folder.path().join("data/sandbox"));
        let server = Process::serve(folder.path(), &[("RUST_LOG", "info")]).await;
        Self { folder, server }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--sandbox"]).collect();
        let mut command = command(self.folder.path(), &arguments);
        let url = database_url(&self.folder.path().join("data"));
        command.env("DATABASE_URL", url).env("USER", "clerk").output().expect("runs")
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }
}

#[tokio::test]
async fn staff_is_listed_changed_and_limited_at_the_command_line() {
    let shop = Shop::start().await;
    let all = shop.json(&["staff", "list", "--json"]);
    let names: Vec<_> = all["accounts"].as_array().expect("a list").iter().map(|it| it["name"].clone()).collect();
    assert_eq!(names, ["demo-manager", "demo-operator", "demo-viewer"]);
    for role in ["viewer", "operator", "manager"] {
        assert!(shop.server.log().contains(&format!("/admin: demo-{role} / ")), "printed at the start");
    }
    let disabled = shop.json(&["staff", "disable", "demo-viewer", "--json"]);
    assert!(!disabled["accounts"][0]["disabled"].is_null(), "{disabled}");
    let last = shop.run(&["staff", "disable", "demo-manager"]);
    assert_eq!(last.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&last.stderr).contains("last manager"), "{last:?}");
    let split = shop.run(&["staff", "limits", "--per-refund-fen", "50000"]);
    assert!(split.status.code() == Some(1) && String::from_utf8_lossy(&split.stderr).contains("split"), "{split:?}");
    let limits = shop.json(&["staff", "limits", "--per-refund-fen", "50000", "--per-day-fen", "200000", "--json"]);
    assert_eq!(limits["per_refund_fen"], 50_000);
    assert_eq!(limits["per_day_fen"], 200_000);
    let limits = shop.json(&["staff", "limits", "--per-day-fen", "300000", "--json"]);
    assert_eq!([&limits["per_refund_fen"], &limits["per_day_fen"]], [50_000, 300_000], "what is not named stays");
    let books = Books::open(&database_url(&shop.folder.path().join("data"))).await;
    let sql = "SELECT who FROM audit_log WHERE what = 'ACCOUNT_DISABLED'";
    let who: Vec<String> = sqlx::query_scalar(sql).fetch_all(&books.pool).await.expect("reads");
    assert_eq!(who, [format!("os:{}", crate::support::system_user())], "not what the environment says");
}

#[tokio::test]
async fn a_link_is_printed_on_a_terminal_only_and_nothing_is_done_without() {
    let shop = Shop::start().await;
    for arguments in [&["staff", "add", "anna", "--role", "manager"][..], &["staff", "reset-totp", "demo-manager"]] {
        let output = shop.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("terminal"), "{output:?}");
    }
    let all = shop.json(&["staff", "list", "--json"]);
    assert_eq!(all["accounts"].as_array().map(Vec::len), Some(3), "nobody was added");
    // `script` gives the command a terminal.
    let saoma = crate::support::program();
    let command = format!("{saoma} staff add anna --role manager --sandbox");
    let mut script = std::process::Command::new("/usr/bin/script");
    script
        .args(["-qec", &command, "/dev/null"])
        .current_dir(shop.folder.path())
        .env_clear()
        .env("PATH", "/usr/bin:/bin");
    script.env("DATABASE_URL", database_url(&shop.folder.path().join("data")));
    script.env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{}", shop.server.port()));
    if !crate::support::is_file() {
        script.env("SAOMA_SECRET_KEY", "5a".repeat(32));
    }
    let output = script.output().expect("script runs");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let link =
        told.split_whitespace().find(|word| word.contains("/admin/link/")).unwrap_or_else(|| panic!("{output:?}"));
    let path = link.strip_prefix(&shop.server.origin).unwrap_or_else(|| panic!("of this server: {link}"));
    let page = shop.server.get(path).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("anna"), "{}", page.text());
    let token = path.rsplit('/').next().expect("a token");
    assert!(!shop.server.log().contains(token), "in no log");
}

#[tokio::test]
async fn status_says_whether_the_audit_log_is_whole() {
    let shop = Shop::start().await;
    shop.json(&["staff", "limits", "--none", "--json"]);
    let whole = shop.run(&["status", "--json"]);
    let told: Value = serde_json::from_slice(&whole.stdout).expect("JSON");
    assert_eq!((whole.status.code(), told["audit_log"]["entries"].as_u64()), (Some(0), Some(1)), "{whole:?}");
    let books = Books::open(&database_url(&shop.folder.path().join("data"))).await;
    sqlx::query("UPDATE audit_log SET detail = 'x'").execute(&books.pool).await.expect("writes");
    let touched = shop.run(&["status"]);
    assert_eq!(touched.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&touched.stdout).contains("has been changed"), "{touched:?}");
}
