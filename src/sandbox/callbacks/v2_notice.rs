//! The refund notice of before `APIv3` (`wechatpay-v3.md` §7.4): XML, no signature headers, its
//! contents encrypted with an `APIv2` key. WeChat sends it for refunds made in the merchant console,
//! and a shop that speaks `APIv3` alone cannot read it.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::notification::Notification;
use crate::sandbox::platform::Platform;

/// This merchant never had an `APIv2` key, so `req_info` is noise to everybody.
pub(super) fn build(platform: &Platform) -> Notification {
    let account = &platform.keys.account;
    let fields = [
        ("appid", account.appid.clone()),
        ("mch_id", account.mchid.clone()),
        ("nonce_str", platform.entropy.nonce()),
        ("req_info", STANDARD.encode(platform.entropy.bytes::<768>())),
    ];
    let fields: String = fields.iter().map(|(name, value)| element(name, value)).collect();
    let body = format!("<xml>\n<return_code>SUCCESS</return_code>\n{fields}</xml>");
    Notification { content_type: "text/xml", headers: Vec::new(), body: body.into() }
}

fn element(name: &str, value: &str) -> String {
    format!("<{name}><![CDATA[{value}]]></{name}>\n")
}
