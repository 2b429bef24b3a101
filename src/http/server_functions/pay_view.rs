//! How the browser's views are made of what the use cases answer.

use http::HeaderMap;
use qrcode::{Color, EcLevel, QrCode};

use super::{beijing::beijing, refund_words};
use crate::{
    app::{
        text,
        view::{OrderLine, PayView, Qr, Stage},
    },
    checkout::{CodeState, OrderSnapshot},
    domain::{ClosedReason, Fen, OrderStatus, Wish},
    storage::payments::PaymentKind,
};

/// Four modules of quiet around the code, as the standard asks for.
const QUIET: usize = 4;

impl Qr {
    /// `None` when the text is too long for any code.
    pub fn draw(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
        let width = code.width();
        let colors = code.to_colors();
        let mut path = Vec::new();
        for (y, row) in colors.chunks(width).enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|a, b| a == b) {
                if run.first() == Some(&Color::Dark) {
                    let length = run.len();
                    path.push(format!("M{} {}h{length}v1h-{length}z", x + QUIET, y + QUIET));
                }
                x += run.len();
            }
        }
        Some(Self { size: u32::try_from(width + 2 * QUIET).ok()?, path: path.concat() })
    }
}

/// What somebody must be told whose device cannot scan its own screen.
fn device_hint(headers: &HeaderMap) -> &'static str {
    let agent = headers.get(http::header::USER_AGENT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let is_phone = agent.contains("Mobile") || agent.contains("Android");
    // WeChat for Windows, the Mac and Linux shows pages on a screen that a phone can scan.
    match (is_phone, agent.contains("MicroMessenger")) {
        (true, true) => text::IN_WECHAT,
        (true, false) => text::ON_PHONE,
        (false, _) => "",
    }
}

impl Stage {
    fn of(snapshot: &OrderSnapshot) -> Self {
        match snapshot.order.status {
            OrderStatus::NotPay => Self::of_unpaid(snapshot),
            OrderStatus::Success => Self::Paid,
            OrderStatus::Closed(ClosedReason::Expired) => Self::Expired,
            OrderStatus::Closed(ClosedReason::Cancelled) => Self::Cancelled,
            OrderStatus::RefundProcessing => Self::RefundProcessing,
            OrderStatus::RefundPartial => Self::RefundPartial,
            OrderStatus::RefundSuccess => Self::RefundSuccess,
            OrderStatus::RefundAbnormal => Self::RefundAbnormal,
        }
    }

    fn of_unpaid(snapshot: &OrderSnapshot) -> Self {
        match snapshot.order.wish {
            Some(Wish::Cancel) => return Self::Cancelling,
            Some(Wish::Renew) => return Self::Renewing,
            None if snapshot.is_overdue() => return Self::Overdue,
            None => {}
        }
        match snapshot.code() {
            CodeState::Ready(_) => Self::Scan,
            CodeState::Preparing { trouble: false } => Self::Preparing,
            CodeState::Preparing { trouble: true } => Self::Trouble,
            CodeState::Refused => Self::Refused,
            CodeState::Gone => Self::Overdue,
        }
    }

    const fn heading(self) -> &'static str {
        match self {
            Self::Scan | Self::Preparing | Self::Trouble => text::PAY,
            Self::Refused => text::REFUSED,
            Self::Overdue => text::OVERDUE,
            Self::Renewing => text::RENEWING,
            Self::Cancelling => text::CANCELLING,
            Self::Paid => text::PAID,
            Self::Expired => text::EXPIRED,
            Self::Cancelled => text::CANCELLED,
            Self::RefundProcessing => text::REFUND_PROCESSING,
            Self::RefundPartial => text::REFUND_PARTIAL,
            Self::RefundSuccess => text::REFUND_SUCCESS,
            Self::RefundAbnormal => text::REFUND_ABNORMAL,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Scan | Self::Paid => "",
            Self::Preparing => text::PREPARING,
            Self::Trouble => text::PREPARING_TROUBLE,
            Self::Refused => text::REFUSED_HINT,
            Self::Overdue => text::OVERDUE_HINT,
            Self::Renewing => text::RENEWING_HINT,
            Self::Cancelling => text::CANCELLING_HINT,
            Self::Expired => text::EXPIRED_HINT,
            Self::Cancelled => text::CANCELLED_HINT,
            Self::RefundProcessing | Self::RefundPartial | Self::RefundSuccess => text::REFUND_HINT,
            Self::RefundAbnormal => text::REFUND_ABNORMAL_HINT,
        }
    }
}

/// The amount, unless it is none.
fn some(amount: Fen) -> String {
    if amount == Fen::ZERO { String::new() } else { amount.to_string() }
}

impl PayView {
    /// `mine`: it is shown to the browser that it was placed with.
    pub fn of(snapshot: &OrderSnapshot, mine: bool, payee: &str, headers: &HeaderMap, sandbox: bool) -> Self {
        let order = &snapshot.order;
        let stage = Stage::of(snapshot);
        let (code_url, phone) = match snapshot.code() {
            // A code that is about to die is no longer offered.
            CodeState::Ready(code_url) if stage == Stage::Scan => {
                (Some(code_url), sandbox.then(|| phone_link(code_url)))
            }
            _ => (snapshot.dead_code(), None),
        };
        let (heading, total) = (stage.heading(), order.total.to_string());
        let is_over = stage.is_paid() || stage.is_closed();
        let net = snapshot.payment.as_ref().and_then(|paid| paid.total.checked_sub(snapshot.refunded()));
        Self {
            token: order.token.to_string(),
            out_trade_no: snapshot.attempt.out_trade_no.to_string(),
            product_id: order.product_id.0,
            title: order.title.clone(),
            payee: payee.to_owned(),
            stage,
            heading: heading.to_owned(),
            page_title: if is_over { heading.to_owned() } else { format!("{heading} ¥{total}") },
            words: words(snapshot, stage),
            total,
            is_final: is_over && !snapshot.refunds.iter().any(|refund| refund.state.is_open()),
            mine,
            version: order.version,
            seconds_left: snapshot.seconds_left(),
            deadline: beijing(order.expires, "%H:%M:%S"),
            qr: code_url.and_then(Qr::draw).unwrap_or_default(),
            paid_at: order.paid.map(|paid| beijing(paid, "%Y-%m-%d %H:%M:%S")).unwrap_or_default(),
            transaction_id: snapshot.payment.as_ref().map(|paid| paid.transaction_id.clone()).unwrap_or_default(),
            refunded: some(snapshot.refunded()),
            net: net.map(|net| net.to_string()).unwrap_or_default(),
            refunds: snapshot.refunds_of_payment().map(refund_words::line).collect::<Vec<_>>().join("\n"),
            device_hint: device_hint(headers).to_owned(),
            phone: phone.unwrap_or_default(),
        }
    }
}

fn words(snapshot: &OrderSnapshot, stage: Stage) -> String {
    let is_late = snapshot.payment.as_ref().is_some_and(|paid| paid.kind == PaymentKind::Late);
    let late = if is_late && stage == Stage::Paid { text::LATE } else { "" };
    let surplus = snapshot.surplus_refunds().map(refund_words::surplus);
    [stage.words(), late].into_iter().map(str::to_owned).chain(surplus).collect()
}

fn phone_link(code_url: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("code_url", code_url).finish();
    format!("/_sandbox/?{query}")
}

impl From<&OrderSnapshot> for OrderLine {
    fn from(snapshot: &OrderSnapshot) -> Self {
        let order = &snapshot.order;
        Self {
            token: order.token.clone(),
            out_trade_no: snapshot.attempt.out_trade_no.to_string(),
            title: order.title.clone(),
            total: order.total,
            stage: Stage::of(snapshot),
            placed_at: beijing(order.created, "%Y-%m-%d %H:%M"),
            refunds: text::refunds_in_short(&some(snapshot.refunded()), &some(snapshot.refunding())),
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
        assert_eq!(hint("Mozilla/5.0 (Windows NT 10.0; Win64; x64) MicroMessenger/7.0.20 WindowsWechat"), "");
    }
}
