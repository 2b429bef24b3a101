//! What has to be true behind any proxy.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
    process::{Child, Command, Stdio},
};

use reqwest::{Client, Method, redirect};
use saoma::clock::Clock;

use crate::support::{Answer, App, Outside, Site, Stage, free_port, until};

pub const ORIGIN: &str = "https://shop.example.com";
const TOKEN: &str = "of-a-monitoring-system-on-this-machine";
const FORM: &str = "application/x-www-form-urlencoded";
/// What Saoma takes of a callback.
const MOST: usize = 64 * 1024;
/// Orders of one address in a minute.
const ORDERS: usize = 2;

/// A proxy that runs; gone when it goes out of scope.
pub struct Front {
    https: u16,
    child: Child,
}

impl Front {
    pub async fn start(command: &mut Command, folder: &Path, https: u16) -> Self {
        Self::start_as(command, folder, https, 200).await
    }

    /// One that lets nobody see the shop.
    pub async fn start_closed(command: &mut Command, folder: &Path, https: u16) -> Self {
        Self::start_as(command, folder, https, 403).await
    }

    async fn start_as(command: &mut Command, folder: &Path, https: u16, healthy: u16) -> Self {
        let log = std::fs::File::create(folder.join("front.log")).expect("a log");
        let child = command.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log).spawn();
        let mut front = Self { https, child: child.expect("starts") };
        let site = front.seen_from(1);
        until("the proxy", async || {
            let ended = front.child.try_wait().expect("a child");
            assert!(ended.is_none(), "{}", std::fs::read_to_string(folder.join("front.log")).unwrap_or_default());
            Site::try_send(site.request(Method::GET, "/healthz")).await.ok().filter(|it| it.status == healthy)
        })
        .await;
        front
    }

    /// The shop as a client at 127.0.0.`last` sees it.
    pub fn seen_from(&self, last: u8) -> Site {
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .tls_danger_accept_invalid_certs(true)
            .local_address(IpAddr::from([127, 0, 0, last]))
            .resolve("shop.example.com", (Ipv4Addr::LOCALHOST, self.https).into())
            .resolve("www.shop.example.com", (Ipv4Addr::LOCALHOST, self.https).into());
        Site::with_client(format!("{ORIGIN}:{}", self.https), client.build().expect("a client"))
    }

    /// Another address of the shop's.
    pub async fn asked(&self, url: &str) -> Answer {
        let site = self.seen_from(1);
        site.send(site.request_at(Method::GET, url)).await
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A live shop for whoever stands in front of it.
pub async fn shop() -> (App, Outside) {
    let outside = Outside::start(&Clock::system()).await;
    let stage = Stage::new().live(&outside, free_port()).set("WXPAY_NOTIFY_DOMAIN", ORIGIN);
    let stage = stage.set("SAOMA_TRUSTED_PROXIES", "127.0.0.1").set("SAOMA_ORDERS_PER_MINUTE", &ORDERS.to_string());
    let stage = stage.set("SAOMA_METRICS_TOKEN", TOKEN);
    (stage.start().await, outside)
}

pub async fn holds_what_a_shop_needs(front: &Front, app: &App) {
    let shop = front.seen_from(1);
    pages_and_forms_work(&shop).await;
    callbacks_arrive_as_they_were_sent(&shop, app).await;
    who_asks_is_known(front).await;
    let metrics = async |site: &Site| site.send(site.request(Method::GET, "/metrics").bearer_auth(TOKEN)).await;
    assert_eq!(metrics(&shop).await.status, 403, "whoever has the token");
    assert_eq!(metrics(app).await.status, 200, "on the machine itself");
}

/// However closed the shop is, WeChat gets in, and nobody who places orders.
pub async fn callbacks_alone_come_through(front: &Front, app: &App) {
    let shop = front.seen_from(1);
    for closed in ["/", "/api/product/list"] {
        assert_eq!(shop.get(closed).await.status, 403, "{closed}");
    }
    assert_eq!(shop.try_order(2).await.status, 403);
    let order = app.order(2).await;
    assert_eq!(shop.deliver(&app.forger.payment(&order)).await.status, 200);
    let refund = shop.request(Method::POST, "/api/wx-pay/refunds/notify").body("{}");
    assert_eq!(shop.send(refund).await.status, 400, "in Saoma's own words");
}

async fn pages_and_forms_work(shop: &Site) {
    let page = shop.get("/").await;
    assert!(page.status == 200 && page.shown().contains("西湖龙井"), "{page:?}");
    assert!(page.header("content-security-policy").is_some() && page.header("strict-transport-security").is_some());
    let form = shop.request(Method::POST, "/api/ui/place_order").header("content-type", FORM);
    // As browsers on the usual port say it.
    let form = form.header("origin", ORIGIN).header("host", "shop.example.com").header("accept", "text/html");
    let placed = shop.send(form.body("product_id=2")).await;
    assert_eq!(placed.status, 302, "{:?}", placed.headers);
    assert!(placed.header("location").is_some_and(|to| to.contains("/pay/")), "{:?}", placed.headers);
}

/// To the byte: else no signature would hold.
async fn callbacks_arrive_as_they_were_sent(shop: &Site, app: &App) {
    let order = shop.order(2).await;
    let callback = app.forger.payment(&order);
    let (told, answer) = tokio::join!(shop.watch(&order.token, 2, 25), shop.deliver(&callback));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(told["status"], "SUCCESS", "the page that waited was told");
    assert_eq!(app.books.received().await.last().expect("is kept").body, callback.body);
    // Verified, and then not what was expected: 401 if one byte or header were another.
    let odd = app.forger.signed("\u{feff} {\"a\" :\t\"\\u00e9é%2F+/\\/\" }\r\n\r\n");
    assert_eq!(shop.deliver(&odd).await.status, 400);
    let large = app.forger.signed(vec![b' '; MOST + 1]);
    let answer = shop.deliver(&large).await;
    assert!(answer.status == 413 && answer.json()["code"] == "FAIL", "in Saoma's own words: {answer:?}");
}

/// Each has a limit of its own, which no header of his moves to somebody else.
async fn who_asks_is_known(front: &Front) {
    for client in [2, 3] {
        let site = front.seen_from(client);
        for _ in 0..ORDERS {
            assert_eq!(site.try_order(1).await.status, 200, "of 127.0.0.{client}");
        }
        for forged in ["198.51.100.7", "127.0.0.1"] {
            let order = site.request(Method::POST, "/api/wx-pay/native/native/1").header("x-forwarded-for", forged);
            assert_eq!(site.send(order).await.status, 429, "{forged}");
        }
    }
}
