//! Every text a shopper reads, in one place.

pub const SKIP: &str = "跳到正文";
pub const NAVIGATION: &str = "主导航";
pub const CATALOGUE: &str = "商品";
pub const ORDERS: &str = "我的订单";
pub const FOOTER: &str = "微信支付 Native 收银台 · Saoma";

pub const SANDBOX: &str = "沙箱模式";
pub const SANDBOX_EXPLAINED: &str = "不会产生真实付款。";
pub const SANDBOX_PHONE: &str = "打开模拟手机";
pub const SANDBOX_SCAN: &str = "用模拟手机扫这个码";

pub const NO_PRODUCTS: &str = "还没有商品";
pub const NO_PRODUCTS_HINT: &str = "本店正在准备上架，请过些时候再来。";
pub const BUY: &str = "微信支付";
pub const BUYING: &str = "正在下单…";
pub const BUY_HINT: &str = "下单后用手机微信“扫一扫”付款，付款后本页会自动显示结果。";

pub const ORDER: &str = "订单";
pub const PAY: &str = "扫码付款";
pub const PAYEE: &str = "收款方";
pub const GOODS: &str = "商品";
pub const AMOUNT: &str = "应付金额";
pub const SCAN: &str = "请使用微信扫一扫";
pub const SCAN_HINT: &str = "打开手机微信，点右上角“+”，选择“扫一扫”";
pub const TIME_LEFT: &str = "剩余支付时间";
pub const PAY_BEFORE: &str = "请在此时间前付款：";
pub const ORDER_NO: &str = "订单号";
pub const COPY: &str = "复制";
pub const COPIED: &str = "已复制";
pub const I_HAVE_PAID: &str = "我已完成支付";
pub const ASKING: &str = "正在向微信支付查询…";
pub const NOT_PAID_YET: &str = "还没有收到付款。如果刚刚付过，请稍等片刻，本页会自动更新。";
pub const CANNOT_ASK: &str = "暂时问不到结果，系统会继续确认，请不要重复付款。";
pub const PREPARING: &str = "正在向微信支付申请付款码…";
pub const PREPARING_TROUBLE: &str = "微信支付暂时没有响应，正在自动重试，请不要离开本页。";
pub const REFUSED: &str = "暂时无法收款";
pub const REFUSED_HINT: &str = "微信支付没有接受这笔订单，商家需要检查收款设置。没有扣款，请稍后再试或联系商家。";
pub const OVERDUE: &str = "支付时间已到";
pub const OVERDUE_HINT: &str = "正在向微信支付确认最终结果，请不要再付款。如果已经付款，结果会在这里显示。";
pub const CODE_TROUBLE: &str = "二维码无法支付？";
pub const CHANGE_CODE: &str = "换一个";
pub const RENEWING: &str = "正在更换二维码…";
pub const RENEWING_HINT: &str =
    "正在请微信支付停用旧码，新码会自动显示。请不要再扫旧码；如果已经付款，结果会在这里显示。";
pub const RECONNECTING: &str = "网络不通，正在重新连接…";
pub const WITHOUT_SCRIPT: &str = "本页每 5 秒自动刷新一次，付款后会显示结果。";

pub const PAID: &str = "支付成功";
pub const PAID_AT: &str = "付款时间";
pub const TRANSACTION_ID: &str = "微信支付订单号";
pub const SEE_RECEIPT: &str = "查看收据";
pub const CONTINUE: &str = "继续购物";
pub const EXPIRED: &str = "二维码已过期";
pub const EXPIRED_HINT: &str = "这个码不能再付款了，没有扣款。";
pub const CANCELLED: &str = "订单已取消";
pub const CANCELLED_HINT: &str = "这笔订单已关闭，没有扣款。";
pub const REFRESH_CODE: &str = "刷新二维码";
pub const BUY_AGAIN: &str = "重新购买";
pub const LATE: &str = "这笔付款到账时订单已经关闭，付款仍然有效。";
pub const REFUND_PROCESSING: &str = "退款处理中";
pub const REFUND_PARTIAL: &str = "已部分退款";
pub const REFUND_SUCCESS: &str = "已全额退款";
pub const REFUND_ABNORMAL: &str = "退款异常";
pub const REFUND_HINT: &str = "退款会原路退回，到账时间以微信支付通知为准。";
pub const REFUND_ABNORMAL_HINT: &str = "有一笔退款没能退到您的账户，需要商家处理。请联系商家，并告知订单号。";
pub const REFUND_PROGRESS: &str = "退款进度";
pub const REFUNDED: &str = "已退金额";
pub const REFUND_OPEN: &str = "处理中";
pub const REFUND_DONE: &str = "已退回";
pub const REFUND_STUCK: &str = "异常，请联系商家";
pub const REFUND_FAILED: &str = "未成功，请联系商家";
pub const WAITING: &str = "待付款";
pub const CONFIRMING: &str = "等待确认";

pub const CANCEL: &str = "取消订单";
pub const CANCEL_QUESTION: &str = "取消这笔订单？";
pub const CANCEL_HINT: &str = "取消后，它的付款码不能再付款。如果已经付了款，订单会显示为支付成功。";
pub const CANCEL_CONFIRM: &str = "确认取消";
pub const CANCEL_NOT: &str = "不取消，返回订单";
pub const CANNOT_CANCEL: &str = "这笔订单现在不能取消";
pub const CANNOT_CANCEL_HINT: &str = "只有等待付款的订单可以取消。";
pub const CANCELLING: &str = "正在取消…";
pub const CANCELLING_HINT: &str = "正在请微信支付停用付款码，请不要再付款。如果已经付款，结果会在这里显示。";

pub const ON_PHONE: &str =
    "您正在用手机浏览。付款码需要用另一部手机的微信扫描，请在电脑上打开本页，或让另一部手机来扫。";
pub const IN_WECHAT: &str = "您正在微信里浏览。这里的付款码长按无法付款，请在电脑上打开本页，再用微信“扫一扫”。";

pub const RECEIPT: &str = "收据";
pub const RECEIPT_NOTE: &str = "本收据由商家系统根据微信支付的结果生成。";
pub const ORIGINAL_AMOUNT: &str = "原付金额";
pub const PAID_AMOUNT: &str = "实付金额";
pub const PRINT: &str = "打印";
pub const NOT_PAID_NO_RECEIPT: &str = "订单还没有付款，所以没有收据。";
pub const BACK_TO_ORDER: &str = "返回订单";

pub const NO_ORDERS: &str = "这个浏览器还没有下过单";
pub const NO_ORDERS_HINT: &str = "订单保存在下单时所用的浏览器里。";
pub const PAY_ON: &str = "继续付款";
pub const DETAILS: &str = "查看";
pub const OLDER: &str = "更早的订单";
pub const NEWEST: &str = "最新的订单";
pub const NO_OLDER_ORDERS: &str = "没有更早的订单";
pub const PLACED_AT: &str = "下单时间";
pub const LISTED_AMOUNT: &str = "金额";
pub const STATUS: &str = "状态";
pub const ACTION: &str = "操作";

pub const NOT_FOUND: &str = "页面不存在";
pub const NOT_FOUND_HINT: &str = "地址可能写错了，或者内容已经移走。";
pub const NO_SUCH_ORDER: &str = "订单不存在";
pub const NOT_YOURS: &str = "这不是当前浏览器下的订单";
pub const NOT_YOURS_HINT: &str =
    "可以查看和付款，不能更换二维码或取消：只有下单时所用的浏览器可以。如果清除过浏览器的 Cookie，也会这样。";
pub const NO_SUCH_PRODUCT: &str = "商品不存在";
pub const NOT_ON_SALE: &str = "这件商品已下架";
pub const NOT_ON_SALE_HINT: &str = "不能再下单了。之前下的订单仍然有效，可以在“我的订单”里查看和付款。";
pub const TROUBLE: &str = "出了点问题";
pub const HOME: &str = "回到商品列表";

pub const ERROR_LIMITED: &str = "下单过于频繁，请过一分钟再试。";
pub const ERROR_PRESSES: &str = "操作过于频繁，请一分钟后再试。如果已经付款，结果会自动显示，请不要重复付款。";
pub const ERROR_BUSY: &str = "系统繁忙，请稍后重试。没有扣款。";
pub const ERROR_READ_ONLY: &str =
    "商家的账本暂时只能查看、不能写入，所以这一步没有完成，请稍后再试。已经付的款不会丢失。";
pub const ERROR_CONNECTION: &str = "网络不通，请检查网络后重试。";
pub const ERROR_INPUT: &str = "提交的内容不完整，请刷新页面后重试。";

/// What search engines and chats say of a page.
pub fn catalogue_description(shop: &str) -> String {
    [shop, "的商品列表。在电脑上下单，用手机微信扫码付款。"].concat()
}

pub fn product_description(title: &str, yuan: &str, summary: &str, shop: &str) -> String {
    [title, "，¥", yuan, "。", summary, if summary.is_empty() { "" } else { "。" }, "在", shop, "用微信扫码购买。"]
        .concat()
}

pub fn pay_description(title: &str, yuan: &str, shop: &str) -> String {
    ["用微信扫码向", shop, "支付 ¥", yuan, "：", title, "。"].concat()
}

pub fn page_description(page: &str, shop: &str) -> String {
    [shop, "：", page, "。"].concat()
}

/// What a window is called.
pub fn title(page: &str, shop: &str) -> String {
    [page, " · ", shop].concat()
}

/// To a shopper under a name that is not the shop's.
pub fn elsewhere(home: &str) -> String {
    ["您打开的不是本店的正式网址，操作没有执行，也没有扣款。请从 ", home, " 重新打开。"].concat()
}

/// The spoken name of the code.
pub fn code_label(title: &str, yuan: &str) -> String {
    format!("微信支付二维码，{title}，{yuan} 元")
}

/// One refund in a line.
pub fn refund(at: &str, yuan: &str, state: &str) -> String {
    format!("{at} ¥{yuan} {state}")
}

/// How far the refunds of an order in the list have come; an empty amount is left out.
pub fn refunds_in_short(returned: &str, open: &str) -> String {
    match (returned, open) {
        ("", "") => String::new(),
        (returned, "") => format!("已退 ¥{returned}"),
        ("", open) => format!("退款中 ¥{open}"),
        (returned, open) => format!("已退 ¥{returned}，退款中 ¥{open}"),
    }
}

/// Money that came once too often.
pub fn surplus_returning(yuan: &str) -> String {
    format!("您多付的一笔 ¥{yuan} 正在自动退回。")
}

pub fn surplus_returned(yuan: &str) -> String {
    format!("您多付的一笔 ¥{yuan} 已退回。")
}

pub fn surplus_stuck(yuan: &str) -> String {
    format!("您多付的一笔 ¥{yuan} 没能自动退回，请联系商家，并告知订单号。")
}

/// `04:59`.
pub fn clock(seconds: i64) -> String {
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}
