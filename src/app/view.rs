//! What the browser is told of an order. Made on the server, read by the panel.

use serde::{Deserialize, Serialize};

use crate::domain::{Fen, OrderStatus, OrderToken, ProductId};

/// Everything the pay panel shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayView {
    pub token: OrderToken,
    pub out_trade_no: String,
    pub product_id: ProductId,
    pub title: String,
    pub payee: String,
    pub total: Fen,
    pub status: OrderStatus,
    pub version: i64,
    pub seconds_left: i64,
    /// Its time is over, and WeChat has yet to say how it ended.
    pub overdue: bool,
    /// Until when it can be paid, in Beijing time: `14:05`.
    pub deadline: String,
    pub code: CodeView,
    /// `2026-11-23 14:05:09`, Beijing time.
    pub paid_at: Option<String>,
    pub transaction_id: Option<String>,
    pub device: Device,
    /// The simulated phone with this code in its hand, in sandbox mode.
    pub phone: Option<String>,
}

/// The place of the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CodeView {
    Ready(Qr),
    Preparing { trouble: bool },
    Refused,
    /// Nothing to scan any more; the code it was, if there was one.
    Gone(Option<Qr>),
}

/// A QR code as the path of an SVG: dark modules in a square of `size` modules, quiet zone included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Qr {
    pub size: u32,
    pub path: String,
}

/// What the page is looked at with: a phone cannot scan its own screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Device {
    Desktop,
    Phone,
    WeChat,
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
    Settled,
    NotYet,
    Unknown,
}

/// How these are made of what the use cases answer.
#[cfg(feature = "ssr")]
mod ssr {
    use http::HeaderMap;
    use jiff::Timestamp;
    use qrcode::{Color, EcLevel, QrCode};

    use super::{CodeView, Device, OrderLine, PayView, Qr};
    use crate::{
        checkout::{CodeState, OrderSnapshot},
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

    impl Device {
        pub fn of(headers: &HeaderMap) -> Self {
            let agent = headers.get(http::header::USER_AGENT).and_then(|it| it.to_str().ok()).unwrap_or_default();
            if agent.contains("MicroMessenger") {
                Self::WeChat
            } else if agent.contains("Mobile") || agent.contains("Android") {
                Self::Phone
            } else {
                Self::Desktop
            }
        }
    }

    fn beijing(at: Timestamp, format: &str) -> String {
        jiff::tz::offset(8).to_datetime(at).strftime(format).to_string()
    }

    impl PayView {
        pub fn of(snapshot: &OrderSnapshot, payee: &str, device: Device, sandbox: bool) -> Self {
            let order = &snapshot.order;
            let mut phone = None;
            let code = match snapshot.code() {
                CodeState::Ready(code_url) => {
                    phone = sandbox.then(|| phone_link(code_url));
                    Qr::draw(code_url).map_or(CodeView::Refused, CodeView::Ready)
                }
                CodeState::Preparing { trouble } => CodeView::Preparing { trouble },
                CodeState::Refused => CodeView::Refused,
                CodeState::Gone => CodeView::Gone(snapshot.dead_code().and_then(Qr::draw)),
            };
            Self {
                token: order.token.clone(),
                out_trade_no: snapshot.attempt.out_trade_no.to_string(),
                product_id: order.product_id,
                title: order.title.clone(),
                payee: payee.to_owned(),
                total: order.total,
                status: order.status,
                version: order.version,
                seconds_left: snapshot.seconds_left(),
                overdue: snapshot.is_overdue(),
                deadline: beijing(order.expires, "%H:%M:%S"),
                code,
                paid_at: order.paid.map(|paid| beijing(paid, "%Y-%m-%d %H:%M:%S")),
                transaction_id: snapshot.transaction_id.clone(),
                device,
                phone,
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
            let device = |agent: &str| {
                Device::of(&HeaderMap::from_iter([(http::header::USER_AGENT, agent.parse().expect("a value"))]))
            };
            assert_eq!(device("Mozilla/5.0 (X11; Linux x86_64) Chrome/150"), Device::Desktop);
            assert_eq!(device("Mozilla/5.0 (iPhone) Mobile/15E148 Safari"), Device::Phone);
            assert_eq!(device("Mozilla/5.0 (iPhone) Mobile MicroMessenger/8.0"), Device::WeChat);
        }
    }
}
