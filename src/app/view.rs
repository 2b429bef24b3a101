//! What the browser is told of an order. Made on the server, read by the panel.

use serde::{Deserialize, Serialize};

use super::text;
use crate::domain::{Fen, OrderStatus, OrderToken};

/// Everything the pay panel shows, ready to be shown: the browser gets words and no rules. Flat and
/// of few types, because every type a browser must be able to read costs bytes of WebAssembly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayView {
    pub token: String,
    pub out_trade_no: String,
    pub product_id: i64,
    pub title: String,
    pub payee: String,
    /// Yuan with two decimals.
    pub total: String,
    pub stage: Stage,
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
    /// For those whose device cannot scan its own screen, else empty.
    pub device_hint: String,
    /// The simulated phone with this code in its hand; empty outside sandbox mode.
    pub phone: String,
}

impl PayView {
    /// What a window that shows it is called.
    pub fn page_title(&self) -> String {
        let heading = self.stage.heading();
        if self.stage.is_final() { heading.to_owned() } else { [heading, " ¥", &self.total].concat() }
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
    Paid,
    Expired,
    Cancelled,
    RefundProcessing,
    RefundPartial,
    RefundSuccess,
    RefundAbnormal,
}

impl Stage {
    /// Nothing new is to come for somebody who waits to pay.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Scan | Self::Preparing | Self::Trouble | Self::Refused | Self::Overdue)
    }

    /// Money has arrived, whatever went back later.
    pub const fn is_paid(self) -> bool {
        self.is_final() && !self.is_closed()
    }

    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Expired | Self::Cancelled)
    }

    pub const fn heading(self) -> &'static str {
        match self {
            Self::Scan | Self::Preparing | Self::Trouble => text::PAY,
            Self::Refused => text::REFUSED,
            Self::Overdue => text::OVERDUE,
            Self::Paid => text::PAID,
            Self::Expired => text::EXPIRED,
            Self::Cancelled => text::CANCELLED,
            Self::RefundProcessing => text::REFUND_PROCESSING,
            Self::RefundPartial => text::REFUND_PARTIAL,
            Self::RefundSuccess => text::REFUND_SUCCESS,
            Self::RefundAbnormal => text::REFUND_ABNORMAL,
        }
    }

    /// The words below the heading, or the code.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Scan | Self::Paid => "",
            Self::Preparing => text::PREPARING,
            Self::Trouble => text::PREPARING_TROUBLE,
            Self::Refused => text::REFUSED_HINT,
            Self::Overdue => text::OVERDUE_HINT,
            Self::Expired => text::EXPIRED_HINT,
            Self::Cancelled => text::CANCELLED_HINT,
            Self::RefundProcessing | Self::RefundPartial | Self::RefundSuccess | Self::RefundAbnormal => {
                text::REFUND_HINT
            }
        }
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
    pub title: String,
    pub total: Fen,
    pub status: OrderStatus,
    pub placed_at: String,
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

/// How these are made of what the use cases answer.
#[cfg(feature = "ssr")]
mod ssr {
    use http::HeaderMap;
    use jiff::Timestamp;
    use qrcode::{Color, EcLevel, QrCode};

    use super::{OrderLine, PayView, Qr, Stage, text};
    use crate::{
        checkout::{CodeState, OrderSnapshot},
        domain::{ClosedReason, OrderStatus},
        storage::orders::Order,
    };

    /// Four modules of quiet around the code, as the standard asks for.
    const QUIET: usize = 4;

    impl Qr {
        /// `None` when the text is too long for any code.
        pub fn draw(text: &str) -> Option<Self> {
            let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
            let width = code.width();
            let colors = code.to_colors();
            let mut path = String::new();
            for (y, row) in colors.chunks(width).enumerate() {
                let mut x = 0;
                for run in row.chunk_by(|a, b| a == b) {
                    if run.first() == Some(&Color::Dark) {
                        let length = run.len();
                        path.push_str(&format!("M{} {}h{length}v1h-{length}z", x + QUIET, y + QUIET));
                    }
                    x += run.len();
                }
            }
            Some(Self { size: u32::try_from(width + 2 * QUIET).ok()?, path })
        }
    }

    /// What somebody must be told whose device cannot scan its own screen.
    pub fn device_hint(headers: &HeaderMap) -> &'static str {
        let agent = headers.get(http::header::USER_AGENT).and_then(|it| it.to_str().ok()).unwrap_or_default();
        if agent.contains("MicroMessenger") {
            text::IN_WECHAT
        } else if agent.contains("Mobile") || agent.contains("Android") {
            text::ON_PHONE
        } else {
            ""
        }
    }

    impl Stage {
        fn of(snapshot: &OrderSnapshot) -> Self {
            match snapshot.order.status {
                OrderStatus::NotPay if snapshot.is_overdue() => Self::Overdue,
                OrderStatus::NotPay => match snapshot.code() {
                    CodeState::Ready(_) => Self::Scan,
                    CodeState::Preparing { trouble: false } => Self::Preparing,
                    CodeState::Preparing { trouble: true } => Self::Trouble,
                    CodeState::Refused => Self::Refused,
                    CodeState::Gone => Self::Overdue,
                },
                OrderStatus::Success => Self::Paid,
                OrderStatus::Closed(ClosedReason::Expired) => Self::Expired,
                OrderStatus::Closed(ClosedReason::Cancelled) => Self::Cancelled,
                OrderStatus::RefundProcessing => Self::RefundProcessing,
                OrderStatus::RefundPartial => Self::RefundPartial,
                OrderStatus::RefundSuccess => Self::RefundSuccess,
                OrderStatus::RefundAbnormal => Self::RefundAbnormal,
            }
        }
    }

    fn beijing(at: Timestamp, format: &str) -> String {
        jiff::tz::offset(8).to_datetime(at).strftime(format).to_string()
    }

    impl PayView {
        pub fn of(snapshot: &OrderSnapshot, payee: &str, headers: &HeaderMap, sandbox: bool) -> Self {
            let order = &snapshot.order;
            let (code_url, phone) = match snapshot.code() {
                CodeState::Ready(code_url) => (Some(code_url), sandbox.then(|| phone_link(code_url))),
                _ => (snapshot.dead_code(), None),
            };
            Self {
                token: order.token.to_string(),
                out_trade_no: snapshot.attempt.out_trade_no.to_string(),
                product_id: order.product_id.0,
                title: order.title.clone(),
                payee: payee.to_owned(),
                total: order.total.to_string(),
                stage: Stage::of(snapshot),
                version: order.version,
                seconds_left: snapshot.seconds_left(),
                deadline: beijing(order.expires, "%H:%M:%S"),
                qr: code_url.and_then(Qr::draw).unwrap_or_default(),
                paid_at: order.paid.map(|paid| beijing(paid, "%Y-%m-%d %H:%M:%S")).unwrap_or_default(),
                transaction_id: snapshot.transaction_id.clone().unwrap_or_default(),
                device_hint: device_hint(headers).to_owned(),
                phone: phone.unwrap_or_default(),
            }
        }
    }

    fn phone_link(code_url: &str) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("code_url", code_url).finish();
        format!("/_sandbox/?{query}")
    }

    impl From<&Order> for OrderLine {
        fn from(order: &Order) -> Self {
            Self {
                token: order.token.clone(),
                title: order.title.clone(),
                total: order.total,
                status: order.status,
                placed_at: beijing(order.created, "%Y-%m-%d %H:%M"),
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_code_has_a_quiet_zone_and_its_finder_patterns() {
            let qr = Qr::draw("weixin://wxpay/bizpayurl?pr=AbCdEfG").expect("fits");
            assert!(qr.path.starts_with("M4 4h7v1h-7z"), "{}", &qr.path[..40]);
            assert_eq!((qr.size - 8 - 17) % 4, 0);
        }

        #[test]
        fn a_phone_and_wechat_are_told_apart() {
            let hint = |agent: &str| {
                device_hint(&HeaderMap::from_iter([(http::header::USER_AGENT, agent.parse().expect("a value"))]))
            };
            assert_eq!(hint("Mozilla/5.0 (X11; Linux x86_64) Chrome/150"), "");
            assert_eq!(hint("Mozilla/5.0 (iPhone) Mobile/15E148 Safari"), text::ON_PHONE);
            assert_eq!(hint("Mozilla/5.0 (iPhone) Mobile MicroMessenger/8.0"), text::IN_WECHAT);
        }
    }
}
