//! The sandbox in WeChat's name (`--tls`): directly, and as an HTTPS proxy.

use std::{fs, sync::Arc};

use saoma::sandbox::{Sandbox, SandboxOptions};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    },
};

use crate::harness::Platform;

const NAMES: [&str; 2] = ["api.mch.weixin.qq.com", "api2.mch.weixin.qq.com"];

async fn start() -> Platform {
    Platform::start_as(|options| SandboxOptions { tls: true, ..options }).await
}

fn address(platform: &Platform) -> String {
    platform.client.base.strip_prefix("http://").expect("http").to_owned()
}

async fn connect(platform: &Platform) -> TcpStream {
    TcpStream::connect(address(platform)).await.expect("connects")
}

/// A client that would rather speak HTTP/2, and trusts what is in `ca`.
fn connector(ca: &[u8]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca).expect("PEM")).expect("a CA");
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsConnector::from(Arc::new(config))
}

async fn secure(platform: &Platform, name: &'static str, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
    let ca = fs::read(platform.dir.join("ca.pem")).expect("is there");
    connector(&ca).connect(ServerName::try_from(name).expect("a name"), stream).await
}

/// The head of the answer to a signed request.
async fn ask(platform: &Platform, line: &mut TlsStream<TcpStream>) -> String {
    let url = "/v3/certificates";
    let authorization = platform.client.authorization(&platform.client.signing(), "GET", url, b"");
    let request = format!(
        "GET {url} HTTP/1.1\r\nHost: api.mch.weixin.qq.com\r\nUser-Agent: t\r\nAccept: */*\r\n\
         Authorization: {authorization}\r\n\r\n"
    );
    line.write_all(request.as_bytes()).await.expect("sends");
    head(line).await
}

async fn head(line: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    while !bytes.windows(4).any(|window| window == b"\r\n\r\n") {
        assert!(line.read_buf(&mut bytes).await.expect("reads") > 0, "{}", String::from_utf8_lossy(&bytes));
    }
    String::from_utf8_lossy(&bytes).split("\r\n\r\n").next().unwrap_or_default().to_owned()
}

fn assert_is_the_platform(head: &str) {
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    for line in ["Saoma-Sandbox: 1", "Wechatpay-Signature-Type: WECHATPAY2-SHA256-RSA2048"] {
        assert!(head.contains(line), "{head}");
    }
}

#[tokio::test]
async fn it_answers_in_wechats_name_to_those_who_trust_its_ca() {
    let platform = start().await;
    for name in NAMES.into_iter().chain(["localhost"]) {
        let mut line = secure(&platform, name, connect(&platform).await).await.expect("trusts it");
        assert_eq!(line.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]), "header names have no case in HTTP/2");
        assert_is_the_platform(&ask(&platform, &mut line).await);
    }
    let unknown = secure(&platform, "pay.weixin.qq.com", connect(&platform).await).await;
    assert!(unknown.is_err(), "it stands for nobody else");
    // The same port goes on without TLS.
    assert_eq!(platform.client.get("/v3/certificates").await.status, 200);

    // A stranger's CA is not enough, whatever its name.
    let other = start().await;
    let ca = fs::read(other.dir.join("ca.pem")).expect("is there");
    let name = ServerName::try_from(NAMES[0]).expect("a name");
    assert!(connector(&ca).connect(name, connect(&platform).await).await.is_err());
}

#[tokio::test]
async fn the_ca_stays_the_same_and_is_in_the_credentials() {
    use std::os::unix::fs::PermissionsExt as _;
    let platform = start().await;
    let ca = fs::read_to_string(platform.dir.join("ca.pem")).expect("is there");
    let told = fs::read_to_string(platform.dir.join("credentials.env")).expect("is there");
    assert!(told.contains(&format!("SANDBOX_CA_PATH={}", platform.dir.join("ca.pem").display())), "{told}");
    assert!(told.contains(&format!("SANDBOX_HTTPS_PROXY={}", platform.client.base)), "{told}");
    let mode = fs::metadata(platform.dir.join("platform/ca_key.pem")).expect("is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let platform = platform.restart_as(|options| SandboxOptions { tls: true, ..options }).await;
    assert_eq!(fs::read_to_string(platform.dir.join("ca.pem")).expect("is there"), ca);
    let mut line = secure(&platform, NAMES[0], connect(&platform).await).await.expect("trusts it");
    assert_is_the_platform(&ask(&platform, &mut line).await);

    if std::process::Command::new("openssl").arg("version").output().is_ok() {
        let [served] = line.get_ref().1.peer_certificates().expect("certificates") else { panic!("one certificate") };
        fs::write(platform.dir.join("served.der"), served).expect("writes");
        // As strictly as Python 3.13 looks at it.
        let strictly = ["verify", "-x509_strict", "-verify_hostname", NAMES[1], "-CAfile", "ca.pem", "served.der"];
        let output = std::process::Command::new("openssl").args(strictly).current_dir(&*platform.dir).output();
        let output = output.expect("runs");
        assert!(output.status.success(), "{output:?}");
    }
}

/// Whoever has been told to trust it must not have to trust whoever takes its key.
#[tokio::test]
async fn the_ca_is_good_for_its_own_names_and_for_no_others() {
    let platform = start().await;
    let openssl = |arguments: &str| {
        let mut openssl = std::process::Command::new("openssl");
        openssl.args(arguments.split(' ')).current_dir(&*platform.dir).output().expect("OpenSSL")
    };
    let issued = |name: &str| {
        fs::write(platform.dir.join("names"), format!("subjectAltName=DNS:{name}\n")).expect("writes");
        let make = "req -newkey rsa:2048 -nodes -subj /CN=x -keyout x.key -out x.csr";
        let sign = "x509 -req -in x.csr -CA ca.pem -CAkey platform/ca_key.pem -days 2 -extfile names -out x.pem";
        assert!(openssl(make).status.success() && openssl(sign).status.success(), "{name}");
        openssl("verify -CAfile ca.pem x.pem")
    };
    assert!(issued("api.mch.weixin.qq.com").status.success());
    for other in ["bank.example", "pay.weixin.qq.com", "mch.weixin.qq.com"] {
        let refused = issued(other);
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && told.contains("permitted subtree violation"), "{other}: {told}");
    }
}

#[tokio::test]
async fn a_ca_that_does_not_fit_is_not_used() {
    let (dir, ..) = start().await.stop().await;
    let (other, ..) = start().await.stop().await;
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], 9090));
    let usual = || SandboxOptions { tls: true, ..SandboxOptions::new(address).expect("an address") };
    let elsewhere = "https://sandbox.example.org".parse().expect("an address");
    let refused = Sandbox::open(&dir, SandboxOptions { api_domain: elsewhere, ..usual() }).expect_err("another name");
    assert!(refused.to_string().contains("is not for all of") && refused.to_string().contains("sandbox.example.org"));
    fs::copy(other.join("platform/ca_key.pem"), dir.join("platform/ca_key.pem")).expect("copies");
    let refused = Sandbox::open(&dir, usual()).expect_err("the key of another").to_string();
    assert!(refused.contains("ca_key.pem do not belong together"), "{refused}");
    // As it says.
    fs::remove_file(dir.join("ca.pem")).expect("is there");
    Sandbox::open(&dir, usual()).expect("a new pair");
}

/// Opens a tunnel; what is said of it.
async fn tunnel(platform: &Platform, to: &str) -> (TcpStream, String) {
    let mut line = connect(platform).await;
    line.write_all(format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n").as_bytes()).await.expect("sends");
    let head = head(&mut line).await;
    (line, head)
}

#[tokio::test]
async fn it_is_a_proxy_to_itself_and_to_nobody_else() {
    let platform = start().await;
    for name in NAMES {
        let (line, head) = tunnel(&platform, &format!("{name}:443")).await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let mut line = secure(&platform, name, line).await.expect("trusts it");
        assert_is_the_platform(&ask(&platform, &mut line).await);
    }
    let (line, head) = tunnel(&platform, "API.mch.WeiXin.qq.com:443").await;
    assert!(head.starts_with("HTTP/1.1 200"), "names have no case: {head}");
    drop(line);
    for elsewhere in ["api.mch.weixin.qq.com:80", "pay.weixin.qq.com:443", "127.0.0.1:443", &address(&platform)] {
        let (_, head) = tunnel(&platform, elsewhere).await;
        assert!(head.starts_with("HTTP/1.1 403") && head.contains("Saoma-Sandbox: 1"), "{elsewhere}: {head}");
    }
    let plain = Platform::start().await;
    let (_, head) = tunnel(&plain, "api.mch.weixin.qq.com:443").await;
    assert!(head.starts_with("HTTP/1.1 403"), "without a certificate there is nothing behind it: {head}");
}

#[tokio::test]
async fn a_client_that_knows_wechats_host_alone_comes_through_the_proxy() {
    let platform = start().await;
    let ca = fs::read(platform.dir.join("ca.pem")).expect("is there");
    let http = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&ca).expect("PEM")])
        .proxy(reqwest::Proxy::https(&platform.client.base).expect("a proxy"));
    let http = http.build().expect("a client");
    let body = platform.order("ORDER0001").to_string();
    let url = "/v3/pay/transactions/native";
    let authorization = platform.client.authorization(&platform.client.signing(), "POST", url, body.as_bytes());
    let request = http.post(format!("https://{}{url}", NAMES[0])).header("Authorization", authorization);
    let request = request.header("User-Agent", "t").header("Accept", "*/*").header("Content-Type", "application/json");
    let reply = platform.client.send(request.body(body)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(platform.client.verify(&reply.headers, &reply.body), Ok(()));
    let code_url = reply.json()["code_url"].clone();
    assert_eq!(platform.pay(code_url.as_str().expect("a code")).await["out_trade_no"], "ORDER0001");
    assert_ne!(platform.query("ORDER0001").await.json()["transaction_id"], Value::Null);
}

#[tokio::test]
async fn lines_that_say_nothing_do_not_keep_it_from_stopping() {
    let platform = start().await;
    // One that has sent nothing, one in the middle of TLS, one without a request, one within a tunnel.
    let silent = connect(&platform).await;
    let mut begun = connect(&platform).await;
    begun.write_all(&[0x16]).await.expect("sends");
    let mut idle = secure(&platform, NAMES[0], connect(&platform).await).await.expect("trusts it");
    assert_is_the_platform(&ask(&platform, &mut idle).await);
    let (tunnelled, _) = tunnel(&platform, "api2.mch.weixin.qq.com:443").await;
    let mut half = connect(&platform).await;
    half.write_all(b"POST /v3/pay/transactions/native HTTP/1.1\r\nHost: 127.0.0.1\r\n").await.expect("sends");
    let mut half_a_body = connect(&platform).await;
    let head = b"POST /_sandbox/pay HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{";
    half_a_body.write_all(head).await.expect("sends");
    let started = tokio::time::Instant::now();
    platform.stop().await;
    assert!(started.elapsed() < std::time::Duration::from_secs(5), "{:?}", started.elapsed());
    drop((silent, begun, idle, tunnelled, half, half_a_body));
}
