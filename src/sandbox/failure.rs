//! Why a sandbox does not start, or stops.

use std::{io, net::SocketAddr, path::PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error("{path}: cannot be read or written")]
    File { path: PathBuf, source: io::Error },
    #[error("{path}: in use by another sandbox")]
    InUse { path: PathBuf },
    #[error("{path}: no quotation that a shell and dotenv read alike")]
    UnquotablePath { path: PathBuf },
    #[error("account.json cannot be read or written")]
    Account { source: serde_json::Error },
    #[error("line {line} of the journal is not one of ours")]
    Journal { line: usize, source: serde_json::Error },
    #[error("an RSA key cannot be made")]
    KeyGeneration,
    #[error("a private key cannot be read or written")]
    PrivateKey(#[from] rsa::pkcs8::Error),
    #[error("a public key cannot be written")]
    PublicKey(#[from] rsa::pkcs8::spki::Error),
    #[error("a certificate cannot be made")]
    Certificate(#[from] CertificateError),
    #[error("the APIv3 key in account.json is not one")]
    ApiV3Key,
    #[error("no HTTP client can be made")]
    Client(#[from] reqwest::Error),
    #[error("the certificate for TLS cannot be used")]
    Tls(#[from] tokio_rustls::rustls::Error),
    #[error("{certificate} and {key} do not belong together: without the first, both are made anew")]
    NotTogether { certificate: PathBuf, key: PathBuf },
    #[error("{certificate} is not for all of {name}: without it, another one is made, which clients have to be told")]
    CaOfAnotherName { certificate: PathBuf, name: String },
    #[error("{address} makes no URL")]
    Address { address: SocketAddr },
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: io::Error },
}

#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("a part of the certificate cannot be encoded")]
    Encoding(#[from] x509_cert::der::Error),
    #[error("the public key cannot be encoded")]
    PublicKey(#[from] x509_cert::spki::Error),
    #[error("the certificate cannot be built")]
    Build(#[from] x509_cert::builder::Error),
    #[error("the year is past what a certificate can say")]
    Date,
}
