//! A sandbox of its own, as a platform for a site in live mode.

use std::{collections::BTreeMap, net::SocketAddr, path::Path};

use saoma::{
    clock::Clock,
    sandbox::{Sandbox, SandboxOptions},
};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Site, folder, free_port, lay_keys};

pub struct Outside {
    pub site: Site,
    dir: TempDir,
    address: SocketAddr,
    sandbox: Sandbox,
    serving: Option<DropGuard>,
}

impl Outside {
    pub async fn start(clock: &Clock) -> Self {
        let mut outside = Self::closed(clock);
        outside.open().await;
        outside
    }

    /// Has its keys and `credentials.env`; nobody listens at its address yet.
    pub fn closed(clock: &Clock) -> Self {
        let dir = folder();
        lay_keys(dir.path());
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let options = SandboxOptions::new(address).expect("an address");
        let options = SandboxOptions { clock: clock.clone(), ..options };
        let sandbox = Sandbox::open(dir.path(), options).expect("opens");
        Self { site: Site::new(format!("http://{address}")), dir, address, sandbox, serving: None }
    }

    pub async fn open(&mut self) {
        let listener = TcpListener::bind(self.address).await.expect("the port is free");
        let stop = CancellationToken::new();
        let (sandbox, stopping) = (self.sandbox.clone(), stop.clone());
        tokio::spawn(async move { sandbox.serve(listener, stopping).await });
        self.serving = Some(stop.drop_guard());
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
