//! How a server is spoken to. Its system acknowledges a message that the server does not answer 40 ms later by itself,
//! and until then nothing else is sent: one that closes a statement costs whoever comes next as much as fifty others.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures::future::join_all;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{TcpListener, TcpStream, tcp},
};
use url::Url;

use crate::{
    callbacks::assert_acknowledged,
    support::{Clerk, Stage, database_url, is_file},
};

/// The protocol's numbers.
const PREPARE: u8 = 0x16;
const CLOSE: u8 = 0x19;

/// What came past on the way to a server.
#[derive(Default)]
struct Heard {
    prepared: AtomicUsize,
    closed: AtomicUsize,
}

/// Another way to the same books.
async fn listen_in(url: &str) -> (String, Arc<Heard>) {
    let mut url = Url::parse(url).expect("an address");
    let server = (url.host_str().expect("a host").to_owned(), url.port().unwrap_or(3306));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    url.set_host(Some("127.0.0.1")).expect("a host");
    url.set_port(Some(listener.local_addr().expect("bound").port())).expect("a port");
    let heard = Arc::new(Heard::default());
    let told = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect((server.0.as_str(), server.1)).await.expect("the server");
            let ((asking, mut answered), (mut answering, asked)) = (client.into_split(), server.into_split());
            tokio::spawn(pass(asking, asked, Arc::clone(&told)));
            tokio::spawn(async move { copy(&mut answering, &mut answered).await });
        }
    });
    (url.to_string(), heard)
}

/// Message by message: three bytes of length, one that is zero where a command begins, and the command.
async fn pass(mut from: tcp::OwnedReadHalf, mut to: tcp::OwnedWriteHalf, heard: Arc<Heard>) {
    let mut prefix = [0; 4];
    while from.read_exact(&mut prefix).await.is_ok() {
        let mut body = vec![0; usize::from(prefix[0]) | usize::from(prefix[1]) << 8 | usize::from(prefix[2]) << 16];
        if from.read_exact(&mut body).await.is_err() {
            return;
        }
        match (prefix[3], body.first().copied()) {
            (0, Some(PREPARE)) => _ = heard.prepared.fetch_add(1, Ordering::Relaxed),
            (0, Some(CLOSE)) => _ = heard.closed.fetch_add(1, Ordering::Relaxed),
            _ => {}
        }
        if to.write_all(&[&prefix[..], &body].concat()).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn no_statement_is_closed_while_a_shop_sells_and_its_staff_looks() {
    if is_file() {
        return;
    }
    let stage = Stage::new();
    let (url, heard) = listen_in(&database_url(&stage.settings().data_dir)).await;
    let app = stage.set("DATABASE_URL", &url).start().await;
    let browser = app.browser();
    let mut orders = Vec::new();
    // As many as WeChat may tell of at once, in no round numbers.
    for many in [1, 3, 7, 11] {
        let mut placed = Vec::new();
        for _ in 0..many {
            placed.push(browser.order(1).await);
        }
        let callbacks: Vec<_> = placed.iter().map(|order| app.forger.payment(order)).collect();
        for answer in join_all(callbacks.iter().map(|callback| app.deliver(callback))).await {
            assert_acknowledged(&answer);
        }
        // And tells once more.
        for answer in join_all(callbacks.iter().map(|callback| app.deliver(callback))).await {
            assert_acknowledged(&answer);
        }
        orders.extend(placed);
    }
    let clerk = Clerk::open(&app, "manager").await;
    for path in
        ["/admin", "/admin/orders?found=CALLBACK", "/admin/orders?status=SUCCESS", "/admin/inbox", "/admin/audit"]
    {
        clerk.page(path).await;
    }
    let page = clerk.page("/admin/orders").await;
    let found = clerk.post("/admin/orders/find", &page, &[("number", &orders[0].order_no)]).await;
    assert!(clerk.follow(&found).await.shown().contains(&orders[0].order_no));
    let (prepared, closed) = (heard.prepared.load(Ordering::Relaxed), heard.closed.load(Ordering::Relaxed));
    assert!(prepared > 50, "only {prepared} went past here");
    assert_eq!(closed, 0, "of {prepared} statements");
}
