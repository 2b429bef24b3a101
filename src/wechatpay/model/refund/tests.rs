use super::*;
use crate::wechatpay::fixtures;

struct Parts {
    transaction_id: String,
    number: OutRefundNo,
    reason: Option<String>,
    notify_url: Url,
    refund: i64,
    total: i64,
}

impl Parts {
    fn good() -> Self {
        Self {
            transaction_id: fixtures::TRANSACTION_ID.to_owned(),
            number: OutRefundNo::parse(fixtures::OUT_REFUND_NO).expect("legal"),
            reason: Some("商品已售完".to_owned()),
            notify_url: Url::parse("https://www.example.com/api/wx-pay/refunds/notify").expect("legal"),
            refund: 40,
            total: 100,
        }
    }

    fn bytes(&self) -> Result<Vec<u8>, InvalidRefund> {
        RefundRequest {
            transaction_id: &self.transaction_id,
            out_refund_no: &self.number,
            reason: self.reason.as_deref(),
            notify_url: &self.notify_url,
            refund: Fen::new(self.refund).expect("an amount"),
            total: Fen::new(self.total).expect("an amount"),
        }
        .to_bytes()
    }
}

fn changed(change: impl FnOnce(&mut Parts)) -> Result<Vec<u8>, InvalidRefund> {
    let mut parts = Parts::good();
    change(&mut parts);
    parts.bytes()
}

#[test]
fn the_body_is_the_documented_one_byte_by_byte() {
    assert_eq!(Parts::good().bytes(), Ok(fixtures::bytes("requests/refund.body")));
    assert_eq!(Parts::good().bytes(), Parts::good().bytes());
}

#[test]
fn an_absent_reason_is_left_out_instead_of_null() {
    let body = String::from_utf8(changed(|it| it.reason = None).expect("legal")).expect("text");
    assert!(!body.contains("reason") && !body.contains("null"), "{body}");
}

#[test]
fn a_reason_is_counted_in_characters_and_has_no_emoji() {
    assert!(changed(|it| it.reason = Some("退".repeat(80))).is_ok());
    for bad in ["", &"a".repeat(81), "红包🧧", "a\nb", "a\0"] {
        assert_eq!(changed(|it| it.reason = Some(bad.to_owned())), Err(InvalidRefund::Reason), "{bad:?}");
    }
}

#[test]
fn no_more_than_the_total_is_given_back_and_no_less_than_a_fen() {
    assert!(changed(|it| it.refund = 100).is_ok());
    assert!(changed(|it| (it.refund, it.total) = (1, 1)).is_ok());
    assert_eq!(changed(|it| it.refund = 101), Err(InvalidRefund::Amount));
    assert_eq!(changed(|it| it.refund = 0), Err(InvalidRefund::Amount));
    assert_eq!(changed(|it| (it.refund, it.total) = (0, 0)), Err(InvalidRefund::Amount));
}

#[test]
fn a_payment_is_named_by_letters_and_digits() {
    for bad in ["", &"1".repeat(33), "42\"", "42-00", "四二"] {
        let refused = changed(|it| it.transaction_id = bad.to_owned());
        assert_eq!(refused, Err(InvalidRefund::TransactionId), "{bad:?}");
    }
}

#[test]
fn a_notify_url_has_no_query() {
    let long = format!("https://a.example/{}", "x".repeat(240));
    for bad in ["https://a.example/?", "https://a.example/?x=1", "https://a.example/#x", &long] {
        assert_eq!(changed(|it| it.notify_url = Url::parse(bad).expect("a URL")), Err(InvalidRefund::NotifyUrl));
    }
}

const NOTICE: &str = r#"{"mchid":"1","out_trade_no":"123456","transaction_id":"42","refund_id":"50","out_refund_no":"R1","refund_status":"ABNORMAL","user_received_account":"招商银行信用卡0403","amount":{"total":999,"refund":1,"payer_total":999,"payer_refund":1}}"#;

#[test]
fn a_notice_says_refund_status() {
    let notice: RefundNotice = serde_json::from_str(NOTICE).expect("a notice");
    assert_eq!(notice.refund_status, RefundStatus::Abnormal);
    assert_eq!((notice.success_time, notice.amount.currency.as_deref()), (None, None));
    assert!(serde_json::from_str::<RefundNotice>(&NOTICE.replace("refund_status", "status")).is_err());
}

#[test]
fn a_reply_says_status() {
    let text = NOTICE.replace("refund_status", "status").replace("\"mchid\":\"1\",", "\"channel\":\"ORIGINAL\",");
    let reply: RefundReply = serde_json::from_str(&text).expect("a reply");
    assert_eq!(reply.status, RefundStatus::Abnormal);
    assert_eq!(reply.channel.as_deref(), Some("ORIGINAL"));
    assert!(serde_json::from_str::<RefundReply>(NOTICE).is_err());
}

#[test]
fn every_status_is_read_and_written_alike() {
    for name in ["PROCESSING", "SUCCESS", "CLOSED", "ABNORMAL"] {
        let status = RefundStatus::from(name.to_owned());
        assert!(!matches!(status, RefundStatus::Unknown(_)), "{name}");
        assert_eq!(status.to_string(), name);
    }
    // The words of bills (§8.2) are not those of the API.
    assert_eq!(RefundStatus::from("CHANGE".to_owned()), RefundStatus::Unknown("CHANGE".to_owned()));
}

#[test]
fn the_payers_account_does_not_show() {
    let notice: RefundNotice = serde_json::from_str(NOTICE).expect("a notice");
    assert!(!format!("{notice:?}").contains("0403"));
}
