//! Who works here, the limits, and one's own account.

use crate::app::language::Language;

#[derive(Debug)]
pub struct People {
    pub people: &'static str,
    pub intro: &'static str,
    pub created: &'static str,
    pub standing: &'static str,
    pub invited: &'static str,
    pub disabled: &'static str,
    pub you: &'static str,
    pub change: &'static str,
    pub disable: &'static str,
    pub enable: &'static str,
    pub reset_factor: &'static str,
    pub make: fn(&str) -> String,
    pub ask: &'static str,
    pub note: &'static str,

    pub limits: &'static str,
    pub limits_hint: &'static str,
    pub per_refund: &'static str,
    pub per_day: &'static str,
    pub limits_problem: &'static str,
    pub limits_split: &'static str,

    pub sessions: &'static str,
    pub began: &'static str,
    pub seen: &'static str,
    pub address: &'static str,
    pub agent: &'static str,
    pub this_one: &'static str,
    pub end: &'static str,

    pub change_password: &'static str,
    pub old_password: &'static str,
    pub password_hint: &'static str,
    pub codes_left: fn(i64) -> String,
    pub new_codes: &'static str,
}

impl People {
    pub fn of(language: Language) -> &'static Self {
        language.choose(&CHINESE, &ENGLISH)
    }
}

static CHINESE: People = People {
    people: "员工",
    intro: "新增账号、重置密码：在服务器上执行 saoma staff。这里的变更需要另一位管理员批准；只有一位管理员时，也请用命令行。",
    created: "创建时间",
    standing: "状态",
    invited: "已邀请，尚未设置密码",
    disabled: "已停用",
    you: "你自己",
    change: "变更",
    disable: "停用",
    enable: "启用",
    reset_factor: "重置动态验证码",
    make: |role| format!("改为{role}"),
    ask: "提交审批",
    note: "说明（给审批的同事看）",

    limits: "退款限额",
    limits_hint: "单位是元，留空表示不限。超过限额的退款需要另一位管理员批准。",
    per_refund: "每笔退款",
    per_day: "每人每天（北京时间）",
    limits_problem: "限额应为元，最多两位小数，例如 500 或 99.50；留空表示不限",
    limits_split: "只设单笔限额不起作用：把一笔大额退款拆成几笔，每笔都不超限。请同时设置每人每天的限额",

    sessions: "当前登录",
    began: "登录时间",
    seen: "最近活动",
    address: "地址",
    agent: "浏览器",
    this_one: "本次登录",
    end: "结束",

    change_password: "修改密码",
    old_password: "当前密码",
    password_hint: "12 到 128 个字符。修改后所有登录都会结束，需要用新密码重新登录。",
    codes_left: |count| format!("恢复码还剩 {count} 个"),
    new_codes: "重新生成恢复码",
};

static ENGLISH: People = People {
    people: "Staff",
    intro: "New accounts and other passwords: saoma staff on the server. What is changed here needs another manager; where there is only one, use the command line.",
    created: "Since",
    standing: "Standing",
    invited: "invited, no password yet",
    disabled: "disabled",
    you: "you",
    change: "Change",
    disable: "Disable",
    enable: "Enable",
    reset_factor: "Reset the second factor",
    make: |role| format!("Make {role}"),
    ask: "Ask for approval",
    note: "Note for the colleague who decides",

    limits: "Refund limits",
    limits_hint: "In yuan; nothing means no limit. A refund above them needs another manager.",
    per_refund: "Each refund",
    per_day: "Each person and day (Beijing)",
    limits_problem: "A limit is yuan with at most two decimals, such as 500 or 99.50; nothing means no limit",
    limits_split: "A limit of each refund alone stops nobody: a large refund can be split into small ones. Set a limit of the day as well",

    sessions: "Sessions",
    began: "Since",
    seen: "Last seen",
    address: "Address",
    agent: "Browser",
    this_one: "this one",
    end: "End",

    change_password: "Change the password",
    old_password: "The password you have now",
    password_hint: "12 to 128 characters. All your sessions end: log in again with the new one.",
    codes_left: |count| format!("{count} recovery codes left"),
    new_codes: "Make new recovery codes",
};
