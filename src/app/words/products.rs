//! The catalogue and the page of a product.

use crate::app::language::Language;

#[derive(Debug)]
pub struct Products {
    pub none: &'static str,
    pub none_hint: &'static str,
    /// What search engines and chats say of the catalogue of a shop.
    pub catalogue_description: fn(&str) -> String,
    /// Of a product: its title, its price in yuan, what is said of it, and the shop.
    pub product_description: fn(&str, &str, &str, &str) -> String,
}

impl Products {
    pub fn of(language: Language) -> &'static Self {
        language.choose(&CHINESE, &ENGLISH)
    }
}

static CHINESE: Products = Products {
    none: "还没有商品",
    none_hint: "本店正在准备上架，请过些时候再来。",
    catalogue_description: |shop| [shop, "的商品列表。在电脑上下单，用手机微信扫码付款。"].concat(),
    product_description: |title, yuan, summary, shop| {
        let end = if summary.is_empty() { "" } else { "。" };
        [title, "，¥", yuan, "。", summary, end, "在", shop, "用微信扫码购买。"].concat()
    },
};

static ENGLISH: Products = Products {
    none: "There are no products yet",
    none_hint: "This shop is still being set up. Please come back later.",
    catalogue_description: |shop| {
        ["The products of ", shop, ". Order on a computer, and pay by scanning with WeChat on a phone."].concat()
    },
    product_description: |title, yuan, summary, shop| {
        let end = if summary.is_empty() { "" } else { ". " };
        [title, ", ¥", yuan, ". ", summary, end, "Buy it from ", shop, " by scanning with WeChat."].concat()
    },
};
