//! The table (`wechatpay-v3.md` §1.6, §2.3, §3, §7.2, §8.1). A row without interfaces is for all that have none
//! of their own. Order: by code; of one code, the interfaces first.

use super::meaning::{
    Actor::{self, Developer, Merchant, Operator, Saoma},
    Explanation, Words,
};
use crate::wechatpay::interface::Interface::{
    self, AbnormalRefund, Bill, Certificates, Close, Prepay, Refund, RefundQuery,
};

pub(super) struct Row {
    /// In the spelling of the newer pages.
    pub(super) code: &'static str,
    pub(super) interfaces: &'static [Interface],
    pub(super) explanation: Explanation,
}

type Text = (&'static str, &'static str);

const fn row(code: &'static str, interfaces: &'static [Interface], actor: Actor, zh: Text, en: Text) -> Row {
    Row { code, interfaces, explanation: explanation(actor, zh, en) }
}

const fn explanation(actor: Actor, zh: Text, en: Text) -> Explanation {
    let chinese = Words { cause: zh.0, remedy: zh.1 };
    Explanation { actor, chinese, english: Words { cause: en.0, remedy: en.1 } }
}

/// Everywhere.
const ALL: &[Interface] = &[];

pub(super) const UNKNOWN: Explanation = explanation(
    Operator,
    ("微信支付返回了本版本不认识的错误码", "用 Request-ID 向微信支付技术支持查询；账本没有因此改变"),
    (
        "WeChat Pay names a reason that this version does not know",
        "Ask WeChat Pay's support with the Request-ID; nothing in the books has changed by it",
    ),
);

pub(super) const ROWS: &[Row] = &[
    row(
        "ACCOUNT_ERROR",
        ALL,
        Merchant,
        ("微信支付认为账户状态异常", "在商户平台查看账户状态；订单状态以查询结果为准，系统会继续查询"),
        (
            "WeChat Pay finds something wrong with the account",
            "Look at the account in the merchant console; Saoma goes on asking how the order stands",
        ),
    ),
    row(
        "APPID_MCHID_NOT_MATCH",
        ALL,
        Merchant,
        (
            "WXPAY_APPID 没有绑定到这个商户号",
            "在商户平台关联该 AppID 并在公众平台确认，或改正 WXPAY_APPID / WXPAY_MCH_ID；修好前无法收款",
        ),
        (
            "WXPAY_APPID is not bound to this merchant number",
            "Bind it in the merchant console, or correct WXPAY_APPID or WXPAY_MCH_ID; nobody can pay until then",
        ),
    ),
    row(
        "BANK_ERROR",
        ALL,
        Saoma,
        ("银行系统异常，结果未知", "系统会自动查询并用相同参数重试"),
        ("Trouble at the bank: the outcome is not known", "Saoma asks again by itself"),
    ),
    row(
        "FREQUENCY_LIMITED",
        &[Close],
        Saoma,
        ("关单被限频，可能用户正在付款", "系统会先查询再关单，无需处理"),
        (
            "The close was held back: perhaps somebody is paying at this very moment",
            "Saoma asks how the order stands before it closes it",
        ),
    ),
    row(
        "FREQUENCY_LIMITED",
        &[Refund],
        Saoma,
        ("退款请求过于频繁，这笔退款可能已被受理", "系统会先查询，再用同一退款单号重试；不要换单号重退"),
        (
            "Too many refund calls; this one may have been accepted all the same",
            "Saoma asks first and repeats it under the same number; do not start another one",
        ),
    ),
    row(
        "FREQUENCY_LIMITED",
        ALL,
        Saoma,
        ("请求过于频繁", "系统会放慢并重试；若持续出现，调低 SAOMA_QUESTIONS_PER_SECOND"),
        ("Too many requests", "Saoma slows down and repeats it; if it stays, lower SAOMA_QUESTIONS_PER_SECOND"),
    ),
    row(
        "INVALID_REQUEST",
        &[AbnormalRefund],
        Merchant,
        ("这笔退款现在不能改退到银行卡", "查询退款状态；仍是异常就核对银行、卡号和姓名后再申请，或在商户平台处理"),
        (
            "This refund cannot be sent to a bank account as it stands",
            "Ask how it stands; if it is still stuck, check bank, number and name and ask again, or move it on in the \
             merchant console",
        ),
    ),
    row(
        "INVALID_REQUEST",
        &[Prepay],
        Operator,
        (
            "下单请求不符合业务规则，或同一单号的参数与首次不同",
            "查看错误信息里的字段；检查 WXPAY_* 设置和商品信息，然后重新下单",
        ),
        (
            "The order breaks a rule of WeChat Pay's, or its number was used with other parameters before",
            "Look at the field that is named, at the WXPAY_* settings and at the product; then order again",
        ),
    ),
    row(
        "INVALID_REQUEST",
        &[Refund],
        Merchant,
        (
            "退款请求与原订单或之前的同号退款不一致，或不符合业务规则",
            "在商户平台核对该订单的金额和已退款项；确认后用新的退款单号再退",
        ),
        (
            "The refund does not fit its order, or an earlier request under its number",
            "Compare amounts and refunds of the order in the merchant console; then refund under a new number",
        ),
    ),
    row(
        "INVALID_REQUEST",
        &[Bill],
        Merchant,
        ("微信支付不接受这次账单申请", "检查日期（不早于三个月前、早于今天）以及账单功能是否开通"),
        (
            "WeChat Pay does not take this request for a bill",
            "Look at the date (before today, at most three months back) and at the bill settings of the account",
        ),
    ),
    row(
        "INVALID_REQUEST",
        ALL,
        Operator,
        (
            "请求不符合微信支付的规则",
            "检查 WXPAY_PUBLIC_KEY_ID 是否属于本商户；仍不行则用 Request-ID 咨询微信支付技术支持",
        ),
        (
            "The request breaks a rule of WeChat Pay's",
            "Check that WXPAY_PUBLIC_KEY_ID is this merchant's; else ask WeChat Pay's support with the Request-ID",
        ),
    ),
    row(
        "INVALID_TRANSACTIONID",
        ALL,
        Saoma,
        ("微信支付暂时无法按单号找到这笔交易", "系统会继续查询"),
        ("WeChat Pay cannot find the transaction at the moment", "Saoma goes on asking"),
    ),
    row(
        "MCH_NOT_EXISTS",
        ALL,
        Operator,
        ("商户号不存在", "改正 WXPAY_MCH_ID 后重启；修好前既不能收款也不能退款"),
        (
            "There is no such merchant number",
            "Correct WXPAY_MCH_ID and start again; until then nothing is paid and nothing refunded",
        ),
    ),
    row(
        "NO_AUTH",
        &[AbnormalRefund],
        Merchant,
        ("该商户没有通过接口处理异常退款的权限", "在商户平台处理这笔异常退款，并查看退款（API 退款）权限"),
        (
            "This merchant may not send abnormal refunds to a bank account by API",
            "Move this refund on in the merchant console, and look at the refund permission there",
        ),
    ),
    row(
        "NO_AUTH",
        &[Prepay],
        Merchant,
        ("该商户没有开通 Native 支付，或权限被限制", "在商户平台的产品中心开通 Native 支付；修好前无法收款"),
        (
            "Native payment is not activated for this merchant, or was restricted",
            "Activate Native 支付 in the merchant console (产品中心); nobody can pay until then",
        ),
    ),
    row(
        "NO_AUTH",
        &[Refund, RefundQuery],
        Merchant,
        ("该商户没有退款权限", "在商户平台查看退款（API 退款）权限；在此之前可在商户平台手工退款"),
        (
            "This merchant may not refund by API",
            "Look at the refund permission in the merchant console; until then refund there by hand",
        ),
    ),
    row(
        "NO_AUTH",
        &[Bill],
        Merchant,
        ("该商户没有下载账单的权限", "在商户平台开通账单下载（对账单）权限；在此之前无法自动对账"),
        (
            "This merchant may not download bills",
            "Allow it in the merchant console; until then no day can be compared by itself",
        ),
    ),
    row(
        "NO_AUTH",
        ALL,
        Merchant,
        ("该商户没有使用这个接口的权限", "在商户平台查看产品权限和风险提示"),
        (
            "This merchant may not use this interface",
            "Look at the products and the risk notices in the merchant console",
        ),
    ),
    row(
        "NO_STATEMENT_EXIST",
        ALL,
        Saoma,
        ("这一天没有账单：没有交易", "无需处理"),
        ("There is no bill of this day: nothing happened", "Nothing to do"),
    ),
    row(
        "NOT_ENOUGH",
        ALL,
        Merchant,
        ("商户可用余额不足，退款还没有发出", "在商户平台充值，或等待新的收款；系统会用同一退款单号自动重试"),
        (
            "The merchant's balance is too low: the money has not gone back yet",
            "Top it up in the merchant console or wait for new payments; Saoma repeats the same refund by itself",
        ),
    ),
    row(
        "NOT_SIMULATED",
        ALL,
        Developer,
        ("沙箱没有模拟这个接口", "这不是微信支付的回答；换用真实商户号或查看 docs/sandbox.md"),
        (
            "The sandbox does not simulate this interface",
            "This is no answer of WeChat Pay's; see docs/sandbox.md for what there is",
        ),
    ),
    row(
        "OPENID_MISMATCH",
        ALL,
        Developer,
        ("openid 与 AppID 不匹配", "Native 支付不使用 openid：请带 Request-ID 向扫码的开发者报告"),
        (
            "The openid is not of this appid",
            "Native payment has none: please report it to Saoma's developers with the Request-ID",
        ),
    ),
    row(
        "ORDER_CLOSED",
        ALL,
        Saoma,
        ("这个商户单号已经关闭", "系统会查询确认，需要时换新单号继续"),
        ("This order number is closed", "Saoma asks to be sure, and goes on under a new number where that is wanted"),
    ),
    row(
        "ORDER_NOT_EXIST",
        ALL,
        Saoma,
        ("微信支付没有成功创建过这个单号", "无需处理：没有人付过款；下单可能还在途中，系统会再确认"),
        (
            "WeChat Pay has never created this order",
            "Nothing to do: nobody has paid it; a prepay may still be on its way, and Saoma asks again",
        ),
    ),
    row(
        "ORDERPAID",
        ALL,
        Saoma,
        ("该订单已支付", "系统会查询并入账；已支付的订单只能退款，不能关闭"),
        ("The order is paid", "Saoma asks and books it; what is paid can be refunded, not closed"),
    ),
    row(
        "OUT_TRADE_NO_USED",
        ALL,
        Saoma,
        (
            "商户单号已被使用（已支付、属于其他产品或参数不同）",
            "系统会查询：已付则入账，否则换新单号。若其他系统共用此商户号，请用不同的单号格式",
        ),
        (
            "The order number is used already: paid, of another product, or with other parameters",
            "Saoma asks, books it if paid, and takes a new number else. Other systems with this merchant number need \
             numbers of another form",
        ),
    ),
    row(
        "PARAM_ERROR",
        &[AbnormalRefund],
        Merchant,
        ("微信支付不接受填写的银行卡", "向顾客核对银行（只能是借记卡）、卡号和姓名后再申请，或在商户平台处理"),
        (
            "WeChat Pay does not take this bank card",
            "Check bank (debit cards only), number and name with the shopper and ask again, or move it on in the merchant \
             console",
        ),
    ),
    row(
        "PARAM_ERROR",
        &[Prepay],
        Operator,
        (
            "下单参数不合法",
            "查看被指出的字段：多为商品名称、金额、WXPAY_APPID、WXPAY_NOTIFY_DOMAIN 或 WXPAY_PUBLIC_KEY_ID",
        ),
        (
            "A parameter of the order is not legal",
            "Look at the field that is named: often the product's title or price, WXPAY_APPID, WXPAY_NOTIFY_DOMAIN or \
             WXPAY_PUBLIC_KEY_ID",
        ),
    ),
    row(
        "PARAM_ERROR",
        &[Refund],
        Operator,
        ("退款参数不合法", "查看被指出的字段（退款原因、金额、回调地址）；改正后用新的退款单号再退"),
        (
            "A parameter of the refund is not legal",
            "Look at the field that is named (reason, amount, notify address); then refund under a new number",
        ),
    ),
    row(
        "PARAM_ERROR",
        ALL,
        Operator,
        ("请求参数不合法", "多为 WXPAY_PUBLIC_KEY_ID 填错：与商户平台核对；否则带 Request-ID 向扫码的开发者报告"),
        (
            "A parameter is not legal",
            "Often WXPAY_PUBLIC_KEY_ID is wrong: compare it with the merchant console; else report it with the \
             Request-ID",
        ),
    ),
    row(
        "REFUND_FEE_MISMATCH",
        ALL,
        Merchant,
        ("金额与同一退款单号的首次请求不一致", "在商户平台核对这笔退款；确认后用新的退款单号再退"),
        (
            "The amounts are not those of the first request under this number",
            "Look at the refund in the merchant console; then refund under a new number",
        ),
    ),
    row(
        "REQUEST_BLOCKED",
        ALL,
        Merchant,
        ("请求被微信支付的风控拦截", "在商户平台查看风险提示并按要求处理，或联系微信支付客服"),
        (
            "WeChat Pay's risk control has blocked the request",
            "Look at the risk notices in the merchant console, or ask WeChat Pay's support",
        ),
    ),
    row(
        "RESOURCE_NOT_EXISTS",
        &[Refund],
        Saoma,
        ("退款侧还没有这笔订单，或它没有支付", "刚付款时会这样，系统会自动重试半小时；之后仍如此请在商户平台核对订单"),
        (
            "The refund side does not know the order yet, or it is not paid",
            "This happens right after a payment: Saoma repeats it for half an hour. Later, look at the order in the \
             merchant console",
        ),
    ),
    row(
        "RESOURCE_NOT_EXISTS",
        &[RefundQuery],
        Saoma,
        ("微信支付没有受理过这个退款单号", "无需处理：这笔钱没有退出去，系统会用同一单号重新提交"),
        (
            "No refund of this number was ever accepted",
            "Nothing to do: no money has gone back under it, and Saoma asks for it again",
        ),
    ),
    row(
        "RESOURCE_NOT_EXISTS",
        &[Certificates],
        Merchant,
        (
            "该商户没有平台证书，只能使用微信支付公钥",
            "在商户平台“API安全”下载微信支付公钥，设置 WXPAY_PUBLIC_KEY_ID 和 WXPAY_PUBLIC_KEY_PATH",
        ),
        (
            "This merchant has no platform certificates, only a WeChat Pay public key",
            "Download it in the merchant console (API安全) and set WXPAY_PUBLIC_KEY_ID and WXPAY_PUBLIC_KEY_PATH",
        ),
    ),
    row(
        "RESOURCE_NOT_EXISTS",
        ALL,
        Operator,
        ("微信支付没有所查的内容", "核对单号和日期；仍不行则用 Request-ID 咨询微信支付技术支持"),
        (
            "WeChat Pay does not have what was asked for",
            "Compare number and date; else ask WeChat Pay's support with the Request-ID",
        ),
    ),
    row(
        "RULE_LIMIT",
        ALL,
        Merchant,
        ("业务规则限制", "在商户平台查看该账户的限制；订单状态以查询结果为准"),
        (
            "A business rule of WeChat Pay's stands against it",
            "Look at the limits of the account in the merchant console; Saoma goes on asking",
        ),
    ),
    row(
        "SERVICE_UNAVAILABLE",
        ALL,
        Saoma,
        ("微信支付暂时不可用", "系统会自动重试，必要时改用备用域名"),
        ("WeChat Pay is not available at the moment", "Saoma repeats it, at the backup host where needed"),
    ),
    row(
        "SIGN_ERROR",
        ALL,
        Operator,
        (
            "微信支付不认可本站的签名",
            "检查服务器时间、WXPAY_MCH_SERIAL_NO 与私钥是否同一张证书、证书是否作废，代理是否改写请求；\
             `saoma doctor` 会逐项检查。修好前既不能收款也不能退款",
        ),
        (
            "WeChat Pay does not accept our signature",
            "Check the clock, that WXPAY_MCH_SERIAL_NO is of the private key's certificate, that it was not revoked, and \
             that no proxy rewrites requests; `saoma doctor` looks at each. Until then nothing is paid and nothing \
             refunded",
        ),
    ),
    row(
        "STATEMENT_CREATING",
        ALL,
        Saoma,
        ("账单还在生成", "通常上午十点后可取，系统会稍后再取"),
        ("The bill is still being made", "It is there after 10:00 Beijing time as a rule; Saoma fetches it later"),
    ),
    row(
        "SYSTEM_ERROR",
        ALL,
        Saoma,
        ("微信支付系统异常，结果未知", "系统会用相同单号和参数重试并查询，不会重复收款或退款"),
        (
            "Trouble at WeChat Pay: the outcome is not known",
            "Saoma repeats it with the same number and the same bytes and asks; nothing is paid or refunded twice",
        ),
    ),
    row(
        "TRADE_ERROR",
        ALL,
        Merchant,
        ("微信支付认为这笔交易不能这样操作", "在商户平台查看该订单；系统会继续查询它的状态"),
        (
            "WeChat Pay finds that this cannot be done with the transaction",
            "Look at the order in the merchant console; Saoma goes on asking how it stands",
        ),
    ),
    row(
        "TRADE_OVERDUE",
        ALL,
        Merchant,
        ("订单支付已超过一年，不能原路退款", "与付款人约定用其他方式退款，并在账上注明"),
        (
            "The payment is older than a year and cannot be refunded on its way",
            "Give the money back to the payer in another way, and note it",
        ),
    ),
    row(
        "USER_ACCOUNT_ABNORMAL",
        ALL,
        Merchant,
        ("付款人的账户异常或已注销", "与付款人约定用其他方式退款，并在账上注明"),
        (
            "The payer's account is closed or not in order",
            "Give the money back to the payer in another way, and note it",
        ),
    ),
    row(
        "USER_PAYING",
        ALL,
        Saoma,
        ("用户正在付款", "系统会继续查询"),
        ("Somebody is paying at this moment", "Saoma goes on asking"),
    ),
];
