//! The hash that bills are told by (`wechatpay-v3.md` §8.1). It protects nothing: their download is not signed.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// In hexadecimal digits.
pub(in crate::sandbox) fn sha1(bytes: &[u8]) -> String {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
