//! A sandbox of its own, as a platform for a site in live mode.

use std::{collections::BTreeMap, net::SocketAddr, path::Path};

use saoma::{
    clock::Clock,
    sandbox::{Sandbox, SandboxOptions},
};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Site, folder, free_port, lay_keys};

pub struct Outside {
    pub site: Site,
    dir: TempDir,
    address: SocketAddr,
    clock: Clock,
    serving: Option<(DropGuard, JoinHandle<()>)>,
}

impl Outside {
    pub async fn start(clock: &Clock) -> Self {
        let mut outside = Self::closed(clock);
        outside.open().await;
        outside
    }

    /// Nobody listens at its address yet.
    pub fn closed(clock: &Clock) -> Self {
        let dir = folder();
        lay_keys(dir.path());
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let site = Site::new(format!("http://{address}"));
        let outside = Self { site, dir, address, clock: clock.clone(), serving: None };
        // Writes credentials.env.
        drop(outside.sandbox());
        outside
    }

    fn sandbox(&self) -> Sandbox {
        let options = SandboxOptions::new(self.address).expect("an address");
        let options = SandboxOptions { clock: self.clock.clone(), ..options };
        Sandbox::open(self.dir.path(), options).expect("opens")
    }

    pub async fn open(&mut self) {
        let listener = TcpListener::bind(self.address).await.expect("the port is free");
        let sandbox = self.sandbox();
        let stop = CancellationToken::new();
        let stopping = stop.clone();
        let serving = tokio::spawn(async move { sandbox.serve(listener, stopping).await.expect("serves") });
        self.serving = Some((stop.drop_guard(), serving));
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// `credentials.env`, as dotenv reads it.
    pub fn credentials(&self) -> BTreeMap<String, String> {
        let pairs = dotenvy::from_path_iter(self.dir.path().join("credentials.env")).expect("is there");
        pairs.map(|pair| pair.expect("dotenv")).collect()
    }
}
