//! Native prepay (Native 下单, §5.1) and close (关单, §5.3).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::text::{is_legal, is_visible, within};
use crate::{
    domain::{Fen, OutTradeNo},
    wechatpay::{identity::Mchid, time},
};

/// Creates a payment. Everything in it is part of "identical parameters": keep the bytes of
/// [`NativePrepay::to_bytes`] and send those again, do not build them again.
#[derive(Clone, Copy, Debug)]
pub struct NativePrepay<'a> {
    pub appid: &'a str,
    pub mchid: &'a Mchid,
    /// On the payer's bill. See [`fit_description`].
    pub description: &'a str,
    pub out_trade_no: &'a OutTradeNo,
    /// Last moment to pay.
    pub time_expire: Timestamp,
    /// Comes back in query, notification and bill.
    pub attach: Option<&'a str>,
    pub notify_url: &'a Url,
    pub total: Fen,
}

/// WeChat would refuse it with `PARAM_ERROR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPrepay {
    #[error("appid is 1 to 32 characters")]
    Appid,
    #[error("description is 1 to {DESCRIPTION_MOST} characters, none of them beyond U+FFFF and no control character")]
    Description,
    #[error("attach is 1 to 128 characters, none of them beyond U+FFFF and no control character")]
    Attach,
    #[error("notify_url is at most 255 characters and has no query and no fragment")]
    NotifyUrl,
    #[error("total is at least 1 fen")]
    Total,
    #[error("the body cannot be written as JSON")]
    Json,
}

const DESCRIPTION_MOST: usize = 127;

#[derive(Serialize)]
struct Body<'a> {
    appid: &'a str,
    mchid: &'a str,
    description: &'a str,
    out_trade_no: &'a str,
    time_expire: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    attach: Option<&'a str>,
    notify_url: &'a str,
    amount: Amount,
}

#[derive(Serialize)]
struct Amount {
    total: i64,
    currency: &'static str,
}

impl NativePrepay<'_> {
    /// The request body: compact JSON, always the same for the same values.
    ///
    /// # Errors
    /// A field breaks a rule of §5.1 or §1.4.
    pub fn to_bytes(&self) -> Result<Vec<u8>, InvalidPrepay> {
        check(within(self.appid, 32), InvalidPrepay::Appid)?;
        check(within(self.description, DESCRIPTION_MOST), InvalidPrepay::Description)?;
        check(self.attach.is_none_or(|it| within(it, 128)), InvalidPrepay::Attach)?;
        let notify_url = self.notify_url;
        let plain = notify_url.query().is_none() && notify_url.fragment().is_none();
        check(plain && notify_url.as_str().len() <= 255, InvalidPrepay::NotifyUrl)?;
        check(self.total >= Fen::new(1).unwrap_or(Fen::MAX), InvalidPrepay::Total)?;
        let body = Body {
            appid: self.appid,
            mchid: self.mchid.as_str(),
            description: self.description,
            out_trade_no: self.out_trade_no.as_str(),
            time_expire: time::rfc3339(self.time_expire),
            attach: self.attach,
            notify_url: notify_url.as_str(),
            amount: Amount { total: self.total.get(), currency: "CNY" },
        };
        serde_json::to_vec(&body).map_err(|_| InvalidPrepay::Json)
    }
}

fn check(good: bool, error: InvalidPrepay) -> Result<(), InvalidPrepay> {
    if good { Ok(()) } else { Err(error) }
}

/// `title` without what WeChat refuses, cut to 127 characters: what becomes of a product's title.
/// `None` if nothing is left that can be seen.
pub fn fit_description(title: &str) -> Option<String> {
    let legal: String = title.trim().chars().filter(|it| is_legal(*it)).take(DESCRIPTION_MOST).collect();
    let legal = legal.trim();
    legal.chars().any(is_visible).then(|| legal.to_owned())
}

/// What a product may be called: neither cut nor pieced together for the payer's bill, but for emoji, which
/// the bill does not show.
pub fn is_title(title: &str) -> bool {
    let plain = title.chars().count() <= DESCRIPTION_MOST && !title.chars().any(char::is_control);
    plain && fit_description(title).is_some()
}

/// The body of a close request.
pub fn close_body(mchid: &Mchid) -> Vec<u8> {
    format!(r#"{{"mchid":"{mchid}"}}"#).into_bytes()
}

/// The good reply to a prepay.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PrepayReply {
    /// What the QR code holds: opaque, encoded as it is, good for two hours (§5.1).
    pub code_url: String,
}

#[cfg(test)]
mod tests;
