//! What an operator must be told of requests that look like a proxy which nobody has named: loudly,
//! and once a minute, since each of its requests shows it and strangers can send the same.

use std::{fmt, net::IpAddr, num::NonZeroU32, sync::Arc};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// Longest part of what a stranger sent that is repeated in a line.
const QUOTED_MOST: usize = 100;

/// Clones share their counts.
#[derive(Clone)]
pub struct Notices {
    unnamed_proxy: Arc<DefaultDirectRateLimiter>,
    foreign_origin: Arc<DefaultDirectRateLimiter>,
}

impl Default for Notices {
    fn default() -> Self {
        let once_a_minute = || Arc::new(RateLimiter::direct(Quota::per_minute(NonZeroU32::MIN)));
        Self { unnamed_proxy: once_a_minute(), foreign_origin: once_a_minute() }
    }
}

impl Notices {
    /// `X-Forwarded-For` came from `peer`, whose word counts for nothing.
    pub fn unnamed_proxy(&self, peer: IpAddr) {
        if self.unnamed_proxy.check().is_ok() {
            tracing::warn!(
                %peer,
                "X-Forwarded-For from {peer}, which SAOMA_TRUSTED_PROXIES does not name: if it is your proxy, all its \
                 customers share one limit until you set SAOMA_TRUSTED_PROXIES={peer}"
            );
        }
    }

    /// A page of `origin` sent what only pages of `own` may send.
    pub fn foreign_origin(&self, origin: &str, own: &str) {
        if self.foreign_origin.check().is_ok() {
            let origin: String = origin.chars().take(QUOTED_MOST).collect();
            tracing::warn!(
                ?origin,
                "refused a form of {origin:?}: this shop is {own}. If shoppers reach it under the former name, set \
                 SAOMA_PUBLIC_ORIGIN to it, or lead it to {own}; a proxy in front should pass Host on"
            );
        }
    }
}

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Notices")
    }
}
