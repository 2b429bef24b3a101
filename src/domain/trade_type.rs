//! How an `out_trade_no` is paid (`trade_type`): decided when it is asked for, and of no other use afterwards.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TradeType {
    /// 扫码: a code that the payer's phone scans.
    Native,
}

impl TradeType {
    /// WeChat's own word, and the one in the books.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Native => "NATIVE",
        }
    }
}
