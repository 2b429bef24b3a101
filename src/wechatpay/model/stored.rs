//! What a prepay request that was stored says of who made it, and for whom. Also of those that versions
//! before this one have stored: their bytes are never written anew.

use serde::Deserialize;
use url::Url;

/// Of a prepay body; the rest of it is of no interest once it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPrepay {
    pub appid: String,
    pub mchid: String,
    pub notify_url: Url,
}

#[derive(Deserialize)]
struct Body {
    appid: String,
    mchid: String,
    notify_url: String,
}

impl StoredPrepay {
    /// `None` for bytes that [`NativePrepay::to_bytes`](super::NativePrepay::to_bytes) has never made.
    pub fn read(body: &[u8]) -> Option<Self> {
        let Body { appid, mchid, notify_url } = serde_json::from_slice(body).ok()?;
        Some(Self { appid, mchid, notify_url: Url::parse(&notify_url).ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_versions_requests_are_read_and_nonsense_is_not() {
        let body = br#"{"appid":"wx2421b1c4370ec43b","mchid":"1900007291","description":"x","out_trade_no":"1",
            "time_expire":"2026-11-25T14:00:00+08:00","notify_url":"https://shop.example.com/n","amount":{"total":1,"currency":"CNY"}}"#;
        let stored = StoredPrepay::read(body).expect("is one");
        assert_eq!((stored.appid.as_str(), stored.mchid.as_str()), ("wx2421b1c4370ec43b", "1900007291"));
        assert_eq!(stored.notify_url.scheme(), "https");
        for nonsense in [&b""[..], b"{}", b"\xff", br#"{"appid":"a","mchid":"1","notify_url":"nowhere"}"#] {
            assert_eq!(StoredPrepay::read(nonsense), None, "{nonsense:?}");
        }
    }
}
