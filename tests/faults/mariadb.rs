//! A MariaDB on the disk that fails. It ends itself when a sync fails, and is started again, as the service of
//! a distribution does.

use std::{collections::BTreeMap, fs, path::Path, process::Command, time::Duration};

use sqlx::{AnyConnection, Connection as _, Executor as _};
use tokio::time::{Instant, timeout};

use crate::{
    control::{Control, Fault},
    process::{Program, Running, free_port},
    scene::last_lines,
};

const PATHS: &str = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/sbin:/bin";
/// Between two tries to start what ends at once.
const AGAIN: Duration = Duration::from_millis(100);

pub struct MariaDb {
    program: Program,
    port: u16,
    running: Option<Running>,
    /// Since when it takes connections.
    open: Option<Instant>,
    pub ended: usize,
}

impl MariaDb {
    /// With an empty database `saoma`.
    pub async fn install(folder: &Path, control: &Control) -> Self {
        let told = Command::new("id").arg("-un").output().expect("id runs");
        let user = format!("--user={}", String::from_utf8(told.stdout).expect("text").trim());
        let data = format!("--datadir={}", control.below.join("data").display());
        let temporary = folder.join("tmp");
        fs::create_dir_all(&temporary).expect("a folder");
        let made = Command::new("mariadb-install-db")
            .args(["--no-defaults", &user, &data, "--skip-test-db", "--auth-root-authentication-method=normal"])
            .env("PATH", PATHS)
            // One that starts clears away the temporary tables of all others that share its folder.
            .env("TMPDIR", &temporary)
            .output()
            .expect("MariaDB is installed: .tools/mariadb.sh");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = free_port();
        let arguments = vec![
            "--no-defaults".to_owned(),
            user,
            data,
            format!("--tmpdir={}", temporary.display()),
            format!("--socket={}", folder.join("socket").display()),
            format!("--pid-file={}", folder.join("pid").display()),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--port={port}"),
            // Through the C library, where it can be seen; and as durable as a shop needs it.
            "--innodb-use-native-aio=0".to_owned(),
            "--innodb-flush-method=fsync".to_owned(),
            "--innodb-flush-log-at-trx-commit=1".to_owned(),
            "--innodb-buffer-pool-size=64M".to_owned(),
            "--innodb-log-file-size=32M".to_owned(),
            "--innodb-buffer-pool-dump-at-shutdown=OFF".to_owned(),
            "--innodb-buffer-pool-load-at-startup=OFF".to_owned(),
            "--performance-schema=OFF".to_owned(),
            "--skip-log-bin".to_owned(),
            "--skip-name-resolve".to_owned(),
            "--skip-stack-trace".to_owned(),
            "--max-connections=200".to_owned(),
        ];
        let variables = BTreeMap::from([("PATH".to_owned(), PATHS.to_owned())]);
        let found = PATHS.split(':').map(|folder| Path::new(folder).join("mariadbd")).find(|path| path.exists());
        let path = found.expect("mariadbd is installed");
        let mut program = Program { path, arguments, variables, log: folder.join("mariadb.log") };
        program.variables.extend(control.variables());
        // InnoDB writes each page twice, so that half a page is no loss, and does not look whether the first time went
        // well: of a disk that breaks, or is full, in the middle of both, it never recovers, whatever a shop does.
        program.variables.insert("FAULTS_WHOLE".to_owned(), "1".to_owned());
        let mut server = Self { program, port, running: None, open: None, ended: 0 };
        while server.look_after(control).await.is_none() {
            tokio::time::sleep(AGAIN).await;
        }
        let mut connection = server.connect().await.expect("connects");
        connection.execute("CREATE DATABASE saoma CHARACTER SET utf8mb4").await.expect("creates");
        server
    }

    pub fn database(&self) -> String {
        format!("mysql://root@127.0.0.1:{}/saoma", self.port)
    }

    pub fn log(&self) -> &Path {
        &self.program.log
    }

    pub fn kill(&mut self) {
        self.open = None;
        // Dropping it kills it.
        self.running = None;
    }

    /// Since when it takes connections; `None` while it is starting. On a full disk it is not started: it would
    /// wait a minute for somebody who makes room, and this somebody starts it when there is some.
    pub async fn look_after(&mut self, control: &Control) -> Option<Instant> {
        if self.running.as_mut().is_some_and(|running| running.ended().is_some()) {
            self.kill();
            self.ended += 1;
            if !control.is_on(Fault::OpenError) {
                self.renew_aria_log(&control.below.join("data"));
            }
            tokio::time::sleep(AGAIN).await;
        }
        if self.running.is_none() && control.is_on(Fault::Full) {
            return None;
        }
        self.running.get_or_insert_with(|| self.program.start());
        if self.open.is_none() && self.connect().await.is_ok() {
            self.open = Some(Instant::now());
        }
        self.open
    }

    /// One that could not open all its files while it started may leave the log of its Aria engine so that it never starts
    /// again. The system's own tables are in there, and no books (they are `InnoDB`'s): whoever runs it takes that log away,
    /// and it makes another.
    fn renew_aria_log(&self, data: &Path) {
        if !last_lines(&self.program.log).contains("Plugin 'Aria' registration as a STORAGE ENGINE failed") {
            return;
        }
        for entry in fs::read_dir(data).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.file_name().is_some_and(|name| name.to_string_lossy().starts_with("aria_log")) {
                fs::remove_file(entry).expect("removes");
            }
        }
    }

    async fn connect(&self) -> Result<AnyConnection, sqlx::Error> {
        sqlx::any::install_default_drivers();
        let connection = AnyConnection::connect(&format!("mysql://root@127.0.0.1:{}/", self.port));
        timeout(Duration::from_secs(3), connection).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }
}
