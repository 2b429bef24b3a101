//! What is wrong with one attempt of a notification.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Twist {
    Signtest,
    WrongAmount,
    WrongCurrency,
    WrongMchid,
    WrongAppid,
    WrongOutTradeNo,
    WrongOutRefundNo,
    WrongTradeState,
    WrongEventType,
    StaleTimestamp,
    AlteredBody,
}

impl Twist {
    /// The knob that asks for it.
    pub(in crate::sandbox) const fn name(self) -> &'static str {
        match self {
            Self::Signtest => "signtest_callbacks",
            Self::WrongAmount => "wrong_amount",
            Self::WrongCurrency => "wrong_currency",
            Self::WrongMchid => "wrong_mchid",
            Self::WrongAppid => "wrong_appid",
            Self::WrongOutTradeNo => "wrong_out_trade_no",
            Self::WrongOutRefundNo => "wrong_out_refund_no",
            Self::WrongTradeState => "wrong_trade_state",
            Self::WrongEventType => "wrong_event_type",
            Self::StaleTimestamp => "stale_timestamp",
            Self::AlteredBody => "altered_body",
        }
    }
}
