//! What TLS adds to a callback: genuine ones, one after another, with and without it, on one connection and each on
//! a new one. The server's processor time is the kernel's account of its process. `cargo bench --bench https`;
//! `CALLBACKS` changes the size.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads its own size from the environment")]

#[path = "support/exchange.rs"]
mod exchange;
#[path = "support/genuine.rs"]
mod genuine;
#[path = "support/process.rs"]
mod process;

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
    time::Duration,
};

use rcgen::{CertificateParams, KeyPair};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        client::Resumption,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, ServerName},
    },
};

use self::{
    exchange::exchange,
    genuine::{Failure, Genuine, prepare, start},
    process::cpu_time,
};

/// What a full handshake may cost the server, and the same for the bytes of one more callback.
const HANDSHAKE_BUDGET: u128 = 600;
const RECORD_BUDGET: u128 = 40;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Kept,
    New,
    /// A handshake that goes on where the one before it left off.
    Resumed,
}

struct Row {
    name: &'static str,
    processor: u128,
    p50: Duration,
    p99: Duration,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

struct Client {
    address: SocketAddr,
    tls: Option<TlsConnector>,
}

impl Client {
    async fn connect(&self) -> Result<Box<dyn Stream>, Failure> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(match &self.tls {
            None => Box::new(stream),
            Some(tls) => Box::new(tls.connect(ServerName::try_from("localhost")?, stream).await?),
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let count = std::env::var("CALLBACKS").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000);
    let plain = [("http, connection kept", Way::Kept), ("http, new connection", Way::New)];
    let secure = [
        ("https, connection kept", Way::Kept),
        ("https, new connection", Way::New),
        ("https, new, resumed", Way::Resumed),
    ];
    let mut rows = measure(false, &plain, count).await?;
    rows.extend(measure(true, &secure, count).await?);
    println!("{count} callbacks each, one after another; the server's processor time and the client's clock");
    for Row { name, processor, p50, p99 } in &rows {
        println!("  {name:<24} {processor:>6} µs   p50 {p50:>8.1?}   p99 {p99:>8.1?}");
    }
    let [kept, new, secure_kept, secure_new, _] = rows.as_slice() else { return Err("rows".into()) };
    let handshake = secure_new.processor.saturating_sub(new.processor);
    let record = secure_kept.processor.saturating_sub(kept.processor);
    println!("  a handshake              {handshake:>6} µs   budget ≤ {HANDSHAKE_BUDGET} µs");
    println!("  TLS of one more callback {record:>6} µs   budget ≤ {RECORD_BUDGET} µs");
    let is_kept = handshake <= HANDSHAKE_BUDGET && record <= RECORD_BUDGET;
    println!("budget: {}", if is_kept { "kept" } else { "EXCEEDED" });
    Ok(())
}

/// On a server of its own.
async fn measure(is_secure: bool, ways: &[(&'static str, Way)], count: usize) -> Result<Vec<Row>, Failure> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut requests = prepare(folder.path(), address, count * ways.len() + 200).await?;
    let (variables, root) = certificate(folder.path(), is_secure)?;
    let server = start(folder.path(), address, Some(&variables)).await?;
    let mut rows = Vec::new();
    // Whatever is only done once.
    let warm = requests.split_off(count * ways.len());
    send(&client(address, root.as_ref(), Way::New)?, Way::New, &warm).await?;
    for (&(name, way), share) in ways.iter().zip(requests.chunks(count)) {
        let client = client(address, root.as_ref(), way)?;
        let before = cpu_time(server.0.id())?;
        let mut times = send(&client, way, share).await?;
        let processor = cpu_time(server.0.id())?.saturating_sub(before).as_micros() / times.len() as u128;
        times.sort_unstable();
        rows.push(Row { name, processor, p50: times[times.len() / 2], p99: times[times.len() * 99 / 100] });
    }
    Ok(rows)
}

type Variables = Vec<(&'static str, String)>;

fn certificate(folder: &Path, is_secure: bool) -> Result<(Variables, Option<CertificateDer<'static>>), Failure> {
    if !is_secure {
        return Ok((Vec::new(), None));
    }
    let key = KeyPair::generate()?;
    let made = CertificateParams::new(["localhost".to_owned()])?.self_signed(&key)?;
    let (chain, key_file) = (folder.join("chain.pem"), folder.join("key.pem"));
    fs::write(&chain, made.pem())?;
    fs::write(&key_file, key.serialize_pem())?;
    let variables = vec![
        ("SAOMA_TLS", "files".to_owned()),
        ("SAOMA_TLS_CERTIFICATE", chain.display().to_string()),
        ("SAOMA_TLS_KEY", key_file.display().to_string()),
        ("SAOMA_REDIRECT_ADDR", "off".to_owned()),
        ("WXPAY_NOTIFY_DOMAIN", "https://localhost".to_owned()),
    ];
    Ok((variables, Some(made.der().clone())))
}

fn client(address: SocketAddr, root: Option<&CertificateDer<'static>>, way: Way) -> Result<Client, Failure> {
    let Some(root) = root else { return Ok(Client { address, tls: None }) };
    let mut roots = RootCertStore::empty();
    roots.add(root.clone())?;
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    if way != Way::Resumed {
        config.resumption = Resumption::disabled();
    }
    Ok(Client { address, tls: Some(TlsConnector::from(Arc::new(config))) })
}

async fn send(client: &Client, way: Way, requests: &[Genuine]) -> Result<Vec<Duration>, Failure> {
    let mut times = Vec::with_capacity(requests.len());
    let mut kept = None;
    for (_, request) in requests {
        let began = Instant::now();
        let mut stream = match kept.take() {
            Some(stream) => stream,
            None => client.connect().await?,
        };
        exchange(&mut stream, request).await?;
        times.push(began.elapsed());
        if way == Way::Kept {
            kept = Some(stream);
        } else {
            stream.shutdown().await?;
        }
    }
    Ok(times)
}
