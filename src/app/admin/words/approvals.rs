//! What waits for a second person.

use crate::app::language::Language;

#[derive(Debug)]
pub struct Approvals {
    pub approvals: &'static str,
    pub approval: &'static str,
    pub intro: &'static str,
    pub waiting: &'static str,
    pub all: &'static str,
    pub none: &'static str,

    pub number: &'static str,
    pub kind_heading: &'static str,
    pub subject: &'static str,
    pub amount: &'static str,
    pub state_heading: &'static str,
    pub asker: &'static str,
    pub asked: &'static str,
    pub ends: &'static str,
    pub decider: &'static str,
    pub note: &'static str,
    pub order: &'static str,
    pub product: &'static str,
    pub reason: &'static str,
    pub payment: &'static str,
    pub left: &'static str,
    pub asker_is_gone: &'static str,

    pub approve: &'static str,
    pub approve_refund: &'static str,
    pub approve_change: &'static str,
    pub refuse: &'static str,
    pub withdraw: &'static str,
    pub refuse_hint: &'static str,
    /// When as much of the payment was asked back beside it.
    pub same: fn(&str) -> String,
    pub own_request: &'static str,
    pub not_yours: &'static str,
    pub takes_manager: &'static str,
    pub cannot_now: &'static str,
    pub given_back_elsewhere: &'static str,
    pub not_asked: &'static str,

    pub kinds: [(&'static str, &'static str); 6],
    pub states: [(&'static str, &'static str); 5],
}

impl Approvals {
    pub fn of(language: Language) -> &'static Self {
        language.choose(&CHINESE, &ENGLISH)
    }

    /// What a stored code is called.
    pub fn kind(&self, code: &str) -> &'static str {
        self.kinds.iter().find(|(it, _)| *it == code).map_or("", |(_, words)| words)
    }

    pub fn state(&self, code: &str) -> &'static str {
        self.states.iter().find(|(it, _)| *it == code).map_or("", |(_, words)| words)
    }
}

static CHINESE: Approvals = Approvals {
    approvals: "审批",
    approval: "审批详情",
    intro: "超过限额的退款，以及账号和限额的变更，需要另一位管理员批准。提出的人不能自己批准。",
    waiting: "待审批",
    all: "全部",
    none: "没有需要审批的申请。",

    number: "编号",
    kind_heading: "事项",
    subject: "对象",
    amount: "金额",
    state_heading: "状态",
    asker: "申请人",
    asked: "申请时间",
    ends: "有效期至",
    decider: "处理人",
    note: "说明",
    order: "查看订单",
    product: "商品",
    reason: "退款原因",
    payment: "付款",
    left: "退后还可退",
    asker_is_gone: "申请人的账号已停用，批准前请另行核实。",

    approve: "批准",
    approve_refund: "批准后立即向微信支付申请退款，不能撤销。",
    approve_change: "批准后立即生效，对应账号的登录会结束。",
    refuse: "拒绝",
    withdraw: "撤回申请",
    same: |time| format!("{time} 已经另外申请过退这笔付款的同样金额。批准会再退一次，请先确认。"),
    refuse_hint: "拒绝或撤回后，预留的款项会释放。",
    own_request: "不能批准或拒绝自己提出的申请，请由另一位管理员处理。",
    not_yours: "只有申请人可以撤回。",
    takes_manager: "需要管理员来处理。",
    given_back_elsewhere: "微信支付说这笔付款已经退过款，恢复的账簿可能不知道。没有退款。请先到商户平台核对；确实还要退时，请拒绝这个申请，在订单页重新申请。",
    not_asked: "微信支付暂时没有回答这笔付款是否退过款，没有退款。请稍后再批准。",
    cannot_now: "账簿恢复后还在核对，暂时不能退款。申请仍然有效，请稍后再批准。",

    kinds: [
        ("REFUND", "退款"),
        ("LIMITS", "退款限额"),
        ("ROLE", "更改角色"),
        ("DISABLE", "停用账号"),
        ("ENABLE", "启用账号"),
        ("TOTP", "重置动态验证码"),
    ],
    states: [
        ("WAITING", "待审批"),
        ("APPROVED", "已批准"),
        ("REFUSED", "已拒绝"),
        ("WITHDRAWN", "已撤回"),
        ("EXPIRED", "已过期"),
    ],
};

static ENGLISH: Approvals = Approvals {
    approvals: "Approvals",
    approval: "Approval",
    intro: "Refunds above the limits, and changes of accounts and limits, need another manager. Nobody approves what he has asked for himself.",
    waiting: "Waiting",
    all: "All",
    none: "Nothing waits for approval.",

    number: "No.",
    kind_heading: "What",
    subject: "Of",
    amount: "Amount",
    state_heading: "State",
    asker: "Asked by",
    asked: "Asked at",
    ends: "Ends",
    decider: "Decided by",
    note: "Note",
    order: "To the order",
    product: "Product",
    reason: "Reason",
    payment: "Payment",
    left: "Left to refund afterwards",
    asker_is_gone: "The account of whoever asked is disabled: make sure of it otherwise before you approve.",

    approve: "Approve",
    approve_refund: "WeChat Pay is asked for the refund at once. It cannot be taken back.",
    approve_change: "It counts at once, and the account’s sessions end.",
    refuse: "Refuse",
    withdraw: "Withdraw the request",
    same: |time| {
        format!(
            "As much of this payment was asked back at {time} already, beside this. To approve gives it back once more: make sure first."
        )
    },
    refuse_hint: "When it is refused or withdrawn, the money set aside for it is free again.",
    own_request: "Nobody decides about what he has asked for himself: another manager has to.",
    not_yours: "Only who has asked for it may withdraw it.",
    takes_manager: "It takes a manager.",
    given_back_elsewhere: "WeChat Pay says that money of this payment went back already, of which the books that were put back may not know. Nothing was refunded. Look into the merchant console (商户平台) first; to refund all the same, refuse this request and ask anew on the order's page.",
    not_asked: "WeChat Pay does not say now whether money of this payment went back already. Nothing was refunded; approve it later.",
    cannot_now: "The books were put back and are still being compared with WeChat Pay: no refund goes out yet. The request stays; approve it later.",

    kinds: [
        ("REFUND", "Refund"),
        ("LIMITS", "Refund limits"),
        ("ROLE", "Change of role"),
        ("DISABLE", "Disable an account"),
        ("ENABLE", "Enable an account"),
        ("TOTP", "Reset a second factor"),
    ],
    states: [
        ("WAITING", "waiting"),
        ("APPROVED", "approved"),
        ("REFUSED", "refused"),
        ("WITHDRAWN", "withdrawn"),
        ("EXPIRED", "ended"),
    ],
};
