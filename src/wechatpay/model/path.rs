//! Paths and queries, as they are signed: the very bytes that go out (`wechatpay-v3.md` §1.2).

use std::fmt::Write as _;

use jiff::civil::Date;

use crate::{
    domain::{OutRefundNo, OutTradeNo},
    wechatpay::identity::Mchid,
};

/// `POST` (§5.1).
pub const NATIVE_PREPAY: &str = "/v3/pay/transactions/native";
/// `POST` (§7.1).
pub const REFUNDS: &str = "/v3/refund/domestic/refunds";
/// `GET` (§3).
pub const SECURITY_ECHO: &str = "/v3/security/echo";
pub const CERTIFICATES: &str = "/v3/certificates?algorithm_type=RSA";

/// `GET` (§5.2): the mchid is in the query.
pub fn query_path(number: &OutTradeNo, mchid: &Mchid) -> String {
    format!("/v3/pay/transactions/out-trade-no/{number}?mchid={mchid}")
}

/// Whether it can be WeChat's number of a payment.
pub fn is_transaction_id(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// `GET` (§5.2): by WeChat's number, which is of letters and digits; paid orders only.
pub fn transaction_path(id: &str, mchid: &Mchid) -> Option<String> {
    is_transaction_id(id).then(|| format!("/v3/pay/transactions/id/{id}?mchid={mchid}"))
}

/// `GET` (§8.1): all trades of a day, packed.
pub fn trade_bill_path(day: Date) -> String {
    format!("/v3/bill/tradebill?bill_date={day}&bill_type=ALL&tar_type=GZIP")
}

/// `GET` (§8.1): of the basic account, packed.
pub fn fund_flow_bill_path(day: Date) -> String {
    format!("/v3/bill/fundflowbill?bill_date={day}&account_type=BASIC&tar_type=GZIP")
}

/// `POST` (§5.3): the mchid is in the body.
pub fn close_path(number: &OutTradeNo) -> String {
    format!("/v3/pay/transactions/out-trade-no/{number}/close")
}

/// `GET` (§7.3): knows no mchid. A number that was made elsewhere may hold `|`, `*` and `@`, which not
/// every HTTP stack leaves alone: all but letters, digits, `-` and `_` is encoded, so that what is signed
/// is what arrives.
pub fn refund_path(number: &OutRefundNo) -> String {
    let mut path = format!("{REFUNDS}/");
    for byte in number.as_str().bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            path.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            write!(path, "%{byte:02X}").unwrap_or_default();
        }
    }
    path
}

/// `POST` (§7.3): by WeChat's number, which is of letters and digits.
pub fn abnormal_refund_path(refund_id: &str) -> Option<String> {
    let is_plain = (1..=32).contains(&refund_id.len()) && refund_id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_plain.then(|| format!("{REFUNDS}/{refund_id}/apply-abnormal-refund"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_documentation() {
        let number = OutTradeNo::parse("1217752501201407033233368018").expect("legal");
        let mchid = Mchid::parse("1230000109").expect("legal");
        assert_eq!(
            query_path(&number, &mchid),
            "/v3/pay/transactions/out-trade-no/1217752501201407033233368018?mchid=1230000109"
        );
        assert_eq!(close_path(&number), "/v3/pay/transactions/out-trade-no/1217752501201407033233368018/close");
        let by_id = transaction_path("4200000000000000000000000001", &mchid);
        assert_eq!(by_id.as_deref(), Some("/v3/pay/transactions/id/4200000000000000000000000001?mchid=1230000109"));
        for odd in ["", "42/1", "42?", &"4".repeat(33)] {
            assert_eq!(transaction_path(odd, &mchid), None, "{odd}");
        }
        let day = jiff::civil::date(2026, 1, 9);
        assert_eq!(trade_bill_path(day), "/v3/bill/tradebill?bill_date=2026-01-09&bill_type=ALL&tar_type=GZIP");
        let number = OutRefundNo::parse("1217752501201407033233368018").expect("legal");
        assert_eq!(refund_path(&number), "/v3/refund/domestic/refunds/1217752501201407033233368018");
        let abnormal = abnormal_refund_path("50000000382019052709732678859");
        let expected = "/v3/refund/domestic/refunds/50000000382019052709732678859/apply-abnormal-refund";
        assert_eq!(abnormal.as_deref(), Some(expected));
        for odd in ["", "50/1", "50?", &"5".repeat(33)] {
            assert_eq!(abnormal_refund_path(odd), None, "{odd}");
        }
        let number = OutRefundNo::parse_any("R_1-a|b*c@d").expect("legal");
        assert_eq!(refund_path(&number), "/v3/refund/domestic/refunds/R_1-a%7Cb%2Ac%40d");
    }
}
