//! The list of a browser's orders, the receipt, and the question before an order is called off.

use crate::app::language::Language;

#[derive(Debug)]
pub struct Orders {
    pub order: &'static str,
    pub goods: &'static str,
    pub order_no: &'static str,
    pub placed_at: &'static str,
    pub amount: &'static str,
    pub status: &'static str,
    pub action: &'static str,
    pub pay_on: &'static str,
    pub details: &'static str,
    pub older: &'static str,
    pub newest: &'static str,
    pub none: &'static str,
    pub none_hint: &'static str,
    pub none_older: &'static str,

    pub receipt: &'static str,
    pub receipt_note: &'static str,
    pub kept_amount: &'static str,
    pub paid_amount: &'static str,
    pub paid_at: &'static str,
    pub transaction_id: &'static str,
    pub refunded: &'static str,
    pub refund_progress: &'static str,
    pub print: &'static str,
    pub no_receipt: &'static str,
    pub back: &'static str,

    pub cancel: &'static str,
    pub cancel_question: &'static str,
    pub cancel_hint: &'static str,
    pub cancel_confirm: &'static str,
    pub cancel_not: &'static str,
    pub cannot_cancel: &'static str,
    pub cannot_cancel_hint: &'static str,
}

impl Orders {
    pub fn of(language: Language) -> &'static Self {
        language.choose(&CHINESE, &ENGLISH)
    }
}

static CHINESE: Orders = Orders {
    order: "订单",
    goods: "商品",
    order_no: "订单号",
    placed_at: "下单时间",
    amount: "金额",
    status: "状态",
    action: "操作",
    pay_on: "继续付款",
    details: "查看",
    older: "更早的订单",
    newest: "最新的订单",
    none: "这个浏览器还没有下过单",
    none_hint: "订单保存在下单时所用的浏览器里。",
    none_older: "没有更早的订单",

    receipt: "收据",
    receipt_note: "本收据由商家系统根据微信支付的结果生成。",
    kept_amount: "退款后金额",
    paid_amount: "实付金额",
    paid_at: "付款时间",
    transaction_id: "微信支付订单号",
    refunded: "已退金额",
    refund_progress: "退款进度",
    print: "打印",
    no_receipt: "订单还没有付款，所以没有收据。",
    back: "返回订单",

    cancel: "取消订单",
    cancel_question: "取消这笔订单？",
    cancel_hint: "取消后，它的付款码不能再付款。如果已经付了款，订单会显示为支付成功。",
    cancel_confirm: "确认取消",
    cancel_not: "不取消，返回订单",
    cannot_cancel: "这笔订单现在不能取消",
    cannot_cancel_hint: "只有等待付款的订单可以取消。",
};

static ENGLISH: Orders = Orders {
    order: "Order",
    goods: "Product",
    order_no: "Order number",
    placed_at: "Placed",
    amount: "Amount",
    status: "Status",
    action: "Action",
    pay_on: "Pay",
    details: "View",
    older: "Older orders",
    newest: "Newest orders",
    none: "Nothing has been ordered with this browser yet",
    none_hint: "Orders are kept in the browser they were placed with.",
    none_older: "There are no older orders",

    receipt: "Receipt",
    receipt_note: "Issued by the shop’s system, from what WeChat Pay has confirmed. Times are Beijing time.",
    kept_amount: "After refunds",
    paid_amount: "Amount paid",
    paid_at: "Paid at",
    transaction_id: "WeChat Pay transaction",
    refunded: "Refunded",
    refund_progress: "Refunds",
    print: "Print",
    no_receipt: "The order has not been paid, so there is no receipt.",
    back: "Back to the order",

    cancel: "Cancel the order",
    cancel_question: "Cancel this order?",
    cancel_hint: "Its code can then no longer be paid. If it has been paid already, the order will show as paid.",
    cancel_confirm: "Yes, cancel it",
    cancel_not: "No, back to the order",
    cannot_cancel: "This order cannot be cancelled now",
    cannot_cancel_hint: "Only orders that wait for their payment can be cancelled.",
};
