//! A log that cannot be written: lines are lost and counted, and nothing else happens.

use std::{
    fs::File,
    io::{PipeReader, pipe},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::Instant;

use crate::support::{Site, database_url, folder, free_port, lay_keys, program, until};

/// A server with a standard error of the test's choice.
struct Server {
    site: Site,
    child: Child,
    _folder: TempDir,
}

impl Server {
    fn command(folder: &Path, port: u16) -> Command {
        let mut command = Command::new(program());
        command.args(["serve", "--sandbox"]).env_clear().current_dir(folder);
        command.env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}")).env("SAOMA_ORDERS_PER_MINUTE", "0");
        command.env("DATABASE_URL", database_url(&folder.join("data"))).env("RUST_LOG", "info,tower_http=trace");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    async fn start(stderr: impl Into<Stdio>) -> Self {
        let (folder, port) = (folder(), free_port());
        lay_keys(&folder.path().join("data/sandbox"));
        let child = Self::command(folder.path(), port).stderr(stderr).spawn().expect("starts");
        let mut server = Self { site: Site::new(format!("http://127.0.0.1:{port}")), child, _folder: folder };
        until("an answer", async || {
            assert_eq!(server.child.try_wait().expect("a child"), None, "it has ended");
            let asked = Site::try_send(server.site.request(reqwest::Method::GET, "/healthz")).await;
            asked.ok().filter(|it| it.status == 200)
        })
        .await;
        server
    }

    /// A purchase, with all that is logged on the way, and lines that are lost.
    async fn works_and_loses_lines(&self) {
        let order = self.site.order(1).await;
        self.site.pay(&order.code_url).await;
        self.site.until_status(&order.token, "SUCCESS").await;
        let lost = until("lost lines", async || {
            Some(self.site.metric("saoma_log_lines_lost_total", "").await).filter(|lost| *lost > 0)
        })
        .await;
        println!("{lost} lines lost");
        // The jobs go on, too.
        let label = "job=\"orders\"";
        let before = self.site.metric("saoma_job_last_good_timestamp_seconds", label).await;
        until("another good end", async || {
            (self.site.metric("saoma_job_last_good_timestamp_seconds", label).await > before).then_some(())
        })
        .await;
        assert_eq!(self.site.get("/readyz").await.status, 200);
    }

    async fn stop(mut self) -> (ExitStatus, Duration) {
        let status = Command::new("/bin/kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
        let started = Instant::now();
        let status = until("its end", async || self.child.try_wait().expect("a child")).await;
        (status, started.elapsed())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}

fn full_disk() -> File {
    File::options().write(true).open("/dev/full").expect("Linux has one")
}

#[tokio::test]
async fn on_a_full_disk_the_shop_goes_on() {
    let server = Server::start(full_disk()).await;
    server.works_and_loses_lines().await;
    assert_eq!(server.stop().await.0.code(), Some(0));
}

#[tokio::test]
async fn without_a_reader_the_shop_goes_on() {
    let (reader, writer) = pipe().expect("a pipe");
    let server = Server::start(writer).await;
    drop(reader);
    server.works_and_loses_lines().await;
    assert_eq!(server.stop().await.0.code(), Some(0));
}

#[tokio::test]
async fn with_a_reader_that_has_stopped_the_shop_goes_on_and_ends_in_time() {
    let (reader, writer): (PipeReader, _) = pipe().expect("a pipe");
    let server = Server::start(writer).await;
    // Far more than the pipe and the queue before it hold.
    let end = Instant::now() + Duration::from_mins(1);
    while server.site.metric("saoma_log_lines_lost_total", "").await == 0 {
        let asked = futures::future::join_all((0..50).map(|_| server.site.get("/healthz"))).await;
        assert!(asked.iter().all(|it| it.status == 200));
        assert!(Instant::now() < end, "nothing is lost");
    }
    server.works_and_loses_lines().await;
    let (status, took) = server.stop().await;
    assert_eq!(status.code(), Some(0));
    assert!(took < Duration::from_secs(8), "{took:?}");
    drop(reader);
}

fn command(folder: &Path, arguments: &[&str], stdout: impl Into<Stdio>, stderr: impl Into<Stdio>) -> Child {
    let mut command = Command::new(program());
    command.args(arguments).env_clear().current_dir(folder).stdin(Stdio::null());
    command.env("DATABASE_URL", database_url(&folder.join("data")));
    command.stdout(stdout).stderr(stderr).spawn().expect("starts")
}

#[tokio::test]
async fn a_command_whose_answer_nobody_gets_says_so_and_fails() {
    let (folder, port) = (folder(), free_port());
    lay_keys(&folder.path().join("data/sandbox"));
    // Makes the books.
    let mut server = Server::command(folder.path(), port).stderr(Stdio::null()).spawn().expect("starts");
    let site = Site::new(format!("http://127.0.0.1:{port}"));
    let order = until("an order", async || {
        let request = site.request(reqwest::Method::POST, "/api/wx-pay/native/native/1");
        Site::try_send(request).await.ok().filter(|it| it.status == 200)
    })
    .await;
    let order_no = order.json()["data"]["orderNo"].as_str().expect("a number").to_owned();
    let closed_pipe = || {
        let (reader, writer) = pipe().expect("a pipe");
        drop(reader);
        Stdio::from(writer)
    };
    for arguments in [&["product", "--sandbox", "list"][..], &["order", "--sandbox", "show", &order_no], &["--help"]] {
        for (what, stdout) in [("a full disk", Stdio::from(full_disk())), ("no reader", closed_pipe())] {
            let output = command(folder.path(), arguments, stdout, Stdio::piped()).wait_with_output().expect("ends");
            assert_eq!(output.status.code(), Some(1), "{arguments:?} with {what}");
            let told = String::from_utf8(output.stderr).expect("UTF-8");
            assert!(told.contains("saoma: ") && !told.contains("panicked"), "{arguments:?} with {what}: {told}");
        }
        // Nor when there is nobody to say it to.
        let mut child = command(folder.path(), arguments, full_disk(), full_disk());
        assert_eq!(child.wait().expect("ends").code(), Some(1), "{arguments:?}");
    }
    let mut wrong = command(folder.path(), &["product", "--sandbox", "put"], Stdio::null(), full_disk());
    assert_eq!(wrong.wait().expect("ends").code(), Some(2));
    server.kill().expect("kills");
    server.wait().expect("is gone");
}
