//! What is around every page, and what any page may say.

use crate::{app::language::Language, domain::Role};

#[derive(Debug)]
pub struct Basics {
    pub admin: &'static str,
    pub skip: &'static str,
    pub navigation: &'static str,
    pub sandbox: &'static str,
    pub sandbox_explained: &'static str,
    pub log_out: &'static str,
    pub home: &'static str,
    pub role_heading: &'static str,
    pub viewer: &'static str,
    pub operator: &'static str,
    pub manager: &'static str,

    pub dashboard: &'static str,
    pub products: &'static str,
    pub looks: &'static str,
    pub orders: &'static str,
    pub inbox: &'static str,
    pub status: &'static str,
    pub account: &'static str,
    pub bills: &'static str,

    pub confirm_first: &'static str,
    pub confirm: &'static str,

    pub no_csrf: &'static str,
    pub no_csrf_hint: &'static str,
    pub not_allowed: &'static str,
    pub not_allowed_hint: &'static str,
    pub trouble: &'static str,
    pub trouble_hint: &'static str,
    pub no_link: &'static str,
    pub no_link_hint: &'static str,

    pub said_logged_out: &'static str,
    pub said_password_set: &'static str,
    pub said_confirm_first: &'static str,
    pub said_confirmed: &'static str,
    pub said_session_ended: &'static str,
    pub said_approved: &'static str,
    pub said_refused: &'static str,
    pub said_withdrawn: &'static str,
    pub said_expired: &'static str,
    pub said_asked: &'static str,
    pub not_found: &'static str,
    pub not_found_hint: &'static str,
    pub bad_input: &'static str,
    pub bad_input_hint: &'static str,
    pub older: &'static str,
    pub approvals: &'static str,
    pub people: &'static str,
    pub audit: &'static str,
    pub said_saved: &'static str,
}

impl Basics {
    pub fn of(language: Language) -> &'static Self {
        language.choose(&CHINESE, &ENGLISH)
    }

    pub const fn role(&self, role: Role) -> &'static str {
        match role {
            Role::Viewer => self.viewer,
            Role::Operator => self.operator,
            Role::Manager => self.manager,
        }
    }
}

static CHINESE: Basics = Basics {
    admin: "商家后台",
    skip: "跳到正文",
    navigation: "后台导航",
    sandbox: "沙箱模式",
    sandbox_explained: "不会产生真实付款。",
    log_out: "退出",
    home: "回到后台首页",
    role_heading: "角色",
    viewer: "只读",
    operator: "操作员",
    manager: "管理员",

    dashboard: "概览",
    products: "商品",
    looks: "店铺外观",
    orders: "订单",
    inbox: "通知",
    status: "状态",
    account: "我的账号",
    bills: "对账",

    confirm_first: "这一步涉及资金或账号，需要先再次输入动态验证码。",
    confirm: "验证身份",

    no_csrf: "表单已失效",
    no_csrf_hint: "什么都没有改变。请返回上一页，刷新后再提交一次。",
    not_allowed: "你的角色不能做这件事",
    not_allowed_hint: "什么都没有改变。需要时请管理员操作，或请管理员调整你的角色。",
    trouble: "暂时无法处理",
    trouble_hint: "账簿暂时读不到或写不进去，什么都没有改变。请稍后再试；一直这样请查看 /readyz 和日志。",
    no_link: "链接不可用",
    no_link_hint: "一次性链接只能用一次，30 分钟内有效。请让管理员在服务器上再生成一个。",

    said_logged_out: "已退出。",
    said_password_set: "密码已设置，请登录。",
    said_confirm_first: "什么都没有改变：请先验证身份，然后再操作一次。",
    said_confirmed: "身份已验证，五分钟内有效。",
    said_session_ended: "登录已结束。",
    said_approved: "已批准。",
    said_refused: "已拒绝，款项不再预留。",
    said_withdrawn: "已撤回，款项不再预留。",
    said_expired: "已过期，或者已经无法执行，没有生效。",
    said_asked: "已提交，等待另一位管理员批准。七天内有效。",
    not_found: "找不到",
    not_found_hint: "地址可能写错了，或者内容已经移走。",
    bad_input: "提交的内容无法读取",
    bad_input_hint: "什么都没有改变。请返回上一页，刷新后再提交一次。",
    older: "更早的",
    approvals: "审批",
    people: "员工",
    audit: "操作记录",
    said_saved: "已保存。",
};

static ENGLISH: Basics = Basics {
    admin: "Back office",
    skip: "Skip to the content",
    navigation: "Back office navigation",
    sandbox: "Sandbox",
    sandbox_explained: "No real money moves.",
    log_out: "Log out",
    home: "To the back office",
    role_heading: "Role",
    viewer: "Viewer",
    operator: "Operator",
    manager: "Manager",

    dashboard: "Overview",
    products: "Products",
    looks: "Looks",
    orders: "Orders",
    inbox: "Inbox",
    status: "Status",
    account: "My account",
    bills: "Bills",

    confirm_first: "This is about money or accounts: your second factor is asked for once more first.",
    confirm: "Confirm it is you",

    no_csrf: "This form is no longer valid",
    no_csrf_hint: "Nothing has been changed. Go back, reload the page and send it again.",
    not_allowed: "Your role does not allow this",
    not_allowed_hint: "Nothing has been changed. Ask a manager to do it, or to change your role.",
    trouble: "This cannot be done at the moment",
    trouble_hint: "The books cannot be read or written just now; nothing has been changed. Try again shortly. If it stays so, look at /readyz and the log.",
    no_link: "This link does not work",
    no_link_hint: "A one-time link works once, within 30 minutes. Have another one made on the server.",

    said_logged_out: "You are logged out.",
    said_password_set: "The password is set. Log in with it.",
    said_confirm_first: "Nothing has been changed: confirm that it is you, then do it once more.",
    said_confirmed: "Confirmed. It counts for five minutes.",
    said_session_ended: "The session has ended.",
    said_approved: "Approved.",
    said_refused: "Refused. Money is not set aside for it any more.",
    said_withdrawn: "Withdrawn. Money is not set aside for it any more.",
    said_expired: "Its time is over, or it can no longer be done: nothing has come of it.",
    said_asked: "Asked for: another manager has to approve it, within seven days.",
    not_found: "There is no such page",
    not_found_hint: "The address may be mistyped, or what was here has moved.",
    bad_input: "What was sent cannot be read",
    bad_input_hint: "Nothing has been changed. Go back, reload the page and send it again.",
    older: "Older ones",
    approvals: "Approvals",
    people: "Staff",
    audit: "Audit log",
    said_saved: "Saved.",
};
