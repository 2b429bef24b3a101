//! The shop's own HTTPS.

use jiff::Timestamp;
use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge},
    registry::Registry,
};

#[derive(Clone, Debug)]
pub struct CertificateMetrics {
    ends: Gauge,
    failures: Counter,
}

impl CertificateMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let (ends, failures) = (Gauge::default(), Counter::default());
        registry.register(
            "certificate_ends_timestamp_seconds",
            "When the certificate of the shop's own HTTPS ends; 0 for none. Alarm when that is near",
            ends.clone(),
        );
        registry.register(
            "certificate_failures",
            "Certificates that could not be got or used; the log and /readyz say why",
            failures.clone(),
        );
        Self { ends, failures }
    }

    pub fn ends(&self, at: Timestamp) {
        self.ends.set(at.as_second());
    }

    pub fn ends_at(&self) -> Option<Timestamp> {
        let second = self.ends.get();
        (second != 0).then(|| Timestamp::from_second(second).ok()).flatten()
    }

    pub fn failed(&self) {
        self.failures.inc();
    }
}
