//! What is around every page.

use crate::app::language::Language;

#[derive(Debug)]
pub struct Frame {
    pub skip: &'static str,
    pub navigation: &'static str,
    pub catalogue: &'static str,
    pub orders: &'static str,
    pub footer: &'static str,
    /// Before the name of the other language, for whoever hears the page.
    pub switch: &'static str,
    pub sandbox: &'static str,
    pub sandbox_explained: &'static str,
    pub sandbox_phone: &'static str,
    /// How to reach somebody.
    pub contact: fn(&str) -> String,
    pub home: &'static str,
    /// Spoken after an amount.
    pub yuan: &'static str,
    /// What search engines and chats say of a page: its title, and the shop.
    pub page_description: fn(&str, &str) -> String,
}

impl Frame {
    pub fn of(language: Language) -> &'static Self {
        language.choose(&CHINESE, &ENGLISH)
    }
}

static CHINESE: Frame = Frame {
    skip: "跳到正文",
    navigation: "主导航",
    catalogue: "商品",
    orders: "我的订单",
    footer: "微信支付 Native 收银台 · Saoma",
    switch: "切换语言：",
    sandbox: "沙箱模式",
    sandbox_explained: "不会产生真实付款。",
    sandbox_phone: "打开模拟手机",
    contact: |contact| ["联系商家：", contact].concat(),
    home: "回到商品列表",
    yuan: " 元",
    page_description: |page, shop| [shop, "：", page, "。"].concat(),
};

static ENGLISH: Frame = Frame {
    skip: "Skip to the content",
    navigation: "Main navigation",
    catalogue: "Products",
    orders: "My orders",
    footer: "WeChat Pay Native checkout · Saoma",
    switch: "Change the language: ",
    sandbox: "Sandbox",
    sandbox_explained: "No real money moves.",
    sandbox_phone: "Open the simulated phone",
    contact: |contact| ["Contact the shop: ", contact].concat(),
    home: "Back to the products",
    yuan: " yuan",
    page_description: |page, shop| [shop, ": ", page, "."].concat(),
};
