//! How an order stands.

use crate::app::language::Language;

#[derive(Debug)]
pub struct Standing {
    pub pay: &'static str,
    pub preparing: &'static str,
    pub preparing_trouble: &'static str,
    /// To those without JavaScript.
    pub pay_before: &'static str,
    pub without_script: &'static str,
    pub refused: &'static str,
    pub refused_hint: &'static str,
    pub overdue: &'static str,
    pub overdue_hint: &'static str,
    pub renewing: &'static str,
    pub renewing_hint: &'static str,
    pub cancelling: &'static str,
    pub cancelling_hint: &'static str,
    pub paid: &'static str,
    pub late: &'static str,
    pub expired: &'static str,
    pub expired_hint: &'static str,
    pub cancelled: &'static str,
    pub cancelled_hint: &'static str,
    pub refund_processing: &'static str,
    pub refund_partial: &'static str,
    pub refund_success: &'static str,
    pub refund_from_shop: &'static str,
    pub refund_abnormal: &'static str,
    pub refund_hint: &'static str,
    pub refund_by_shop_hint: &'static str,
    pub refund_abnormal_hint: &'static str,
    /// In a list, where there is room for a word.
    pub waiting: &'static str,
    pub confirming: &'static str,

    /// One refund: processing, done, stuck, failed.
    pub refund_open: &'static str,
    pub refund_done: &'static str,
    pub refund_by_shop: &'static str,
    pub refund_stuck: &'static str,
    pub refund_failed: &'static str,
    /// How far the refunds of an order in the list have come: what is back and what is on its way, in yuan. An
    /// empty amount is left out.
    pub refunds_in_short: fn(&str, &str) -> String,
    /// Money that came once too often, in yuan.
    pub surplus_returning: fn(&str) -> String,
    pub surplus_returned: fn(&str) -> String,
    pub surplus_stuck: fn(&str) -> String,

    /// To those whose device cannot scan its own screen.
    pub on_phone: &'static str,
    pub in_wechat: &'static str,
    /// What search engines and chats say of the page of an order: its title, its total in yuan, and the shop.
    pub pay_description: fn(&str, &str, &str) -> String,
}

impl Standing {
    pub fn of(language: Language) -> &'static Self {
        language.choose(&CHINESE, &ENGLISH)
    }

    /// One refund in a line.
    pub fn refund(at: &str, yuan: &str, state: &str) -> String {
        format!("{at} ¥{yuan} {state}")
    }
}

static CHINESE: Standing = Standing {
    pay: "扫码付款",
    preparing: "正在向微信支付申请付款码…",
    preparing_trouble: "微信支付暂时没有响应，正在自动重试，请不要离开本页。",
    pay_before: "请在此时间前付款：",
    without_script: "本页每 5 秒自动刷新一次，付款后会显示结果。",
    refused: "暂时无法收款",
    refused_hint: "微信支付没有接受这笔订单，商家需要检查收款设置。没有扣款，请稍后再试或联系商家。",
    overdue: "支付时间已到",
    overdue_hint: "正在向微信支付确认最终结果，请不要再付款。如果已经付款，结果会在这里显示。",
    renewing: "正在更换二维码…",
    renewing_hint: "正在请微信支付停用旧码，新码会自动显示。请不要再扫旧码；如果已经付款，结果会在这里显示。",
    cancelling: "正在取消…",
    cancelling_hint: "正在请微信支付停用付款码，请不要再付款。如果已经付款，结果会在这里显示。",
    paid: "支付成功",
    late: "这笔付款到账时订单已经关闭，付款仍然有效。",
    expired: "二维码已过期",
    expired_hint: "这个码不能再付款了，没有扣款。",
    cancelled: "订单已取消",
    cancelled_hint: "这笔订单已关闭，没有扣款。",
    refund_processing: "退款处理中",
    refund_partial: "已部分退款",
    refund_success: "已全额退款",
    refund_from_shop: "有退款由商家另行退还",
    refund_abnormal: "退款异常",
    refund_hint: "退款会原路退回，到账时间以微信支付通知为准；没有收到请联系商家。",
    refund_by_shop_hint: "有一笔退款没能退到您的账户，微信支付把它转给了商家，由商家另行退还给您。没有收到请联系商家，并告知订单号。",
    refund_abnormal_hint: "有一笔退款没能退到您的账户，需要商家处理。请联系商家，并告知订单号。",
    waiting: "待付款",
    confirming: "等待确认",

    refund_open: "处理中",
    refund_done: "已退回",
    refund_by_shop: "由商家另行退还",
    refund_stuck: "异常，请联系商家",
    refund_failed: "未成功，请联系商家",
    refunds_in_short: |returned, open| match (returned, open) {
        ("", "") => String::new(),
        (returned, "") => format!("已退 ¥{returned}"),
        ("", open) => format!("退款中 ¥{open}"),
        (returned, open) => format!("已退 ¥{returned}，退款中 ¥{open}"),
    },
    surplus_returning: |yuan| format!("您多付的一笔 ¥{yuan} 正在自动退回。"),
    surplus_returned: |yuan| format!("您多付的一笔 ¥{yuan} 已退回。"),
    surplus_stuck: |yuan| format!("您多付的一笔 ¥{yuan} 没能自动退回，请联系商家，并告知订单号。"),

    on_phone: "您正在用手机浏览。付款码需要用另一部手机的微信扫描，请在电脑上打开本页，或让另一部手机来扫。",
    in_wechat: "您正在微信里浏览。这里的付款码长按无法付款，请在电脑上打开本页，再用微信“扫一扫”。",
    pay_description: |title, yuan, shop| ["用微信扫码向", shop, "支付 ¥", yuan, "：", title, "。"].concat(),
};

static ENGLISH: Standing = Standing {
    pay: "Scan to pay",
    preparing: "Asking WeChat Pay for a code…",
    preparing_trouble: "WeChat Pay is not answering at the moment. We keep trying: please stay on this page.",
    pay_before: "Please pay before (Beijing time): ",
    without_script: "This page reloads every 5 seconds, and shows the result once you have paid.",
    refused: "Payment is not possible at the moment",
    refused_hint: "WeChat Pay did not accept this order, and the shop has to check its settings. Nothing was charged. Please try again later, or contact the shop.",
    overdue: "The time to pay is over",
    overdue_hint: "We are asking WeChat Pay how it ended: please do not pay any more. If you have paid, it will show here.",
    renewing: "Replacing the code…",
    renewing_hint: "WeChat Pay is being asked to disable the old code; the new one will show by itself. Please do not scan the old one any more. If you have paid, it will show here.",
    cancelling: "Cancelling…",
    cancelling_hint: "WeChat Pay is being asked to disable the code: please do not pay any more. If you have paid, it will show here.",
    paid: "Paid",
    late: "The order was closed when this payment arrived; the payment is valid all the same.",
    expired: "The code has expired",
    expired_hint: "This code can no longer be paid. Nothing was charged.",
    cancelled: "The order is cancelled",
    cancelled_hint: "This order is closed. Nothing was charged.",
    refund_processing: "Refund on its way",
    refund_partial: "Partly refunded",
    refund_success: "Refunded in full",
    refund_from_shop: "Refunded by the shop in another way",
    refund_abnormal: "Refund failed",
    refund_hint: "Refunds go back the way the money came. WeChat Pay will tell you when they arrive; if it does not, please contact the shop.",
    refund_by_shop_hint: "A refund could not be credited to your account. WeChat Pay has passed it on to the shop, which gives it back to you in another way. If it does not, please contact the shop and give the order number.",
    refund_abnormal_hint: "A refund could not be credited to your account, and the shop has to see to it. Please contact the shop and give the order number.",
    waiting: "To be paid",
    confirming: "Being confirmed",

    refund_open: "on its way",
    refund_done: "refunded",
    refund_by_shop: "the shop gives it back in another way",
    refund_stuck: "failed, please contact the shop",
    refund_failed: "not refunded, please contact the shop",
    refunds_in_short: |returned, open| match (returned, open) {
        ("", "") => String::new(),
        (returned, "") => format!("¥{returned} refunded"),
        ("", open) => format!("¥{open} on its way back"),
        (returned, open) => format!("¥{returned} refunded, ¥{open} on its way back"),
    },
    surplus_returning: |yuan| format!("You paid ¥{yuan} once too often: it is on its way back to you."),
    surplus_returned: |yuan| format!("You paid ¥{yuan} once too often: it has been refunded."),
    surplus_stuck: |yuan| {
        format!(
            "You paid ¥{yuan} once too often, and it could not be refunded by itself. Please contact the shop and give the order number."
        )
    },

    on_phone: "You are on a phone. The code has to be scanned with WeChat on another phone: open this page on a computer, or let another phone scan it.",
    in_wechat: "You are inside WeChat. Pressing and holding this code does not pay it: open this page on a computer, and scan it with WeChat.",
    pay_description: |title, yuan, shop| {
        ["Pay ¥", yuan, " to ", shop, " by scanning with WeChat: ", title, "."].concat()
    },
};
