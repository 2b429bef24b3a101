//! The phone's screens as HTML.

use jiff::Timestamp;

use crate::sandbox::{
    books::{
        ledger::ScanError,
        order::{Order, Payment},
    },
    console::html::{Live, PHONE, Page, Shape, clock, escape, shell, short, time, yuan},
    wire_time,
};

/// Who is paid, as the payer sees it.
const PAYEE: &str = "扫码演示商户";

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

pub(super) fn list(payable: &[Listed<'_>], paid: &[Receipt<'_>], now: Timestamp) -> String {
    let orders = match payable {
        [] => r#"<p class="empty">还没有可以扫的订单。<br>在商店里下一单，它会自动出现在这里。</p>"#.to_owned(),
        _ => {
            format!(r#"<ul class="orders">{}</ul>"#, payable.iter().map(|order| listed(order, now)).collect::<String>())
        }
    };
    let paid = match paid {
        [] => String::new(),
        _ => format!(
            r#"<h2>最近支付</h2><ul class="orders paid">{}</ul>"#,
            paid.iter().map(|receipt| recent(receipt, now)).collect::<String>()
        ),
    };
    let main = format!(
        r#"<h1>扫一扫</h1>
<p class="hint">轻点一个订单，就等于用微信扫描它的二维码。</p>
{orders}
{paid}
<form class="code" action="/_sandbox/" method="get">
<label for="code_url">或粘贴二维码内容（code_url）</label>
<div><input id="code_url" name="code_url" required autocomplete="off" placeholder="weixin://wxpay/…"><button>扫描</button></div>
</form>"#
    );
    screen("扫一扫", &main, Live::Yes)
}

fn listed(listed: &Listed<'_>, now: Timestamp) -> String {
    let Listed { order, href } = listed;
    format!(
        r#"<li><a href="{href}"><span class="title">{title}</span><span class="sum">{sum}</span><span class="meta">{PAYEE} <span class="tail">{number}</span></span><span class="meta">{deadline} 前有效</span></a></li>"#,
        href = escape(href),
        title = escape(&order.description),
        sum = yuan(order.total),
        number = escape(&short(&order.out_trade_no)),
        deadline = clock(order.time_expire(), now),
    )
}

fn recent(receipt: &Receipt<'_>, now: Timestamp) -> String {
    format!(
        r#"<li><span class="title">{title}</span><span class="sum">{sum}</span><span class="meta"><span class="tail">{number}</span></span><span class="meta">{time} 已支付</span></li>"#,
        title = escape(&receipt.order.description),
        sum = yuan(receipt.order.total),
        number = escape(&short(&receipt.order.out_trade_no)),
        time = clock(time(receipt.payment.success_ms), now),
    )
}

pub(super) fn cashier(cashier: &Cashier<'_>) -> String {
    let Cashier { order, code_url, failed } = cashier;
    let alert = if *failed {
        r#"<p class="alert" role="alert">支付未完成（模拟失败）。没有扣款，订单仍待支付，可以再试。</p>"#
    } else {
        ""
    };
    let main = format!(
        r#"<h1 class="payee">付款给{PAYEE}</h1>
<p class="amount">{sum}</p>
<dl>
<div><dt>商品</dt><dd>{title}</dd></div>
<div><dt>商户单号</dt><dd class="number">{number}</dd></div>
<div><dt>支付截止</dt><dd>{deadline}</dd></div>
</dl>
{alert}
<form class="pay" action="/_sandbox/phone/pay" method="post">
<input type="hidden" name="code_url" value="{code_url}">
<button class="primary" name="action" value="pay">确认支付</button>
<button class="secondary" name="action" value="fail">模拟支付失败</button>
</form>
<p class="back"><a href="/_sandbox/">返回</a></p>"#,
        sum = yuan(order.total),
        title = escape(&order.description),
        number = escape(&order.out_trade_no),
        deadline = wire_time::for_people(order.time_expire()),
        code_url = escape(code_url),
    );
    screen("确认支付", &main, Live::Yes)
}

pub(super) fn receipt(receipt: &Receipt<'_>) -> String {
    let main = format!(
        r#"<svg class="tick" viewBox="0 0 64 64" width="64" height="64" aria-hidden="true"><circle cx="32" cy="32" r="32"/><path d="M19 33l9 9 18-19"/></svg>
<h1 class="done">支付成功</h1>
<p class="amount">{sum}</p>
<dl>
<div><dt>收款方</dt><dd>{PAYEE}</dd></div>
<div><dt>商品</dt><dd>{title}</dd></div>
<div><dt>支付时间</dt><dd>{time}</dd></div>
<div><dt>交易单号</dt><dd class="number">{transaction}</dd></div>
<div><dt>商户单号</dt><dd class="number">{number}</dd></div>
</dl>
<p class="finish"><a class="button" href="/_sandbox/">完成</a></p>"#,
        sum = yuan(receipt.order.total),
        title = escape(&receipt.order.description),
        time = wire_time::for_people(time(receipt.payment.success_ms)),
        transaction = escape(&receipt.payment.transaction_id),
        number = escape(&receipt.order.out_trade_no),
    );
    screen("支付成功", &main, Live::No)
}

pub(super) fn refused(error: ScanError) -> String {
    let advice = match error {
        ScanError::UnknownCode => "请确认这是本沙箱的二维码。",
        ScanError::Superseded => "商店已经换了一个新码，请扫新的。",
        ScanError::CodeExpired | ScanError::OrderExpired | ScanError::OrderClosed => "请回到商店重新下单。",
        ScanError::OrderPaid => "无需再付。",
        ScanError::OtherPayer => "请换回第一次扫码的账号，或请商店换一个新码。",
    };
    let main = format!(
        r#"<svg class="stop" viewBox="0 0 64 64" width="64" height="64" aria-hidden="true"><circle cx="32" cy="32" r="32"/><path d="M32 17v20M32 45v2"/></svg>
<h1 class="done">{error}</h1>
<p class="hint">{advice}没有扣款。</p>
<p class="finish"><a class="button" href="/_sandbox/">返回</a></p>"#
    );
    screen("无法支付", &main, Live::No)
}

fn screen(title: &str, main: &str, live: Live) -> String {
    shell(&Page { title, path: PHONE, shape: Shape::Phone, live }, main)
}
