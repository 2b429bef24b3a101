//! The front door under clients that take their time, or all the places there are.

use std::{fs, process::Command, time::Duration};

use futures::future::join_all;
use saoma::{clock::Clock, http::door::DoorLimits};
use tokio::{
    io::AsyncWriteExt as _,
    net::TcpStream,
    time::{Instant, timeout},
};

use crate::{
    callbacks::assert_acknowledged,
    site::lay_site,
    support::{
        App, Forger, Process, Site, Stage, connect_and_say, connect_from, folder, free_port, lay_keys, program, rest,
        trickle, until,
    },
};

const HALF_A_HEAD: &str = "POST /api/wx-pay/native/notify HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-le";
const SHORT: Duration = Duration::from_millis(300);
const BYTE_EVERY: Duration = Duration::from_millis(50);

fn hasty() -> DoorLimits {
    DoorLimits { head: SHORT, idle: SHORT, ..DoorLimits::default() }
}

/// What the server says on a connection until it closes it.
async fn until_closed(mut stream: TcpStream) -> String {
    timeout(Duration::from_secs(20), rest(&mut stream)).await.expect("closed in time")
}

/// The same, and how long it took since `started`.
async fn closed_after(started: Instant, stream: TcpStream) -> (Duration, String) {
    let said = until_closed(stream).await;
    (started.elapsed(), said)
}

async fn closed(site: &Site, reason: &str) -> u64 {
    site.metric("saoma_connections_closed_total", &format!("reason=\"{reason}\"")).await
}

#[tokio::test]
async fn half_a_head_is_cut_off_however_it_comes() {
    let app = Stage::new().door(hasty()).start().await;
    let started = Instant::now();
    let silent = connect_from(&app, "127.0.0.1").await;
    let half = connect_and_say(&app, HALF_A_HEAD).await;
    let trickling = connect_and_say(&app, HALF_A_HEAD).await;
    let (silent, half, trickling) = tokio::join!(
        closed_after(started, silent),
        closed_after(started, half),
        timeout(Duration::from_secs(20), trickle(trickling, b'x', BYTE_EVERY))
    );
    for (open, said) in [silent, half] {
        assert!(open >= SHORT, "{open:?}");
        assert_eq!(said, "", "nothing was asked");
    }
    assert_eq!(trickling.expect("closed in time"), "");
    assert_eq!(closed(&app, "head").await, 3);
    // A second head on the same connection has no more time than the first.
    let mut kept = connect_and_say(&app, "GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\nGET /hea").await;
    let said = timeout(Duration::from_secs(20), rest(&mut kept)).await.expect("closed in time");
    assert!(said.starts_with("HTTP/1.1 200 OK\r\n") && said.ends_with("ok\n"), "{said}");
}

#[tokio::test]
async fn a_connection_without_requests_ends_and_one_that_waits_for_its_answer_does_not() {
    let app = Stage::new().door(hasty()).start().await;
    let order = app.order(1).await;
    let started = Instant::now();
    let idle = connect_and_say(&app, "GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").await;
    let watch = format!("GET /api/orders/{}?after=1000&wait=2 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n", order.token);
    let waiting = connect_and_say(&app, &watch).await;
    let ((open, healthy), (waited, told)) = tokio::join!(closed_after(started, idle), closed_after(started, waiting));
    assert!(healthy.contains("200 OK") && open >= SHORT, "{open:?} {healthy}");
    assert!(told.contains("200 OK") && told.contains("NOTPAY"), "{told}");
    assert!(waited >= Duration::from_secs(2), "{waited:?}");
    until("both counted", async || (closed(&app, "idle").await >= 2).then_some(())).await;
}

#[tokio::test]
async fn a_body_that_trickles_in_is_cut_off_after_all_of_its_time() {
    let app = App::start().await;
    let order = app.order(1).await;
    let head = |path: &str, kind: &str| {
        format!("POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: {kind}\r\ncontent-length: 9999\r\n\r\n")
    };
    let slow = async |path: &str, kind: &str| {
        let stream = connect_and_say(&app, &head(path, kind)).await;
        let started = Instant::now();
        let said = timeout(Duration::from_secs(40), trickle(stream, b'a', BYTE_EVERY)).await;
        (started.elapsed(), said.expect("closed in time"))
    };
    let form = "application/x-www-form-urlencoded";
    let genuine = app.forger.payment(&order);
    let (callback, place, scan, genuine) = tokio::join!(
        slow("/api/wx-pay/native/notify", "application/json"),
        slow("/api/ui/place_order", form),
        slow("/_sandbox/phone/pay", form),
        app.deliver(&genuine),
    );
    assert!(callback.1.starts_with("HTTP/1.1 408 ") && callback.1.contains("\"code\":\"FAIL\""), "{callback:?}");
    assert!((5..15).contains(&callback.0.as_secs()), "{callback:?}");
    for said in [place, scan] {
        assert!(said.1.starts_with("HTTP/1.1 408 ") && (10..20).contains(&said.0.as_secs()), "{said:?}");
    }
    assert_acknowledged(&genuine);
    assert_eq!(app.callbacks("too_slow").await, 1);
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_its_answer_is_let_go() {
    let site = folder();
    lay_site(site.path());
    fs::write(site.path().join("large.svg"), vec![b'x'; 32 << 20]).expect("writes");
    let stage = Stage::new().set("LEPTOS_SITE_ROOT", &site.path().display().to_string());
    let app = stage.door(DoorLimits { stalled: SHORT, ..DoorLimits::default() }).start().await;
    let stream = connect_and_say(&app, "GET /large.svg HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").await;
    until("its end", async || (closed(&app, "broken").await == 1).then_some(())).await;
    drop(stream);
    assert_eq!(app.get("/large.svg").await.body.len(), 32 << 20, "who reads gets all of it");
}

const A_FORM_THAT_NEVER_ENDS: &str =
    "POST /api/ui/place_order HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 999\r\n\r\nproduct_id=";
const A_CALLBACK_THAT_NEVER_ENDS: &str =
    "POST /api/wx-pay/native/notify HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 999\r\n\r\n{";

fn small() -> DoorLimits {
    DoorLimits { connections: 6, extra: 3, ..DoorLimits::default() }
}

/// All places, by requests that are under way.
async fn fill(app: &App) -> Vec<TcpStream> {
    let mut inside = Vec::new();
    for _ in 0..small().connections {
        inside.push(connect_and_say(app, A_FORM_THAT_NEVER_ENDS).await);
    }
    until("no place", async || {
        let crowded = connect_and_say(app, "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").await;
        until_closed_or_kept(crowded).await.filter(|said| said.starts_with("HTTP/1.1 503 "))
    })
    .await;
    inside
}

/// What it says until it closes; `None` when it is kept.
async fn until_closed_or_kept(mut stream: TcpStream) -> Option<String> {
    timeout(Duration::from_millis(500), rest(&mut stream)).await.ok()
}

#[tokio::test]
async fn when_every_place_is_busy_callbacks_still_get_theirs() {
    let app = Stage::new().door(small()).start().await;
    let order = app.order(1).await;
    let callback = app.forger.payment(&order);
    let inside = fill(&app).await;
    // Half a head takes one of the few places that are left, and gives it to who needs it.
    let mut halves = Vec::new();
    for _ in 0..3 {
        halves.push(connect_and_say(&app, HALF_A_HEAD).await);
    }
    let crowded = connect_and_say(&app, "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").await;
    let said = until_closed(crowded).await;
    assert!(said.starts_with("HTTP/1.1 503 ") && said.contains("retry-after: 1"), "{said}");
    let answer = Site::new(&app.origin).deliver(&callback).await;
    assert_acknowledged(&answer);
    assert_eq!(answer.header("connection"), Some("close"));
    for half in halves {
        assert_eq!(until_closed(half).await, "", "four seconds for all of it");
    }
    assert_eq!(app.books.status(&order.order_no).await, "SUCCESS");
    drop(inside);
}

#[tokio::test]
async fn bodies_that_trickle_in_do_not_hold_the_places_that_are_kept_for_callbacks() {
    let app = Stage::new().door(small()).start().await;
    let orders = [app.order(1).await, app.order(2).await, app.order(3).await];
    let inside = fill(&app).await;
    let mut trickling = Vec::new();
    for order in &orders {
        while trickling.len() < 3 {
            let stream = connect_and_say(&app, A_CALLBACK_THAT_NEVER_ENDS).await;
            trickling.push(tokio::spawn(async move {
                let started = Instant::now();
                trickle(stream, b' ', BYTE_EVERY).await;
                started.elapsed()
            }));
        }
        let answer = Site::new(&app.origin).deliver(&app.forger.payment(order)).await;
        assert_acknowledged(&answer);
    }
    for stream in trickling {
        let held = stream.await.expect("no panic");
        assert!(held < Duration::from_secs(5), "{held:?}");
    }
    drop(inside);
}

#[tokio::test]
async fn a_full_house_answers_those_early_who_only_wait_for_news() {
    let app = Stage::new().door(small()).start().await;
    let order = app.order(1).await;
    let started = Instant::now();
    let watch = format!("GET /api/orders/{}?after=1000&wait=25 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n", order.token);
    let mut waiting = Vec::new();
    // The connection that placed the order gives its place to the last of them.
    for _ in 0..6 {
        waiting.push(tokio::spawn(until_closed(connect_and_say(&app, &watch).await)));
    }
    until("no place", async || (app.state.checkout.live().waiting() == 6).then_some(())).await;
    let first = connect_and_say(&app, "GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").await;
    assert!(until_closed(first).await.starts_with("HTTP/1.1 503 "), "it has no place yet");
    for page in waiting {
        let told = page.await.expect("no panic");
        assert!(told.contains("200 OK") && told.contains("NOTPAY") && told.contains("connection: close"), "{told}");
    }
    assert!(started.elapsed() < Duration::from_secs(20), "long before their time: {:?}", started.elapsed());
    assert_eq!(Site::new(&app.origin).get("/healthz").await.status, 200, "and whoever comes next has one");
}

#[tokio::test]
async fn a_full_address_answers_its_own_early_who_only_wait_for_news() {
    let app = Stage::new().door(DoorLimits { per_address: 2, ..DoorLimits::default() }).start().await;
    let order = app.order(1).await;
    let watch = format!("GET /api/orders/{}?after=1000&wait=25 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n", order.token);
    let say = async |source: &str, bytes: &str| {
        let mut stream = connect_from(&app, source).await;
        stream.write_all(bytes.as_bytes()).await.expect("writes");
        stream
    };
    let neighbour = tokio::spawn(until_closed(say("127.0.0.3", &watch).await));
    let own = [say("127.0.0.2", &watch).await, say("127.0.0.2", &watch).await].map(until_closed).map(tokio::spawn);
    until("all wait", async || (app.state.checkout.live().waiting() == 3).then_some(())).await;
    let started = Instant::now();
    let home = "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n";
    let crowded = until_closed(say("127.0.0.2", home).await).await;
    assert!(crowded.starts_with("HTTP/1.1 503 "), "{crowded}");
    for page in own {
        let told = page.await.expect("no panic");
        assert!(told.contains("NOTPAY") && told.contains("connection: close"), "{told}");
    }
    assert!(started.elapsed() < Duration::from_secs(20), "long before their time: {:?}", started.elapsed());
    assert!(until_closed(say("127.0.0.2", home).await).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(app.state.checkout.live().waiting(), 1, "the neighbour's page waits on");
    neighbour.abort();
}

#[tokio::test]
async fn one_order_does_not_take_all_places_for_those_who_wait_for_it() {
    const MOST: usize = 256;
    let app = App::start().await;
    let (order, other) = (app.order(1).await, app.order(2).await);
    let watching = join_all((0..MOST).map(|_| app.watch(&order.token, 1000, 25)));
    let others = async {
        until("all wait", async || (app.state.checkout.live().waiting() == MOST).then_some(())).await;
        let one_more = app.get(&format!("/api/orders/{}?after=1000&wait=25", order.token)).await;
        assert_eq!(one_more.status, 429, "{one_more:?}");
        assert_eq!(app.look(&order.token).await["status"], "NOTPAY", "who does not wait is told");
        assert_eq!(app.watch(&other.token, 1000, 1).await["status"], "NOTPAY");
        app.state.stopping.cancel();
    };
    tokio::join!(watching, others);
}

#[tokio::test]
async fn one_address_cannot_take_the_places_of_others() {
    let app = Stage::new()
        .door(DoorLimits { per_address: 4, head: Duration::from_mins(1), ..DoorLimits::default() })
        .start()
        .await;
    let mut stranger = Vec::new();
    for _ in 0..5 {
        stranger.push(connect_from(&app, "127.0.0.2").await);
    }
    assert_eq!(until_closed(stranger.remove(0)).await, "", "the fifth one took its place");
    let neighbour = connect_from(&app, "127.0.0.3").await;
    // This machine's own address is a proxy's, named or not.
    let mut own = Vec::new();
    for _ in 0..10 {
        own.push(connect_from(&app, "127.0.0.1").await);
    }
    until("all are in", async || (app.metric("saoma_connections_open", "").await >= 16).then_some(())).await;
    assert_eq!(closed(&app, "room").await, 1);
    drop((stranger, neighbour, own));
}

#[tokio::test]
async fn a_stop_waits_for_answers_and_for_nothing_else() {
    let app = App::start().await;
    let order = app.order(1).await;
    let kept = connect_and_say(&app, "GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").await;
    let half = connect_and_say(&app, HALF_A_HEAD).await;
    let body = "POST /api/ui/place_order HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 999\r\n\r\nproduct_id=";
    let body = connect_and_say(&app, body).await;
    let silent = connect_from(&app, "127.0.0.1").await;
    let site = Site::new(&app.origin);
    let token = order.token.clone();
    let waiting = tokio::spawn(async move { site.watch(&token, 1000, 25).await });
    until("a page waits", async || (app.state.checkout.live().waiting() == 1).then_some(())).await;
    let started = Instant::now();
    app.stop().await;
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    assert_eq!(waiting.await.expect("no panic")["status"], "NOTPAY");
    drop((kept, half, body, silent));
}

/// A server in sandbox mode that may not open more than `files`.
async fn limited(folder: &std::path::Path, files: u32) -> Process {
    lay_keys(&folder.join("data/sandbox"));
    let port = free_port();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &format!("ulimit -n {files}; exec \"$0\" serve --sandbox"), program()]);
    command.env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}"));
    let mut server = Process::spawn(command, folder, port, "serve.log");
    server.until_answered("/healthz").await;
    server
}

#[tokio::test]
async fn more_half_open_connections_than_descriptors_shut_out_no_callback() {
    const CONNECTIONS: usize = 1_100;
    rlimit::increase_nofile_limit(u64::MAX).expect("raises our own limit");
    let folder = folder();
    let server = limited(folder.path(), 1_024).await;
    let forger = Forger::read(&folder.path().join("data/sandbox"), Clock::system());
    let orders = [server.order(1).await, server.order(1).await, server.order(1).await];
    // The first ones may have made room for the last before they have said anything.
    let half_open = join_all((0..CONNECTIONS).map(async |_| {
        let mut stream = connect_from(&server, "127.0.0.1").await;
        stream.write_all(HALF_A_HEAD.as_bytes()).await.ok();
        stream
    }))
    .await;
    for order in &orders {
        let started = Instant::now();
        // On a connection of its own: one that was kept may just be making room.
        let callback = forger.payment(order);
        let answer = timeout(Duration::from_secs(10), Site::new(&server.origin).deliver(&callback)).await;
        assert_acknowledged(&answer.expect("an answer in time"));
        println!("a callback among {CONNECTIONS} half-open connections: {:?}", started.elapsed());
        assert_eq!(Site::new(&server.origin).order_status(&order.order_no).await.0, 0);
    }
    let site = Site::new(&server.origin);
    // No more than there are places, whatever came: of 1,024 descriptors 648, and 64 for callbacks.
    let open = site.metric("saoma_connections_open", "").await;
    assert!(open <= 648 + 64, "{open}");
    // The others have gone, however each was seen to end: sent away, broken in the middle of that, or never let in.
    // What the system has not handed over yet on a busy machine comes a moment later.
    let least = 1_100 - 648 - 64;
    until("all for which there is no place are gone", async || {
        let mut gone = site.metric("saoma_connections_refused_total", "").await;
        for reason in ["room", "head", "broken"] {
            gone += closed(&site, reason).await;
        }
        (gone >= least).then_some(())
    })
    .await;
    drop(half_open);
}

#[tokio::test]
async fn without_a_descriptor_the_server_waits_and_goes_on() {
    let folder = folder();
    let server = limited(folder.path(), 1_024).await;
    let set_limit = |files: u32| {
        let pid = server.id().to_string();
        let limit = format!("--nofile={files}:1024");
        let status = Command::new("/usr/bin/prlimit").args(["--pid", &pid, &limit]).status();
        assert!(status.expect("prlimit runs").success());
    };
    set_limit(8);
    let stranded = join_all((0..5).map(|_| connect_and_say(&server, HALF_A_HEAD))).await;
    until("it says so", async || server.log().contains("raise LimitNOFILE").then_some(())).await;
    set_limit(1_024);
    // The connection that was kept may have made room.
    assert_eq!(Site::new(&server.origin).get("/healthz").await.status, 200);
    assert_eq!(server.log().matches("raise LimitNOFILE").count(), 1, "it is said, and not spun on");
    drop(stranded);
}
