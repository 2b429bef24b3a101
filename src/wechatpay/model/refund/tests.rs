use super::*;

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
