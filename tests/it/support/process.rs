//! `saoma` as a process of its own.

use std::{
    ffi::OsStr,
    fs::{self, File},
    ops::Deref,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use super::{Site, database_url, free_port, is_file, until};

/// What books on a server must have.
const SECRET_KEY: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

/// The program under test.
pub const fn program() -> &'static str {
    env!("CARGO_BIN_EXE_saoma")
}

/// `saoma` with these arguments in `folder`, and with nothing in its environment.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(arguments).env_clear().env("NO_COLOR", "1").current_dir(folder);
    if !is_file() {
        command.env("SAOMA_SECRET_KEY", SECRET_KEY);
    }
    command
}

/// A running program; ended, if nothing else ended it, when it goes out of scope. Derefs to its
/// [`Site`].
pub struct Process {
    site: Site,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// The server in sandbox mode, with everything it keeps in `folder`, once it answers.
    pub async fn serve(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(program());
        command.args(["serve", "--sandbox"]).envs(variables.iter().copied());
        Self::start(command, folder, free_port()).await
    }

    /// The server in live mode: the shell reads `credentials`, then becomes the server. WeChat
    /// calls back at `notify`, or at the server itself.
    pub async fn serve_live(
        folder: &Path,
        port: u16,
        credentials: &Path,
        notify: Option<&str>,
        variables: &[(&str, &str)],
    ) -> Self {
        let mut command = Command::new("/bin/sh");
        let own = format!("http://127.0.0.1:{port}");
        command
            .args(["-c", r#"set -a; . "$1"; set +a; export WXPAY_NOTIFY_DOMAIN="$2"; shift 2; exec env "$@""#, "sh"])
            .args([credentials.as_os_str(), OsStr::new(notify.unwrap_or(&own))])
            .args(variables.iter().map(|(name, value)| format!("{name}={value}")))
            .arg(program());
        Self::start(command, folder, port).await
    }

    /// `saoma sandbox` in `folder`.
    pub async fn sandbox(folder: &Path) -> Self {
        Self::sandbox_at(folder, free_port()).await
    }

    pub async fn sandbox_at(folder: &Path, port: u16) -> Self {
        let mut command = Command::new(program());
        command.args(["sandbox", "--listen", &format!("127.0.0.1:{port}"), "--dir"]).arg(folder);
        let mut process = Self::spawn(command, folder, port, "sandbox.log");
        process.until_answered("/_sandbox/health").await;
        process
    }

    /// The same, under a shell that has done this first.
    pub async fn serve_after(shell: &str, folder: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("{shell}; exec \"$@\""), "sh", program(), "serve", "--sandbox"]);
        command.envs(variables.iter().copied());
        Self::start(command, folder, free_port()).await
    }

    async fn start(mut command: Command, folder: &Path, port: u16) -> Self {
        command.env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}"));
        let mut process = Self::spawn(command, folder, port, "serve.log");
        process.until_answered("/healthz").await;
        process
    }

    /// Without waiting for anything. The environment is empty but for what `command` has; on a server
    /// it is told of its database there.
    pub fn spawn(mut command: Command, folder: &Path, port: u16, log: &str) -> Self {
        let log = folder.join(log);
        let file = || File::options().create(true).append(true).open(&log).expect("a log");
        let set: Vec<_> = command.get_envs().map(|(k, v)| (k.to_owned(), v.map(OsStr::to_owned))).collect();
        command.env_clear();
        // The same for a shop and a sandbox, which by default have different ones.
        command.env("DATABASE_URL", database_url(&folder.join("data")));
        if !is_file() {
            command.env("SAOMA_SECRET_KEY", SECRET_KEY);
        }
        command.envs(set.into_iter().filter_map(|(name, value)| Some((name, value?))));
        command.env("NO_COLOR", "1").env("PATH", "/usr/bin:/bin").current_dir(folder);
        let child = command.stdin(Stdio::null()).stdout(file()).stderr(file()).spawn().expect("starts");
        Self { site: Site::new(format!("http://127.0.0.1:{port}")), child, log }
    }

    pub async fn until_answered(&mut self, path: &str) {
        let site = self.site.clone();
        until(&format!("an answer at {path}"), async || {
            if let Some(status) = self.child.try_wait().expect("a child") {
                panic!("ended with {status}: {}", self.log());
            }
            Site::try_send(site.request(reqwest::Method::GET, path)).await.ok().filter(|it| it.status == 200)
        })
        .await;
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn port(&self) -> u16 {
        self.site.origin.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
    }

    /// Everything it wrote, without colours.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).expect("a log")
    }

    /// SIGKILL: nothing can be saved any more.
    pub fn kill(&mut self) {
        self.child.kill().expect("kills");
        self.child.wait().expect("is gone");
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    pub fn signal(&self, signal: &str) {
        let status = Command::new("/bin/kill").args([signal, &self.child.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }

    /// No file of it may grow past so many bytes, as on a full disk; `None` for as long as it likes.
    pub fn limit_files(&self, bytes: Option<u32>) {
        let limit = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
        let mut command = Command::new("/usr/bin/prlimit");
        command.args(["--pid", &self.child.id().to_string(), &format!("--fsize={limit}:")]);
        assert!(command.status().expect("prlimit runs").success());
    }

    pub async fn ended(&mut self) -> ExitStatus {
        until("the end of the process", async || self.child.try_wait().expect("a child")).await
    }

    /// Resident memory in KiB.
    pub fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        line.trim().trim_end_matches(" kB").trim().parse().expect("a number")
    }
}

impl Deref for Process {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}

/// Whom a command belongs to, as the system says.
pub fn system_user() -> String {
    let output = Command::new("id").arg("-un").output().expect("id runs");
    String::from_utf8(output.stdout).expect("a name").trim().to_owned()
}
