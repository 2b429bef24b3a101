//! What WeChat Pay is asked for.

/// One interface of the platform, as `/metrics` and the table of [explanations](super::explain) name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interface {
    Prepay,
    Query,
    Close,
    Refund,
    RefundQuery,
    AbnormalRefund,
    Certificates,
    Bill,
    /// The self-test of signatures and callbacks (§10.6).
    Echo,
}

impl Interface {
    pub const ALL: [Self; 9] = [
        Self::Prepay,
        Self::Query,
        Self::Close,
        Self::Refund,
        Self::RefundQuery,
        Self::AbnormalRefund,
        Self::Certificates,
        Self::Bill,
        Self::Echo,
    ];

    pub const fn label(self) -> &'static str {
        match self {
            Self::Prepay => "prepay",
            Self::Query => "query",
            Self::Close => "close",
            Self::Refund => "refund",
            Self::RefundQuery => "refund_query",
            Self::AbnormalRefund => "abnormal_refund",
            Self::Certificates => "certificates",
            Self::Bill => "bill",
            Self::Echo => "echo",
        }
    }
}
