//! Shoppers, and somebody who gives money back. A shop that is not there is tried again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{sync::mpsc, time::Instant};

use crate::process::{Program, random};

/// One fen, and enough to give back in parts.
pub const CHEAP: i64 = 1;
pub const DEAR: i64 = 2;
/// One in so many payments is given back, in part or whole.
const REFUNDED: usize = 25;
/// One in so many refund commands is killed on its way, and given again.
const COMMANDS_KILLED: u64 = 3;
/// How long somebody tries what must succeed in the end.
const LIMIT: Duration = Duration::from_mins(2);

#[derive(Clone)]
pub struct Town {
    pub client: reqwest::Client,
    /// One, or several in front of the same books: each shopper takes any of them.
    pub shops: Vec<String>,
    pub sandbox: String,
    /// From this payment on no callback arrives: pages and jobs have to find what was paid.
    pub deaf_from: usize,
    pub paid: Arc<AtomicUsize>,
    pub refused: Arc<AtomicUsize>,
}

/// One for each payment that is to be made, by all shoppers together.
pub struct Tickets {
    pub next: AtomicUsize,
    pub end: AtomicUsize,
}

impl Tickets {
    pub const fn new(payments: usize) -> Self {
        Self { next: AtomicUsize::new(0), end: AtomicUsize::new(payments) }
    }

    fn take(&self) -> Option<usize> {
        let ticket = self.next.fetch_add(1, Ordering::SeqCst);
        (ticket < self.end.load(Ordering::SeqCst)).then_some(ticket)
    }
}

pub struct Bought {
    pub order_no: String,
    code_url: String,
    /// The token of its page.
    page: String,
}

impl Town {
    /// Buys and pays until there are no more tickets; hands on what is to be refunded.
    pub async fn shop_and_pay(self, tickets: Arc<Tickets>, refunds: mpsc::UnboundedSender<String>) {
        while let Some(ticket) = tickets.take() {
            if ticket == self.deaf_from {
                self.set_faults(&json!({ "drop": "all" })).await;
            }
            let is_dear = ticket.is_multiple_of(REFUNDED);
            let bought = self.buy(if is_dear { DEAR } else { CHEAP }).await;
            self.paid.fetch_add(1, Ordering::SeqCst);
            if ticket >= self.deaf_from && ticket.is_multiple_of(2) {
                tokio::spawn(self.clone().keep_page_open(bought.page));
            }
            if is_dear {
                refunds.send(bought.order_no).expect("somebody refunds");
            }
        }
    }

    fn shop(&self) -> &str {
        let index = random(self.shops.len() as u64);
        &self.shops[usize::try_from(index).expect("small")]
    }

    pub async fn set_faults(&self, faults: &Value) {
        let set = self.client.put(format!("{}/_sandbox/faults", self.sandbox)).json(faults).send().await;
        assert_eq!(set.expect("the sandbox is there").status(), 200);
    }

    /// Waits as a page does.
    async fn keep_page_open(self, page: String) {
        let status = async || {
            let look =
                self.client.get(format!("{}/api/orders/{page}?after=9&wait=5", self.shop())).send().await.ok()?;
            Some(look.json::<Value>().await.ok()?["status"].as_str()?.to_owned())
        };
        while status().await.is_none_or(|status| status == "NOTPAY") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A new order until one is paid.
    pub async fn buy(&self, product: i64) -> Bought {
        let end = Instant::now() + LIMIT;
        while Instant::now() < end {
            if let Some(placed) = self.place(product).await {
                self.pay(&placed).await;
                return placed;
            }
            self.refused.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        panic!("nothing can be bought");
    }

    pub async fn pay(&self, placed: &Bought) {
        let scan = json!({ "code_url": placed.code_url, "action": "pay" });
        let paid = self.client.post(format!("{}/_sandbox/scan", self.sandbox)).json(&scan).send().await;
        let paid: Value = paid.expect("the sandbox is there").json().await.expect("JSON");
        assert_eq!(paid["trade_state"], "SUCCESS", "{paid}");
    }

    pub async fn place(&self, product: i64) -> Option<Bought> {
        let placed =
            self.client.post(format!("{}/api/wx-pay/native/native/{product}", self.shop())).send().await.ok()?;
        let placed: Value = placed.json().await.ok()?;
        let text = |name: &str| Some(placed["data"][name].as_str()?.to_owned());
        let page = text("payUrl")?.rsplit('/').next()?.to_owned();
        Some(Bought { order_no: text("orderNo")?, code_url: text("codeUrl")?, page })
    }
}

/// Refunds by `saoma refund`, under a number that stays the same however often it must be said, by each
/// of `commands` in turn.
pub async fn give_back(commands: Vec<Program>, mut orders: mpsc::UnboundedReceiver<String>) -> (usize, usize) {
    let (mut given, mut refunds, mut kills) = (0_usize, 0, 0);
    while let Some(order_no) = orders.recv().await {
        given += 1;
        let parts: &[Option<u64>] =
            if given.is_multiple_of(2) { &[None] } else { &[Some(1 + random(6000)), Some(1 + random(6000))] };
        for (part, amount) in parts.iter().enumerate() {
            let mut arguments = vec!["refund".to_owned(), order_no.clone()];
            arguments.push(format!("--out-refund-no={order_no}-{part}"));
            arguments.extend(amount.map(|fen| format!("--amount-fen={fen}")));
            let command = commands[given % commands.len()].clone();
            kills += say(&Program { arguments, ..command }).await;
            refunds += 1;
        }
    }
    (refunds, kills)
}

/// Until the command has ended well; how often it was killed.
async fn say(command: &Program) -> usize {
    let mut kills = 0;
    let end = Instant::now() + LIMIT;
    while Instant::now() < end {
        let mut running = command.start();
        let moment = (random(COMMANDS_KILLED) == 0).then(|| Instant::now() + Duration::from_millis(random(80)));
        let ended = loop {
            if let Some(well) = running.ended() {
                break well;
            }
            if moment.is_some_and(|moment| Instant::now() >= moment) {
                running.kill();
                kills += 1;
                break false;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        };
        if ended {
            return kills;
        }
        // Not paid in the books yet, or killed.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never succeeds: {:?}", command.arguments)
}
