//! `kill -9` at any moment: every payment that was answered is in the books, and told.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use saoma::{clock::Clock, entropy::Entropy};
use serde_json::{Value, json};

use crate::harness::{Client, Folder, Receiver};

const KILLS: u64 = 6;
const PAYERS: usize = 4;

struct Process(Child);

impl Process {
    async fn start(dir: &Path, address: SocketAddr) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_saoma"))
            .args(["sandbox", "--listen", &address.to_string(), "--dir"])
            .arg(dir)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map(Self)
            .expect("starts");
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        for _ in 0..1000 {
            let answer = http.get(format!("http://{address}/_sandbox/health")).send().await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return child;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it is not ready");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().expect("is there");
        self.0.wait().expect("ends");
    }
}

/// Buys and pays until the platform is gone; the transactions that were answered.
async fn pay(client: &Client, notify_url: &str, payer: usize) -> Vec<String> {
    let mut paid = Vec::new();
    loop {
        let out_trade_no = format!("{payer:02}{}", &Entropy::system().nonce()[..28]);
        let order = json!({
            "appid": client.appid, "mchid": client.mchid, "description": "葱",
            "out_trade_no": out_trade_no, "notify_url": notify_url, "amount": {"total": 1},
        });
        let body = order.to_string();
        let request = client.request("POST", "/v3/pay/transactions/native", body.as_bytes());
        let Ok(answer) = request.send().await else {
            return paid;
        };
        let Ok(answer) = answer.json::<Value>().await else {
            return paid;
        };
        let scan = json!({"code_url": answer["code_url"], "action": "pay"});
        let request = client.bare("POST", "/_sandbox/scan", scan.to_string().as_bytes());
        let request = request.header("Content-Type", "application/json");
        let Ok(answer) = request.send().await else {
            return paid;
        };
        let Ok(answer) = answer.json::<Value>().await else {
            return paid;
        };
        paid.push(answer["transaction_id"].as_str().expect("paid").to_owned());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answered_payment_is_lost_and_all_are_told() {
    let dir = Folder::fresh();
    let receiver = Receiver::start().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = free.local_addr().expect("bound");
    drop(free);

    let mut answered = BTreeSet::new();
    for kill in 0..KILLS {
        let process = Process::start(&dir, address).await;
        let client = Client::new(&dir, Clock::system());
        let killed = async {
            let [moment] = Entropy::system().bytes::<1>();
            tokio::time::sleep(Duration::from_millis(100 + u64::from(moment) + 50 * kill)).await;
            drop(process);
        };
        let paying = (0..PAYERS).map(|payer| pay(&client, &receiver.url, payer));
        let ((), paid) = tokio::join!(killed, futures::future::join_all(paying));
        answered.extend(paid.into_iter().flatten());
    }
    assert!(answered.len() > 20, "{}", answered.len());

    let _process = Process::start(&dir, address).await;
    let client = Client::new(&dir, Clock::system());
    let ledger = client.control("GET", "/_sandbox/ledger", &Value::Null).await;
    let lines = String::from_utf8(ledger.body).expect("UTF-8");
    let booked: Vec<String> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["transaction_id"].to_string())
        .map(|quoted| quoted.trim_matches('"').to_owned())
        .collect();
    let distinct: BTreeSet<String> = booked.iter().cloned().collect();
    assert_eq!(distinct.len(), booked.len());
    assert_eq!(answered.difference(&distinct).count(), 0);

    // Each of them is told at least once, those that were answered and those that were not.
    let mut told = BTreeSet::new();
    for _ in 0..1000 {
        told = receiver
            .received()
            .iter()
            .map(|received| client.open(&received.envelope()["resource"]))
            .map(|text| serde_json::from_slice::<Value>(&text).expect("JSON")["transaction_id"].to_string())
            .map(|quoted| quoted.trim_matches('"').to_owned())
            .collect();
        if told == distinct {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{} of {} were told", told.len(), distinct.len());
}
