//! What is wrong with a key or certificate.

use std::fmt;

/// The operator configured a key or certificate that cannot be used. Reads as the end of a
/// sentence that begins with the name of the setting; never shows any of the text itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("is empty")]
    Empty,
    #[error("is not PEM: it has no line `-----BEGIN …-----`")]
    NotPem,
    #[error("is cut off: a line `-----BEGIN …-----` has no matching `-----END …-----`")]
    CutOff,
    #[error("is {0}, which does not belong here")]
    WrongKind(PemKind),
    #[error("is damaged: the text between BEGIN and END does not decode")]
    Damaged,
    #[error("is no RSA key")]
    NotRsa,
    #[error("is an RSA key of {0} bits, but WeChat Pay's have 2048")]
    TooShort(usize),
    #[error("is no valid RSA key: its numbers do not fit together")]
    Invalid,
}

/// What a PEM block says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PemKind {
    /// PKCS#8, the form of `apiclient_key.pem`.
    PrivateKey,
    /// PKCS#1.
    RsaPrivateKey,
    EncryptedPrivateKey,
    EcPrivateKey,
    /// SPKI, the form of `pub_key.pem`.
    PublicKey,
    /// PKCS#1.
    RsaPublicKey,
    Certificate,
    CertificateRequest,
    Other,
}

impl PemKind {
    pub(super) fn from_label(label: &str) -> Self {
        match label {
            "PRIVATE KEY" => Self::PrivateKey,
            "RSA PRIVATE KEY" => Self::RsaPrivateKey,
            "ENCRYPTED PRIVATE KEY" => Self::EncryptedPrivateKey,
            "EC PRIVATE KEY" => Self::EcPrivateKey,
            "PUBLIC KEY" => Self::PublicKey,
            "RSA PUBLIC KEY" => Self::RsaPublicKey,
            "CERTIFICATE" => Self::Certificate,
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Self::CertificateRequest,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for PemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PrivateKey | Self::RsaPrivateKey => "a private key",
            Self::EncryptedPrivateKey => "a private key with a passphrase",
            Self::EcPrivateKey => "an elliptic-curve private key",
            Self::PublicKey | Self::RsaPublicKey => "a public key",
            Self::Certificate => "a certificate",
            Self::CertificateRequest => "a certificate request",
            Self::Other => "something else in PEM form",
        })
    }
}
