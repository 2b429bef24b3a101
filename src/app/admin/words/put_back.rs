//! `/admin/put-back`: books that were put back from a copy.

use crate::app::language::Language;

#[derive(Debug)]
pub struct PutBack {
    pub title: &'static str,
    pub never: &'static str,
    pub is_open: fn(&str) -> String,
    pub is_over: fn(&str) -> String,
    pub copy_of: &'static str,
    pub noticed: &'static str,
    pub asking: &'static str,
    pub asking_left: fn(i64) -> String,
    pub asked: fn(&str) -> String,
    pub bills: &'static str,
    pub bills_none: &'static str,
    pub bills_hint: &'static str,
    pub day: &'static str,
    pub problem: &'static str,
    pub not_yet: &'static str,
    pub no_permission: &'static str,
    pub unknown: &'static str,
    pub unknown_none: &'static str,
    pub unknown_hint: &'static str,
    pub kind: &'static str,
    pub order: &'static str,
    pub refund: &'static str,
    pub number: &'static str,
    pub at_wechat: &'static str,
    pub amount: &'static str,
    pub stands: &'static str,
    pub in_bill: &'static str,
    pub delivered: &'static str,
    pub release: &'static str,
    pub release_hint: &'static str,
    pub release_risk: &'static str,
    pub why: &'static str,
    pub no_reason: &'static str,
    pub overtaken: &'static str,
    pub said_released: &'static str,
}

impl PutBack {
    pub fn of(language: Language) -> &'static Self {
        language.choose(&CHINESE, &ENGLISH)
    }

    /// Why a bill is not there, in words where there are some.
    pub fn problem<'a>(&self, code: Option<&'a str>) -> &'a str
    where
        Self: 'static,
    {
        match code {
            None => self.not_yet,
            Some("NO_AUTH") => self.no_permission,
            Some(code) => code,
        }
    }
}

static CHINESE: PutBack = PutBack {
    title: "恢复的账簿",
    never: "账簿没有从备份恢复过。",
    is_open: |since| format!("账簿是 {since} 的备份，恢复后还没有核对完：在此之前谁都不能退款，自动退款也暂停。"),
    is_over: |at| format!("已于 {at} 核对完毕，可以退款。"),
    copy_of: "备份的时间",
    noticed: "恢复的时间",
    asking: "向微信支付查询",
    asking_left: |left| format!("还有 {left} 个付款码要查询，服务会自动继续。"),
    asked: |at| format!("{at} 已全部查询。"),
    bills: "等待的账单",
    bills_none: "没有要等的账单。",
    bills_hint: "备份之后的退款只在账单里看得到。没有开通账单权限时账单永远不会来：请在商户平台 → 产品中心 → 开发配置 开通，或者自己核对后结束等待。",
    day: "日期",
    problem: "原因",
    not_yet: "还没有出账或还没有比对完",
    no_permission: "没有账单权限（NO_AUTH）",
    unknown: "只有微信支付知道的",
    unknown_none: "目前没有发现。",
    unknown_hint: "备份之后的订单和退款不在账簿里。账单里的从这里去处理；账单没有来的日子，请在商户平台 → 交易中心 → 交易账单 自己核对。",
    kind: "种类",
    order: "订单",
    refund: "退款",
    number: "编号",
    at_wechat: "微信支付订单号",
    amount: "金额",
    stands: "出处",
    in_bill: "账单差异",
    delivered: "通知",
    release: "结束等待",
    release_hint: "请先在商户平台核对备份之后的退款，再结束等待。理由会写进操作记录。",
    release_risk: "结束之后可以退款：账簿不知道的退款可能再退一次。",
    why: "理由",
    no_reason: "请写明理由：核对了什么。",
    overtaken: "已经结束，不用再操作。",
    said_released: "等待已结束，可以退款。",
};

static ENGLISH: PutBack = PutBack {
    title: "Books that were put back",
    never: "These books have never been put back from a copy.",
    is_open: |since| {
        format!(
            "These books are a copy of {since} and do not know everything again: until they do nothing is refunded, by nobody."
        )
    },
    is_over: |at| format!("It was over at {at}: refunds are made."),
    copy_of: "The copy is of",
    noticed: "Put back",
    asking: "Asking WeChat Pay",
    asking_left: |left| {
        if left == 1 {
            "1 code is still to be asked about; the server goes on by itself.".to_owned()
        } else {
            format!("{left} codes are still to be asked about; the server goes on by itself.")
        }
    },
    asked: |at| format!("Everything was asked about by {at}."),
    bills: "Bills that are waited for",
    bills_none: "None.",
    bills_hint: "Refunds that were made after the copy stand in the bills alone. Without permission no bill ever comes: get it in the merchant console → 产品中心 → 开发配置, or compare by yourself and end the waiting.",
    day: "Day",
    problem: "Why",
    not_yet: "Not there yet, or not compared to the end",
    no_permission: "No permission for bills (NO_AUTH)",
    unknown: "What only WeChat Pay knows",
    unknown_none: "Nothing has been found so far.",
    unknown_hint: "Orders and refunds that came after the copy are not in these books. What the bills tell of is decided about from here; for days without a bill compare with the merchant console → 交易中心 → 交易账单.",
    kind: "Kind",
    order: "Order",
    refund: "Refund",
    number: "Number",
    at_wechat: "Transaction at WeChat Pay",
    amount: "Amount",
    stands: "Told by",
    in_bill: "Difference in a bill",
    delivered: "Notification",
    release: "End the waiting",
    release_hint: "Look first in the merchant console what was refunded after the copy. The reason is written into the audit log.",
    release_risk: "Then refunds are made: one that these books do not know may be made a second time.",
    why: "Reason",
    no_reason: "Say why: what has been compared.",
    overtaken: "It is over already.",
    said_released: "The waiting has ended: refunds are made.",
};
