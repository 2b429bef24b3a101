//! What systemd hears of the server (`Type=notify`), on a socket such as it makes.

use std::{path::Path, process::Command, time::Duration};

use jiff::{SignedDuration, Timestamp};
use saoma::service_manager::{SOCKET, ServiceManager, WATCHDOG};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::UnixDatagram;

use crate::support::{
    Outside, Process, Stage, command, folder, free_port, is_file, lay_keys, mock_clock, program, until,
};

/// How long the manager waits for a sign of life.
const LIMIT: &str = "200000";
const LIMIT_TIME: Duration = Duration::from_millis(200);

struct Manager {
    socket: UnixDatagram,
    folder: TempDir,
}

impl Manager {
    fn new() -> Self {
        let folder = folder();
        Self { socket: UnixDatagram::bind(Self::path(folder.path())).expect("a socket"), folder }
    }

    fn path(folder: &Path) -> String {
        folder.join("notify").display().to_string()
    }

    fn variables(&self) -> [(&'static str, String); 2] {
        [(SOCKET, Self::path(self.folder.path())), (WATCHDOG, LIMIT.to_owned())]
    }

    fn of_this_process(&self) -> Option<ServiceManager> {
        let variables = self.variables();
        let lookup = |name: &str| variables.iter().find(|(it, _)| *it == name).map(|(_, value)| value.clone());
        ServiceManager::from_lookup(&lookup).expect("a manager")
    }

    async fn next(&self) -> String {
        let mut heard = [0; 1024];
        let length = self.socket.recv(&mut heard).await.expect("a datagram");
        String::from_utf8(heard[..length].to_vec()).expect("UTF-8")
    }

    async fn hears(&self, what: &str) {
        until(what, async || (self.next().await == what).then_some(())).await;
    }

    /// Whether there is a sign of life within the limit.
    async fn is_alive(&self) -> bool {
        // What is from before does not count.
        while self.socket.try_recv(&mut [0; 1024]).is_ok() {}
        tokio::time::timeout(LIMIT_TIME, self.hears("WATCHDOG=1")).await.is_ok()
    }
}

#[tokio::test]
async fn the_manager_hears_of_the_start_of_every_while_and_of_the_end() {
    let manager = Manager::new();
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    let port = free_port();
    let mut server = Command::new(program());
    server.args(["serve", "--sandbox"]).envs(manager.variables());
    server.env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}"));
    let mut process = Process::spawn(server, folder.path(), port, "serve.log");
    assert_eq!(manager.next().await, "READY=1", "before anything else, and not before it answers:");
    assert_eq!(process.get("/healthz").await.status, 200);
    manager.hears("STATUS=ready").await;
    let health = || {
        let mut health = command(folder.path(), &["health"]);
        let health = health.env("LEPTOS_SITE_ADDR", format!("0.0.0.0:{port}")).output().expect("runs");
        (health.status.code(), String::from_utf8(health.stdout).expect("UTF-8"))
    };
    let (code, told) = health();
    assert!(code == Some(0) && told.starts_with("ready\n"), "{told}");
    for _ in 0..3 {
        assert!(manager.is_alive().await, "{}", process.log());
    }
    process.terminate();
    manager.hears("STOPPING=1").await;
    assert_eq!(process.ended().await.code(), Some(0), "{}", process.log());
    assert_eq!(health(), (Some(1), String::new()));
}

#[tokio::test]
async fn a_server_whose_vital_tasks_are_dead_is_not_alive() {
    let clock = mock_clock();
    let outside = Outside::start(&clock).await;
    let manager = Manager::new();
    let stage = Stage::new().clock(&clock).live(&outside, free_port()).jobs_every(Duration::from_millis(20));
    let app = stage.service_manager(manager.of_this_process()).start().await;
    manager.hears("READY=1").await;
    assert!(manager.is_alive().await);
    // Nobody can reckon with a time past the end of all calendars: whoever does, panics.
    let far = Timestamp::MAX.duration_since(clock.now()).checked_sub(SignedDuration::from_secs(1)).expect("in range");
    clock.set(far);
    until("silence", async || (!manager.is_alive().await).then_some(())).await;
    let told = app.get("/readyz").await;
    assert_eq!(told.status, 503);
    assert!(told.text().contains(": this task has ended"), "{}", told.text());
    assert_eq!(app.get("/healthz").await.status, 200, "an independent timer would go on");
    assert!(!manager.is_alive().await);

    clock.set(-far);
    until("life again", async || manager.is_alive().await.then_some(())).await;
}

#[tokio::test]
async fn what_a_new_process_could_not_mend_is_no_reason_for_one() {
    let clock = mock_clock();
    let outside = Outside::start(&clock).await;
    let manager = Manager::new();
    let stage = Stage::new().clock(&clock).live(&outside, free_port()).jobs_every(Duration::from_millis(20));
    let stage = stage.heartbeat_every(Duration::from_millis(50)).service_manager(manager.of_this_process());
    let app = stage.start().await;
    app.order(1).await;
    // WeChat is away: callbacks, and answers to what is asked.
    outside.site.faults(json!({"drop": "all", "error_500": {"query": "all", "close": "all", "prepay": "all"}})).await;
    app.advance(3600);
    until("questions without an answer", async || {
        (app.metric("saoma_wechat_calls_total", r#"interface="query",result="trouble""#).await > 0).then_some(())
    })
    .await;
    assert!(manager.is_alive().await);
    if !is_file() {
        return;
    }
    // And nothing can be written.
    let hold = app.books.hold().await;
    until("not ready", async || (app.get("/readyz").await.status == 503).then_some(())).await;
    manager.hears("STATUS=not ready: books: the last heartbeat could not be stored").await;
    for _ in 0..5 {
        assert!(manager.is_alive().await, "{}", app.get("/readyz").await.text());
    }
    hold.let_go().await;
    manager.hears("STATUS=ready").await;
}
