//! What was sealed in a notification: lines `original_type`, `event_type`, `associated_data`, then
//! the plaintext. Sealed here in an envelope of ours, so that every input is decrypted and read.

use saoma::wechatpay::{Content, NotifyError, RefundNotice, Transaction, cipher::ALGORITHM};
use serde::Deserialize;
use serde_json::json;

use super::{
    lines,
    platform::{NONCE, open_signed, seal},
    replies,
};

pub fn check(data: &[u8]) -> bool {
    let Some(([original_type, event_type, associated_data], plaintext)) = lines::<3>(data) else { return false };
    let body = json!({
        "id": "3119dfba-e649-5eec-ab1e-3412bc4d2e17",
        "create_time": "2026-01-01T00:00:00+08:00",
        "event_type": event_type,
        "resource": {
            "original_type": original_type,
            "algorithm": ALGORITHM,
            "ciphertext": seal(associated_data, plaintext),
            "associated_data": associated_data,
            "nonce": NONCE,
        },
    });
    let outcome = open_signed(&serde_json::to_vec(&body).expect("JSON"));
    if let Ok(content) = expected(original_type, event_type, plaintext) {
        let notification = outcome.expect("what reads alone reads in an envelope");
        assert_eq!((&*notification.event_type, &notification.content), (event_type, &content));
        assert!(notification.create_time.is_some());
        true
    } else {
        // Where it says the fault is depends on the reader, and is no promise.
        assert!(matches!(outcome, Err(NotifyError::Content { .. })), "{outcome:?}");
        false
    }
}

/// What the plaintext says when nothing is around it.
fn expected(original_type: &str, event_type: &str, plaintext: &[u8]) -> serde_json::Result<Content> {
    Ok(match original_type {
        "transaction" => {
            let transaction: Transaction = serde_json::from_slice(plaintext)?;
            replies::check_transaction(&transaction);
            Content::Transaction(Box::new(transaction))
        }
        "refund" => {
            let notice: RefundNotice = serde_json::from_slice(plaintext)?;
            replies::check_refund_status(&notice.refund_status);
            Content::Refund(Box::new(notice))
        }
        "security" => {
            #[derive(Deserialize)]
            struct Echo {
                #[serde(default)]
                echo_message: Option<String>,
            }
            let echo: Echo = serde_json::from_slice(plaintext)?;
            Content::SecurityEcho { echo_message: echo.echo_message }
        }
        _ => Content::Unknown { event_type: event_type.to_owned(), original_type: original_type.to_owned() },
    })
}
