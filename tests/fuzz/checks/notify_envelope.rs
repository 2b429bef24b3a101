//! The body of a notification, as it is after its signature was good. The seeds are sealed, so that
//! whatever leaves ciphertext, nonce and associated data alone is opened and read.

use saoma::wechatpay::NotifyError;
use serde_json::Value;

use super::platform::open_signed;

pub fn check(data: &[u8]) -> bool {
    let notification = match open_signed(data) {
        Ok(notification) => notification,
        Err(error) => {
            assert!(!matches!(error, NotifyError::Verify(_)), "{error}");
            return false;
        }
    };
    // Of what nobody reads, a `Value` does not bear everything, and `serde` takes a list of the fields
    // for an object.
    if let Some(value) = serde_json::from_slice(data).ok().filter(Value::is_object) {
        assert_eq!(value["id"], notification.id);
        assert_eq!(value["event_type"], notification.event_type);
    }
    true
}
