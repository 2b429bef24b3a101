//! HTTP/2 at the front door, under clients that ask for much, or take their time.

use std::time::Duration;

use futures::future::join_all;
use h2::client::Builder;
use saoma::{clock::Clock, http::door::DoorLimits};
use tokio::time::{Instant, timeout};

use crate::{
    site::lay_site,
    support::{App, Caller, Http2, NATIVE_NOTIFY, Outside, Placed, Shown, Site, Stage, folder, free_port, hear, until},
};

const FORM: &str = "application/x-www-form-urlencoded";
const SHORT: Duration = Duration::from_millis(300);

/// A shop with an order, and the roots that it is believed by.
async fn shop(limits: DoorLimits) -> (App, Placed, String) {
    let outside = Outside::start(&Clock::system()).await;
    let folder = folder();
    let shown = Shown::lay(folder.path(), "localhost");
    let app = Stage::new().https(&outside, free_port(), &shown).door(limits).start().await;
    let order = app.order(1).await;
    (app, order, shown.pem)
}

async fn closed(app: &App, reason: &str) -> u64 {
    app.metric("saoma_connections_closed_total", &format!("reason=\"{reason}\"")).await
}

fn watch(order: &Placed, wait: u32) -> String {
    format!("/api/orders/{}?after=1000&wait={wait}", order.token)
}

async fn ask(http2: &mut Http2, path: &str) -> h2::client::ResponseFuture {
    let request = http2.request("GET", path).body(()).expect("a request");
    http2.ask(request, b"").await.expect("asked")
}

async fn until_waiting(app: &App, count: usize) {
    until("pages wait", async || (app.state.checkout.live().waiting() == count).then_some(())).await;
}

#[tokio::test]
async fn idle_is_a_connection_none_of_whose_requests_is_in_flight() {
    let (app, order, roots) = shop(DoorLimits { idle: SHORT, ..DoorLimits::default() }).await;
    let mut http2 = Caller::of(&roots).http2(app.port()).await;
    let started = Instant::now();
    let page = ask(&mut http2, &watch(&order, 2)).await;
    for _ in 0..3 {
        assert_eq!(http2.get("/healthz").await.expect("an answer").0, 200);
    }
    let (status, _, told) = hear(page).await.expect("the long poll's own answer");
    assert!(status == 200 && told.contains("NOTPAY"), "{told}");
    assert!(started.elapsed() >= Duration::from_secs(2));
    http2.until_ended().await;
    until("as an idle one", async || (closed(&app, "idle").await >= 1).then_some(())).await;
}

#[tokio::test]
async fn frames_between_requests_are_no_heads_and_keep_nobody_in() {
    let limits = DoorLimits { head: SHORT, idle: SHORT * 5, ..DoorLimits::default() };
    let (app, _, roots) = shop(limits).await;
    let stream = Caller::of(&roots).call(app.port()).await.expect("shakes hands");
    let (send, mut connection) = h2::client::handshake(stream).await.expect("speaks HTTP/2");
    let mut pings = connection.ping_pong().expect("the first");
    let ended = tokio::spawn(connection);
    let get = async || {
        let request = http::Request::get(format!("https://localhost:{}/", app.port())).body(());
        let mut send = send.clone().ready().await?;
        hear(send.send_request(request.expect("a request"), true)?.0).await
    };
    assert_eq!(get().await.expect("an answer").0, 200);
    let started = Instant::now();
    while started.elapsed() < SHORT * 3 {
        pings.ping(h2::Ping::opaque()).await.expect("still in");
        tokio::time::sleep(SHORT / 10).await;
    }
    assert_eq!(get().await.expect("still in").0, 200);
    let pinging = async { while pings.ping(h2::Ping::opaque()).await.is_ok() {} };
    timeout(Duration::from_secs(20), pinging).await.expect("pings are no requests");
    drop(ended);
}

#[tokio::test]
async fn one_connection_has_so_many_streams_and_one_address_so_many_requests() {
    let (app, order, roots) = shop(DoorLimits { per_address: 4, extra: 2, ..DoorLimits::default() }).await;
    let callback = app.forger.payment(&order);
    let mut greedy = Caller { source: "127.0.0.2", ..Caller::of(&roots) }.http2(app.port()).await;
    assert_eq!(greedy.get("/healthz").await.expect("an answer").0, 200);
    assert_eq!(greedy.send.current_max_send_streams(), 32);
    // Forms of which nothing comes, since pages that wait would make room.
    let mut forms = Vec::new();
    for _ in 0..4 {
        let form = greedy.request("POST", "/api/ui/place_order").header("content-type", FORM).body(());
        let mut send = greedy.send.clone().ready().await.expect("ready");
        forms.push(send.send_request(form.expect("a request"), false).expect("sent"));
    }
    let (status, headers, _) = greedy.get("/").await.expect("an answer");
    assert!(status == 503 && headers["retry-after"] == "1", "{status}");
    // Also on a second connection, and nobody else is concerned.
    let mut second = Caller { source: "127.0.0.2", ..Caller::of(&roots) }.http2(app.port()).await;
    assert_eq!(second.get("/").await.expect("an answer").0, 503);
    let mut neighbour = Caller { source: "127.0.0.3", ..Caller::of(&roots) }.http2(app.port()).await;
    assert_eq!(neighbour.get("/").await.expect("an answer").0, 200);
    // A callback has its place.
    let mut request = greedy.request("POST", NATIVE_NOTIFY).body(()).expect("a request");
    request.headers_mut().extend(callback.headers.clone());
    let answer = greedy.ask(request, &callback.body).await.expect("asked");
    let (status, _, told) = hear(answer).await.expect("an answer");
    assert_eq!((status, told.contains("SUCCESS")), (200, true), "{told}");
    drop(forms);
    until("there is room again", async || (greedy.get("/").await.expect("an answer").0 == 200).then_some(())).await;
}

/// What is refused and not taken would else count until the places that are kept for callbacks are full.
#[tokio::test]
async fn what_is_refused_takes_no_place() {
    let (app, order, roots) = shop(DoorLimits { per_address: 4, extra: 2, ..DoorLimits::default() }).await;
    let callback = app.forger.payment(&order);
    let caller = || Caller { source: "127.0.0.2", ..Caller::of(&roots) };
    let mut closed_window = caller().http2_with(app.port(), Builder::new().initial_window_size(0)).await;
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(ask(&mut closed_window, "/").await.await.expect("a head"));
    }
    for _ in 0..20 {
        let refused = ask(&mut closed_window, "/").await.await.expect("a head");
        assert!(refused.status() == 503 && refused.body().is_end_stream(), "{refused:?}");
        answers.push(refused);
    }
    let mut other = caller().http2(app.port()).await;
    let mut request = other.request("POST", NATIVE_NOTIFY).body(()).expect("a request");
    request.headers_mut().extend(callback.headers.clone());
    let answer = other.ask(request, &callback.body).await.expect("asked");
    let (status, _, told) = hear(answer).await.expect("an answer");
    assert_eq!((status, told.contains("SUCCESS")), (200, true), "{told}");
    drop(answers);
}

#[tokio::test]
async fn pages_that_wait_make_room_for_others_of_their_connection() {
    let (app, order, roots) = shop(DoorLimits { per_address: 4, ..DoorLimits::default() }).await;
    let mut greedy = Caller { source: "127.0.0.2", ..Caller::of(&roots) }.http2(app.port()).await;
    let mut pages = Vec::new();
    for _ in 0..4 {
        pages.push(ask(&mut greedy, &watch(&order, 25)).await);
    }
    until_waiting(&app, 4).await;
    assert_eq!(greedy.get("/").await.expect("an answer").0, 503);
    let started = Instant::now();
    for page in join_all(pages.into_iter().map(hear)).await {
        assert!(page.expect("an answer").2.contains("NOTPAY"), "early, and true");
    }
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    assert_eq!(greedy.get("/").await.expect("an answer").0, 200);
}

#[tokio::test]
async fn pages_of_others_make_no_room_for_an_address_that_has_had_its_share() {
    let (app, order, roots) = shop(DoorLimits { per_address: 4, ..DoorLimits::default() }).await;
    let mut neighbour = Caller { source: "127.0.0.3", ..Caller::of(&roots) }.http2(app.port()).await;
    let page = ask(&mut neighbour, &watch(&order, 25)).await;
    until_waiting(&app, 1).await;
    let mut greedy = Caller { source: "127.0.0.2", ..Caller::of(&roots) }.http2(app.port()).await;
    let own = [ask(&mut greedy, &watch(&order, 25)).await, ask(&mut greedy, &watch(&order, 25)).await];
    until_waiting(&app, 3).await;
    let mut forms = Vec::new();
    for _ in 0..2 {
        let form = greedy.request("POST", "/api/ui/place_order").header("content-type", FORM).body(());
        let mut send = greedy.send.clone().ready().await.expect("ready");
        forms.push(send.send_request(form.expect("a request"), false).expect("sent"));
    }
    assert_eq!(greedy.get("/").await.expect("an answer").0, 503);
    for page in own {
        assert!(hear(page).await.expect("an answer").2.contains("NOTPAY"), "early");
    }
    assert_eq!(neighbour.get("/").await.expect("an answer").0, 200);
    assert_eq!(app.state.checkout.live().waiting(), 1, "the neighbour's page waits on");
    drop((page, forms));
}

#[tokio::test]
async fn who_gives_up_request_after_request_goes() {
    let (app, order, roots) = shop(DoorLimits::default()).await;
    let mut hasty = Caller::of(&roots).http2(app.port()).await;
    let mut patient = Caller::of(&roots).http2(app.port()).await;
    let mut given_up = 0;
    loop {
        let request = hasty.request("GET", &watch(&order, 25)).body(()).expect("a request");
        let Ok(page) = hasty.ask(request, b"").await else { break };
        let is_gone = async || hasty.ended.is_finished() || app.state.checkout.live().waiting() == 1;
        until("it waits, or is gone", async || is_gone().await.then_some(())).await;
        drop(page);
        let is_gone = async || hasty.ended.is_finished() || app.state.checkout.live().waiting() == 0;
        until("it has been given up", async || is_gone().await.then_some(())).await;
        given_up += 1;
        assert!(given_up < 300, "for ever");
    }
    assert!(given_up >= 100, "a page that is left gives up one: {given_up}");
    until("it is counted", async || (closed(&app, "gave_up").await == 1).then_some(())).await;
    // Who takes answers may give up as many others.
    for _ in 0..130 {
        let page = ask(&mut patient, &watch(&order, 25)).await;
        until_waiting(&app, 1).await;
        drop(page);
        until_waiting(&app, 0).await;
        assert_eq!(patient.get("/healthz").await.expect("still in").0, 200);
    }
}

#[tokio::test]
async fn who_does_not_take_its_answer_goes() {
    let (app, _, roots) = shop(DoorLimits { stalled: SHORT, ..DoorLimits::default() }).await;
    let mut closed_window = Caller::of(&roots).http2_with(app.port(), Builder::new().initial_window_size(0)).await;
    let page = ask(&mut closed_window, "/").await;
    let head = page.await.expect("a head");
    assert_eq!(head.status(), 200);
    closed_window.until_ended().await;
    until("it is counted", async || (closed(&app, "stalled").await == 1).then_some(())).await;
}

/// The shop with a picture of `PARTS` parts, as they are handed over.
async fn shop_with_picture(limits: DoorLimits) -> (App, String) {
    let outside = Outside::start(&Clock::system()).await;
    let folder = folder();
    let shown = Shown::lay(folder.path(), "localhost");
    lay_site(folder.path());
    std::fs::write(folder.path().join("large.svg"), vec![b'x'; PARTS * PART]).expect("writes");
    let stage = Stage::new().https(&outside, free_port(), &shown).door(limits);
    let app = stage.set("LEPTOS_SITE_ROOT", &folder.path().display().to_string()).start().await;
    // The picture is in it.
    std::mem::forget(folder);
    (app, shown.pem)
}

const PARTS: usize = 12;
const PART: usize = 16 * 1024;
const STALLED: Duration = Duration::from_secs(1);

#[tokio::test]
async fn who_takes_a_little_at_a_time_is_not_cut_off() {
    let (app, roots) = shop_with_picture(DoorLimits { stalled: STALLED, ..DoorLimits::default() }).await;
    let window = u32::try_from(PART).expect("in range");
    let mut slow = Caller::of(&roots).http2_with(app.port(), Builder::new().initial_window_size(window)).await;
    let (head, mut body) = ask(&mut slow, "/large.svg").await.await.expect("a head").into_parts();
    assert_eq!(head.status, 200);
    let (started, mut taken) = (Instant::now(), 0);
    while let Some(part) = body.data().await {
        let part = part.expect("not cut off");
        taken += part.len();
        tokio::time::sleep(STALLED.mul_f64(0.3) * u32::try_from(part.len()).expect("in range") / window).await;
        body.flow_control().release_capacity(part.len()).expect("takes");
    }
    assert_eq!(taken, PARTS * PART);
    assert!(started.elapsed() > STALLED * 2, "much longer than nothing may be taken: {:?}", started.elapsed());
    assert_eq!(closed(&app, "stalled").await, 0);
}

/// Else one answer that is taken would keep thirty that are not.
#[tokio::test]
async fn who_takes_one_answer_and_leaves_another_goes() {
    let (app, roots) = shop_with_picture(DoorLimits { stalled: STALLED, ..DoorLimits::default() }).await;
    let window = u32::try_from(PART).expect("in range");
    let mut picky = Caller::of(&roots).http2_with(app.port(), Builder::new().initial_window_size(window)).await;
    let left = ask(&mut picky, "/large.svg").await.await.expect("a head");
    let started = Instant::now();
    let until_gone = async {
        // Small ones, of which all is taken.
        while picky.get("/healthz").await.is_ok() {
            tokio::time::sleep(STALLED / 20).await;
        }
    };
    timeout(STALLED * 20, until_gone).await.expect("it has to go");
    assert!(started.elapsed() >= STALLED, "{:?}", started.elapsed());
    until("it is counted", async || (closed(&app, "stalled").await == 1).then_some(())).await;
    drop(left);
}

/// Each costs us an answer that nobody hears.
#[tokio::test]
async fn who_sends_broken_request_after_broken_request_goes() {
    let (app, _, roots) = shop(DoorLimits::default()).await;
    let mut broken = Caller::of(&roots).http2(app.port()).await;
    let mut sent = 0;
    loop {
        // More than it has announced.
        let request = broken.request("POST", "/api/ui/place_order").header("content-length", "1").body(());
        let Ok(answer) = broken.ask(request.expect("a request"), b"product_id=1").await else { break };
        if answer.await.is_err_and(|error| error.is_go_away()) {
            break;
        }
        sent += 1;
        assert!(sent < 100, "for ever");
    }
    assert!(sent >= 10, "one mistake is forgiven: {sent}");
    broken.until_ended().await;
    assert_eq!(Site::https(app.port(), &roots).get("/healthz").await.status, 200);
}

#[tokio::test]
async fn heads_have_a_size() {
    let (app, _, roots) = shop(DoorLimits::default()).await;
    let mut http2 = Caller::of(&roots).http2(app.port()).await;
    for (kilobytes, expected) in [(17, 431), (15, 200)] {
        let request = http2.request("GET", "/healthz").header("x-large", "x".repeat(kilobytes * 1024)).body(());
        let answer = http2.ask(request.expect("a request"), b"").await.expect("asked");
        assert_eq!(answer.await.expect("an answer").status(), expected, "{kilobytes} KiB");
    }
}

#[tokio::test]
async fn a_stop_waits_for_streams_and_for_no_handshake() {
    let (app, order, roots) = shop(DoorLimits::default()).await;
    let port = app.port();
    let mut busy = Caller::of(&roots).http2(port).await;
    let mut idle = Caller::of(&roots).http2(port).await;
    assert_eq!(idle.get("/healthz").await.expect("an answer").0, 200);
    let silent = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.expect("connects");
    let pages = [ask(&mut busy, &watch(&order, 25)).await, ask(&mut busy, &watch(&order, 25)).await];
    until_waiting(&app, 2).await;
    let started = Instant::now();
    let (stopped, told) = tokio::join!(app.stop(), join_all(pages.map(hear)));
    let () = stopped;
    println!("stopped in {:?}", started.elapsed());
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    for page in told {
        assert!(page.expect("an answer").2.contains("NOTPAY"));
    }
    busy.until_ended().await;
    idle.until_ended().await;
    drop(silent);
}
