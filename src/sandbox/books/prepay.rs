//! The body of `POST /v3/pay/transactions/native` (`wechatpay-v3.md` §5.1).

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use url::{Host, Url};

use super::schema::{self, Field, Kind, optional, required};
use crate::sandbox::{error::ApiError, wire_time};

const GOODS: Kind = Kind::Object(&[
    required("merchant_goods_id", Kind::Text { max: 32 }),
    optional("wechatpay_goods_id", Kind::Text { max: 32 }),
    optional("goods_name", Kind::Text { max: 256 }),
    required("quantity", Kind::Integer { min: 1 }),
    required("unit_price", Kind::Integer { min: 0 }),
]);

const FIELDS: &[Field] = &[
    required("appid", Kind::Text { max: 32 }),
    required("mchid", Kind::Text { max: 32 }),
    required("description", Kind::Text { max: 127 }),
    required("out_trade_no", Kind::Code { min: 6, max: 32, legal: legal_in_out_trade_no }),
    optional("time_expire", Kind::Text { max: 64 }),
    optional("attach", Kind::Text { max: 128 }),
    required("notify_url", Kind::Text { max: 255 }),
    optional("goods_tag", Kind::Text { max: 32 }),
    optional("support_fapiao", Kind::Bool),
    required(
        "amount",
        Kind::Object(&[required("total", Kind::Integer { min: 1 }), optional("currency", Kind::Text { max: 16 })]),
    ),
    optional(
        "detail",
        Kind::Object(&[
            optional("cost_price", Kind::Integer { min: 0 }),
            optional("invoice_id", Kind::Text { max: 32 }),
            optional("goods_detail", Kind::List(&GOODS)),
        ]),
    ),
    optional(
        "scene_info",
        Kind::Object(&[
            required("payer_client_ip", Kind::Text { max: 45 }),
            optional("device_id", Kind::Text { max: 32 }),
            optional(
                "store_info",
                Kind::Object(&[
                    required("id", Kind::Text { max: 32 }),
                    optional("name", Kind::Text { max: 256 }),
                    optional("area_code", Kind::Text { max: 32 }),
                    optional("address", Kind::Text { max: 512 }),
                ]),
            ),
        ]),
    ),
    optional("settle_info", Kind::Object(&[optional("profit_sharing", Kind::Bool)])),
    optional("limit_pay", Kind::List(&Kind::Text { max: 32 })),
];

/// `detail` has at most this many bytes, written without spaces.
const DETAIL_MAX: usize = 6144;
/// The least and the most time a payer gets, whatever `time_expire` says.
const LEAST_TIME: SignedDuration = SignedDuration::from_mins(1);
const MOST_TIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A prepay that keeps every rule which does not depend on earlier ones.
pub(in crate::sandbox) struct Prepay {
    pub(in crate::sandbox) out_trade_no: String,
    pub(in crate::sandbox) description: String,
    pub(in crate::sandbox) attach: Option<String>,
    pub(in crate::sandbox) notify_url: String,
    /// Fen.
    pub(in crate::sandbox) total: i64,
    pub(in crate::sandbox) device_id: Option<String>,
    /// After clamping: the last moment to pay.
    pub(in crate::sandbox) time_expire: Timestamp,
    /// Everything that must be the same when the number is sent again.
    pub(in crate::sandbox) parameters: Value,
}

/// Reads a body for the merchant `mchid` with its app `appid`.
pub(in crate::sandbox) fn parse(
    body: &[u8],
    mchid: &str,
    appid: &str,
    now: Timestamp,
    plain_hosts: &[String],
) -> Result<Prepay, ApiError> {
    let mut body = schema::read(FIELDS, body)?;
    let refuse = |field: &str, value: &Value, issue: &str| Err(ApiError::parameter("body", field, value, issue));
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();

    if text("mchid") != mchid {
        return refuse("/mchid", &text("mchid").into(), "与Authorization中的商户号不一致");
    }
    if text("appid") != appid {
        return Err(ApiError::appid_mchid_not_match());
    }
    let currency = body.get("amount").and_then(|amount| amount.get("currency"));
    if let Some(other) = currency.filter(|currency| currency.as_str() != Some("CNY")) {
        return refuse("/amount/currency", other, "只支持CNY");
    }
    let detail = body.get("detail").map(Value::to_string).unwrap_or_default();
    if detail.len() > DETAIL_MAX {
        return refuse("/detail", &Value::from(""), "超过6144字节");
    }
    if !is_notify_url(&text("notify_url"), plain_hosts) {
        return refuse("/notify_url", &text("notify_url").into(), "须为https地址（本沙箱另接受本机http），不带参数");
    }
    let time_expire = match body.get("time_expire").and_then(Value::as_str) {
        None => Some(add(now, MOST_TIME)),
        Some(text) => wire_time::parse(text).map(|at| at.clamp(add(now, LEAST_TIME), add(now, MOST_TIME))),
    };
    let Some(time_expire) = time_expire else {
        return refuse("/time_expire", &text("time_expire").into(), "须为带时区的RFC 3339时间");
    };
    let prepay = Prepay {
        out_trade_no: text("out_trade_no"),
        description: text("description"),
        attach: body.get("attach").and_then(Value::as_str).map(str::to_owned),
        notify_url: text("notify_url"),
        total: body.get("amount").and_then(|amount| amount.get("total")).and_then(Value::as_i64).unwrap_or_default(),
        device_id: body.get("scene_info").and_then(|s| s.get("device_id")).and_then(Value::as_str).map(str::to_owned),
        time_expire,
        parameters: Value::Null,
    };
    set_default_currency(&mut body);
    Ok(Prepay { parameters: Value::Object(body), ..prepay })
}

/// §5.1: digits, letters and `_ - | *`.
pub(in crate::sandbox) fn legal_in_out_trade_no(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-|*".contains(c)
}

/// §6.5: https, a full path, no parameters. Plain http is taken for this machine, and for hosts that were allowed at
/// the start, which WeChat would not do.
pub(in crate::sandbox) fn is_notify_url(text: &str, plain_hosts: &[String]) -> bool {
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return false,
    };
    let allowed = || plain_hosts.iter().any(|host| url.host_str().is_some_and(|own| own.eq_ignore_ascii_case(host)));
    let scheme = url.scheme() == "https" || (url.scheme() == "http" && (loopback || allowed()));
    let bare =
        url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    scheme && bare
}

/// Leaving the currency out is the same as saying CNY.
fn set_default_currency(body: &mut Map<String, Value>) {
    if let Some(amount) = body.get_mut("amount").and_then(Value::as_object_mut) {
        amount.entry("currency").or_insert(json!("CNY"));
    }
}

fn add(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.saturating_add(span).unwrap_or(Timestamp::MAX)
}
