//! What the browser is told of an order. Made on the server, read by the panel.

use serde::{Deserialize, Serialize};

use super::text;
use crate::domain::{Fen, OrderToken};

/// Everything the pay panel shows, ready to be shown: the browser gets words and no rules. Flat and
/// of few types, because every type a browser must be able to read costs bytes of WebAssembly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayView {
    pub token: String,
    /// Of the current code.
    pub out_trade_no: String,
    pub product_id: i64,
    pub title: String,
    pub payee: String,
    /// Yuan with two decimals, as all amounts here.
    pub total: String,
    pub stage: Stage,
    pub heading: String,
    /// What a window that shows it is called.
    pub page_title: String,
    /// The words below the heading, or the code; may be empty.
    pub words: String,
    /// Nothing new is to come by itself.
    pub is_final: bool,
    /// Placed with this browser: others see how it stands, and change nothing.
    pub mine: bool,
    pub version: i64,
    pub seconds_left: i64,
    /// Until when it can be paid, in Beijing time: `14:05:00`.
    pub deadline: String,
    /// The code, or the one it was; empty when there is none.
    pub qr: Qr,
    /// `2026-11-23 14:05:09`, Beijing time; empty until paid.
    pub paid_at: String,
    /// Empty until paid.
    pub transaction_id: String,
    /// What has gone back; empty when nothing has.
    pub refunded: String,
    /// What was paid less what has gone back; empty until paid.
    pub net: String,
    /// A line for each refund. One text: a list that may change costs 2 KB of WebAssembly.
    pub refunds: String,
    /// For those whose device cannot scan its own screen, else empty.
    pub device_hint: String,
    /// The simulated phone with this code in its hand; empty outside sandbox mode.
    pub phone: String,
}

/// What the panel is about at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// The code is there.
    Scan,
    /// WeChat has not answered yet.
    #[default]
    Preparing,
    /// The first try failed; it is repeated.
    Trouble,
    /// WeChat said no.
    Refused,
    /// The time is over, and WeChat has yet to say how it ended.
    Overdue,
    /// Its shopper wants another code, and WeChat has yet to close the old one.
    Renewing,
    /// Called off, and WeChat has yet to confirm it.
    Cancelling,
    Paid,
    Expired,
    Cancelled,
    RefundProcessing,
    RefundPartial,
    RefundSuccess,
    RefundAbnormal,
}

impl Stage {
    /// There is something to pay: it can be called off.
    pub const fn is_payable(self) -> bool {
        matches!(self, Self::Scan | Self::Preparing | Self::Trouble | Self::Refused)
    }

    /// There is nothing to scan yet, or any more, and the end is open.
    pub const fn is_waiting(self) -> bool {
        !matches!(self, Self::Scan) && !self.is_closed() && !self.is_paid()
    }

    /// Money has arrived, whatever went back later.
    pub const fn is_paid(self) -> bool {
        matches!(self, Self::Paid) || self.is_refund()
    }

    pub const fn is_refund(self) -> bool {
        matches!(self, Self::RefundProcessing | Self::RefundPartial | Self::RefundSuccess | Self::RefundAbnormal)
    }

    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Expired | Self::Cancelled)
    }
}

/// A QR code as the path of an SVG: dark modules in a square of `size` modules, quiet zone included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Qr {
    pub size: u32,
    pub path: String,
}

/// A line of the list of orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    pub token: OrderToken,
    pub out_trade_no: String,
    pub title: String,
    pub total: Fen,
    pub stage: Stage,
    pub placed_at: String,
    /// How far its refunds have come; empty when there are none.
    pub refunds: String,
}

/// A page of that list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderList {
    pub lines: Vec<OrderLine>,
    /// Where the next page begins.
    pub older: Option<i64>,
}

/// What 我已完成支付 came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Checked {
    /// The panel shows it.
    Settled,
    NotYet,
    Unknown,
}

impl Checked {
    pub const fn words(self) -> &'static str {
        match self {
            Self::Settled => "",
            Self::NotYet => text::NOT_PAID_YET,
            Self::Unknown => text::CANNOT_ASK,
        }
    }
}
