//! What ends the server, how soon, and what does not.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use tokio::{io::AsyncWriteExt as _, net::TcpStream, time::Instant};

use crate::support::{App, Books, Process, Site, database_url, folder, free_port, lay_keys, program, until};
use saoma::startup::StartupError;

/// In order, and soon enough for those who send SIGKILL after ten seconds.
const MOST: Duration = Duration::from_secs(8);

/// Whoever started the tests may ignore hangups (`nohup`), which children inherit and the server honours.
const AS_A_TERMINAL_HAS_THEM: &str = "--default-signal=HUP,QUIT";

fn serve(folder: &Path, before: &[&str]) -> (Command, u16) {
    lay_keys(&folder.join("data/sandbox"));
    let port = free_port();
    let mut command = match before {
        [] => Command::new(program()),
        [first, rest @ ..] => {
            let mut command = Command::new(first);
            command.args(rest).arg(program());
            command
        }
    };
    command.args(["serve", "--sandbox"]).env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}"));
    (command, port)
}

#[tokio::test]
async fn a_half_open_connection_does_not_keep_the_server_from_ending() {
    let folder = folder();
    let (command, port) = serve(folder.path(), &[]);
    let mut process = Process::spawn(command, folder.path(), port, "serve.log");
    process.until_answered("/healthz").await;
    let mut half_header = TcpStream::connect(("127.0.0.1", port)).await.expect("connects");
    half_header.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n").await.expect("writes");
    let mut half_body = TcpStream::connect(("127.0.0.1", port)).await.expect("connects");
    let head = b"POST /api/wx-pay/native/notify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n{";
    half_body.write_all(head).await.expect("writes");
    let _idle = TcpStream::connect(("127.0.0.1", port)).await.expect("connects");
    let started = Instant::now();
    process.terminate();
    assert_eq!(process.ended().await.code(), Some(0), "{}", process.log());
    println!("SIGTERM with half-open connections: {:?}", started.elapsed());
    assert!(started.elapsed() <= MOST, "{:?}", started.elapsed());
}

#[tokio::test]
async fn without_a_terminal_a_hangup_is_no_end_and_sigquit_is() {
    let folder = folder();
    let (command, port) = serve(folder.path(), &["/usr/bin/env", AS_A_TERMINAL_HAS_THEM, "/usr/bin/setsid"]);
    let mut process = Process::spawn(command, folder.path(), port, "serve.log");
    process.until_answered("/healthz").await;
    process.signal("-HUP");
    until("a word about it", async || process.log().contains("SIGHUP").then_some(())).await;
    assert_eq!(process.get("/healthz").await.status, 200);
    process.signal("-QUIT");
    assert_eq!(process.ended().await.code(), Some(0), "{}", process.log());
}

#[tokio::test]
async fn nohup_is_honoured() {
    let folder = folder();
    let (command, port) = serve(folder.path(), &["/usr/bin/nohup"]);
    let mut process = Process::spawn(command, folder.path(), port, "serve.log");
    process.until_answered("/healthz").await;
    process.signal("-HUP");
    process.signal("-HUP");
    assert_eq!(process.get("/healthz").await.status, 200);
    process.terminate();
    assert_eq!(process.ended().await.code(), Some(0), "{}", process.log());
}

#[tokio::test]
async fn a_terminal_that_closes_ends_the_server_in_order() {
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    let port = free_port();
    // `script` gives it a terminal of its own, which closes when `script` is killed.
    let mut terminal = Command::new("/usr/bin/script");
    let serve = format!("exec env {AS_A_TERMINAL_HAS_THEM} {} serve --sandbox", program());
    terminal.args(["-q", "-e", "-c", &serve, "/dev/null"]);
    terminal.env_clear().env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}")).env("PATH", "/usr/bin:/bin");
    terminal.env("DATABASE_URL", database_url(&folder.path().join("data"))).current_dir(folder.path());
    let mut terminal =
        terminal.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
    let site = Site::new(format!("http://127.0.0.1:{port}"));
    until("an answer", async || {
        Site::try_send(site.request(reqwest::Method::GET, "/readyz")).await.ok().filter(|it| it.status == 200)
    })
    .await;
    let books = Books::open(&database_url(&folder.path().join("data"))).await;
    let beating = "SELECT COUNT(*) FROM heartbeats WHERE beats > 0";
    let count = async || sqlx::query_scalar::<_, i64>(beating).fetch_one(&books.pool).await.expect("reads");
    until("a heartbeat", async || (count().await == 1).then_some(())).await;
    terminal.kill().expect("kills");
    terminal.wait().expect("is gone");
    until("an end in order", async || (count().await == 0).then_some(())).await;
    until("its port free", async || TcpStream::connect(("127.0.0.1", port)).await.is_err().then_some(())).await;
}

#[tokio::test]
async fn signals_that_mean_nothing_here_end_nothing() {
    let folder = folder();
    let (command, port) = serve(folder.path(), &[]);
    let mut process = Process::spawn(command, folder.path(), port, "serve.log");
    process.until_answered("/healthz").await;
    for (signal, number) in [("-USR1", 10), ("-USR2", 12), ("-ALRM", 14)] {
        process.signal(signal);
        let words = format!("signal={number}");
        until("a word about it", async || process.log().contains(&words).then_some(())).await;
    }
    assert_eq!(process.get("/healthz").await.status, 200);
    process.terminate();
    assert_eq!(process.ended().await.code(), Some(0), "{}", process.log());
}

#[tokio::test]
async fn when_nothing_can_be_stored_any_more_the_server_says_so_and_ends_badly() {
    let app = App::start().await;
    // As if what carries writes out had ended.
    let db = app.state.db.clone();
    let ended = app.ended();
    let closing = async {
        db.close().await;
        Instant::now()
    };
    let (ended, closed) = tokio::join!(ended, closing);
    let error = ended.expect_err("a bad end, for which the process exits with 1");
    assert!(matches!(error, StartupError::WriterEnded), "{error}");
    assert!(!error.is_misconfigured(), "another start may succeed");
    assert!(closed.elapsed() < Duration::from_secs(15), "{:?}", closed.elapsed());
}

#[tokio::test]
async fn the_next_server_on_the_same_books_does_its_jobs_at_once() {
    let folder = folder();
    let (command, port) = serve(folder.path(), &[]);
    let mut process = Process::spawn(command, folder.path(), port, "serve.log");
    process.until_answered("/readyz").await;
    let books = Books::open(&database_url(&folder.path().join("data"))).await;
    let jobs = ["orders", "refunds"];
    let first = until("its jobs", async || {
        let holders = books.holders().await;
        jobs.iter().all(|job| holders.iter().any(|(name, _)| name == job)).then_some(holders)
    });
    let first = first.await;
    process.terminate();
    assert_eq!(process.ended().await.code(), Some(0), "{}", process.log());
    let held = "SELECT COUNT(*) FROM leases WHERE until_ms > 0";
    let held = sqlx::query_scalar::<_, i64>(held).fetch_one(&books.pool).await.expect("reads");
    assert_eq!(held, 0, "nobody has to wait until they run out");

    let (command, port) = serve(folder.path(), &[]);
    let mut next = Process::spawn(command, folder.path(), port, "next.log");
    next.until_answered("/readyz").await;
    let ready = Instant::now();
    until("its own sweeps", async || {
        let holders = books.holders().await;
        let good = "SELECT COUNT(*) FROM leases WHERE name IN ('orders', 'refunds') \
                    AND last_good_ms > (SELECT MAX(started_ms) FROM heartbeats)";
        let good = sqlx::query_scalar::<_, i64>(good).fetch_one(&books.pool).await.expect("reads");
        (holders.iter().all(|holder| !first.contains(holder)) && good == 2).then_some(())
    })
    .await;
    println!("the next server's first sweeps: {:?} after it was ready", ready.elapsed());
    assert!(ready.elapsed() < Duration::from_secs(5), "{:?}", ready.elapsed());
}
