//! Paths and queries, as they are signed: the very bytes that go out (`wechatpay-v3.md` §1.2).

use std::fmt::Write as _;

use crate::{
    domain::{OutRefundNo, OutTradeNo},
    wechatpay::identity::Mchid,
};

/// `POST` (§5.1).
pub const NATIVE_PREPAY: &str = "/v3/pay/transactions/native";
/// `POST` (§7.1).
pub const REFUNDS: &str = "/v3/refund/domestic/refunds";
/// `GET` (§3).
pub const CERTIFICATES: &str = "/v3/certificates?algorithm_type=RSA";

/// `GET` (§5.2): the mchid is in the query.
pub fn query_path(number: &OutTradeNo, mchid: &Mchid) -> String {
    format!("/v3/pay/transactions/out-trade-no/{number}?mchid={mchid}")
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
        let number = OutRefundNo::parse("1217752501201407033233368018").expect("legal");
        assert_eq!(refund_path(&number), "/v3/refund/domestic/refunds/1217752501201407033233368018");
        let number = OutRefundNo::parse_any("R_1-a|b*c@d").expect("legal");
        assert_eq!(refund_path(&number), "/v3/refund/domestic/refunds/R_1-a%7Cb%2Ac%40d");
    }
}
