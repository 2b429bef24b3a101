//! The interfaces of `/v3`.

/// As faults and rules tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    Prepay,
    Query,
    Close,
    Certificates,
    Echo,
    Refund,
    RefundQuery,
    Abnormal,
    /// Applying for one, of either kind.
    Bill,
    BillDownload,
}

impl Endpoint {
    /// Whether its path begins with `/v3/pay/transactions/`.
    pub(super) const fn is_payment(self) -> bool {
        matches!(self, Self::Prepay | Self::Query | Self::Close)
    }
}
