//! Notifications (`wechatpay-v3.md` §6).

use serde_json::json;

use crate::harness::Platform;

#[tokio::test]
async fn a_payment_is_told_sealed_and_signed() {
    let platform = Platform::start().await;
    let code_url = platform.prepay("ORDER0001").await;
    let paid = platform.pay(&code_url).await;
    assert_eq!(paid["out_trade_no"], "ORDER0001");
    assert_eq!(paid["trade_state"], "SUCCESS");
    assert_eq!(paid["transaction_id"].as_str().map(str::len), Some(28));

    let received = platform.receiver.wait_for(1).await;
    let told = received[0].open(&platform.client);
    assert_eq!(told, platform.query("ORDER0001").await.json());
    assert_eq!(told["transaction_id"], paid["transaction_id"]);
    assert_eq!(told["amount"], json!({"total": 100, "payer_total": 100, "currency": "CNY", "payer_currency": "CNY"}));
    let envelope = received[0].envelope();
    assert_eq!(envelope["event_type"], "TRANSACTION.SUCCESS");
    assert_eq!(envelope["resource_type"], "encrypt-resource");
    assert_eq!(envelope["summary"], "支付成功");
    assert_eq!(envelope["resource"]["original_type"], "transaction");
    assert_eq!(envelope["id"].as_str().map(str::len), Some(36));

    let delivery = platform.delivery("ORDER0001", "accepted").await;
    assert_eq!(delivery["id"], envelope["id"]);
    assert_eq!(delivery["attempts"][0]["status"], 204);
}
