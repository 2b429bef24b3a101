//! What the browser is told of an order. Made on the server, read by the panel.

use serde::{Deserialize, Serialize};

use super::{fields::Fields, words::Panel};
use crate::domain::{Fen, OrderToken, Pictures, Product};

/// Everything the pay panel shows, ready to be shown: the browser gets words and no rules.
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

impl PayView {
    /// What serde makes of it, read without serde: that is for the browser, where every kilobyte counts.
    /// `None` for anything that is no view.
    pub fn read(json: &impl Fields) -> Option<Self> {
        let qr = json.field("qr")?;
        Some(Self {
            token: json.text("token"),
            out_trade_no: json.text("out_trade_no"),
            product_id: json.number("product_id"),
            title: json.text("title"),
            payee: json.text("payee"),
            total: json.text("total"),
            stage: Stage::from_name(&json.text("stage"))?,
            heading: json.text("heading"),
            page_title: json.text("page_title"),
            words: json.text("words"),
            is_final: json.flag("is_final"),
            mine: json.flag("mine"),
            version: json.number("version"),
            seconds_left: json.number("seconds_left"),
            deadline: json.text("deadline"),
            qr: Qr { size: u32::try_from(qr.number("size")).unwrap_or_default(), path: qr.text("path") },
            paid_at: json.text("paid_at"),
            transaction_id: json.text("transaction_id"),
            refunded: json.text("refunded"),
            net: json.text("net"),
            refunds: json.text("refunds"),
            device_hint: json.text("device_hint"),
            phone: json.text("phone"),
        })
    }
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
    /// Some of it could not go back to the payer, and went to the shop's own account.
    RefundByShop,
    RefundAbnormal,
}

impl Stage {
    const ALL: [Self; Self::RefundAbnormal as usize + 1] = [
        Self::Scan,
        Self::Preparing,
        Self::Trouble,
        Self::Refused,
        Self::Overdue,
        Self::Renewing,
        Self::Cancelling,
        Self::Paid,
        Self::Expired,
        Self::Cancelled,
        Self::RefundProcessing,
        Self::RefundPartial,
        Self::RefundSuccess,
        Self::RefundByShop,
        Self::RefundAbnormal,
    ];

    /// As serde calls it.
    const fn name(self) -> &'static str {
        match self {
            Self::Scan => "Scan",
            Self::Preparing => "Preparing",
            Self::Trouble => "Trouble",
            Self::Refused => "Refused",
            Self::Overdue => "Overdue",
            Self::Renewing => "Renewing",
            Self::Cancelling => "Cancelling",
            Self::Paid => "Paid",
            Self::Expired => "Expired",
            Self::Cancelled => "Cancelled",
            Self::RefundProcessing => "RefundProcessing",
            Self::RefundPartial => "RefundPartial",
            Self::RefundSuccess => "RefundSuccess",
            Self::RefundByShop => "RefundByShop",
            Self::RefundAbnormal => "RefundAbnormal",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }

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
        matches!(
            self,
            Self::RefundProcessing
                | Self::RefundPartial
                | Self::RefundSuccess
                | Self::RefundByShop
                | Self::RefundAbnormal
        )
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

/// A product as shoppers see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductView {
    #[serde(flatten)]
    pub product: Product,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pictures: Option<Pictures>,
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
    /// As serde calls it.
    pub fn from_name(name: &str) -> Option<Self> {
        [("Settled", Self::Settled), ("NotYet", Self::NotYet), ("Unknown", Self::Unknown)]
            .into_iter()
            .find_map(|(known, checked)| (known == name).then_some(checked))
    }

    pub const fn words(self, words: &Panel) -> &'static str {
        match self {
            Self::Settled => "",
            Self::NotYet => words.not_paid_yet,
            Self::Unknown => words.cannot_ask,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json, to_value};

    use super::*;

    impl Fields for Value {
        fn field(&self, name: &str) -> Option<Self> {
            self.get(name).cloned()
        }

        fn as_text(&self) -> Option<String> {
            self.as_str().map(str::to_owned)
        }

        fn as_number(&self) -> Option<i64> {
            self.as_i64()
        }

        fn is_true(&self) -> bool {
            self.as_bool() == Some(true)
        }
    }

    /// A view with another value in each of its fields.
    fn view() -> PayView {
        let mut json = to_value(PayView::default()).expect("a view");
        for (number, (name, value)) in json.as_object_mut().expect("an object").iter_mut().enumerate() {
            *value = match value {
                Value::String(_) if name == "stage" => json!("RefundPartial"),
                Value::String(_) => json!(format!("{name} “{number}”")),
                Value::Number(_) => json!(number),
                Value::Bool(_) => json!(true),
                _ => json!({ "size": number, "path": "M4 4h7v1h-7z" }),
            };
        }
        serde_json::from_value(json).expect("a view")
    }

    #[test]
    fn the_browser_reads_every_field_that_the_server_writes() {
        let view = view();
        assert_eq!(PayView::read(&to_value(&view).expect("a view")), Some(view));
        for nonsense in [json!({}), json!(null), json!("view"), json!({ "qr": {}, "stage": "Nowhere" })] {
            assert_eq!(PayView::read(&nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn the_browser_knows_every_name() {
        for stage in Stage::ALL {
            assert_eq!(to_value(stage).expect("a name"), stage.name());
            assert_eq!(Stage::from_name(stage.name()), Some(stage));
        }
        for checked in [Checked::Settled, Checked::NotYet, Checked::Unknown] {
            let name = to_value(checked).expect("a name");
            assert_eq!(name.as_str().and_then(Checked::from_name), Some(checked));
        }
    }
}
