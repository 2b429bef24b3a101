//! How many orders, presses of a button that sets off questions to WeChat, and callbacks that are not WeChat's,
//! one address may send a minute.

use std::{fmt, net::IpAddr, num::NonZeroU32, sync::Arc};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::address::ClientAddress;

type Limiter = Option<Arc<DefaultKeyedRateLimiter<IpAddr>>>;

/// Clones share their counts.
#[derive(Clone)]
pub struct Limits {
    orders: Limiter,
    checks: Limiter,
    rejected_callbacks: Limiter,
}

impl Limits {
    /// Per address and minute; 0 means no limit.
    pub fn new(orders: u32, checks: u32, rejected_callbacks: u32) -> Self {
        let limiter = |most| NonZeroU32::new(most).map(|most| Arc::new(RateLimiter::keyed(Quota::per_minute(most))));
        Self { orders: limiter(orders), checks: limiter(checks), rejected_callbacks: limiter(rejected_callbacks) }
    }

    pub fn allow_order(&self, client: ClientAddress) -> bool {
        allow(&self.orders, client)
    }

    /// 我已完成支付, cancel and renew.
    pub fn allow_check(&self, client: ClientAddress) -> bool {
        allow(&self.checks, client)
    }

    /// Asked only after a callback was refused: a genuine one is never in the way of this, whoever
    /// shares its address (a proxy we were not told about).
    pub fn allow_rejected_callback(&self, client: ClientAddress) -> bool {
        allow(&self.rejected_callbacks, client)
    }

    /// Forgets addresses that have been quiet.
    pub fn prune(&self) {
        for limiter in [&self.orders, &self.checks, &self.rejected_callbacks].into_iter().flatten() {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

fn allow(limiter: &Limiter, client: ClientAddress) -> bool {
    limiter.as_ref().is_none_or(|limiter| limiter.check_key(&client.0).is_ok())
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Limits")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ClientAddress = ClientAddress(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)));
    const B: ClientAddress = ClientAddress(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2)));

    #[test]
    fn each_address_has_its_own_count() {
        let limits = Limits::new(2, 1, 1);
        assert!(limits.allow_order(A) && limits.allow_order(A));
        assert!(!limits.allow_order(A));
        assert!(limits.allow_order(B));
        assert!(limits.allow_check(A) && limits.allow_rejected_callback(A), "counted apart");
        assert!(!limits.allow_check(A) && limits.allow_check(B));
    }

    #[test]
    fn zero_is_no_limit() {
        let limits = Limits::new(0, 0, 0);
        assert!((0..1000).all(|_| limits.allow_order(A)));
    }
}
