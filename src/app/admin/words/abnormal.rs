//! Sending an abnormal refund to a bank account.

use crate::app::language::Language;

#[derive(Debug)]
pub struct Abnormal {
    pub lead: &'static str,
    pub send: &'static str,
    pub asked: fn(&str, &str, &str) -> String,
    pub not_taken: &'static str,
    pub refused: fn(&str) -> String,

    pub title: &'static str,
    pub intro: &'static str,
    pub to: &'static str,
    pub to_merchant: &'static str,
    pub to_merchant_hint: &'static str,
    pub to_user: &'static str,
    pub to_user_hint: &'static str,
    pub card: &'static str,
    pub bank: &'static str,
    pub choose_bank: &'static str,
    pub bank_hint: &'static str,
    pub account: &'static str,
    pub account_hint: &'static str,
    pub name: &'static str,
    pub name_hint: &'static str,
    pub look: &'static str,

    pub wrong_to: &'static str,
    pub wrong_bank: &'static str,
    pub wrong_account: &'static str,
    pub account_again: &'static str,
    pub check_digit: &'static str,
    pub unusual: &'static str,
    pub wrong_name: &'static str,

    pub check: &'static str,
    pub will_merchant: fn(&str) -> String,
    pub will_user: fn(&str, &str, &str) -> String,
    pub holder: &'static str,
    pub account_end: fn(&str) -> String,
    pub same_refund: &'static str,
    pub not_kept: &'static str,
    pub confirm: fn(&str) -> String,
    pub change: &'static str,

    pub no_key: &'static str,
    pub another_key: &'static str,
    pub on_its_way: &'static str,
    pub not_known: &'static str,
    pub not_allowed: &'static str,
    pub put_back: &'static str,
    pub trouble: &'static str,

    pub said_sent: &'static str,
    pub said_unknown: &'static str,
}

impl Abnormal {
    pub fn of(language: Language) -> &'static Self {
        language.choose(&CHINESE, &ENGLISH)
    }

    /// Whose account, as it is stored.
    pub fn kind(&self, code: &str) -> &'static str {
        if code == "USER_BANK_CARD" { self.to_user } else { self.to_merchant }
    }
}

static CHINESE: Abnormal = Abnormal {
    lead: "顾客的账户收不了款。可以在这里让微信支付改退到银行卡，也可以在商户平台处理；完成后这里会自动更新。",
    send: "改退到银行卡…",
    asked: |time, to, who| {
        format!("{who} 于 {time} 申请改退到{to}，微信支付还没有确认。系统正在查询，一分钟后仍未受理可以再申请。")
    },
    not_taken: "上次申请微信支付没有受理，可以再申请。",
    refused: |why| format!("上次申请被微信支付拒绝：{why}"),

    title: "异常退款改退到银行卡",
    intro: "这笔退款没能退到顾客付款的账户。选择由哪张银行卡收款，微信支付会继续完成这同一笔退款，不会多退。",
    to: "退到哪里",
    to_merchant: "商户银行卡",
    to_merchant_hint: "退到本商户在微信支付登记的银行账户。钱回到商户，还需要您另外退给顾客。",
    to_user: "用户银行卡",
    to_user_hint: "退到顾客本人的借记卡。请向顾客核对银行、卡号和姓名。",
    card: "顾客的银行卡",
    bank: "开户银行",
    choose_bank: "请选择",
    bank_hint: "微信支付只支持这些银行的借记卡。",
    account: "银行卡号",
    account_hint: "只用来加密后交给微信支付，不会保存，也不会再次显示。",
    name: "持卡人姓名",
    name_hint: "与银行卡上的姓名一致。",
    look: "核对",

    wrong_to: "请选择退到商户银行卡还是用户银行卡。",
    wrong_bank: "请从列表中选择银行。",
    wrong_account: "银行卡号是 10 到 30 位数字，可以带空格。",
    account_again: "银行卡号不会保留，请再填一次。",
    check_digit: "卡号的校验位不对，多半有一位数字输错了。请对照银行卡重新填写。",
    unusual: "已对照银行卡，卡号就是这样",
    wrong_name: "请填写持卡人姓名，最多 64 个字，不能有表情符号。",

    check: "请核对",
    will_merchant: |amount| {
        format!("将请微信支付把 {amount} 元退到本商户的银行账户。钱不会到顾客手里，需要您另外退给顾客。")
    },
    will_user: |amount, bank, end| format!("将请微信支付把 {amount} 元退到{bank}尾号 {end} 的借记卡。提交后不能撤回。"),
    holder: "持卡人",
    account_end: |end| format!("尾号 {end}"),
    same_refund: "还是这同一笔退款，预留的金额不变，重复提交也只退一次。",
    not_kept: "卡号和姓名已经用微信支付的公钥加密，本系统不保存。",
    confirm: |amount| format!("提交，改退 ¥{amount}"),
    change: "修改",

    no_key: "还没有拿到微信支付的公钥或平台证书，无法加密。请稍后再试，或查看系统状态。",
    another_key: "核对之后微信支付的公钥换了，或内容不完整。请重新填写。",
    on_its_way: "一分钟内已经有人申请过，结果还不知道。请看订单页上的记录，稍后再试。",
    not_known: "微信支付没有说明这笔退款现在的状态，所以没有提交。请稍后再试。",
    not_allowed: "超出您的退款限额。需要没有申请过这笔退款的另一位管理员来提交。",
    put_back: "账簿恢复后还在核对，暂时不能退款。",
    trouble: "没有提交成功，或者结果不明。请看订单页上的记录。",

    said_sent: "微信支付已受理，退款继续进行。",
    said_unknown: "已经提交，但微信支付没有回答。系统会查询结果，不要重复处理。",
};

static ENGLISH: Abnormal = Abnormal {
    lead: "The payer's account does not take the money. Have WeChat Pay send it to a bank account here, or do so in the merchant console (商户平台); this page follows by itself.",
    send: "Send to a bank account…",
    asked: |time, to, who| {
        format!(
            "{who} asked for it to go to {to} at {time}, and WeChat Pay has not confirmed it. It is being asked; if it has not been taken up after a minute, it can be asked for again."
        )
    },
    not_taken: "WeChat Pay has not taken up the last request. It can be made again.",
    refused: |why| format!("WeChat Pay refused the last request: {why}"),

    title: "Send an abnormal refund to a bank account",
    intro: "This refund could not be credited to the account the shopper paid from. Choose whose bank account takes it: WeChat Pay then goes on with this same refund, and nothing is given back twice.",
    to: "Where to",
    to_merchant: "the shop's own bank account (商户银行卡)",
    to_merchant_hint: "The account that this merchant has registered with WeChat Pay. The money comes back to you, and you still owe it to the shopper.",
    to_user: "the shopper's bank card (用户银行卡)",
    to_user_hint: "A debit card of the shopper's own. Check bank, number and name with the shopper.",
    card: "The shopper's card",
    bank: "Bank",
    choose_bank: "Choose one",
    bank_hint: "WeChat Pay takes debit cards of these banks only.",
    account: "Card number",
    account_hint: "It is sealed for WeChat Pay and not kept, nor shown again.",
    name: "Name of the cardholder",
    name_hint: "As it is on the card.",
    look: "Check",

    wrong_to: "Choose the shop's own account or the shopper's card.",
    wrong_bank: "Choose a bank of the list.",
    wrong_account: "A card number has 10 to 30 digits; spaces are fine.",
    account_again: "The card number is not kept: enter it once more.",
    check_digit: "The check digit does not fit: most likely one digit is wrong. Enter the number again, from the card.",
    unusual: "I have compared it with the card: the number is like that",
    wrong_name: "Enter the cardholder's name: at most 64 characters, no emoji.",

    check: "Check before it is sent",
    will_merchant: |amount| {
        format!(
            "WeChat Pay will be asked to send {amount} yuan to this merchant's own bank account. The shopper gets nothing by it: you have to pay him otherwise."
        )
    },
    will_user: |amount, bank, end| {
        format!(
            "WeChat Pay will be asked to send {amount} yuan to the debit card of {bank} that ends in {end}. That cannot be taken back."
        )
    },
    holder: "Cardholder",
    account_end: |end| format!("ends in {end}"),
    same_refund: "It stays this one refund, and its money set aside: sent twice, it is paid once.",
    not_kept: "Number and name are sealed with WeChat Pay's key already, and not kept here.",
    confirm: |amount| format!("Send ¥{amount}"),
    change: "Change",

    no_key: "WeChat Pay's public key or platform certificate is not there yet, so nothing can be sealed. Try again in a moment, or look at the system's status.",
    another_key: "WeChat Pay's key has changed since, or something is missing. Fill it in once more.",
    on_its_way: "Somebody asked for it within the last minute, and how that ended is not known yet. Look at the order's page, and try again later.",
    not_known: "WeChat Pay does not say how this refund stands, so nothing was sent. Try again in a moment.",
    not_allowed: "It is beyond your refund limits: another manager, who has not asked for this refund, has to send it.",
    put_back: "The books were put back and are still being compared: nothing is refunded yet.",
    trouble: "It was not sent, or nobody knows what became of it: look at the order's page.",

    said_sent: "WeChat Pay has taken it up: the refund is under way again.",
    said_unknown: "It was sent, but WeChat Pay did not answer. How it stands is being asked; do not do it otherwise meanwhile.",
};
