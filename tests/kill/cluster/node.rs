//! Three MariaDB servers as one Galera cluster on loopback, in a temporary folder.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::Command,
};

use sqlx::{AnyConnection, Connection as _, Executor as _, Row as _};

use crate::{
    process::{Program, Running, free_port},
    stage::size,
};

pub const NODES: usize = 3;
/// Where distributions put it.
const PROVIDERS: [&str; 3] =
    ["/usr/lib/galera/libgalera_smm.so", "/usr/lib64/galera-4/libgalera_smm.so", "/usr/lib64/galera/libgalera_smm.so"];
/// The first is where `.tools/galera.sh` puts what it takes out of a package.
const PATHS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/.tools/galera/usr/bin:/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/sbin:/bin"
);

pub struct Node {
    program: Program,
    data: PathBuf,
    port: u16,
    running: Option<Running>,
}

impl Node {
    /// A cluster with an empty database `saoma`.
    pub async fn cluster(folder: &Path) -> Vec<Self> {
        // A state is transferred by rsync, which as root makes itself nobody: then all of it is.
        let user = if told_by_id(&["-u"]) == "0" { "nobody".to_owned() } else { told_by_id(&["-un"]) };
        let owner = told_by_id(&["-u", &user]).parse().expect("a number");
        chown(folder, Some(owner), None).expect("is ours to give");
        let ports: Vec<_> = (0..NODES).map(|_| [(); 4].map(|()| free_port())).collect();
        let group: Vec<_> = ports.iter().map(|[_, group, ..]| format!("127.0.0.1:{group}")).collect();
        let mut nodes: Vec<_> = (0..NODES).map(|index| Self::new(folder, &user, index, ports[index], &group)).collect();
        for folder in nodes.iter().map(|node| temporary_of(&node.data)) {
            fs::create_dir(&folder).expect("a folder");
            chown(&folder, Some(owner), None).expect("is ours to give");
        }

        install(&nodes[0].program, &nodes[0].data);
        nodes[0].start(&["--wsrep-new-cluster"]).await;
        nodes[0].execute("CREATE DATABASE saoma CHARACTER SET utf8mb4").await;
        for other in &mut nodes[1..] {
            // It gets everything from the cluster.
            fs::create_dir(&other.data).expect("a folder");
            chown(&other.data, Some(owner), None).expect("is ours to give");
            other.start(&[]).await;
        }
        nodes
    }

    fn new(folder: &Path, user: &str, index: usize, [port, group, changes, state]: [u16; 4], all: &[String]) -> Self {
        let data = folder.join(format!("node-{index}"));
        let provider = PROVIDERS.into_iter().find(|path| Path::new(path).exists()).expect("galera-4 is installed");
        let arguments = vec![
            "--no-defaults".to_owned(),
            format!("--user={user}"),
            format!("--datadir={}", data.display()),
            format!("--socket={}", folder.join(format!("socket-{index}")).display()),
            format!("--pid-file={}", folder.join(format!("pid-{index}")).display()),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--port={port}"),
            // Killed are processes, never the machine; and three servers share it.
            "--innodb-flush-log-at-trx-commit=0".to_owned(),
            "--innodb-flush-method=nosync".to_owned(),
            "--innodb-buffer-pool-size=64M".to_owned(),
            "--innodb-log-file-size=32M".to_owned(),
            "--performance-schema=OFF".to_owned(),
            "--skip-name-resolve".to_owned(),
            "--max-connections=200".to_owned(),
            // What Galera asks for.
            "--binlog-format=ROW".to_owned(),
            "--innodb-autoinc-lock-mode=2".to_owned(),
            "--wsrep-on=ON".to_owned(),
            format!("--wsrep-provider={provider}"),
            "--wsrep-cluster-name=saoma".to_owned(),
            format!("--wsrep-cluster-address=gcomm://{}", all.join(",")),
            format!("--wsrep-node-name=node-{index}"),
            format!("--wsrep-node-address=127.0.0.1:{group}"),
            "--wsrep-sst-method=rsync".to_owned(),
            format!("--wsrep-sst-receive-address=127.0.0.1:{state}"),
            format!("--wsrep-sync-wait={}", size("SYNC_WAIT", 0)),
            "--wsrep-slave-threads=2".to_owned(),
            format!(
                "--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:{group};\
                 ist.recv_addr=127.0.0.1:{changes};gcache.size=64M"
            ),
        ];
        let program = Program {
            path: find("mariadbd"),
            arguments,
            // A node that starts clears away the temporary tables of all that share its folder.
            variables: BTreeMap::from([
                ("PATH".to_owned(), PATHS.to_owned()),
                ("TMPDIR".to_owned(), temporary_of(&data).display().to_string()),
            ]),
            log: folder.join(format!("node-{index}.log")),
        };
        Self { program, data, port, running: None }
    }

    pub fn database(&self) -> String {
        format!("mysql://root@127.0.0.1:{}/saoma", self.port)
    }

    pub fn kill(&mut self) {
        self.running.take().expect("runs").kill();
    }

    pub fn assert_alive(&mut self) {
        self.running.as_mut().expect("runs").assert_alive();
    }

    /// Comes back after a kill, as the service of a distribution does: with the place up to which its
    /// own files go, so that only the rest has to be transferred.
    pub async fn come_back(&mut self) {
        let program = self.with(&["--wsrep-recover"]);
        let Program { path, arguments, variables, .. } = program;
        let told = Command::new(path).args(arguments).env_clear().envs(variables).output().expect("runs");
        let told = String::from_utf8_lossy(&told.stderr).into_owned();
        let position = told.lines().find_map(|line| line.split_once("Recovered position: ")).expect(&told).1;
        self.start(&[&format!("--wsrep-start-position={}", position.trim())]).await;
    }

    fn with(&self, more: &[&str]) -> Program {
        let mut program = self.program.clone();
        program.arguments.extend(more.iter().map(|it| (*it).to_owned()));
        program
    }

    /// Until it takes part.
    async fn start(&mut self, more: &[&str]) {
        let mut running = self.with(more).start();
        running.until(async || self.is_synced().await.unwrap_or(false)).await;
        self.running = Some(running);
    }

    async fn connect(&self) -> Result<AnyConnection, sqlx::Error> {
        sqlx::any::install_default_drivers();
        AnyConnection::connect(&format!("mysql://root@127.0.0.1:{}/", self.port)).await
    }

    async fn execute(&self, sql: &'static str) {
        self.connect().await.expect("connects").execute(sql).await.expect(sql);
    }

    async fn is_synced(&self) -> Result<bool, sqlx::Error> {
        let mut connection = self.connect().await?;
        let row = sqlx::query("SHOW STATUS LIKE 'wsrep_local_state_comment'").fetch_one(&mut connection).await?;
        Ok(row.try_get::<String, _>(1)? == "Synced")
    }
}

fn told_by_id(arguments: &[&str]) -> String {
    let told = Command::new("id").args(arguments).output().expect("id runs");
    String::from_utf8(told.stdout).expect("text").trim().to_owned()
}

fn find(program: &str) -> PathBuf {
    let found = PATHS.split(':').map(|folder| Path::new(folder).join(program)).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("{program} is not installed"))
}

fn temporary_of(data: &Path) -> PathBuf {
    data.with_extension("tmp")
}

fn install(program: &Program, data: &Path) {
    let user = program.arguments.iter().find(|it| it.starts_with("--user=")).expect("a user");
    let made = Command::new(find("mariadb-install-db"))
        .args(["--no-defaults", user, "--skip-test-db", "--auth-root-authentication-method=normal"])
        .arg(format!("--datadir={}", data.display()))
        .envs(&program.variables)
        .output()
        .expect("runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
