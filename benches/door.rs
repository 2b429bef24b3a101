//! Genuine callbacks, each on a connection of its own, while clients of every bad kind and a crowd of good ones
//! are in at the same time: half a head, nothing between requests, bodies that trickle in, pages that wait. Whoever is
//! closed comes again at once. `cargo bench --bench door`; `HALF_OPEN`, `IDLE`, `TRICKLING`, `WAITING`, `SECONDS`
//! change the size.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads its own size from the environment")]

#[path = "support/genuine.rs"]
mod genuine;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use self::genuine::{Failure, is_whole, prepare, start};

const BUDGET: Duration = Duration::from_millis(200);
/// How long a page waits before it asks again. They come one by one in that time, as people do.
const HOLD: Duration = Duration::from_secs(25);
/// Callbacks a second.
const RATE: usize = 20;
const HALF_A_HEAD: &str = "POST /api/wx-pay/native/notify HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-le";

fn size(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// 127.0.`group`.x: as many addresses as customers might have.
fn source(group: u8, index: usize) -> IpAddr {
    let host = u8::try_from(index % 50).unwrap_or(0);
    Ipv4Addr::new(127, 0, group, host + 1).into()
}

async fn connect(site: SocketAddr, source: IpAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(source, 0))?;
    socket.connect(site).await
}

async fn until_closed(stream: &mut TcpStream) {
    let mut chunk = [0; 1024];
    while let Ok(1..) = stream.read(&mut chunk).await {}
}

/// Half a head, again and again.
async fn half_open(site: SocketAddr, source: IpAddr) {
    loop {
        if let Ok(mut stream) = connect(site, source).await
            && stream.write_all(HALF_A_HEAD.as_bytes()).await.is_ok()
        {
            until_closed(&mut stream).await;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// One request, and nothing any more.
async fn idle(site: SocketAddr, source: IpAddr) {
    loop {
        if let Ok(mut stream) = connect(site, source).await
            && stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").await.is_ok()
        {
            until_closed(&mut stream).await;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// A body of one byte a second.
async fn trickling(site: SocketAddr, source: IpAddr, path: &'static str) {
    let head = format!("POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 9999\r\n\r\n");
    loop {
        if let Ok(mut stream) = connect(site, source).await
            && stream.write_all(head.as_bytes()).await.is_ok()
        {
            while timeout(Duration::from_secs(1), until_closed(&mut stream)).await.is_err() {
                if stream.write_all(b"a").await.is_err() {
                    break;
                }
            }
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// A page that waits for news of its order.
async fn waiting(site: SocketAddr, source: IpAddr, token: Arc<str>) {
    let ask = format!("GET /api/orders/{token}?after=1000&wait=25 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
    let mut buffer = vec![0; 4096];
    loop {
        if let Ok(mut stream) = connect(site, source).await {
            while let Ok(1..) = exchange(&mut stream, ask.as_bytes(), &mut buffer).await {}
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// One request and its whole answer, whose length is 0 when the server hung up.
async fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut [u8]) -> std::io::Result<usize> {
    stream.write_all(request).await?;
    let mut length = 0;
    while !is_whole(&buffer[..length]) {
        match stream.read(&mut buffer[length..]).await? {
            0 => return Ok(0),
            read => length += read,
        }
    }
    Ok(length)
}

/// The token of a new order's page.
async fn order(site: SocketAddr) -> Result<Arc<str>, Failure> {
    let mut stream = TcpStream::connect(site).await?;
    let mut buffer = vec![0; 4096];
    let request = b"POST /api/wx-pay/native/native/1 HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 0\r\n\r\n";
    let length = exchange(&mut stream, request, &mut buffer).await?;
    let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
    let token = text.split("/pay/").nth(1).and_then(|rest| rest.get(..32)).ok_or(text.clone())?;
    Ok(token.into())
}

async fn metric(site: SocketAddr, name: &str) -> Result<usize, Failure> {
    let mut stream = TcpStream::connect(site).await?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n").await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} "))).ok_or("no such metric")?;
    Ok(line.parse()?)
}

/// On a connection of its own, as WeChat's many machines send them.
async fn deliver(site: SocketAddr, request: &[u8]) -> Result<Duration, Failure> {
    let began = Instant::now();
    let mut stream = connect(site, Ipv4Addr::new(127, 0, 0, 9).into()).await?;
    let mut buffer = vec![0; 4096];
    let length = timeout(Duration::from_secs(5), exchange(&mut stream, request, &mut buffer)).await??;
    let took = began.elapsed();
    let is_good = buffer.starts_with(b"HTTP/1.1 200 ");
    if is_good { Ok(took) } else { Err(String::from_utf8_lossy(&buffer[..length]).into_owned().into()) }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let crowd = [size("HALF_OPEN", 2_000), size("IDLE", 500), size("TRICKLING", 200), size("WAITING", 5_000)];
    let seconds = size("SECONDS", 30);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let site = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let requests = prepare(folder.path(), site, seconds * RATE).await?;
    let server = start(folder.path(), site, None).await?;
    let mut tokens = Vec::new();
    // Together they are below the limit of orders a minute of one address.
    for _ in 0..25 {
        tokens.push(order(site).await?);
    }

    let mut clients = JoinSet::new();
    let [halves, idles, bodies, pages] = crowd;
    (0..halves).for_each(|index| drop(clients.spawn(half_open(site, source(1, index)))));
    (0..idles).for_each(|index| drop(clients.spawn(idle(site, source(2, index)))));
    for index in 0..bodies {
        let path = if index % 2 == 0 { "/api/wx-pay/native/notify" } else { "/api/ui/place_order" };
        clients.spawn(trickling(site, source(3, index), path));
    }
    for index in 0..pages {
        let token = Arc::clone(&tokens[index % tokens.len()]);
        let came = HOLD * u32::try_from(index)? / u32::try_from(pages)?;
        clients.spawn(async move {
            sleep(came).await;
            waiting(site, source(4, index), token).await;
        });
    }
    let all: usize = crowd.iter().sum();
    let started = Instant::now();
    while metric(site, "saoma_connections_open").await? < all * 98 / 100 {
        if started.elapsed() > Duration::from_mins(1) {
            return Err("they do not all come in".into());
        }
        sleep(Duration::from_millis(200)).await;
    }
    let (open, waits) = (metric(site, "saoma_connections_open").await?, metric(site, "saoma_pages_waiting").await?);

    let mut callbacks = JoinSet::new();
    for (_, request) in requests {
        callbacks.spawn(async move { deliver(site, &request).await });
        sleep(Duration::from_secs(1) / u32::try_from(RATE)?).await;
    }
    let mut times = Vec::new();
    while let Some(answered) = callbacks.join_next().await {
        times.push(answered??);
    }
    drop((clients, server));
    report(&mut times, crowd, open, waits);
    Ok(())
}

fn report(times: &mut [Duration], [halves, idles, bodies, pages]: [usize; 4], open: usize, waits: usize) {
    times.sort_unstable();
    let at =
        |permille: usize| times.get((times.len() * permille / 1000).min(times.len() - 1)).copied().unwrap_or_default();
    println!("{} callbacks, {RATE} a second, each on a connection of its own, among", times.len());
    println!(
        "  {halves} half heads, {idles} idle, {bodies} trickling bodies, {pages} pages (open {open}, waiting {waits})"
    );
    for (name, permille) in [("p50", 500), ("p90", 900), ("p99", 990), ("slowest", 1000)] {
        println!("  {name:<8}  {:>9.1?}", at(permille));
    }
    println!("budget ≤ {BUDGET:?}: {}", if at(1000) <= BUDGET { "kept" } else { "EXCEEDED" });
}
