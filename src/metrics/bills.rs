//! WeChat's bills laid beside the books. What they tell is in the books, so every instance that looks tells the same.

use prometheus_client::{metrics::gauge::Gauge, registry::Registry};

#[derive(Clone, Debug)]
pub(super) struct BillMetrics {
    missing: Gauge,
    differing: Gauge,
    open: Gauge,
}

impl BillMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let (missing, differing, open) = (Gauge::default(), Gauge::default(), Gauge::default());
        registry.register(
            "bill_days_missing",
            "Days before yesterday whose bill has not been compared; alarm above 0",
            missing.clone(),
        );
        registry.register("bill_days_differing", "Days whose bill and books differ; alarm above 0", differing.clone());
        registry.register("bill_differences_open", "Differences that nobody has explained or settled", open.clone());
        Self { missing, differing, open }
    }

    pub(super) fn tell(&self, missing: i64, differing: i64, open: i64) {
        self.missing.set(missing);
        self.differing.set(differing);
        self.open.set(open);
    }
}
