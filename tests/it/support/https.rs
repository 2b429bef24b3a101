//! HTTPS from outside: certificates to show, and clients that take HTTP/2 apart.

use std::{
    fs,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::body::Bytes;
use h2::client::{Builder, ResponseFuture, SendRequest};
use http::{HeaderMap, Request};
use rcgen::{CertificateParams, KeyPair};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinHandle,
    time::timeout,
};
use tokio_rustls::{
    TlsAcceptor, TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    },
};

use super::Site;

/// A certificate that only those believe who are told to, in two files.
#[derive(Clone, Debug)]
pub struct Shown {
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub pem: String,
    pub key_pem: String,
}

impl Shown {
    pub fn lay(folder: &Path, name: &str) -> Self {
        let made = CertificateParams::new([name.to_owned()]).expect("a name");
        let key = KeyPair::generate().expect("a key");
        let pem = made.self_signed(&key).expect("a certificate").pem();
        let shown = Self {
            certificate: folder.join("shown.pem"),
            key: folder.join("shown.key"),
            pem,
            key_pem: key.serialize_pem(),
        };
        fs::write(&shown.certificate, &shown.pem).expect("writes");
        fs::write(&shown.key, &shown.key_pem).expect("writes");
        shown
    }
}

impl Shown {
    pub fn acceptor(&self) -> TlsAcceptor {
        let chain = vec![CertificateDer::from_pem_slice(self.pem.as_bytes()).expect("PEM")];
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).expect("PEM");
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a pair");
        TlsAcceptor::from(Arc::new(config))
    }

    /// Shakes hands with everybody, and has nothing to say.
    pub fn answer(&self, listener: TcpListener) {
        let acceptor = self.acceptor();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                acceptor.accept(stream).await.ok();
            }
        });
    }
}

/// A TLS client that believes `roots`, offers `protocols`, and comes from `source`.
pub struct Caller<'a> {
    pub roots: &'a str,
    pub protocols: &'a [&'a [u8]],
    pub source: &'a str,
    pub name: &'a str,
}

impl<'a> Caller<'a> {
    pub const fn of(roots: &'a str) -> Self {
        Self { roots, protocols: &[b"h2"], source: "127.0.0.1", name: "localhost" }
    }

    pub async fn call(&self, port: u16) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(self.roots.as_bytes()) {
            roots.add(root.expect("PEM")).expect("a root");
        }
        let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = self.protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::new(self.source.parse::<IpAddr>().expect("an address"), 0)).expect("binds");
        let stream = socket.connect(SocketAddr::from(([127, 0, 0, 1], port))).await?;
        let name = ServerName::try_from(self.name.to_owned()).expect("a name");
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    /// The certificate that is shown, or why there is none.
    pub async fn certificate(&self, port: u16) -> std::io::Result<Vec<u8>> {
        let stream = self.call(port).await?;
        let chain = stream.get_ref().1.peer_certificates().expect("a chain");
        Ok(chain[0].to_vec())
    }

    pub async fn http2(&self, port: u16) -> Http2 {
        self.http2_with(port, &mut Builder::new()).await
    }

    pub async fn http2_with(&self, port: u16, builder: &mut Builder) -> Http2 {
        let stream = self.call(port).await.expect("shakes hands");
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
        let (send, connection) = builder.handshake(stream).await.expect("speaks HTTP/2");
        Http2 { send, ended: tokio::spawn(connection), authority: format!("localhost:{port}") }
    }
}

/// One connection.
pub struct Http2 {
    pub send: SendRequest<Bytes>,
    pub ended: JoinHandle<Result<(), h2::Error>>,
    authority: String,
}

/// Status, headers and body.
pub type Heard = (u16, HeaderMap, String);

impl Http2 {
    pub async fn ask(&mut self, request: Request<()>, body: &[u8]) -> Result<ResponseFuture, h2::Error> {
        let mut send = self.send.clone().ready().await?;
        let (answer, mut stream) = send.send_request(request, body.is_empty())?;
        if !body.is_empty() {
            stream.send_data(Bytes::copy_from_slice(body), true)?;
        }
        Ok(answer)
    }

    pub fn request(&self, method: &str, path: &str) -> http::request::Builder {
        Request::builder().method(method).uri(format!("https://{}{path}", self.authority))
    }

    pub async fn get(&mut self, path: &str) -> Result<Heard, h2::Error> {
        let request = self.request("GET", path).body(()).expect("a request");
        hear(self.ask(request, b"").await?).await
    }

    /// Until the server has ended it.
    pub async fn until_ended(self) {
        drop(self.send);
        timeout(Duration::from_secs(20), self.ended).await.expect("ends in time").expect("no panic").ok();
    }
}

pub async fn hear(answer: ResponseFuture) -> Result<Heard, h2::Error> {
    let (head, mut body) = answer.await?.into_parts();
    let mut bytes = Vec::new();
    while let Some(part) = body.data().await {
        let part = part?;
        body.flow_control().release_capacity(part.len())?;
        bytes.extend_from_slice(&part);
    }
    Ok((head.status.as_u16(), head.headers, String::from_utf8_lossy(&bytes).into_owned()))
}

impl Site {
    pub fn port(&self) -> u16 {
        let port = self.origin.rsplit(':').next().and_then(|port| port.parse().ok());
        port.expect("an origin with a port")
    }
}
