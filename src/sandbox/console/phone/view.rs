//! The phone's screens as HTML.

use jiff::Timestamp;

use crate::sandbox::{
    books::{
        ledger::ScanError,
        order::{Order, Payment},
    },
    console::{
        html::{Live, PHONE, Page, Shape, clock, escape, shell, short, time, yuan},
        language::{Both, Language},
    },
    wire_time,
};

/// Who is paid, as the payer sees it.
const PAYEE: Both = ("扫码演示商户", "Saoma demo shop");

const GOODS: Both = ("商品", "Product");
const ORDER_NO: Both = ("商户单号", "Order number");
const CONFIRM: Both = ("确认支付", "Pay");
const PAID: Both = ("支付成功", "Paid");
const BACK: Both = ("返回", "Back");

/// An order that can be paid, and where its cashier is.
pub(super) struct Listed<'a> {
    pub(super) order: &'a Order,
    pub(super) href: String,
}

pub(super) struct Cashier<'a> {
    pub(super) order: &'a Order,
    pub(super) code_url: &'a str,
    /// Whether a payment has just failed.
    pub(super) failed: bool,
}

/// A paid order.
pub(super) struct Receipt<'a> {
    order: &'a Order,
    payment: &'a Payment,
}

impl<'a> Receipt<'a> {
    pub(super) fn of(order: &'a Order) -> Option<Self> {
        order.payment.as_ref().map(|payment| Self { order, payment })
    }
}

pub(super) fn list(payable: &[Listed<'_>], paid: &[Receipt<'_>], now: Timestamp, language: Language) -> String {
    let orders = match payable {
        [] => {
            let empty = language.say((
                "还没有可以扫的订单。<br>在商店里下一单，它会自动出现在这里。",
                "There is no order to scan yet.<br>Place one in the shop: it shows here by itself.",
            ));
            format!(r#"<p class="empty">{empty}</p>"#)
        }
        _ => {
            format!(
                r#"<ul class="orders">{}</ul>"#,
                payable.iter().map(|order| listed(order, now, language)).collect::<String>()
            )
        }
    };
    let paid = match paid {
        [] => String::new(),
        _ => format!(
            r#"<h2>{}</h2><ul class="orders paid">{}</ul>"#,
            language.say(("最近支付", "Paid lately")),
            paid.iter().map(|receipt| recent(receipt, now, language)).collect::<String>()
        ),
    };
    let title = language.say(("扫一扫", "Scan"));
    let main = format!(
        r#"<h1>{title}</h1>
<p class="hint">{hint}</p>
{orders}
{paid}
<form class="code" action="/_sandbox/" method="get">
<label for="code_url">{paste}</label>
<div><input id="code_url" name="code_url" required autocomplete="off" placeholder="weixin://wxpay/…"><button>{scan}</button></div>
</form>"#,
        hint = language.say((
            "轻点一个订单，就等于用微信扫描它的二维码。",
            "Tapping an order is like scanning its code with WeChat.",
        )),
        paste = language.say(("或粘贴二维码内容（code_url）", "Or paste what the code says (code_url)")),
        scan = language.say(("扫描", "Scan")),
    );
    screen(title, &main, Live::Yes, language)
}

fn listed(listed: &Listed<'_>, now: Timestamp, language: Language) -> String {
    let Listed { order, href } = listed;
    format!(
        r#"<li><a href="{href}"><span class="title">{title}</span><span class="sum">{sum}</span><span class="meta">{payee} <span class="tail">{number}</span></span><span class="meta">{deadline}</span></a></li>"#,
        payee = language.say(PAYEE),
        href = escape(href),
        title = escape(&order.description),
        sum = yuan(order.total),
        number = escape(&short(&order.out_trade_no)),
        deadline = match language {
            Language::Chinese => format!("{} 前有效", clock(order.time_expire(), now)),
            Language::English => format!("until {}", clock(order.time_expire(), now)),
        },
    )
}

fn recent(receipt: &Receipt<'_>, now: Timestamp, language: Language) -> String {
    format!(
        r#"<li><span class="title">{title}</span><span class="sum">{sum}</span><span class="meta"><span class="tail">{number}</span></span><span class="meta">{time} {paid}</span></li>"#,
        paid = language.say(("已支付", "paid")),
        title = escape(&receipt.order.description),
        sum = yuan(receipt.order.total),
        number = escape(&short(&receipt.order.out_trade_no)),
        time = clock(time(receipt.payment.success_ms), now),
    )
}

pub(super) fn cashier(cashier: &Cashier<'_>, language: Language) -> String {
    let Cashier { order, code_url, failed } = cashier;
    let alert = if *failed {
        let words = language.say((
            "支付未完成（模拟失败）。没有扣款，订单仍待支付，可以再试。",
            "The payment did not get through (simulated). Nothing was charged; the order can still be paid.",
        ));
        format!(r#"<p class="alert" role="alert">{words}</p>"#)
    } else {
        String::new()
    };
    let main = format!(
        r#"<h1 class="payee">{pay_to}</h1>
<p class="amount">{sum}</p>
<dl>
<div><dt>{goods}</dt><dd>{title}</dd></div>
<div><dt>{order_no}</dt><dd class="number">{number}</dd></div>
<div><dt>{until}</dt><dd>{deadline}</dd></div>
</dl>
{alert}
<form class="pay" action="/_sandbox/phone/pay" method="post">
<input type="hidden" name="code_url" value="{code_url}">
<button class="primary" name="action" value="pay">{confirm}</button>
<button class="secondary" name="action" value="fail">{fail}</button>
</form>
<p class="back"><a href="/_sandbox/">{back}</a></p>"#,
        pay_to = language.say(("付款给扫码演示商户", "Pay Saoma demo shop")),
        goods = language.say(GOODS),
        order_no = language.say(ORDER_NO),
        until = language.say(("支付截止", "To be paid by")),
        confirm = language.say(CONFIRM),
        fail = language.say(("模拟支付失败", "Let the payment fail")),
        back = language.say(BACK),
        sum = yuan(order.total),
        title = escape(&order.description),
        number = escape(&order.out_trade_no),
        deadline = wire_time::for_people(order.time_expire()),
        code_url = escape(code_url),
    );
    screen(language.say(CONFIRM), &main, Live::Yes, language)
}

pub(super) fn receipt(receipt: &Receipt<'_>, language: Language) -> String {
    let main = format!(
        r#"<svg class="tick" viewBox="0 0 64 64" width="64" height="64" aria-hidden="true"><circle cx="32" cy="32" r="32"/><path d="M19 33l9 9 18-19"/></svg>
<h1 class="done">{paid}</h1>
<p class="amount">{sum}</p>
<dl>
<div><dt>{payee_label}</dt><dd>{payee}</dd></div>
<div><dt>{goods}</dt><dd>{title}</dd></div>
<div><dt>{paid_at}</dt><dd>{time}</dd></div>
<div><dt>{transaction_id}</dt><dd class="number">{transaction}</dd></div>
<div><dt>{order_no}</dt><dd class="number">{number}</dd></div>
</dl>
<p class="finish"><a class="button" href="/_sandbox/">{done}</a></p>"#,
        paid = language.say(PAID),
        payee_label = language.say(("收款方", "Payee")),
        payee = language.say(PAYEE),
        goods = language.say(GOODS),
        order_no = language.say(ORDER_NO),
        paid_at = language.say(("支付时间", "Paid at")),
        transaction_id = language.say(("交易单号", "Transaction")),
        done = language.say(("完成", "Done")),
        sum = yuan(receipt.order.total),
        title = escape(&receipt.order.description),
        time = wire_time::for_people(time(receipt.payment.success_ms)),
        transaction = escape(&receipt.payment.transaction_id),
        number = escape(&receipt.order.out_trade_no),
    );
    screen(language.say(PAID), &main, Live::No, language)
}

pub(super) fn refused(error: ScanError, language: Language) -> String {
    let english = match error {
        ScanError::UnknownCode => "There is no such code",
        ScanError::Superseded => "This code has been replaced",
        ScanError::CodeExpired => "This code has expired",
        ScanError::OrderExpired => "This order has expired",
        ScanError::OrderClosed => "This order is closed",
        ScanError::OrderPaid => "This order has been paid",
        ScanError::OtherPayer => "Somebody else has scanned this code",
    };
    let heading = match language {
        Language::Chinese => error.to_string(),
        Language::English => english.to_owned(),
    };
    let advice = language.say(match error {
        ScanError::UnknownCode => ("请确认这是本沙箱的二维码。", "Is it one of this sandbox? "),
        ScanError::Superseded => ("商店已经换了一个新码，请扫新的。", "The shop shows a new one: scan that. "),
        ScanError::CodeExpired | ScanError::OrderExpired | ScanError::OrderClosed => {
            ("请回到商店重新下单。", "Order it again in the shop. ")
        }
        ScanError::OrderPaid => ("无需再付。", "There is nothing more to pay. "),
        ScanError::OtherPayer => (
            "请换回第一次扫码的账号，或请商店换一个新码。",
            "Pay with the account that scanned it first, or get a new code. ",
        ),
    });
    let main = format!(
        r#"<svg class="stop" viewBox="0 0 64 64" width="64" height="64" aria-hidden="true"><circle cx="32" cy="32" r="32"/><path d="M32 17v20M32 45v2"/></svg>
<h1 class="done">{heading}</h1>
<p class="hint">{advice}{nothing}</p>
<p class="finish"><a class="button" href="/_sandbox/">{back}</a></p>"#,
        nothing = language.say(("没有扣款。", "Nothing was charged.")),
        back = language.say(BACK),
    );
    screen(language.say(("无法支付", "It cannot be paid")), &main, Live::No, language)
}

fn screen(title: &str, main: &str, live: Live, language: Language) -> String {
    shell(&Page { title, path: PHONE, shape: Shape::Phone, live, language }, main)
}
