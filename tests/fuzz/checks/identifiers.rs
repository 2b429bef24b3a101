//! One text read as every name there is: of an attempt, an order's page, a product, a merchant, a
//! key. What is a name is written as it was read, by `Display` as by `serde`.

use saoma::{
    domain::{OrderToken, OutTradeNo, ProductId},
    wechatpay::{
        Mchid, MerchantSerial, PlatformSerial,
        model::{close_path, query_path},
    },
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

pub fn check(data: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(data) else { return false };
    let out_trade_no = OutTradeNo::parse(text).ok();
    let token = OrderToken::parse(text).ok();
    let product = ProductId::parse(text).ok();
    let mchid = Mchid::parse(text).ok();
    let merchant = MerchantSerial::parse(text).ok();
    let platform = PlatformSerial::parse(text).ok();

    check_json(text, out_trade_no.as_ref());
    check_json(text, token.as_ref());
    if let Some(number) = &out_trade_no {
        assert_eq!((number.as_str(), &*number.to_string()), (text, text));
        check_path(&close_path(number));
        if let Some(mchid) = &mchid {
            check_path(&query_path(number, mchid));
        }
    }
    if let Some(token) = &token {
        assert_eq!((token.as_str(), &*token.to_string()), (text, text));
        assert_eq!(u128::from_str_radix(text, 16).map(OrderToken::build).as_ref(), Ok(token));
    }
    if let Some(id) = product {
        assert_eq!(id.to_string(), text.trim_start_matches('0'));
        assert_eq!(ProductId::parse(&id.to_string()), Ok(id));
    }
    // The rest comes out of files and shells, white space included.
    if let Some(mchid) = &mchid {
        assert_eq!(mchid.as_str(), text.trim());
        assert_eq!(Mchid::parse(mchid.as_str()).as_ref(), Ok(mchid));
    }
    if let Some(serial) = &merchant {
        assert_eq!(serial.as_str(), text.trim().to_ascii_uppercase());
        assert_eq!(MerchantSerial::parse(serial.as_str()).as_ref(), Ok(serial));
    }
    if let Some(serial) = &platform {
        assert_eq!(serial.as_str(), text.trim());
        assert_eq!(PlatformSerial::parse(serial.as_str()).as_ref(), Ok(serial));
        assert_eq!(serial.is_public_key_id(), text.trim().starts_with("PUB_KEY_ID_"));
    }
    check_built(text);
    out_trade_no.is_some() || token.is_some() || product.is_some() || platform.is_some()
}

/// A name in JSON is a name under the same rules.
fn check_json<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(text: &str, parsed: Option<&T>) {
    let value = Value::from(text);
    assert_eq!(serde_json::from_value::<T>(value.clone()).ok().as_ref(), parsed);
    assert!(parsed.is_none_or(|parsed| json!(parsed) == value));
}

/// Legal as it is signed, with nothing to encode.
fn check_path(path: &str) {
    let uri: http::Uri = path.parse().expect("a path");
    assert_eq!(uri.path_and_query().map(http::uri::PathAndQuery::as_str), Some(path));
}

/// A number of ours, whatever randomness and moment it is made of, is a number.
fn check_built(text: &str) {
    let Some((random, second)) = text.as_bytes().split_first_chunk::<18>() else { return };
    let Ok(second) = str::from_utf8(second) else { return };
    if let Ok(number) = OutTradeNo::build(second, *random) {
        assert!(number.as_str().starts_with(second) && number.as_str().len() == second.len() + 18);
        assert_eq!(OutTradeNo::parse(number.as_str()), Ok(number));
    }
}
