//! The way to WeChat, and the way back.

use super::check::{Check, Row, row};

pub(super) const ROWS: &[Row] = &[
    row(
        Check::Clock,
        "clock",
        (
            "本机时间与微信支付相差太大：相差五分钟以上时签名被拒，不能收款也不能退款",
            "在每台服务器上开启时间同步（systemd-timesyncd 或 chrony）",
        ),
        (
            "This machine's clock is far from WeChat Pay's: five minutes away nothing is paid or refunded",
            "Let the clock be set by NTP (systemd-timesyncd or chrony) on every machine",
        ),
    ),
    row(
        Check::HostUnreachable,
        "host_unreachable",
        (
            "连不上微信支付的域名：主域名不通则不能下单、查单和退款，备用域名不通则故障时没有退路",
            "放行到该域名 443 端口的访问，检查 DNS 和 SAOMA_EGRESS_PROXY",
        ),
        (
            "A host of WeChat Pay's is not reached: without the main one no order, question or refund; without the backup \
             no way out in an outage",
            "Allow port 443 to it; look at DNS and SAOMA_EGRESS_PROXY",
        ),
    ),
    row(
        Check::NotifyName,
        "notify_name",
        ("回调域名解析不到：微信支付的付款通知到不了", "为 WXPAY_NOTIFY_DOMAIN 添加公网 DNS 记录"),
        (
            "The name of the notify address does not resolve: no callback of WeChat Pay's can arrive",
            "Give WXPAY_NOTIFY_DOMAIN a public DNS record",
        ),
    ),
    row(
        Check::NotifyPrivate,
        "notify_private",
        ("回调域名指向内网地址：微信支付到不了", "把 DNS 改为公网地址；若只是内网解析不同，可忽略"),
        (
            "The notify address leads to a private address, which WeChat Pay cannot reach",
            "Let its DNS record name a public address; where only the inner DNS differs, nothing is wrong",
        ),
    ),
    row(
        Check::NotifyUnreachable,
        "notify_unreachable",
        (
            "从本机连不上回调地址：微信支付多半也连不上，付款要靠查单才能发现",
            "检查反向代理、防火墙、端口和 WXPAY_NOTIFY_DOMAIN；若本机不能绕回自己的公网地址，从别处再试",
        ),
        (
            "The notify address is not reached from here; callbacks probably do not arrive either, and payments are found \
             by questions only",
            "Look at the proxy, the firewall, the port and WXPAY_NOTIFY_DOMAIN; where a machine cannot reach its own public \
             address, try from elsewhere",
        ),
    ),
    row(
        Check::NotifyCertificate,
        "notify_certificate",
        ("回调地址的 HTTPS 证书不被信任：微信支付不会送达通知", "换上完整证书链、未过期、域名相符的证书"),
        (
            "The certificate of the notify address is not trusted: WeChat Pay delivers nothing",
            "Install a certificate for this name that has not ended, with its whole chain",
        ),
    ),
    row(
        Check::NotifyCertificateEnds,
        "notify_certificate_ends",
        ("回调地址的 HTTPS 证书十天内到期，之后收不到通知", "检查证书的自动续期"),
        ("The certificate of the notify address ends within ten days; then no callback arrives", "Look at its renewal"),
    ),
    row(
        Check::NotifyRedirect,
        "notify_redirect",
        ("回调地址会跳转：微信支付不跟随跳转，通知到不了", "让 WXPAY_NOTIFY_DOMAIN 直接是最终的 https 地址"),
        (
            "The notify address redirects, which WeChat Pay does not follow: no callback arrives",
            "Let WXPAY_NOTIFY_DOMAIN be the last https address itself",
        ),
    ),
    row(
        Check::NotifyOther,
        "notify_other",
        (
            "回调地址由别的程序应答（登录页、人机验证、防火墙或别的网站）：通知到不了账本",
            "在代理、CDN、WAF 上只放行这两个地址的 POST：/api/wx-pay/native/notify 和 /api/wx-pay/refunds/notify，不要登录、验证或改写",
        ),
        (
            "Something else answers at the notify address (a login, a bot check, a firewall, another site): no callback \
             reaches the books",
            "Let POSTs to /api/wx-pay/native/notify and /api/wx-pay/refunds/notify, and to these two alone, through in \
             proxy, CDN and WAF, without login, check or rewriting",
        ),
    ),
    row(
        Check::NotifyStripped,
        "notify_stripped",
        ("代理去掉了 Wechatpay-* 请求头：每个付款通知都会被拒绝", "在代理、CDN 上原样转发所有请求头和正文"),
        (
            "A proxy drops Wechatpay-* headers: every callback is refused",
            "Let proxy and CDN pass all headers and the body as they are",
        ),
    ),
    row(
        Check::CallbackLost,
        "callback_lost",
        (
            "微信支付的测试通知三十秒内没有进入账本：真实的付款通知多半也到不了",
            "看服务器日志中的 callback refused；检查代理是否改动了 Wechatpay-* 头或正文，以及 APIv3 密钥",
        ),
        (
            "WeChat Pay's test callback did not reach the books within thirty seconds; real ones probably do not either",
            "Look for `callback refused` in the server's log; look whether a proxy changes Wechatpay-* headers or the body, \
             and at the APIv3 key",
        ),
    ),
];
