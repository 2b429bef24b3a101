//! `/admin/doctor`: what is wrong with this set-up. What each check has to say stands beside the checks themselves.

use crate::app::language::Language;

#[derive(Debug)]
pub struct Doctor {
    pub title: &'static str,
    pub intro: &'static str,
    pub looked: fn(&str) -> String,
    pub again: &'static str,
    pub well: &'static str,
    pub to_mend: fn(usize) -> String,
    pub findings: &'static str,
    pub broken: &'static str,
    pub risk: &'static str,
    pub remedy: &'static str,
    pub sure: &'static str,
    pub certain: &'static str,
    pub likely: &'static str,
    pub found: &'static str,
    pub unchecked: &'static str,
    pub what_unchecked: fn(&str) -> &'static str,
    pub outside: &'static str,
    pub outside_hint: &'static str,
    pub never_asked: &'static str,
    pub asked: fn(&str) -> String,
    pub ask: &'static str,
    pub managers_ask: &'static str,
    pub running: fn(&str) -> String,
    pub refresh: &'static str,
    /// In their order.
    pub steps: [&'static str; 4],
    pub step_done: &'static str,
    pub step_now: &'static str,
    pub step_next: &'static str,
    pub separator: &'static str,
}

impl Doctor {
    pub fn of(language: Language) -> &'static Self {
        language.choose(&CHINESE, &ENGLISH)
    }
}

static CHINESE: Doctor = Doctor {
    title: "体检",
    intro: "设置、密钥、账本、磁盘和到微信支付的路，有问题在顾客之前发现。和 saoma doctor 命令查的是同一份清单；除了一条测试记录，什么都不改。",
    looked: |at| format!("{at} 检查"),
    again: "重新检查",
    well: "没有发现问题。",
    to_mend: |count| format!("有 {count} 处要处理"),
    findings: "检查结果",
    broken: "故障",
    risk: "风险",
    remedy: "怎么处理",
    sure: "把握",
    certain: "确定",
    likely: "很可能，也可能另有原因",
    found: "查到的",
    unchecked: "没能检查的",
    what_unchecked: |code| match code {
        "books" => "账本",
        "clock" => "时钟",
        "keys" => "密钥",
        _ => "付款通知能否到达",
    },
    outside: "联网检查",
    outside_hint: "问微信支付几个问题，再让它发一条测试通知回来，最多一分钟。",
    never_asked: "服务启动以来还没有做过。",
    asked: |at| format!("上次：{at}，结果已算在上面。"),
    ask: "开始联网检查",
    managers_ask: "只有管理员能开始。",
    running: |at| format!("{at} 开始，正在检查。页面会自动刷新。"),
    refresh: "刷新",
    steps: ["微信支付的域名和时间", "密钥和签名", "本店的回调地址", "测试通知走完全程"],
    step_done: "完成",
    step_now: "进行中",
    step_next: "等待",
    separator: "：",
};

static ENGLISH: Doctor = Doctor {
    title: "Doctor",
    intro: "Settings, keys, books, disk and the ways to WeChat Pay: what is wrong is said before a customer finds out. The same checks as the command saoma doctor makes; nothing is changed but one test row.",
    looked: |at| format!("Looked at {at}"),
    again: "Look again",
    well: "Nothing is wrong.",
    to_mend: |count| {
        if count == 1 { "1 thing to mend".to_owned() } else { format!("{count} things to mend") }
    },
    findings: "What was found",
    broken: "Broken",
    risk: "Risk",
    remedy: "What to do",
    sure: "How sure",
    certain: "Certain",
    likely: "Likely; it may have another cause",
    found: "Found",
    unchecked: "What could not be checked",
    what_unchecked: |code| match code {
        "books" => "The books",
        "clock" => "The clock",
        "keys" => "The keys",
        _ => "Whether callbacks arrive",
    },
    outside: "Online",
    outside_hint: "Asks WeChat Pay a handful of things and has it send a test callback: a minute at most.",
    never_asked: "Not done since this server was started.",
    asked: |at| format!("Last done at {at}; what came of it is in the list above."),
    ask: "Begin online checks",
    managers_ask: "Managers can begin it.",
    running: |at| format!("Begun at {at}, and not at its end yet. This page reloads by itself."),
    refresh: "Reload",
    steps: [
        "WeChat Pay's hosts and their time",
        "Keys and signatures",
        "The shop's own notify address",
        "A test callback all the way",
    ],
    step_done: "done",
    step_now: "under way",
    step_next: "to come",
    separator: ": ",
};
