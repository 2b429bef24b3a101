//! What becomes of a download.

use std::io;

use crate::gateway::GatewayError;

/// Over which form of the file WeChat had made the hash (§14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fingerprint {
    Plain,
    Packed,
}

impl Fingerprint {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Packed => "PACKED",
        }
    }
}

/// A whole bill in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// SHA-1 as WeChat told it, in hexadecimal digits.
    pub hash: String,
    pub matched: Fingerprint,
    /// As it lies on the disk.
    pub bytes: u64,
    pub plain_bytes: u64,
}

/// Why there is no bill in the file. A whole one that was there is there still.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    #[error("the bill cannot be written: {0}")]
    File(#[from] io::Error),
    #[error("the bill lies with somebody else than the platform: {0}")]
    Elsewhere(String),
    #[error("its hash is told as {0}, and only SHA1 is known")]
    HashType(String),
    #[error("its hash is not the one that WeChat Pay has told, neither packed nor unpacked")]
    Hash,
    #[error("the bill is larger than any bill")]
    TooLong,
    #[error("the download takes too long")]
    TooSlow,
    #[error("the download broke off")]
    CutOff,
}
