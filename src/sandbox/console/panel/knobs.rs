//! The knobs of [`Faults`](crate::sandbox::faults::Faults) as people read them.

use crate::sandbox::console::language::Both;

/// A group of knobs on the page.
pub(super) struct Section {
    pub(super) title: Both,
    pub(super) knobs: &'static [Knob],
}

pub(super) struct Knob {
    /// As in `PUT /_sandbox/faults`.
    pub(super) name: &'static str,
    pub(super) label: Both,
    pub(super) hint: Both,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    /// How many of the next occasions are hit.
    Next,
    /// The same, per interface.
    PerEndpoint,
    /// From 0 to 1.
    Share,
    /// From 0 to 1000.
    Factor,
    Whole {
        min: i64,
        max: i64,
    },
    Switch,
    /// Values with their names.
    Choice(&'static [(&'static str, Both)]),
}

/// The parts of a per-interface knob.
pub(super) const ENDPOINTS: [(&str, Both); 11] = [
    ("all", ("任意接口", "any interface")),
    ("prepay", ("下单", "prepay")),
    ("query", ("查单", "query")),
    ("close", ("关单", "close")),
    ("refund", ("退款", "refund")),
    ("refund_query", ("查退款", "refund query")),
    ("abnormal", ("异常退款", "abnormal refund")),
    ("certificates", ("平台证书", "certificates")),
    ("echo", ("回显测试", "echo test")),
    ("bill", ("申请账单", "ask for a bill")),
    ("bill_download", ("下载账单", "fetch a bill")),
];

const MOST_MS: Kind = Kind::Whole { min: 0, max: 86_400_000 };
const MOST: Kind = Kind::Whole { min: 0, max: 1_000_000_000 };
const MOST_SECONDS: Kind = Kind::Whole { min: 0, max: 4_000_000_000 };

const fn knob(name: &'static str, label: Both, hint: Both, kind: Kind) -> Knob {
    Knob { name, label, hint, kind }
}

pub(super) const SECTIONS: &[Section] = &[
    Section {
        title: ("平台与接口应答", "The platform and its answers"),
        knobs: &[
            knob(
                "platform_down",
                ("平台故障", "Platform down"),
                (
                    "全部 /v3 请求都没有结果，直到恢复；回调不受影响。",
                    "No /v3 request comes to anything until it is back; callbacks go on.",
                ),
                Kind::Choice(&[
                    ("off", ("正常", "normal")),
                    ("closed", ("连接被关闭", "connections are closed")),
                    ("503", ("一律 503", "always 503")),
                ]),
            ),
            knob(
                "error_429",
                ("频率超限 429", "Too often, 429"),
                ("什么也没做。", "Nothing has been done."),
                Kind::PerEndpoint,
            ),
            knob(
                "error_429_after_commit",
                ("做完后 429", "Done, then 429"),
                ("已经做完，应答却说频率超限。", "It has been done, and the answer says “too often”."),
                Kind::PerEndpoint,
            ),
            knob(
                "error_500",
                ("系统异常 500", "System error, 500"),
                ("什么也没做。", "Nothing has been done."),
                Kind::PerEndpoint,
            ),
            knob(
                "error_500_after_commit",
                ("做完后 500", "Done, then 500"),
                ("已经做完，应答却说系统异常。", "It has been done, and the answer says “system error”."),
                Kind::PerEndpoint,
            ),
            knob(
                "accepted_202",
                ("已受理 202", "Accepted, 202"),
                (
                    "还没有做，须用相同参数重试；关单为 USER_PAYING。",
                    "Not done yet; to be repeated with the same parameters. For close: USER_PAYING.",
                ),
                Kind::PerEndpoint,
            ),
            knob(
                "accepted_202_after_commit",
                ("做完后 202", "Done, then 202"),
                ("已经做完，应答却说尚未完成。", "It has been done, and the answer says “not yet”."),
                Kind::PerEndpoint,
            ),
            knob(
                "stale_connection",
                ("连接已失效", "Stale connection"),
                ("不应答就关闭连接，什么也没做。", "Closed without an answer; nothing has been done."),
                Kind::PerEndpoint,
            ),
            knob(
                "stale_connection_after_commit",
                ("做完后断开", "Done, then closed"),
                ("已经做完，不应答就关闭连接。", "It has been done, and the connection is closed without an answer."),
                Kind::PerEndpoint,
            ),
            knob(
                "timeout_after_commit",
                ("做完后超时", "Done, then silent"),
                ("已经做完，迟迟不应答。", "It has been done, and no answer comes for long."),
                Kind::PerEndpoint,
            ),
            knob(
                "timeout_ms",
                ("超时时长（毫秒）", "How long it is silent (ms)"),
                ("之后应答 500。", "After that, 500."),
                MOST_MS,
            ),
            knob(
                "signtest_replies",
                ("应答签名探测比例", "Share of answers that probe"),
                ("0 到 1；同一请求不会再次探测。", "0 to 1; the same request is not probed again."),
                Kind::Share,
            ),
            knob(
                "pay_before_reply",
                ("下单应答前已支付", "Paid before prepay answers"),
                ("支付回调先于下单应答送达。", "The callback comes before the answer to prepay."),
                Kind::Next,
            ),
        ],
    },
    Section {
        title: ("密钥与时钟", "Keys and clock"),
        knobs: &[
            knob(
                "public_key_only",
                ("仅微信支付公钥", "Public key only"),
                (
                    "没有平台证书的新商户：证书接口 404。",
                    "A new merchant without platform certificates: their interface answers 404.",
                ),
                Kind::Switch,
            ),
            knob(
                "public_key_share",
                ("回调用公钥签名的比例", "Share of callbacks signed with the public key"),
                ("0 到 1；其余用平台证书。", "0 to 1; the rest with a certificate."),
                Kind::Share,
            ),
            knob(
                "public_key_share_replies",
                ("应答用公钥签名的比例", "Share of answers signed with the public key"),
                (
                    "0 到 1；只用于没有 Wechatpay-Serial 的请求，证书接口除外。",
                    "0 to 1; only of requests without Wechatpay-Serial, and not for certificates.",
                ),
                Kind::Share,
            ),
            knob(
                "new_certificate_share",
                ("新证书签名的比例", "Share that the new certificate signs"),
                ("0 到 1；两张平台证书同时可用时。", "0 to 1; while both certificates are in use."),
                Kind::Share,
            ),
            knob(
                "clock_skew_seconds",
                ("平台时钟偏差（秒）", "How far the platform’s clock is off (s)"),
                (
                    "用于签名和检查请求时间戳；正数为快。",
                    "For signatures and for the timestamps of requests; above 0 it is fast.",
                ),
                Kind::Whole { min: -86_400, max: 86_400 },
            ),
        ],
    },
    Section {
        title: ("回调", "Callbacks"),
        knobs: &[
            knob(
                "drop",
                ("丢弃", "Lost"),
                ("发出后丢失，按阶梯重试。", "Sent and lost; repeated by the ladder."),
                Kind::Next,
            ),
            knob("delay_ms", ("延迟（毫秒）", "Delay (ms)"), ("首次回调之前。", "Before the first."), MOST_MS),
            knob(
                "out_of_order",
                ("支付回调晚于退款回调", "Payment told after its refund"),
                (
                    "扣下支付回调，直到同一订单的退款回调发出。",
                    "The payment’s callback is held until the refund’s is out.",
                ),
                Kind::Next,
            ),
            knob(
                "duplicates",
                ("成功后重复次数", "Repeated after success"),
                ("", ""),
                Kind::Whole { min: 0, max: 100 },
            ),
            knob(
                "concurrent_duplicates",
                ("首次同时重复次数", "Sent at the same time"),
                ("", ""),
                Kind::Whole { min: 0, max: 100 },
            ),
            knob(
                "signtest_callbacks",
                ("回调签名探测比例", "Share of callbacks that probe"),
                ("0 到 1；随后立即补发正确的。", "0 to 1; the right one follows at once."),
                Kind::Share,
            ),
            knob(
                "stale_timestamp",
                ("时间戳过期", "Old timestamp"),
                ("十分钟前的时间戳，签名正确。", "Ten minutes old, rightly signed."),
                Kind::Next,
            ),
            knob(
                "altered_body",
                ("报文被改", "Altered body"),
                ("签名之后改动密文。", "The ciphertext is changed after it was signed."),
                Kind::Next,
            ),
            knob("wrong_amount", ("金额不符", "Wrong amount"), ("多一分。", "One fen more."), Kind::Next),
            knob("wrong_currency", ("币种不符", "Wrong currency"), ("", ""), Kind::Next),
            knob("wrong_mchid", ("商户号不符", "Wrong merchant"), ("", ""), Kind::Next),
            knob("wrong_appid", ("appid 不符", "Wrong appid"), ("", ""), Kind::Next),
            knob("wrong_out_trade_no", ("订单号不存在", "Unknown order number"), ("", ""), Kind::Next),
            knob("wrong_out_refund_no", ("退款单号不存在", "Unknown refund number"), ("", ""), Kind::Next),
            knob("wrong_trade_state", ("状态不符", "Wrong state"), ("", ""), Kind::Next),
            knob("wrong_event_type", ("未知事件", "Unknown event"), ("", ""), Kind::Next),
            knob(
                "retry_scale",
                ("重试间隔倍数", "Factor of the pauses"),
                ("0 到 1000；0.001 把 15 秒变为 15 毫秒。", "0 to 1000; 0.001 makes 15 ms of 15 s."),
                Kind::Factor,
            ),
            knob("callback_timeout_ms", ("等待商户应答（毫秒）", "Wait for the merchant (ms)"), ("", ""), MOST_MS),
        ],
    },
    Section {
        title: ("退款", "refund"),
        knobs: &[
            knob(
                "refund_outcome",
                ("退款结果", "What becomes of refunds"),
                ("受理之后变成什么。", "After they were accepted."),
                Kind::Choice(&[
                    ("success", ("成功", "success")),
                    ("processing", ("一直处理中", "processing for ever")),
                    ("closed", ("关闭", "closed")),
                    ("abnormal", ("异常", "abnormal")),
                ]),
            ),
            knob(
                "refund_outcome_count",
                ("以上结果用于", "That is for"),
                ("其余退款成功。", "The others succeed."),
                Kind::Next,
            ),
            knob("refund_ms", ("退款所需时间（毫秒）", "How long a refund takes (ms)"), ("", ""), MOST_MS),
            knob(
                "refund_refused",
                ("拒绝退款", "Refuse refunds"),
                ("什么也没做。", "Nothing has been done."),
                Kind::Next,
            ),
            knob(
                "refund_refusal",
                ("拒绝的理由", "The reason"),
                ("", ""),
                Kind::Choice(&[
                    ("NOT_ENOUGH", ("余额不足 NOT_ENOUGH", "no money left, NOT_ENOUGH")),
                    (
                        "USER_ACCOUNT_ABNORMAL",
                        ("用户账户异常 USER_ACCOUNT_ABNORMAL", "the account is closed, USER_ACCOUNT_ABNORMAL"),
                    ),
                    ("NO_AUTH", ("没有权限 NO_AUTH", "not allowed, NO_AUTH")),
                    ("REQUEST_BLOCKED", ("请求被拦截 REQUEST_BLOCKED", "blocked, REQUEST_BLOCKED")),
                    ("MCH_NOT_EXISTS", ("商户号不存在 MCH_NOT_EXISTS", "no such merchant, MCH_NOT_EXISTS")),
                    ("RESOURCE_NOT_EXISTS", ("订单不存在 RESOURCE_NOT_EXISTS", "no such order, RESOURCE_NOT_EXISTS")),
                ]),
            ),
            knob(
                "refund_notify_before_reply",
                ("退款回调先于应答", "Refund told before its answer"),
                ("应答仍说处理中。", "The answer still says “processing”."),
                Kind::Next,
            ),
            knob(
                "refund_v2_notice",
                ("用 v2 XML 通知", "Tell in v2 XML"),
                ("退款请求没有 notify_url 时。", "Of refunds that name no notify_url."),
                Kind::Switch,
            ),
            knob(
                "refund_gap_seconds",
                ("同一订单退款间隔（秒）", "Pause between refunds of an order (s)"),
                ("间隔不足则 429，什么也没做。", "Sooner: 429, and nothing has been done."),
                MOST_SECONDS,
            ),
            knob(
                "refund_failures_per_second",
                ("每秒失败退款上限", "Failed refunds a second, at most"),
                ("超过后一律 429；0 为不限。", "Beyond that always 429; 0 is no limit."),
                Kind::Whole { min: 0, max: 10_000 },
            ),
        ],
    },
    Section {
        title: ("有效期", "How long things live"),
        knobs: &[
            knob("code_life_seconds", ("二维码有效期（秒）", "Codes (s)"), ("", ""), MOST_SECONDS),
            knob(
                "order_life_seconds",
                ("未支付订单有效期（秒）", "Unpaid orders (s)"),
                ("之后由平台关闭。", "After that the platform closes them."),
                MOST_SECONDS,
            ),
        ],
    },
    Section {
        title: ("账单", "Bills"),
        knobs: &[
            knob(
                "bill_today",
                ("今天也出账", "Bills of today, too"),
                (
                    "当天到此刻为止；十点以前也不说生成中。",
                    "Of today as far as it has come; before ten, too, it is not “being made”.",
                ),
                Kind::Switch,
            ),
            knob("bill_no_auth", ("没有账单权限", "Bills not allowed"), ("403 NO_AUTH。", "403 NO_AUTH."), Kind::Next),
            knob("bill_wrong_hash", ("摘要不符", "Wrong hash"), ("", ""), Kind::Next),
            knob(
                "bill_hash_of_gzip",
                ("压缩账单按压缩后计算摘要", "The hash is of what is gzipped"),
                ("", ""),
                Kind::Switch,
            ),
            knob("bill_life_seconds", ("下载链接有效期（秒）", "How long a link lives (s)"), ("", ""), MOST_SECONDS),
            knob(
                "bill_slow_ms",
                ("下载缓慢（毫秒）", "Slow download (ms)"),
                ("每段之前停顿。", "Before each piece."),
                MOST_MS,
            ),
            knob("bill_cut", ("下载中断", "Download cut off"), ("传到一半断开。", "In the middle."), Kind::Next),
            knob("bill_elsewhere", ("下载链接指向别处", "The link leads elsewhere"), ("", ""), Kind::Next),
            knob(
                "bill_layout",
                ("账单格式", "Layout"),
                ("", ""),
                Kind::Choice(&[
                    ("usual", ("通常", "usual")),
                    ("more", ("多一列", "one more column")),
                    ("reordered", ("列的次序不同", "columns in another order")),
                    ("early", ("早期格式", "as it was early on")),
                    ("plain", ("无 BOM，换行为 LF", "no BOM, lines end with LF")),
                ]),
            ),
            knob(
                "bill_fee_rate",
                ("费率（百万分之）", "Fee rate (millionths)"),
                ("6000 即 0.60%。", "6000 is 0.60 %."),
                MOST,
            ),
            knob(
                "bill_coupon_fen",
                ("每单代金券（分）", "Coupon of each order (fen)"),
                ("不结算；金额不大于它的订单没有。", "Not settled; orders of no more than that have none."),
                MOST,
            ),
            knob(
                "bill_withdrawal_fen",
                ("每天提现（分）", "Withdrawn each day (fen)"),
                ("资金账单当晚八点。", "At eight in the evening, in the fund bill."),
                MOST,
            ),
            knob("bill_missing", ("账单少几笔支付", "Payments missing in the bill"), ("", ""), MOST),
            knob("bill_wrong_amount", ("几笔支付多一分", "Payments with a fen more"), ("", ""), MOST),
            knob(
                "bill_wrong_fee",
                ("几笔支付多收手续费", "Payments with too high a fee"),
                ("十元。", "Ten yuan."),
                MOST,
            ),
            knob("bill_doubled", ("几笔支付写两遍", "Payments that stand there twice"), ("", ""), MOST),
            knob(
                "bill_unknown",
                ("多几笔谁也没有的支付", "Payments that nobody has"),
                ("单号像本店的。", "With numbers like the shop’s."),
                MOST,
            ),
            knob(
                "bill_foreign",
                ("别的系统的几笔支付", "Payments of another system"),
                ("同一商户号。", "Of the same merchant number."),
                MOST,
            ),
            knob("bill_missing_refunds", ("账单少几笔退款", "Refunds missing in the bill"), ("", ""), MOST),
            knob("bill_wrong_refund_amount", ("几笔退款多一分", "Refunds with a fen more"), ("", ""), MOST),
            knob(
                "bill_wrong_balance",
                ("从第几条流水起余额多一分", "From which line on the balance is a fen more"),
                ("0 为没有。", "0 is none."),
                MOST,
            ),
            knob(
                "console_refunds_hidden",
                ("查不到商户平台的退款", "Refunds of the console cannot be queried"),
                ("只在账单里。", "They are in the bill alone."),
                Kind::Switch,
            ),
        ],
    },
];
