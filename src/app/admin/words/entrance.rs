//! The way in.

use crate::app::language::Language;

#[derive(Debug)]
pub struct Entrance {
    pub log_in: &'static str,
    pub name: &'static str,
    pub password: &'static str,
    pub forgotten: &'static str,
    pub demo: &'static str,
    pub demo_hint: &'static str,
    pub demo_code: &'static str,
    pub demo_code_in: fn(i64) -> String,

    pub factor: &'static str,
    pub factor_lost: &'static str,
    pub factor_there: &'static str,
    pub factor_missing: &'static str,
    pub somebody_else: &'static str,
    pub code: &'static str,
    pub code_hint: &'static str,
    /// Where a factor is set up.
    pub new_code_hint: &'static str,
    pub go_on: &'static str,
    pub back: &'static str,
    pub confirm: &'static str,
    pub confirm_hint: &'static str,

    pub enrol: &'static str,
    pub enrol_hint: &'static str,
    pub qr: &'static str,
    pub secret_hint: &'static str,
    pub enrol_done: &'static str,
    pub recovery: &'static str,
    pub recovery_hint: &'static str,
    pub recovery_kept: &'static str,

    pub link: &'static str,
    pub link_of: fn(&str) -> String,
    pub new_password: &'static str,
    pub new_password_again: &'static str,
    pub password_length: &'static str,
    pub passwords_differ: &'static str,

    pub wrong_login: &'static str,
    pub wrong_password: &'static str,
    pub wrong_code: &'static str,
    pub used_code: &'static str,
    pub too_many: fn(i64) -> String,
    pub crowded: &'static str,
    pub no_session: &'static str,
    pub no_such_link: &'static str,
    pub no_key: &'static str,
    pub trouble: &'static str,
}

impl Entrance {
    pub fn of(language: Language) -> &'static Self {
        language.choose(&CHINESE, &ENGLISH)
    }
}

static CHINESE: Entrance = Entrance {
    log_in: "登录",
    name: "账号",
    password: "密码",
    forgotten: "忘记密码？请让管理员在服务器上执行 saoma staff reset-password。",
    demo: "演示账号",
    demo_hint: "只在沙箱模式下提供，每个角色一个：",
    demo_code: "演示账号此刻的验证码：",
    demo_code_in: |seconds| {
        format!("演示账号的验证码刚刚都用过了，每个只能用一次。请在 {seconds} 秒后刷新本页，取下一个。")
    },

    factor: "动态验证码",
    factor_lost: "手机不在身边？可以输入一个恢复码，每个只能用一次。都没有时，请让管理员在服务器上执行 saoma staff reset-totp。",
    factor_there: "已设置",
    factor_missing: "尚未设置",
    somebody_else: "换一个账号登录",
    code: "验证码",
    code_hint: "验证器里显示的 6 位数字，或一个恢复码",
    new_code_hint: "验证器里现在显示的 6 位数字",
    go_on: "继续",
    back: "返回",
    confirm: "验证身份",
    confirm_hint: "涉及资金或账号的操作之前，需要再次输入动态验证码。五分钟内有效。",

    enrol: "设置动态验证码",
    enrol_hint: "用手机上的验证器（例如“腾讯身份验证器”小程序）扫描，然后输入它显示的 6 位数字。完成后，其他设备上的登录都会结束。",
    qr: "动态验证码的二维码",
    secret_hint: "不能扫描时，在验证器里手动输入这个密钥：",
    enrol_done: "完成设置",
    recovery: "恢复码",
    recovery_hint: "动态验证码已启用。下面的恢复码只显示这一次：请抄下来，放在手机以外的安全地方。手机丢失时，每个可以代替一次验证码。",
    recovery_kept: "我已保存好",

    link: "一次性链接",
    link_of: |name| format!("账号 {name}"),
    new_password: "新密码",
    new_password_again: "再输入一次新密码",
    password_length: "密码为 12 到 128 个字符",
    passwords_differ: "两次输入的密码不一样",

    wrong_login: "账号或密码不正确",
    wrong_password: "密码不正确",
    wrong_code: "验证码不正确",
    used_code: "这个验证码已经用过了，请等下一个",
    too_many: |seconds| format!("尝试次数过多，请 {seconds} 秒后再试"),
    crowded: "登录的人太多了，请稍后再试",
    no_session: "登录已失效，请重新登录",
    no_such_link: "链接已用过或已过期",
    no_key: "无法读取动态验证码的密钥：请检查 SAOMA_SECRET_KEY",
    trouble: "账簿暂时读不到或写不进去，请稍后再试",
};

static ENGLISH: Entrance = Entrance {
    log_in: "Log in",
    name: "Account",
    password: "Password",
    forgotten: "Forgotten it? Have saoma staff reset-password run on the server.",
    demo: "Demo accounts",
    demo_hint: "In sandbox mode only, one for each role:",
    demo_code: "The code of this demo account just now:",
    demo_code_in: |seconds| {
        format!(
            "The codes of this demo account have just been used, each opens once. Reload this page in {seconds} s for the next one."
        )
    },

    factor: "Second factor",
    factor_lost: "No phone at hand? A recovery code does as well, each of them once. With neither, have saoma staff reset-totp run on the server.",
    factor_there: "set up",
    factor_missing: "not set up",
    somebody_else: "Log in with another account",
    code: "Code",
    code_hint: "The six digits that your authenticator shows, or a recovery code",
    new_code_hint: "The six digits that your authenticator shows now",
    go_on: "Continue",
    back: "Back",
    confirm: "Confirm it is you",
    confirm_hint: "Before something is decided about money or accounts, your second factor is asked for once more. It counts for five minutes.",

    enrol: "Set up a second factor",
    enrol_hint: "Scan this with an authenticator on your phone, then type the six digits that it shows. All other sessions of yours end with it.",
    qr: "Code for your authenticator",
    secret_hint: "If you cannot scan, type this secret into the authenticator:",
    enrol_done: "Finish",
    recovery: "Recovery codes",
    recovery_hint: "Your second factor is in use. These recovery codes are shown this once: write them down and keep them apart from your phone. If it is lost, each of them stands in for a code once.",
    recovery_kept: "I have kept them",

    link: "One-time link",
    link_of: |name| format!("Account {name}"),
    new_password: "New password",
    new_password_again: "The new password once more",
    password_length: "A password has 12 to 128 characters",
    passwords_differ: "The two passwords are not the same",

    wrong_login: "The account or the password is wrong",
    wrong_password: "The password is wrong",
    wrong_code: "The code is wrong",
    used_code: "This code has been used: wait for the next one",
    too_many: |seconds| format!("Too many attempts: try again in {seconds} seconds"),
    crowded: "Too many people are logging in. Try again shortly",
    no_session: "You are not logged in any more: log in again",
    no_such_link: "The link has been used or is too old",
    no_key: "What the second factor is kept under cannot be read: look at SAOMA_SECRET_KEY",
    trouble: "The books cannot be read or written just now. Try again shortly",
};
