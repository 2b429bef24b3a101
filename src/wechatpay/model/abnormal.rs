//! Abnormal refunds (异常退款, §7.3): where the money goes that the payer's account did not take.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;
use zeroize::Zeroizing;

use super::text::{is_visible, within};
use crate::{
    domain::OutRefundNo,
    wechatpay::{
        PlatformSerial,
        seal::{SealError, SealingKey},
    },
};

/// Whose account takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardKind {
    /// The merchant's own at its bank: the shopper then gets his money from the merchant, outside WeChat Pay.
    Merchant,
    /// A debit card of the payer's.
    User,
}

impl CardKind {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Merchant => "MERCHANT_BANK_CARD",
            Self::User => "USER_BANK_CARD",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        [Self::Merchant, Self::User].into_iter().find(|kind| kind.code() == code)
    }
}

/// A bank whose debit cards are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bank {
    /// `bank_type`.
    pub code: &'static str,
    pub chinese: &'static str,
    pub english: &'static str,
}

const fn bank(code: &'static str, chinese: &'static str, english: &'static str) -> Bank {
    Bank { code, chinese, english }
}

impl Bank {
    /// The fifteen that WeChat lists.
    pub const ALL: [Self; 15] = [
        bank("ICBC_DEBIT", "工商银行", "ICBC"),
        bank("ABC_DEBIT", "农业银行", "Agricultural Bank of China"),
        bank("BOC_DEBIT", "中国银行", "Bank of China"),
        bank("CCB_DEBIT", "建设银行", "China Construction Bank"),
        bank("COMM_DEBIT", "交通银行", "Bank of Communications"),
        bank("PSBC_DEBIT", "邮储银行", "Postal Savings Bank of China"),
        bank("CMB_DEBIT", "招商银行", "China Merchants Bank"),
        bank("SPDB_DEBIT", "浦发银行", "SPD Bank"),
        bank("CITIC_DEBIT", "中信银行", "China CITIC Bank"),
        bank("CEB_DEBIT", "光大银行", "China Everbright Bank"),
        bank("CMBC_DEBIT", "民生银行", "China Minsheng Bank"),
        bank("CIB_DEBIT", "兴业银行", "Industrial Bank"),
        bank("GDB_DEBIT", "广发银行", "China Guangfa Bank"),
        bank("PAB_DEBIT", "平安银行", "Ping An Bank"),
        bank("NBCB_DEBIT", "宁波银行", "Bank of Ningbo"),
    ];

    pub fn find(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bank| bank.code == code)
    }
}

/// What somebody typed that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCard {
    #[error("the account is a card number of {} to {} digits", ACCOUNT.0, ACCOUNT.1)]
    Account,
    #[error(
        "a digit of the card number is wrong: its check digit does not fit. --unusual-number where the card does say so"
    )]
    CheckDigit,
    #[error("the name is 1 to {NAME_MOST} characters that can be seen, none of them beyond U+FFFF")]
    Name,
}

const ACCOUNT: (usize, usize) = (10, 30);
const NAME_MOST: usize = 64;

/// Number of a bank card. In no log, error or row: it is sealed, and forgotten.
pub struct BankAccount(Zeroizing<String>);

impl BankAccount {
    /// As people write it, with spaces or dashes.
    ///
    /// # Errors
    /// Anything but digits, or too few or too many.
    pub fn parse(text: &str) -> Result<Self, InvalidCard> {
        let plain = text.chars().filter(|it| !it.is_whitespace() && *it != '-').collect();
        let digits = Zeroizing::<String>::new(plain);
        let fits = (ACCOUNT.0..=ACCOUNT.1).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit());
        if fits { Ok(Self(digits)) } else { Err(InvalidCard::Account) }
    }

    /// Whether the last digit follows from the others, as on nearly all cards (ISO/IEC 7812-1): one digit that was
    /// typed wrong, or two that were exchanged, show by it. Old cards of a bank's own need not keep to it.
    pub fn has_check_digit(&self) -> bool {
        let value = |(place, digit): (usize, u8)| {
            let digit = u32::from(digit.saturating_sub(b'0'));
            if place % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 }
        };
        self.0.bytes().rev().enumerate().map(value).sum::<u32>().is_multiple_of(10)
    }

    /// By which somebody recognizes his card; the rest shows nowhere.
    pub fn last_digits(&self) -> String {
        self.0.chars().skip(self.0.len().saturating_sub(4)).collect()
    }
}

impl fmt::Debug for BankAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BankAccount([redacted])")
    }
}

/// Whose card it is.
pub struct PayeeName(Zeroizing<String>);

impl PayeeName {
    /// # Errors
    /// Empty, too long, or a character that WeChat does not take. What nobody sees at its ends is none of it.
    pub fn parse(text: &str) -> Result<Self, InvalidCard> {
        let text = text.trim_matches(|it| !is_visible(it) && !it.is_control()).trim();
        if within(text, NAME_MOST) { Ok(Self(Zeroizing::new(text.to_owned()))) } else { Err(InvalidCard::Name) }
    }

    /// All but the last character covered.
    pub fn covered(&self) -> String {
        let count = self.0.chars().count();
        let cover = |(at, it)| if at + 1 < count { '*' } else { it };
        if count < 2 { "*".to_owned() } else { self.0.chars().enumerate().map(cover).collect() }
    }
}

impl fmt::Debug for PayeeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PayeeName([redacted])")
    }
}

/// A payer's card as it goes over the wire. Nobody but WeChat can read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedCard {
    pub bank: Bank,
    pub bank_account: String,
    pub real_name: String,
    /// Of the key that opens it.
    pub serial: PlatformSerial,
}

impl SealedCard {
    /// # Errors
    /// See [`SealingKey::seal`].
    pub fn seal(bank: Bank, account: &BankAccount, name: &PayeeName, key: &SealingKey) -> Result<Self, SealError> {
        let (bank_account, real_name) = (key.seal(&account.0)?, key.seal(&name.0)?);
        Ok(Self { bank, bank_account, real_name, serial: key.serial.clone() })
    }

    /// One that was sealed before with this key, whose sealed texts somebody has kept. `None` when that cannot be: what
    /// is not sealed is not taken for it.
    pub fn read(bank: &str, bank_account: &str, real_name: &str, serial: &str, key: &SealingKey) -> Option<Self> {
        let is_sealed = |text: &str| STANDARD.decode(text).is_ok_and(|it| it.len() == key.sealed_size());
        let fits = key.serial.as_str() == serial && is_sealed(bank_account) && is_sealed(real_name);
        let (bank_account, real_name, serial) = (bank_account.to_owned(), real_name.to_owned(), key.serial.clone());
        Bank::find(bank).filter(|_| fits).map(|bank| Self { bank, bank_account, real_name, serial })
    }
}

/// Asks WeChat to send an abnormal refund to a bank account.
#[derive(Clone, Copy, Debug)]
pub struct AbnormalRefund<'a> {
    pub out_refund_no: &'a OutRefundNo,
    /// The merchant's own account when `None`.
    pub card: Option<&'a SealedCard>,
}

#[derive(Serialize)]
struct Body<'a> {
    out_refund_no: &'a str,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    real_name: Option<&'a str>,
}

impl AbnormalRefund<'_> {
    /// The request body: compact JSON.
    ///
    /// # Errors
    /// It cannot be written as JSON, which does not happen to texts.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let kind = if self.card.is_some() { CardKind::User } else { CardKind::Merchant };
        serde_json::to_vec(&Body {
            out_refund_no: self.out_refund_no.as_str(),
            r#type: kind.code(),
            bank_type: self.card.map(|card| card.bank.code),
            bank_account: self.card.map(|card| card.bank_account.as_str()),
            real_name: self.card.map(|card| card.real_name.as_str()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wechatpay::fixtures;

    fn number() -> OutRefundNo {
        OutRefundNo::parse(fixtures::OUT_REFUND_NO).expect("legal")
    }

    #[test]
    fn the_merchants_own_account_needs_no_more_than_the_number() {
        let body = AbnormalRefund { out_refund_no: &number(), card: None }.to_bytes().expect("JSON");
        let expected = r#"{"out_refund_no":"7752501201407033233368018","type":"MERCHANT_BANK_CARD"}"#;
        assert_eq!(String::from_utf8(body).expect("text"), expected);
    }

    #[test]
    fn a_payers_card_goes_out_sealed() {
        let key = fixtures::public_keys().sealing_key(Some(&fixtures::public_key_id()), fixtures::now()).expect("one");
        let (account, name) = (BankAccount::parse("6225 8801-2345 6783").expect("digits"), PayeeName::parse(" 张三 "));
        let bank = Bank::find("CMB_DEBIT").expect("listed");
        let card = SealedCard::seal(bank, &account, &name.expect("a name"), &key).expect("sealed");
        assert_eq!(card.serial.as_str(), fixtures::PUBLIC_KEY_ID);
        let body = AbnormalRefund { out_refund_no: &number(), card: Some(&card) }.to_bytes().expect("JSON");
        let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        let open = |field: &str| fixtures::open_field(body[field].as_str().expect("a text"));
        assert_eq!((open("bank_account"), open("real_name")), ("6225880123456783".to_owned(), "张三".to_owned()));
        assert_eq!((body["type"].as_str(), body["bank_type"].as_str()), (Some("USER_BANK_CARD"), Some("CMB_DEBIT")));
        let shown = format!("{card:?} {account:?}");
        assert!(!shown.contains("6783") && !shown.contains("张"), "{shown}");
    }

    #[test]
    fn what_cannot_be_a_card_is_refused() {
        for bad in ["", "123456789", "6225880123456783x", "六二二五八八零一二三", &"1".repeat(31)] {
            assert_eq!(BankAccount::parse(bad).err(), Some(InvalidCard::Account), "{bad}");
        }
        for bad in ["", "  ", "\u{3000}\u{a0}", "\u{200b} \u{feff}", "\u{3164}", "a\nb", "😀", &"三".repeat(65)] {
            assert_eq!(PayeeName::parse(bad).err(), Some(InvalidCard::Name), "{bad}");
        }
        let pasted = PayeeName::parse("\u{200b}\u{3000}张 三\u{feff} ").expect("a name");
        assert_eq!(*pasted.0, "张 三");
        assert_eq!(Bank::find("HXB_DEBIT"), None);
    }

    #[test]
    fn a_digit_that_was_typed_wrong_shows() {
        let fits = |text: &str| BankAccount::parse(text).expect("digits").has_check_digit();
        for right in ["6225 8801 2345 6783", "79927398713", "0000000000"] {
            assert!(fits(right), "{right}");
        }
        let right = "6225880123456783";
        for place in 0..right.len() {
            for digit in ('0'..='9').filter(|digit| !right[place..].starts_with(*digit)) {
                let wrong = format!("{}{digit}{}", &right[..place], &right[place + 1..]);
                assert!(!fits(&wrong), "{wrong}");
            }
        }
        assert!(!fits("2625880123456783"), "the first two exchanged");
    }

    #[test]
    fn a_longest_name_is_short_enough_to_be_sealed() {
        let key = fixtures::public_keys().sealing_key(Some(&fixtures::public_key_id()), fixtures::now()).expect("one");
        let (account, name) = (BankAccount::parse(&"9".repeat(30)), PayeeName::parse(&"龍".repeat(64)));
        let sealed = SealedCard::seal(Bank::ALL[0], &account.expect("digits"), &name.expect("a name"), &key);
        assert!(sealed.is_ok_and(|it| it.real_name.len() <= 1024));
    }

    #[test]
    fn what_is_not_sealed_with_the_present_key_is_not_taken() {
        let key = fixtures::public_keys().sealing_key(Some(&fixtures::public_key_id()), fixtures::now()).expect("one");
        let sealed = key.seal("6225880123456783").expect("sealed");
        let read = |bank, account, serial| SealedCard::read(bank, account, &sealed, serial, &key);
        assert!(read("CMB_DEBIT", &sealed, fixtures::PUBLIC_KEY_ID).is_some());
        for (bank, account, serial) in [
            ("CMB_CREDIT", sealed.as_str(), fixtures::PUBLIC_KEY_ID),
            ("CMB_DEBIT", "6225880123456783", fixtures::PUBLIC_KEY_ID),
            ("CMB_DEBIT", "", fixtures::PUBLIC_KEY_ID),
            ("CMB_DEBIT", &sealed, fixtures::PLATFORM_SERIAL),
        ] {
            assert_eq!(read(bank, account, serial), None, "{bank} {serial}");
        }
    }

    #[test]
    fn little_is_shown_of_a_card() {
        let account = BankAccount::parse("6225880123456783").expect("digits");
        assert_eq!(account.last_digits(), "6783");
        for (name, shown) in [("张三", "*三"), ("欧阳小明", "***明"), ("A", "*")] {
            assert_eq!(PayeeName::parse(name).expect("a name").covered(), shown);
        }
    }
}
