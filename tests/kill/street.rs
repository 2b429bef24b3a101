//! What only the tests here have in common, and not those of failing disks: a shop with its people, commands that are
//! awaited, and books in which nothing is under way any more.

use std::{fs, path::Path, sync::Arc, time::Duration};

use saoma::storage::Database;
use tokio::time::Instant;

use crate::{
    audit::standing,
    load::Town,
    process::{Program, Running, free_port},
    stage::{SETTLE_LIMIT, Sandbox, client, live_shop},
};

/// One shop that answers, and people in front of it.
pub struct Street {
    pub town: Town,
    pub shop: Program,
    pub running: Running,
    pub health: String,
    /// For as long as this is there.
    pub sandbox: Sandbox,
}

impl Street {
    pub async fn open(folder: &Path, database: &str, deaf_from: usize) -> Self {
        let (client, port) = (client(), free_port());
        let sandbox = Sandbox::start(folder, &client).await;
        let origin = format!("http://127.0.0.1:{port}");
        let town = Town::new(&client, &sandbox, vec![origin.clone()], deaf_from);
        town.hurry().await;
        let (shop, health) = (live_shop(folder, &sandbox, port, &origin, database), format!("{origin}/healthz"));
        let mut running = shop.start();
        running.until_it_answers(&client, &health).await;
        Self { town, shop, running, health, sandbox }
    }
}

impl Town {
    /// Its people, in front of these shops.
    pub fn new(client: &reqwest::Client, sandbox: &Sandbox, shops: Vec<String>, deaf_from: usize) -> Self {
        let (client, sandbox) = (client.clone(), sandbox.origin.clone());
        Self { client, shops, sandbox, deaf_from, paid: Arc::default(), refused: Arc::default() }
    }
}

impl Program {
    /// Until it has ended: whether well, and what it said in its log, which begins anew.
    pub async fn run(&self, arguments: &[&str]) -> (bool, String) {
        fs::remove_file(&self.log).ok();
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let mut running = Self { arguments, ..self.clone() }.start();
        let ended = loop {
            match running.ended() {
                Some(well) => break well,
                None => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
        (ended, running.log())
    }
}

/// Until so many payments are in these books and no refund is open, or for as long as that may take.
pub async fn until_settled(url: &str, payments: usize) {
    let db = Database::attach(url).await.expect("opens");
    let end = Instant::now() + SETTLE_LIMIT;
    while standing(&db).await != (payments, 0) && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    db.close().await;
}
