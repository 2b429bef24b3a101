//! The knobs of [`Faults`](crate::sandbox::faults::Faults) as people read them.

/// A group of knobs on the page.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) knobs: &'static [Knob],
}

pub(super) struct Knob {
    /// As in `PUT /_sandbox/faults`.
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
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
    Choice(&'static [(&'static str, &'static str)]),
}

/// The parts of a per-interface knob.
pub(super) const ENDPOINTS: [(&str, &str); 11] = [
    ("all", "任意接口"),
    ("prepay", "下单"),
    ("query", "查单"),
    ("close", "关单"),
    ("refund", "退款"),
    ("refund_query", "查退款"),
    ("abnormal", "异常退款"),
    ("certificates", "平台证书"),
    ("echo", "回显测试"),
    ("bill", "申请账单"),
    ("bill_download", "下载账单"),
];

const MOST_MS: Kind = Kind::Whole { min: 0, max: 86_400_000 };
const MOST: Kind = Kind::Whole { min: 0, max: 1_000_000_000 };
const MOST_SECONDS: Kind = Kind::Whole { min: 0, max: 4_000_000_000 };

const fn knob(name: &'static str, label: &'static str, hint: &'static str, kind: Kind) -> Knob {
    Knob { name, label, hint, kind }
}

pub(super) const SECTIONS: &[Section] = &[
    Section {
        title: "平台与接口应答",
        knobs: &[
            knob(
                "platform_down",
                "平台故障",
                "全部 /v3 请求都没有结果，直到恢复；回调不受影响。",
                Kind::Choice(&[("off", "正常"), ("closed", "连接被关闭"), ("503", "一律 503")]),
            ),
            knob("error_429", "频率超限 429", "什么也没做。", Kind::PerEndpoint),
            knob("error_429_after_commit", "做完后 429", "已经做完，应答却说频率超限。", Kind::PerEndpoint),
            knob("error_500", "系统异常 500", "什么也没做。", Kind::PerEndpoint),
            knob("error_500_after_commit", "做完后 500", "已经做完，应答却说系统异常。", Kind::PerEndpoint),
            knob("accepted_202", "已受理 202", "还没有做，须用相同参数重试；关单为 USER_PAYING。", Kind::PerEndpoint),
            knob("accepted_202_after_commit", "做完后 202", "已经做完，应答却说尚未完成。", Kind::PerEndpoint),
            knob("stale_connection", "连接已失效", "不应答就关闭连接，什么也没做。", Kind::PerEndpoint),
            knob("stale_connection_after_commit", "做完后断开", "已经做完，不应答就关闭连接。", Kind::PerEndpoint),
            knob("timeout_after_commit", "做完后超时", "已经做完，迟迟不应答。", Kind::PerEndpoint),
            knob("timeout_ms", "超时时长（毫秒）", "之后应答 500。", MOST_MS),
            knob("signtest_replies", "应答签名探测比例", "0 到 1；同一请求不会再次探测。", Kind::Share),
            knob("pay_before_reply", "下单应答前已支付", "支付回调先于下单应答送达。", Kind::Next),
        ],
    },
    Section {
        title: "密钥与时钟",
        knobs: &[
            knob("public_key_only", "仅微信支付公钥", "没有平台证书的新商户：证书接口 404。", Kind::Switch),
            knob("public_key_share", "回调用公钥签名的比例", "0 到 1；其余用平台证书。", Kind::Share),
            knob(
                "public_key_share_replies",
                "应答用公钥签名的比例",
                "0 到 1；只用于没有 Wechatpay-Serial 的请求，证书接口除外。",
                Kind::Share,
            ),
            knob("new_certificate_share", "新证书签名的比例", "0 到 1；两张平台证书同时可用时。", Kind::Share),
            knob(
                "clock_skew_seconds",
                "平台时钟偏差（秒）",
                "用于签名和检查请求时间戳；正数为快。",
                Kind::Whole { min: -86_400, max: 86_400 },
            ),
        ],
    },
    Section {
        title: "回调",
        knobs: &[
            knob("drop", "丢弃", "发出后丢失，按阶梯重试。", Kind::Next),
            knob("delay_ms", "延迟（毫秒）", "首次回调之前。", MOST_MS),
            knob("out_of_order", "支付回调晚于退款回调", "扣下支付回调，直到同一订单的退款回调发出。", Kind::Next),
            knob("duplicates", "成功后重复次数", "", Kind::Whole { min: 0, max: 100 }),
            knob("concurrent_duplicates", "首次同时重复次数", "", Kind::Whole { min: 0, max: 100 }),
            knob("signtest_callbacks", "回调签名探测比例", "0 到 1；随后立即补发正确的。", Kind::Share),
            knob("stale_timestamp", "时间戳过期", "十分钟前的时间戳，签名正确。", Kind::Next),
            knob("altered_body", "报文被改", "签名之后改动密文。", Kind::Next),
            knob("wrong_amount", "金额不符", "多一分。", Kind::Next),
            knob("wrong_currency", "币种不符", "", Kind::Next),
            knob("wrong_mchid", "商户号不符", "", Kind::Next),
            knob("wrong_appid", "appid 不符", "", Kind::Next),
            knob("wrong_out_trade_no", "订单号不存在", "", Kind::Next),
            knob("wrong_out_refund_no", "退款单号不存在", "", Kind::Next),
            knob("wrong_trade_state", "状态不符", "", Kind::Next),
            knob("wrong_event_type", "未知事件", "", Kind::Next),
            knob("retry_scale", "重试间隔倍数", "0 到 1000；0.001 把 15 秒变为 15 毫秒。", Kind::Factor),
            knob("callback_timeout_ms", "等待商户应答（毫秒）", "", MOST_MS),
        ],
    },
    Section {
        title: "退款",
        knobs: &[
            knob(
                "refund_outcome",
                "退款结果",
                "受理之后变成什么。",
                Kind::Choice(&[
                    ("success", "成功"),
                    ("processing", "一直处理中"),
                    ("closed", "关闭"),
                    ("abnormal", "异常"),
                ]),
            ),
            knob("refund_outcome_count", "以上结果用于", "其余退款成功。", Kind::Next),
            knob("refund_ms", "退款所需时间（毫秒）", "", MOST_MS),
            knob("refund_refused", "拒绝退款", "什么也没做。", Kind::Next),
            knob(
                "refund_refusal",
                "拒绝的理由",
                "",
                Kind::Choice(&[
                    ("NOT_ENOUGH", "余额不足 NOT_ENOUGH"),
                    ("USER_ACCOUNT_ABNORMAL", "用户账户异常 USER_ACCOUNT_ABNORMAL"),
                    ("NO_AUTH", "没有权限 NO_AUTH"),
                    ("REQUEST_BLOCKED", "请求被拦截 REQUEST_BLOCKED"),
                    ("MCH_NOT_EXISTS", "商户号不存在 MCH_NOT_EXISTS"),
                    ("RESOURCE_NOT_EXISTS", "订单不存在 RESOURCE_NOT_EXISTS"),
                ]),
            ),
            knob("refund_notify_before_reply", "退款回调先于应答", "应答仍说处理中。", Kind::Next),
            knob("refund_v2_notice", "用 v2 XML 通知", "退款请求没有 notify_url 时。", Kind::Switch),
            knob("refund_gap_seconds", "同一订单退款间隔（秒）", "间隔不足则 429，什么也没做。", MOST_SECONDS),
            knob(
                "refund_failures_per_second",
                "每秒失败退款上限",
                "超过后一律 429；0 为不限。",
                Kind::Whole { min: 0, max: 10_000 },
            ),
        ],
    },
    Section {
        title: "有效期",
        knobs: &[
            knob("code_life_seconds", "二维码有效期（秒）", "", MOST_SECONDS),
            knob("order_life_seconds", "未支付订单有效期（秒）", "之后由平台关闭。", MOST_SECONDS),
        ],
    },
    Section {
        title: "账单",
        knobs: &[
            knob("bill_today", "今天也出账", "当天到此刻为止；十点以前也不说生成中。", Kind::Switch),
            knob("bill_no_auth", "没有账单权限", "403 NO_AUTH。", Kind::Next),
            knob("bill_wrong_hash", "摘要不符", "", Kind::Next),
            knob("bill_hash_of_gzip", "压缩账单按压缩后计算摘要", "", Kind::Switch),
            knob("bill_life_seconds", "下载链接有效期（秒）", "", MOST_SECONDS),
            knob("bill_slow_ms", "下载缓慢（毫秒）", "每段之前停顿。", MOST_MS),
            knob("bill_cut", "下载中断", "传到一半断开。", Kind::Next),
            knob("bill_elsewhere", "下载链接指向别处", "", Kind::Next),
            knob(
                "bill_layout",
                "账单格式",
                "",
                Kind::Choice(&[
                    ("usual", "通常"),
                    ("more", "多一列"),
                    ("reordered", "列的次序不同"),
                    ("early", "早期格式"),
                    ("plain", "无 BOM，换行为 LF"),
                ]),
            ),
            knob("bill_fee_rate", "费率（百万分之）", "6000 即 0.60%。", MOST),
            knob("bill_coupon_fen", "每单代金券（分）", "不结算；金额不大于它的订单没有。", MOST),
            knob("bill_withdrawal_fen", "每天提现（分）", "资金账单当晚八点。", MOST),
            knob("bill_missing", "账单少几笔支付", "", MOST),
            knob("bill_wrong_amount", "几笔支付多一分", "", MOST),
            knob("bill_wrong_fee", "几笔支付多收手续费", "十元。", MOST),
            knob("bill_unknown", "多几笔谁也没有的支付", "单号像本店的。", MOST),
            knob("bill_foreign", "别的系统的几笔支付", "同一商户号。", MOST),
            knob("bill_missing_refunds", "账单少几笔退款", "", MOST),
            knob("bill_wrong_refund_amount", "几笔退款多一分", "", MOST),
            knob("bill_wrong_balance", "从第几条流水起余额多一分", "0 为没有。", MOST),
            knob("console_refunds_hidden", "查不到商户平台的退款", "只在账单里。", Kind::Switch),
        ],
    },
];
