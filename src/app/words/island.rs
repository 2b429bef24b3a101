//! The texts of what comes alive in the browser. The page brings those of its language along: the program holds
//! none.

use crate::app::language::Language;

macro_rules! texts {
    ($(#[$about:meta])* $type:ident { $($(#[$doc:meta])* $name:ident),* $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, PartialEq, Eq)]
        pub struct $type { $($(#[$doc])* pub $name: &'static str),* }

        impl $type {
            pub fn of(language: Language) -> &'static Self {
                language.choose(&Self::CHINESE, &Self::ENGLISH)
            }

            /// A line for each: names and quotes would be a kilobyte of the page and of the program.
            pub fn lines(&self) -> String {
                [$(self.$name),*].join("\n")
            }

            /// What `lines` has made, kept for the life of the page.
            pub fn read(lines: String) -> &'static Self {
                let [$($name),*] = split(Box::leak(lines.into_boxed_str()));
                Box::leak(Box::new(Self { $($name),* }))
            }
        }
    };
}

fn split<const N: usize>(lines: &'static str) -> [&'static str; N] {
    let mut all = [""; N];
    for (place, line) in all.iter_mut().zip(lines.split('\n')) {
        *place = line;
    }
    all
}

texts! {
    /// The pay panel.
    Panel {
        payee,
        /// Spoken after an amount.
        yuan,
        /// The spoken name of the code begins with it.
        code,
        comma,
        scan,
        scan_hint,
        sandbox_scan,
        time_left,
        i_have_paid,
        asking,
        not_paid_yet,
        cannot_ask,
        code_trouble,
        change_code,
        reconnecting,
        order_no,
        copy,
        copied,
        cancel,
        paid_at,
        transaction_id,
        refunded,
        refund_progress,
        see_receipt,
        go_on,
        refresh_code,
        buy_again,
        /// What can go wrong with 我已完成支付, as in [`Buy`].
        presses,
        read_only,
    }
}

texts! {
    /// The buy form, and whatever can go wrong.
    Buy {
        buy,
        buying,
        buy_hint,
        no_such_order,
        no_such_product,
        not_on_sale,
        limited,
        presses,
        busy,
        read_only,
        input,
        connection,
        /// Before and after the address of the shop.
        elsewhere,
        elsewhere_end,
    }
}

impl Panel {
    const CHINESE: Self = Self {
        payee: "收款方：",
        yuan: " 元",
        code: "微信支付二维码，",
        comma: "，",
        scan: "请使用微信扫一扫",
        scan_hint: "打开手机微信，点右上角“+”，选择“扫一扫”",
        sandbox_scan: "用模拟手机扫这个码",
        time_left: "剩余支付时间",
        i_have_paid: "我已完成支付",
        asking: "正在向微信支付查询…",
        not_paid_yet: "还没有收到付款。如果刚刚付过，请稍等片刻，本页会自动更新。",
        cannot_ask: "暂时问不到结果，系统会继续确认，请不要重复付款。",
        code_trouble: "二维码无法支付？",
        change_code: "换一个",
        reconnecting: "网络不通，正在重新连接…",
        order_no: "订单号",
        copy: "复制",
        copied: "已复制",
        cancel: "取消订单",
        paid_at: "付款时间",
        transaction_id: "微信支付订单号",
        refunded: "已退金额",
        refund_progress: "退款进度",
        see_receipt: "查看收据",
        go_on: "继续购物",
        refresh_code: "刷新二维码",
        buy_again: "重新购买",
        presses: Buy::CHINESE.presses,
        read_only: Buy::CHINESE.read_only,
    };
    const ENGLISH: Self = Self {
        payee: "Payee: ",
        yuan: " yuan",
        code: "WeChat Pay code, ",
        comma: ", ",
        scan: "Please scan with WeChat",
        scan_hint: "In WeChat on your phone, tap “+” at the top right and choose “Scan”",
        sandbox_scan: "Scan this code with the simulated phone",
        time_left: "Time left to pay",
        i_have_paid: "I have paid",
        asking: "Asking WeChat Pay…",
        not_paid_yet: "No payment has arrived yet. If you have just paid, wait a moment: this page updates by itself.",
        cannot_ask: "The result cannot be had at the moment. We keep asking: please do not pay twice.",
        code_trouble: "The code does not work?",
        change_code: "Get another one",
        reconnecting: "There is no connection. Trying to reconnect…",
        order_no: "Order number",
        copy: "Copy",
        copied: "Copied",
        cancel: "Cancel the order",
        paid_at: "Paid at",
        transaction_id: "WeChat Pay transaction",
        refunded: "Refunded",
        refund_progress: "Refunds",
        see_receipt: "See the receipt",
        go_on: "Go on shopping",
        refresh_code: "Get a new code",
        buy_again: "Buy it again",
        presses: Buy::ENGLISH.presses,
        read_only: Buy::ENGLISH.read_only,
    };
}

impl Buy {
    const CHINESE: Self = Self {
        buy: "微信支付",
        buying: "正在下单…",
        buy_hint: "下单后用手机微信“扫一扫”付款，付款后本页会自动显示结果。",
        no_such_order: "订单不存在",
        no_such_product: "商品不存在",
        not_on_sale: "这件商品已下架",
        limited: "下单过于频繁，请过一分钟再试。",
        presses: "操作过于频繁，请一分钟后再试。如果已经付款，结果会自动显示，请不要重复付款。",
        busy: "系统繁忙，请稍后重试。没有扣款。",
        read_only: "商家的账本暂时只能查看、不能写入，所以这一步没有完成，请稍后再试。已经付的款不会丢失。",
        input: "提交的内容不完整，请刷新页面后重试。",
        connection: "网络不通，请检查网络后重试。",
        elsewhere: "您打开的不是本店的正式网址，操作没有执行，也没有扣款。请从 ",
        elsewhere_end: " 重新打开。",
    };
    const ENGLISH: Self = Self {
        buy: "Pay with WeChat",
        buying: "Placing the order…",
        buy_hint: "Pay by scanning with WeChat on your phone. This page shows the result by itself.",
        no_such_order: "There is no such order",
        no_such_product: "There is no such product",
        not_on_sale: "This product is no longer on sale",
        limited: "Too many orders in a short time. Please try again in a minute.",
        presses: "Too many tries in a short time. Please try again in a minute. If you have paid, it will show by itself: please do not pay twice.",
        busy: "The system is busy. Please try again shortly. Nothing was charged.",
        read_only: "The shop’s books can be read and not written at the moment, so this was not done. Please try again later. What has been paid is not lost.",
        input: "What was sent is incomplete. Please reload the page and try again.",
        connection: "There is no connection. Check your network and try again.",
        elsewhere: "This is not the shop’s own address: nothing was done, and nothing was charged. Please open it again at ",
        elsewhere_end: ".",
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_reads_what_the_page_brings_along() {
        for language in Language::ALL {
            assert_eq!(Panel::read(Panel::of(language).lines()), Panel::of(language));
            assert_eq!(Buy::read(Buy::of(language).lines()), Buy::of(language));
        }
    }
}
