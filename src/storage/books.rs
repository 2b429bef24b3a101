//! `books`: whose books these are. One row, written by the first `saoma serve` and never changed: money
//! and play, or the money of two merchants, never get into one set of books.

use std::fmt;

use jiff::Timestamp;
use sqlx::{AnyConnection, Row as _};

use super::{StorageError, inserted, millis};

/// Where the platform is that these books have been kept with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlatformKind {
    /// The real one, or whatever answers at an address that is not this machine's.
    WechatPay,
    /// On this machine: nobody's money.
    Loopback,
}

impl PlatformKind {
    const ALL: [Self; 2] = [Self::WechatPay, Self::Loopback];

    pub const fn code(self) -> &'static str {
        match self {
            Self::WechatPay => "WECHATPAY",
            Self::Loopback => "LOOPBACK",
        }
    }
}

/// As the end of "a merchant at …".
impl fmt::Display for PlatformKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WechatPay => "WeChat Pay itself",
            Self::Loopback => "a platform on this machine (no real money)",
        })
    }
}

/// The mark: of which merchant, and of which kind of platform.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    pub mchid: String,
    pub platform: PlatformKind,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "merchant {} at {}", self.mchid, self.platform)
    }
}

/// `None` of books that no `saoma serve` has had since marks exist.
pub async fn find(c: &mut AnyConnection) -> Result<Option<Mark>, StorageError> {
    let Some(row) = sqlx::query("SELECT mchid, platform FROM books WHERE id = 1").fetch_optional(c).await? else {
        return Ok(None);
    };
    let code: &str = row.try_get("platform")?;
    let platform = PlatformKind::ALL.into_iter().find(|kind| kind.code() == code);
    let platform = platform.ok_or_else(|| StorageError::Inconsistent {
        table: "books",
        column: "platform",
        row: 1,
        problem: format!("{code:?} is none"),
    })?;
    Ok(Some(Mark { mchid: row.try_get("mchid")?, platform }))
}

/// `false` when another instance was faster: its mark stands.
pub async fn stamp(c: &mut AnyConnection, mark: &Mark, at: Timestamp) -> Result<bool, StorageError> {
    let stamp = sqlx::query("INSERT INTO books (id, mchid, platform, stamped_ms) VALUES (1, ?, ?, ?)");
    inserted(stamp.bind(&mark.mchid).bind(mark.platform.code()).bind(millis(at)).execute(c).await)
}
