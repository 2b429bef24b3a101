//! What needs someone, as the back office lists it.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct What {
    what: &'static str,
}

#[derive(Clone, Debug, Default)]
pub struct OfficeMetrics {
    needs: Family<What, Gauge>,
    disk_free: Gauge,
    surplus: Gauge,
}

impl OfficeMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let it = Self::default();
        registry.register(
            "needs_someone",
            "Things that do not mend themselves, by kind, as the back office lists them; -1 when nobody knows",
            it.needs.clone(),
        );
        registry.register(
            "disk_free_bytes",
            "Room on the disk of the data folder; -1 when nobody knows",
            it.disk_free.clone(),
        );
        registry.register(
            "surplus_payments_stuck",
            "Payments that came once too often and do not go back by themselves; alarm above 0",
            it.surplus.clone(),
        );
        it
    }

    /// As the books have it now; -1 when they cannot be read.
    pub fn surplus_stuck(&self, count: i64) {
        self.surplus.set(count);
    }

    pub fn set_need(&self, what: &'static str, count: i64) {
        self.needs.get_or_create(&What { what }).set(count);
    }

    pub fn set_disk_free(&self, bytes: Option<u64>) {
        self.disk_free.set(bytes.map_or(-1, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX)));
    }
}
