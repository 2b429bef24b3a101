//! A shop above books on a disk that fails, with WeChat and shoppers around it, whose disk does not.

use std::{path::Path, sync::Arc};

use crate::{
    books::Books,
    load::Town,
    process::{Program, Running, free_port},
    relay::Relay,
    stage::{Sandbox, client, live_shop},
};

pub struct Street {
    pub town: Town,
    pub relay: Relay,
    pub shop: Program,
    /// As it is started: its own arguments are to be put in.
    pub command: Program,
    _sandbox: Sandbox,
}

impl Street {
    /// Also the shop, which answers already.
    pub async fn open(folder: &Path, books: &Books) -> (Self, Running) {
        let client = client();
        let sandbox = Sandbox::start(folder, &client).await;
        let port = free_port();
        let origin = format!("http://127.0.0.1:{port}");
        let relay = Relay::start(client.clone(), origin.clone(), &sandbox.dir).await;
        let town = Town {
            client,
            shops: vec![origin],
            sandbox: sandbox.origin.clone(),
            deaf_from: usize::MAX,
            paid: Arc::default(),
            refused: Arc::default(),
        };
        town.hurry().await;
        let shop = books.under_faults(live_shop(folder, &sandbox, port, &relay.origin, &books.url()));
        let command = Program { log: folder.join("command.log"), ..shop.clone() };
        let street = Self { town, relay, shop, command, _sandbox: sandbox };
        let running = street.start_shop().await;
        if !books.are_shops_own() {
            // MariaDB makes and changes tables without syncing the folders: setting up is no part of this.
            books.control.settle();
        }
        (street, running)
    }

    /// Once it answers.
    pub async fn start_shop(&self) -> Running {
        let mut running = self.shop.start();
        running.until_it_answers(&self.town.client, &format!("{}/healthz", self.town.shops[0])).await;
        running
    }
}
