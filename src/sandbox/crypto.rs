//! Keys and what is done with them, by other implementations than the shop's.

pub(super) mod authorization;
mod certificate;
pub(super) mod credentials;
pub(super) mod digest;
pub(super) mod keys;
pub(super) mod oaep;
pub(super) mod seal;
pub(super) mod signature;
pub(super) mod tls;
