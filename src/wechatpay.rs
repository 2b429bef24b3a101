//! WeChat Pay APIv3 (微信支付 APIv3) as pure functions: bytes, keys and time go in, values come out.
//!
//! Nothing in here opens a socket, reads a clock or draws a random number, and nothing knows an
//! order, a table or a route. `§` in the comments of this module is a section of the project's
//! `wechatpay-v3.md`; `doc:4012791877` is the page pay.weixin.qq.com/doc/v3/merchant/4012791877.
//!
//! | file | holds |
//! | --- | --- |
//! | [`message`] | the exact bytes that are signed |
//! | [`keys`], [`identity`] | the two key systems and their names, as types that do not mix |
//! | [`signer`] | merchant key → `Authorization` |
//! | [`headers`], [`verifier`], [`keyring`] | `Wechatpay-*` headers, who signed, all keys we trust now |
//! | [`cipher`] | `AEAD_AES_256_GCM` with the APIv3 key |
//! | [`seal`] | what only WeChat shall read, sealed with its key |
//! | [`notify`] | a callback → [`Notification`]; there is no way to read one without verifying it |
//! | [`certificates`] | the reply of `/v3/certificates` → platform certificates |
//! | [`model`] | requests and replies on the wire |
//! | [`bill`] | the bill of a day → rows |
//! | [`interface`], [`explain`] | what is asked for; what an error code means there, and who has to do what |
//!
//! Deliberately absent: a switch that turns verification off, sealing with the APIv3 key (only the platform does),
//! and SM2 (国密), which is refused by name.

pub mod bill;
pub mod certificates;
pub mod cipher;
pub mod explain;
pub mod headers;
pub mod identity;
pub mod interface;
mod key_error;
pub mod keyring;
pub mod keys;
pub mod message;
pub mod model;
pub mod notify;
mod pem;
pub mod seal;
pub mod signer;
pub mod time;
pub mod verifier;

#[cfg(test)]
pub(crate) mod fixtures;

pub use cipher::{ApiV3Key, ApiV3Keys};
pub use explain::{Explanation, explain, explain_stored};
pub use identity::{Mchid, MerchantSerial, PlatformSerial};
pub use interface::Interface;
pub use keyring::Keyring;
pub use keys::{KeyError, MerchantCertificate, MerchantKey, PlatformCertificate, PlatformKey};
pub use model::{ErrorCode, RefundNotice, RefundReply, RefundStatus, TradeState, Transaction};
pub use notify::{Content, Notification, NotifyError};
pub use signer::Signer;
pub use verifier::{PlatformKeys, VerifyError};

/// The only signature scheme spoken here: RSASSA-PKCS1-v1_5 with SHA-256 (§1.1, §2.1).
pub const SIGNATURE_TYPE: &str = "WECHATPAY2-SHA256-RSA2048";

/// Start of the deliberately wrong signatures by which WeChat tests whether a merchant verifies
/// (签名探测流量, §2.4). They fail verification like any wrong signature; the name only lets them
/// be counted apart.
pub const SIGNATURE_PROBE: &str = "WECHATPAY/SIGNTEST/";
