//! Paths and queries, as they are signed. Every character in them is legal unencoded.

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

/// `GET` (§7.3): knows no mchid.
pub fn refund_path(number: &OutRefundNo) -> String {
    format!("{REFUNDS}/{number}")
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
    }
}
