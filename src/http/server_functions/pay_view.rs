//! How the browser's views are made of what the use cases answer.

use http::HeaderMap;
use qrcode::{Color, EcLevel, QrCode};

use super::{beijing::beijing, refund_words};
use crate::{
    app::{
        language::Language,
        view::{OrderLine, PayView, ProductView, Qr, Stage},
        words::{Frame, Standing},
    },
    checkout::{CodeState, OrderSnapshot, catalogue::Entry},
    domain::{ClosedReason, Fen, OrderStatus, RefundState, Wish},
    storage::{payments::PaymentKind, refunds::Refund},
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
fn device_hint(headers: &HeaderMap, words: &Standing) -> &'static str {
    let agent = headers.get(http::header::USER_AGENT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let is_phone = agent.contains("Mobile") || agent.contains("Android");
    // WeChat for Windows, the Mac and Linux shows pages on a screen that a phone can scan.
    match (is_phone, agent.contains("MicroMessenger")) {
        (true, true) => words.in_wechat,
        (true, false) => words.on_phone,
        (false, _) => "",
    }
}

/// Whoever an order is shown to.
#[derive(Debug)]
pub struct Reader<'a> {
    pub headers: &'a HeaderMap,
    pub language: Language,
    /// It was placed with this browser.
    pub owns: bool,
    /// How shoppers reach somebody; may be empty.
    pub contact: &'a str,
}

impl Stage {
    fn of(snapshot: &OrderSnapshot) -> Self {
        match snapshot.order.status {
            OrderStatus::NotPay => Self::of_unpaid(snapshot),
            OrderStatus::Success => Self::Paid,
            OrderStatus::Closed(ClosedReason::Expired) => Self::Expired,
            OrderStatus::Closed(ClosedReason::Cancelled) => Self::Cancelled,
            OrderStatus::RefundProcessing | OrderStatus::RefundPartial | OrderStatus::RefundSuccess
                if is_by_shop(snapshot) =>
            {
                Self::RefundByShop
            }
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

    const fn heading(self, words: &Standing) -> &'static str {
        match self {
            Self::Scan | Self::Preparing | Self::Trouble => words.pay,
            Self::Refused => words.refused,
            Self::Overdue => words.overdue,
            Self::Renewing => words.renewing,
            Self::Cancelling => words.cancelling,
            Self::Paid => words.paid,
            Self::Expired => words.expired,
            Self::Cancelled => words.cancelled,
            Self::RefundProcessing => words.refund_processing,
            Self::RefundPartial => words.refund_partial,
            Self::RefundSuccess => words.refund_success,
            Self::RefundByShop => words.refund_from_shop,
            Self::RefundAbnormal => words.refund_abnormal,
        }
    }

    const fn hint(self, words: &Standing) -> &'static str {
        match self {
            Self::Scan | Self::Paid => "",
            Self::Preparing => words.preparing,
            Self::Trouble => words.preparing_trouble,
            Self::Refused => words.refused_hint,
            Self::Overdue => words.overdue_hint,
            Self::Renewing => words.renewing_hint,
            Self::Cancelling => words.cancelling_hint,
            Self::Expired => words.expired_hint,
            Self::Cancelled => words.cancelled_hint,
            Self::RefundProcessing | Self::RefundPartial | Self::RefundSuccess | Self::RefundByShop => {
                words.refund_hint
            }
            Self::RefundAbnormal => words.refund_abnormal_hint,
        }
    }
}

/// Some of what the books call refunded has not reached the payer: nobody may read that it has.
fn is_by_shop(snapshot: &OrderSnapshot) -> bool {
    let is_accepted = |state| matches!(state, RefundState::Processing | RefundState::Success);
    snapshot.refunds_of_payment().any(|refund| snapshot.to_merchant.contains(&refund.id) && is_accepted(refund.state))
}

/// The amount, unless it is none.
fn some(amount: Fen) -> String {
    if amount == Fen::ZERO { String::new() } else { amount.to_string() }
}

impl PayView {
    pub fn of(snapshot: &OrderSnapshot, to: &Reader, payee: &str, sandbox: bool) -> Self {
        let words = Standing::of(to.language);
        let order = &snapshot.order;
        let stage = Stage::of(snapshot);
        let (code_url, phone) = match snapshot.code() {
            // A code that is about to die is no longer offered.
            CodeState::Ready(code_url) if stage == Stage::Scan => {
                (Some(code_url), sandbox.then(|| phone_link(code_url)))
            }
            _ => (snapshot.dead_code(), None),
        };
        let (heading, total) = (stage.heading(words), order.total.to_string());
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
            words: explain(snapshot, stage, to),
            total,
            is_final: is_over && !snapshot.refunds.iter().any(|refund| refund.state.is_open()),
            mine: to.owns,
            version: order.version,
            seconds_left: snapshot.seconds_left(),
            deadline: beijing(order.expires, "%H:%M:%S"),
            qr: code_url.and_then(Qr::draw).unwrap_or_default(),
            paid_at: order.paid.map(|paid| beijing(paid, "%Y-%m-%d %H:%M:%S")).unwrap_or_default(),
            transaction_id: snapshot.payment.as_ref().map(|paid| paid.transaction_id.clone()).unwrap_or_default(),
            refunded: some(snapshot.refunded()),
            net: net.map(|net| net.to_string()).unwrap_or_default(),
            refunds: snapshot
                .refunds_of_payment()
                .map(|refund| refund_words::line(refund, snapshot.to_merchant.contains(&refund.id), words))
                .collect::<Vec<_>>()
                .join("\n"),
            device_hint: device_hint(to.headers, words).to_owned(),
            phone: phone.unwrap_or_default(),
        }
    }
}

fn explain(snapshot: &OrderSnapshot, stage: Stage, to: &Reader) -> String {
    let words = Standing::of(to.language);
    let is_late = snapshot.payment.as_ref().is_some_and(|paid| paid.kind == PaymentKind::Late);
    let late = if is_late && stage == Stage::Paid { words.late } else { "" };
    let is_to_merchant = |refund: &Refund| snapshot.to_merchant.contains(&refund.id);
    let surplus = snapshot.surplus_refunds().map(|refund| refund_words::surplus(refund, is_to_merchant(refund), words));
    let (by_shop, usual): (Vec<_>, Vec<_>) = snapshot.refunds_of_payment().partition(|refund| is_to_merchant(refund));
    // What does not go back the way it came is not promised to.
    let has_hint = by_shop.is_empty() || !usual.is_empty() || stage == Stage::RefundAbnormal;
    let hint = if has_hint { stage.hint(words) } else { "" };
    let by_shop = if by_shop.is_empty() { "" } else { words.refund_by_shop_hint };
    let contact = Some(to.contact).filter(|contact| !contact.is_empty() && is_wrong(snapshot, stage));
    let contact = contact.map(Frame::of(to.language).contact);
    let all = [hint, by_shop, late].into_iter().map(str::to_owned).chain(surplus).chain(contact);
    all.filter(|words| !words.is_empty()).collect::<Vec<_>>().join(to.language.choose("", " "))
}

/// Somebody of the shop can be of help.
fn is_wrong(snapshot: &OrderSnapshot, stage: Stage) -> bool {
    let is_stuck = |state| matches!(state, RefundState::Abnormal | RefundState::Closed | RefundState::Refused);
    !snapshot.to_merchant.is_empty()
        || matches!(stage, Stage::Trouble | Stage::Refused | Stage::RefundAbnormal)
        || snapshot.refunds.iter().any(|refund| is_stuck(refund.state))
}

impl ProductView {
    pub(super) fn of(entry: Entry) -> Self {
        let Entry { product, pictures, .. } = entry;
        Self { product, pictures }
    }
}

fn phone_link(code_url: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("code_url", code_url).finish();
    format!("/_sandbox/?{query}")
}

impl OrderLine {
    pub(super) fn of(snapshot: &OrderSnapshot, language: Language) -> Self {
        let refunds_in_short = Standing::of(language).refunds_in_short;
        let order = &snapshot.order;
        Self {
            token: order.token.clone(),
            out_trade_no: snapshot.attempt.out_trade_no.to_string(),
            title: order.title.clone(),
            total: order.total,
            stage: Stage::of(snapshot),
            placed_at: beijing(order.created, "%Y-%m-%d %H:%M"),
            refunds: refunds_in_short(&some(snapshot.refunded()), &some(snapshot.refunding())),
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
        let words = Standing::of(Language::Chinese);
        let hint = |agent: &str| {
            device_hint(&HeaderMap::from_iter([(http::header::USER_AGENT, agent.parse().expect("a value"))]), words)
        };
        assert_eq!(hint("Mozilla/5.0 (X11; Linux x86_64) Chrome/150"), "");
        assert_eq!(hint("Mozilla/5.0 (iPhone) Mobile/15E148 Safari"), words.on_phone);
        assert_eq!(hint("Mozilla/5.0 (iPhone) Mobile MicroMessenger/8.0"), words.in_wechat);
        assert_eq!(hint("Mozilla/5.0 (Windows NT 10.0; Win64; x64) MicroMessenger/7.0.20 WindowsWechat"), "");
    }
}
