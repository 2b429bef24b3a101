//! What stands where a page could not be shown.

use crate::app::language::Language;

#[derive(Debug)]
pub struct Problem {
    pub trouble: &'static str,
    pub not_found: &'static str,
    pub not_found_hint: &'static str,
    pub not_yours: &'static str,
    pub not_yours_hint: &'static str,
    /// Both in one line.
    pub not_yours_at_all: &'static str,
    pub not_on_sale_hint: &'static str,
    pub address_too_long: &'static str,
    pub too_long: &'static str,
    pub too_slow: &'static str,
    pub broken: &'static str,
    pub crowded: &'static str,
    pub sandbox_is_local: &'static str,
}

impl Problem {
    pub fn of(language: Language) -> &'static Self {
        language.choose(&CHINESE, &ENGLISH)
    }
}

static CHINESE: Problem = Problem {
    trouble: "出了点问题",
    not_found: "页面不存在",
    not_found_hint: "地址可能写错了，或者内容已经移走。",
    not_yours: "这不是当前浏览器下的订单",
    not_yours_hint: "可以查看和付款，不能更换二维码或取消：只有下单时所用的浏览器可以。如果清除过浏览器的 Cookie，也会这样。",
    not_yours_at_all: "这不是当前浏览器下的订单。可以查看和付款，不能更换二维码或取消：只有下单时所用的浏览器可以。如果清除过浏览器的 Cookie，也会这样。",
    not_on_sale_hint: "不能再下单了。之前下的订单仍然有效，可以在“我的订单”里查看和付款。",
    address_too_long: "网址过长",
    too_long: "提交的内容过长",
    too_slow: "提交的内容没有及时传完，请检查网络后重试",
    broken: "提交的内容不完整",
    crowded: "访问人数过多，请稍后再试",
    sandbox_is_local: "沙箱页面只对本机开放：请用 http://127.0.0.1 访问，或以 --sandbox-open 启动",
};

static ENGLISH: Problem = Problem {
    trouble: "Something went wrong",
    not_found: "There is no such page",
    not_found_hint: "The address may be mistyped, or what was here has moved.",
    not_yours: "This order was placed with another browser",
    not_yours_hint: "You can look at it and pay it. Only the browser it was placed with can change the code or cancel it. Clearing the browser’s cookies has the same effect.",
    not_yours_at_all: "This order was placed with another browser. You can look at it and pay it. Only the browser it was placed with can change the code or cancel it. Clearing the browser’s cookies has the same effect.",
    not_on_sale_hint: "It can no longer be ordered. Orders placed before are still valid: find and pay them under “My orders”.",
    address_too_long: "The address is too long",
    too_long: "What was sent is too long",
    too_slow: "What was sent did not arrive in time. Check your network and try again",
    broken: "What was sent is incomplete",
    crowded: "Too many people are here at the moment. Please try again shortly",
    sandbox_is_local: "The sandbox’s pages are open to this machine only: use http://127.0.0.1, or start with --sandbox-open",
};
