//! The books on the disk that fails: a file of SQLite, which the shop itself has open, or a MariaDB of the
//! test's own.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use sqlx::{AnyConnection, Connection as _, Row as _};
use tokio::time::Instant;

use crate::{control::Control, mariadb::MariaDb, process::Program, relay::Subject, scene::last_lines};

const FILE: &str = "saoma.db";

pub struct Books {
    pub control: Control,
    engine: Engine,
    /// For copies.
    folder: PathBuf,
}

enum Engine {
    File,
    Server(MariaDb),
}

impl Books {
    pub fn file(folder: &Path) -> Self {
        let control = Control::new(&folder.join("books"), &folder.join("journal"));
        Self { control, engine: Engine::File, folder: folder.to_owned() }
    }

    pub async fn server(folder: &Path) -> Self {
        let control = Control::new(&folder.join("books"), &folder.join("journal"));
        let server = MariaDb::install(folder, &control).await;
        Self { control, engine: Engine::Server(server), folder: folder.to_owned() }
    }

    pub fn url(&self) -> String {
        match &self.engine {
            Engine::File => format!("sqlite://{}", self.control.below.join(FILE).display()),
            Engine::Server(server) => server.database(),
        }
    }

    pub const fn engine(&self) -> &'static str {
        match self.engine {
            Engine::File => "SQLite",
            Engine::Server(_) => "MariaDB",
        }
    }

    /// `program` as it is to be started: whoever has the files open is under the preload library.
    pub fn under_faults(&self, mut program: Program) -> Program {
        if self.are_shops_own() {
            program.variables.extend(self.control.variables());
        }
        program
    }

    /// The process of the shop is the one that has the files open.
    pub const fn are_shops_own(&self) -> bool {
        matches!(self.engine, Engine::File)
    }

    /// Starts a server that has ended; since when it takes connections, if it does.
    pub async fn look_after(&mut self) -> Option<Instant> {
        match &mut self.engine {
            Engine::File => Some(Instant::now()),
            Engine::Server(server) => server.look_after(&self.control).await,
        }
    }

    /// SIGKILL for a server, if there is one. It has to be looked after then.
    pub fn kill_server(&mut self) {
        if let Engine::Server(server) = &mut self.engine {
            server.kill();
        }
    }

    /// Of a server.
    pub fn last_words(&self) -> String {
        match &self.engine {
            Engine::File => String::new(),
            Engine::Server(server) => last_lines(server.log()),
        }
    }

    /// How often a server has ended by itself.
    pub const fn ended(&self) -> usize {
        match &self.engine {
            Engine::File => 0,
            Engine::Server(server) => server.ended,
        }
    }

    /// What is in the books, as read by somebody else: of a file a copy, made while nobody has it open.
    pub async fn read(&self) -> BTreeSet<Subject> {
        sqlx::any::install_default_drivers();
        let copy = self.folder.join("copy");
        let url = if self.are_shops_own() {
            fs::create_dir_all(&copy).expect("a folder");
            for file in [FILE.to_owned(), format!("{FILE}-wal")] {
                // No log, or no books yet: then there is nothing in them.
                fs::copy(self.control.below.join(&file), copy.join(&file)).ok();
            }
            format!("sqlite://{}?mode=rwc", copy.join(FILE).display())
        } else {
            self.url()
        };
        let mut connection = AnyConnection::connect(&url).await.expect("opens");
        let mut written = BTreeSet::new();
        let sql = "SELECT transaction_id FROM payments";
        for row in sqlx::query(sql).fetch_all(&mut connection).await.expect("reads") {
            written.insert(Subject::Payment(row.get(0)));
        }
        let sql = "SELECT out_refund_no, state FROM refunds";
        for row in sqlx::query(sql).fetch_all(&mut connection).await.expect("reads") {
            written.insert(Subject::Refund(row.get(0), row.get(1)));
        }
        if self.are_shops_own() {
            let sound: String =
                sqlx::query_scalar("PRAGMA quick_check").fetch_one(&mut connection).await.expect("reads");
            assert_eq!(sound, "ok", "the file is damaged");
        }
        connection.close().await.expect("closes");
        fs::remove_dir_all(&copy).ok();
        written
    }
}
