//! WeChat's bills laid beside the books.

use crate::app::{
    admin::bill_words::{Difference, DifferenceStanding, Standing},
    language::Language,
};

#[derive(Debug)]
pub struct Bills {
    pub bills: &'static str,
    pub no_such_day: &'static str,
    pub no_such_day_hint: &'static str,
    pub intro: &'static str,
    pub weekdays: [&'static str; 7],
    pub previous: &'static str,
    pub next: &'static str,
    pub open_differences: &'static str,
    pub none_open: &'static str,
    pub open_count: fn(i64) -> String,
    pub month_sums: &'static str,

    pub before: &'static str,
    pub not_yet: &'static str,
    pub missing: &'static str,
    pub agrees: &'static str,
    pub differs: &'static str,

    pub day: fn(&str) -> String,
    pub checked: &'static str,
    pub problem: &'static str,
    pub no_permission: &'static str,
    pub side: &'static str,
    pub in_bill: &'static str,
    pub in_books: &'static str,
    pub payments: &'static str,
    pub refunds: &'static str,
    pub fees: &'static str,
    pub coupons: &'static str,
    pub settled_sum: &'static str,
    pub foreign: &'static str,
    pub account: &'static str,
    /// By WeChat's names.
    movements: &'static [(&'static str, &'static str)],
    pub opening: &'static str,
    pub closing: &'static str,
    pub pieces: fn(u64) -> String,
    pub unlisted: fn(u64) -> String,
    pub unasked: fn(u64) -> String,
    pub files: &'static str,
    pub trade_bill: &'static str,
    pub fund_flow_bill: &'static str,
    pub fetched: &'static str,
    pub size: &'static str,
    pub no_file: &'static str,
    pub empty_file: &'static str,
    pub rows: &'static str,
    pub check_now: &'static str,
    pub check_hint: &'static str,

    pub differences: &'static str,
    pub date: &'static str,
    pub no_differences: &'static str,
    pub kind: &'static str,
    pub about: &'static str,
    pub state: &'static str,
    pub answer: &'static str,
    pub order: &'static str,
    pub order_number: &'static str,
    pub transaction: &'static str,
    pub details: &'static str,
    pub wechat: &'static str,
    booked: &'static str,
    paid_on: fn(&str) -> String,
    answers: [(&'static str, &'static str); 4],
    pub found: &'static str,
    pub changed: &'static str,
    pub decided: &'static str,
    pub open: &'static str,
    pub explained: &'static str,
    pub settled: &'static str,
    pub more: &'static str,
    pub back_to_day: &'static str,

    pub why: &'static str,
    pub why_hint: &'static str,
    pub explain: &'static str,
    pub settle: &'static str,
    pub reopen: &'static str,
    pub no_reason: &'static str,
    pub long_reason: &'static str,
    pub overtaken: &'static str,
    pub managers_only: &'static str,

    pub said_asked: &'static str,
    pub said_not_to_be_had: &'static str,
    pub said_decided: &'static str,

    pub kinds: [(Difference, &'static str, &'static str); 13],
}

impl Bills {
    pub fn of(language: Language) -> &'static Self {
        language.choose(&CHINESE, &ENGLISH)
    }

    pub const fn standing(&self, standing: Standing) -> &'static str {
        match standing {
            Standing::Before => self.before,
            Standing::NotYet => self.not_yet,
            Standing::Missing => self.missing,
            Standing::Agrees => self.agrees,
            Standing::Differs => self.differs,
        }
    }

    pub const fn difference_standing(&self, standing: DifferenceStanding) -> &'static str {
        match standing {
            DifferenceStanding::Open => self.open,
            DifferenceStanding::Explained => self.explained,
            DifferenceStanding::Settled => self.settled,
        }
    }

    /// What was said of it, where it is no verdict on a notification.
    pub fn answer(&self, code: &str) -> Option<&'static str> {
        self.answers.iter().find(|it| it.0 == code).map(|it| it.1)
    }

    /// WeChat's name of a movement, with what it means where that is known.
    pub fn movement(&self, name: String) -> String {
        match self.movements.iter().find(|it| it.0 == name) {
            Some((_, meaning)) => format!("{meaning} ({name})"),
            None => name,
        }
    }

    /// Why it is none any more, or may stay; what somebody has written stays as it is.
    pub fn reason(&self, why: &str) -> String {
        match (why, why.strip_prefix("PAID_ON ")) {
            ("BOOKED", _) => self.booked.to_owned(),
            (_, Some(day)) => (self.paid_on)(day),
            (why, None) => why.to_owned(),
        }
    }

    /// What it is, and what to do about it.
    pub fn explained(&self, kind: Difference) -> (&'static str, &'static str) {
        self.kinds.iter().find(|it| it.0 == kind).map_or(("", ""), |it| (it.1, it.2))
    }
}

static CHINESE: Bills = Bills {
    bills: "对账",
    no_such_day: "没有这一天的账单",
    no_such_day_hint: "地址里的日期写成 2026-11-26 这样，是 2000 年到 2199 年之间日历上有的一天。",
    intro: "每天上午十点以后自动取前一天的微信账单，与账簿逐笔核对到分。",
    weekdays: ["一", "二", "三", "四", "五", "六", "日"],
    previous: "上个月",
    next: "下个月",
    open_differences: "待处理的差异",
    none_open: "没有待处理的差异。",
    open_count: |count| format!("{count} 项待处理"),
    month_sums: "导出本月汇总（CSV，给会计）",

    before: "未开始",
    not_yet: "未到时间",
    missing: "未对账",
    agrees: "一致",
    differs: "有差异",

    day: |day| format!("{day} 的账单"),
    checked: "最近一次对账",
    problem: "上次没有完成，原因",
    no_permission: "商户号没有下载账单的权限：请在微信支付商户平台开通。",
    side: "项目",
    in_bill: "微信账单",
    in_books: "账簿",
    payments: "收款",
    refunds: "退款",
    fees: "手续费",
    coupons: "未结算的优惠",
    settled_sum: "结算金额",
    foreign: "同一商户号的其他系统",
    account: "资金账户",
    movements: &[],
    opening: "当天之前余额",
    closing: "当天之后余额",
    pieces: |count| format!("· {count} 笔"),
    unlisted: |count| format!("另有 {count} 项差异太多，没有列出。"),
    unasked: |count| format!("还有 {count} 项没有得到微信支付的回答，稍后会自动再问。"),
    files: "账单文件",
    trade_bill: "交易账单",
    fund_flow_bill: "资金账单",
    fetched: "取于",
    size: "大小",
    no_file: "还没有取过这一天的账单。",
    empty_file: "微信支付说这一天没有发生。",
    rows: "下载账单明细（CSV，不含用户标识）",
    check_now: "现在对账",
    check_hint: "重新核对不会改变已经正确的内容；已经变得一致的差异会自动了结。",

    differences: "差异",
    date: "日期",
    no_differences: "没有差异。",
    kind: "差异",
    about: "单号",
    state: "状态",
    answer: "微信支付的回答",
    order: "订单",
    order_number: "商户订单号",
    transaction: "微信支付订单号",
    details: "详情",
    wechat: "微信支付",
    booked: "已按微信支付的签名答复入账",
    paid_on: |day| format!("微信支付的签名答复说是 {day} 付的款"),
    answers: [
        ("BOOKED_FROM_BILL", "查询不到，已按账单预留"),
        ("NOT_EXIST", "微信支付没有这个单号"),
        ("NOT_ASKED", "还没有问，下次对账会问"),
        ("NO_NUMBER", "没有可以查询的单号"),
    ],
    found: "发现于",
    changed: "最近变化",
    decided: "处理",
    open: "待处理",
    explained: "已说明",
    settled: "已了结",
    more: "更多",
    back_to_day: "回到这一天",

    why: "原因",
    why_hint: "写给以后看账的人，最多 500 字。",
    explain: "说明后可以保留",
    settle: "已经处理好",
    reopen: "重新打开",
    no_reason: "请写明原因。",
    long_reason: "原因最多 500 字，请缩短。",
    overtaken: "它刚刚被别人或对账改变了，请看现在的状态。",
    managers_only: "只有管理员可以处理差异和下载文件。",

    said_asked: "对账已经开始，稍后刷新看结果。",
    said_not_to_be_had: "这一天的账单取不到：当天的账单次日上午十点以后才有，微信支付只保留三个月。",
    said_decided: "已记录。",

    kinds: [
        (Difference::NotPaidHere, "微信已收款，这里未付", "多半是回调没有到。微信的签名答复能入账时会自动了结。"),
        (
            Difference::UnknownHere,
            "账单里有，这里没有这个订单",
            "账簿可能丢失或是旧的：请找备份；也可能另一套系统用了同样的单号。",
        ),
        (
            Difference::NotInBill,
            "这里已付，账单里没有",
            "微信也不认识时，请查谁能写账簿；微信认识时，请向微信支付查询。",
        ),
        (Difference::Amount, "金额不同", "请与商户平台核对：账簿或账单有一处不对。"),
        (Difference::RefundUnknown, "在商户平台退的款", "钱已预留，不会再退一次。请确认后说明原因。"),
        (Difference::RefundNotBooked, "这里放弃了，微信却受理了", "一般会由微信的签名答复自动入账。"),
        (Difference::RefundNotInBill, "已受理的退款不在账单里", "请用退款的 Request-ID 向微信支付查询。"),
        (Difference::RefundAmount, "退款金额不同", "请与商户平台核对。"),
        (Difference::Doubled, "账单里重复", "同一个单号在账单里不止一行：钱只动了一次，请向微信支付查询。"),
        (Difference::Fee, "手续费与费率不符", "请向微信支付查询。"),
        (Difference::FeeRate, "费率不是约定的", "请核对合同与 SAOMA_FEE_RATE。"),
        (Difference::Balance, "账户余额接不上", "请向微信支付查询资金账单。"),
        (Difference::FundFlow, "资金变动与交易不符", "请在商户平台核对这笔交易的资金流水。"),
    ],
};

static ENGLISH: Bills = Bills {
    bills: "Bills",
    no_such_day: "There is no such day",
    no_such_day_hint: "The day in the address is written as 2026-11-26, and is one of the calendar, from 2000 to 2199.",
    intro: "Every day after ten, Beijing time, WeChat Pay's bill of the day before is compared with the books, to the fen.",
    weekdays: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    previous: "Month before",
    next: "Month after",
    open_differences: "Differences to look at",
    none_open: "Nothing to look at.",
    open_count: |count| format!("{count} open"),
    month_sums: "Sums of this month for the accountant (CSV)",

    before: "not begun",
    not_yet: "not yet",
    missing: "not compared",
    agrees: "agrees",
    differs: "differs",

    day: |day| format!("Bill of {day}"),
    checked: "Compared last",
    problem: "The last try did not get through",
    no_permission: "This merchant number may not fetch bills: allow it in WeChat Pay's merchant console.",
    side: "What",
    in_bill: "WeChat's bill",
    in_books: "Books",
    payments: "Payments",
    refunds: "Refunds",
    fees: "Fees",
    coupons: "Coupons, not settled",
    settled_sum: "Settled",
    foreign: "Other systems, same merchant number",
    account: "Account",
    movements: &[
        ("交易", "Payments"),
        ("退款", "Refunds"),
        ("扣除交易手续费", "Fees"),
        ("退还交易手续费", "Fees given back"),
        ("提现", "Withdrawals"),
    ],
    opening: "Balance before",
    closing: "Balance after",
    pieces: |count| format!("({count})"),
    unlisted: |count| format!("{count} more differences are too many to be listed."),
    unasked: |count| format!("WeChat Pay has not answered about {count} of them yet; it will be asked again."),
    files: "Files",
    trade_bill: "Trade bill",
    fund_flow_bill: "Fund-flow bill",
    fetched: "Fetched",
    size: "Size",
    no_file: "The bill of this day has not been fetched.",
    empty_file: "Nothing happened on this day, WeChat Pay says.",
    rows: "Rows of the bill (CSV, without openids)",
    check_now: "Compare now",
    check_hint: "Comparing again changes nothing that is right; what has become right is closed.",

    differences: "Differences",
    date: "Day",
    no_differences: "No differences.",
    kind: "Difference",
    about: "Number",
    state: "State",
    answer: "WeChat Pay's answer",
    order: "Order",
    order_number: "Order number",
    transaction: "WeChat Pay transaction",
    details: "Details",
    wechat: "WeChat Pay",
    booked: "booked by its signed answer",
    paid_on: |day| format!("paid on {day}, by its signed answer"),
    answers: [
        ("BOOKED_FROM_BILL", "Does not know it; set aside as the bill has it"),
        ("NOT_EXIST", "Has no such number"),
        ("NOT_ASKED", "Not asked yet; the next comparison asks"),
        ("NO_NUMBER", "There is no number to ask about"),
    ],
    found: "Found",
    changed: "Last change",
    decided: "Decided",
    open: "open",
    explained: "explained",
    settled: "settled",
    more: "More",
    back_to_day: "Back to the day",

    why: "Reason",
    why_hint: "For whoever reads the books later; 500 characters at most.",
    explain: "Explained: it may stay so",
    settle: "It has been put right",
    reopen: "Open it again",
    no_reason: "Write down why.",
    long_reason: "A reason has 500 characters at most: shorten it.",
    overtaken: "Somebody else, or a comparison, has just changed it: see how it stands now.",
    managers_only: "Only managers decide about differences and download files.",

    said_asked: "The comparison has begun. Reload in a moment.",
    said_not_to_be_had: "There is no bill of this day: it comes the next day after ten, and WeChat Pay keeps it for three months.",
    said_decided: "Written down.",

    kinds: [
        (
            Difference::NotPaidHere,
            "Paid at WeChat Pay, not here",
            "As a rule a lost callback. Settled by itself once WeChat's signed answer could be booked.",
        ),
        (
            Difference::UnknownHere,
            "In the bill, unknown here",
            "Books may be lost or old: look for the backup. Or another system uses such numbers.",
        ),
        (
            Difference::NotInBill,
            "Paid here, not in the bill",
            "If WeChat does not know it either, look who can write into the books; if it does, ask WeChat Pay.",
        ),
        (Difference::Amount, "Other amounts", "Compare with the merchant console: books or bill are wrong."),
        (
            Difference::RefundUnknown,
            "Refunded in the merchant console",
            "The money is set aside, so that it is not given back twice. Make sure, and say why.",
        ),
        (
            Difference::RefundNotBooked,
            "Given up here, accepted by WeChat Pay",
            "Booked by itself by WeChat's signed answer, as a rule.",
        ),
        (
            Difference::RefundNotInBill,
            "An accepted refund is not in the bill",
            "Ask WeChat Pay with the refund's Request-ID.",
        ),
        (Difference::RefundAmount, "Other refund amounts", "Compare with the merchant console."),
        (
            Difference::Doubled,
            "Twice in the bill",
            "More than one row with one number: the money moved once. Ask WeChat Pay.",
        ),
        (Difference::Fee, "Fee and rate do not fit", "Ask WeChat Pay."),
        (Difference::FeeRate, "Not the agreed rate", "Compare the contract with SAOMA_FEE_RATE."),
        (Difference::Balance, "The balance does not add up", "Ask WeChat Pay about the fund-flow bill."),
        (
            Difference::FundFlow,
            "The account was not moved as the trade says",
            "Look at the trade's fund flow in the merchant console.",
        ),
    ],
};
