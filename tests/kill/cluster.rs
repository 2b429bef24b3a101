//! Past one machine: three nodes of a Galera cluster, a Saoma on each. Every notification goes to all
//! three at the same moment, shoppers take any of them, and while they pay nodes and Saomas are killed
//! (`kill -9`) and come back. Then the sandbox's ledger is laid beside the books of each node.
//!
//! `make cluster`; `KILLS`, `PAYMENTS`, `SHOPPERS`, `DEAF` and `SYNC_WAIT` change what happens.

mod balancer;
mod node;

use std::{
    path::Path,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use saoma::storage::Database;
use tokio::{sync::mpsc, time::Instant};

use self::{
    balancer::Balancer,
    node::{NODES, Node},
};
use crate::{
    audit::{audit, standing},
    deaf_from,
    load::{Tickets, Town, give_back},
    process::{Program, Running, free_port, random},
    stage::{SETTLE_LIMIT, Sandbox, assert_no_panic, client, live_shop, report, row, size},
};

const KILLS: usize = 6;
const PAYMENTS: usize = 6_000;
const SHOPPERS: usize = 12;
/// What is dead comes back once the others have acknowledged so many, or after so long.
const ABSENT: (usize, Duration) = (200, Duration::from_secs(10));

/// A Saoma beside a node.
struct Instance {
    program: Program,
    running: Running,
    origin: String,
}

impl Instance {
    async fn start(program: Program, origin: String, client: &reqwest::Client) -> Self {
        let mut running = program.start();
        running.until_it_answers(client, &format!("{origin}/readyz")).await;
        Self { program, running, origin }
    }

    async fn until_ready(&mut self, client: &reqwest::Client) {
        self.running.until_it_answers(client, &format!("{}/readyz", self.origin)).await;
    }
}

/// Whom it hit, when, and what could be seen of it.
struct Killed {
    who: String,
    paid: usize,
    at: Duration,
    gap: Duration,
    back: Duration,
}

struct Scene<'s> {
    nodes: &'s mut [Node],
    instances: &'s mut [Instance],
    town: &'s Town,
    balancer: &'s Balancer,
    began: Instant,
}

impl Scene<'_> {
    /// A node, a Saoma, the next node…, each at a random moment of its share of the payments.
    async fn kill(&mut self, kills: usize, payments: usize) -> Vec<Killed> {
        let mut killed = Vec::new();
        for kill in 0..kills {
            let share = payments / kills;
            let moment = kill * share + usize::try_from(random(share as u64 / 2)).expect("small");
            while self.town.paid.load(Ordering::SeqCst) < moment {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            // Saomas one further on than nodes, so that no pair goes twice.
            let index = if kill % 2 == 0 { kill / 2 } else { kill / 2 + 2 } % NODES;
            killed.push(self.kill_one(kill % 2 == 0, index).await);
        }
        killed
    }

    async fn kill_one(&mut self, is_node: bool, index: usize) -> Killed {
        let (died, paid, before) =
            (Instant::now(), self.town.paid.load(Ordering::SeqCst), self.balancer.acknowledged());
        let who = format!("{} {}", if is_node { "node" } else { "Saoma" }, index + 1);
        if is_node {
            self.nodes[index].kill();
        } else {
            self.instances[index].running.kill();
        }
        while self.balancer.acknowledged() < before + ABSENT.0 && died.elapsed() < ABSENT.1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let instance = &mut self.instances[index];
        if is_node {
            self.nodes[index].come_back().await;
        } else {
            instance.running = instance.program.start();
        }
        instance.until_ready(&self.town.client).await;
        let now = Instant::now();
        Killed { who, paid, at: died - self.began, gap: self.balancer.longest_gap(died, now), back: now - died }
    }
}

/// In memory where there is room: three servers on one disk wait for it more than for each other.
fn place() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let folder = tempfile::Builder::new().prefix("saoma-cluster.").tempdir_in(memory);
    folder.or_else(|_| tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))).expect("a folder")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Galera: make cluster"]
async fn a_cluster_loses_and_doubles_nothing_whatever_dies() {
    let (kills, payments, shoppers) = (size("KILLS", KILLS), size("PAYMENTS", PAYMENTS), size("SHOPPERS", SHOPPERS));
    let folder = place();
    let mut nodes = Node::cluster(folder.path()).await;
    let client = client();
    let sandbox = Sandbox::start(folder.path(), &client).await;
    let ports: Vec<_> = nodes.iter().map(|_| free_port()).collect();
    let shops: Vec<_> = ports.iter().map(|port| format!("http://127.0.0.1:{port}")).collect();
    let balancer = Balancer::start(free_port(), client.clone(), shops.clone()).await;
    let mut instances = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let program = live_shop(folder.path(), &sandbox, ports[index], &balancer.origin, &node.database());
        instances.push(Instance::start(program, shops[index].clone(), &client).await);
    }
    let town = Town::new(&client, &sandbox, shops, deaf_from(payments));
    town.hurry().await;

    let began = Instant::now();
    let (refunds, to_refund) = mpsc::unbounded_channel();
    let log = folder.path().join("refund.log");
    let commands = instances.iter().map(|it| Program { log: log.clone(), ..it.program.clone() }).collect();
    let refunding = tokio::spawn(give_back(commands, to_refund));
    let tickets = Arc::new(Tickets::new(payments));
    let paying: Vec<_> =
        (0..shoppers).map(|_| tokio::spawn(town.clone().shop_and_pay(Arc::clone(&tickets), refunds.clone()))).collect();
    drop(refunds);
    let mut scene = Scene { nodes: &mut nodes, instances: &mut instances, town: &town, balancer: &balancer, began };
    let killed = scene.kill(kills, payments).await;
    for shopper in paying {
        shopper.await.expect("no panic");
    }
    let paid_in = began.elapsed();
    let (refunds, commands_killed) = refunding.await.expect("no panic");

    let end = Instant::now() + SETTLE_LIMIT;
    let mut audits = Vec::new();
    for node in &nodes {
        let db = Database::open(&node.database()).await.expect("opens");
        while standing(&db).await != (payments, 0) && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        audits.push(audit(&db, &town.read_ledger().await).await);
        db.close().await;
    }
    let settled_in = began.elapsed();
    nodes.iter_mut().for_each(Node::assert_alive);
    for instance in &mut instances {
        instance.running.assert_alive();
        assert_no_panic(&instance.program);
    }

    println!(
        "Galera, {NODES} nodes on loopback, a Saoma on each, {shoppers} shoppers, every notification to all at once"
    );
    for Killed { who, paid, at, gap, back } in &killed {
        println!(
            "  {who} killed at {:.1} s after {paid} payments: {:.1} s without an acknowledgement, back after {:.1} s",
            at.as_secs_f64(),
            gap.as_secs_f64(),
            back.as_secs_f64(),
        );
    }
    row("payments", audits[0].payments);
    town.report_load(refunds, commands_killed).await;
    let (mut acknowledged_by_all, mut others) = (0, 0);
    for (answers, count) in balancer.answers() {
        // 404: the order has not yet come to the node. 503: the node, or the cluster, takes no writes.
        assert!(answers.iter().all(|it| [0, 200, 404, 503].contains(it)), "{answers:?}");
        if answers == [200; NODES] {
            acknowledged_by_all += count;
        } else {
            others += count;
        }
        let answers: Vec<_> =
            answers.iter().map(|it| if *it == 0 { "none".to_owned() } else { it.to_string() }).collect();
        row(&format!("  answered {}", answers.join(", ")), count);
    }
    report(&audits[0]);
    row("nodes with the same books", audits.iter().filter(|it| **it == audits[0]).count());
    row("seconds until all were paid", paid_in.as_secs());
    row("seconds until all had settled", settled_in.as_secs());
    assert!(kills > 0 || acknowledged_by_all > 20 * others, "with all alive, nearly all are to acknowledge");
    assert!(killed.iter().all(|it| it.paid < payments), "killed when nobody paid any more");
    assert!(audits.iter().all(|it| it.is_clean() && *it == audits[0]), "{audits:?}");
    assert_eq!((audits[0].payments, audits[0].refunds), (payments, refunds));
}
