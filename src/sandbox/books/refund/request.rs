//! The body of `POST /v3/refund/domestic/refunds` (`wechatpay-v3.md` §7.1).

use serde_json::{Value, json};

use crate::sandbox::{
    books::{
        prepay::{is_notify_url, legal_in_out_trade_no},
        schema::{self, Field, Kind, optional, required},
    },
    error::ApiError,
};

const FROM: Kind = Kind::Object(&[
    required("account", Kind::OneOf(&["AVAILABLE", "UNAVAILABLE"])),
    required("amount", Kind::Integer { min: 1 }),
]);

const GOODS: Kind = Kind::Object(&[
    required("merchant_goods_id", Kind::Text { max: 32 }),
    optional("wechatpay_goods_id", Kind::Text { max: 32 }),
    optional("goods_name", Kind::Text { max: 256 }),
    required("unit_price", Kind::Integer { min: 0 }),
    required("refund_amount", Kind::Integer { min: 0 }),
    required("refund_quantity", Kind::Integer { min: 1 }),
]);

const FIELDS: &[Field] = &[
    optional("transaction_id", Kind::Text { max: 32 }),
    optional("out_trade_no", Kind::Code { min: 6, max: 32, legal: legal_in_out_trade_no }),
    required("out_refund_no", Kind::Code { min: 1, max: 64, legal: legal_in_out_refund_no }),
    optional("reason", Kind::Text { max: 80 }),
    optional("notify_url", Kind::Text { max: 256 }),
    optional("funds_account", Kind::OneOf(&["AVAILABLE", "UNSETTLED"])),
    required(
        "amount",
        Kind::Object(&[
            required("refund", Kind::Integer { min: 1 }),
            required("total", Kind::Integer { min: 1 }),
            required("currency", Kind::OneOf(&["CNY"])),
            optional("from", Kind::List(&FROM)),
        ]),
    ),
    optional("goods_detail", Kind::List(&GOODS)),
];

/// A request that keeps every rule which does not depend on the books.
pub(in crate::sandbox) struct RefundRequest {
    /// At least one of the two.
    pub(in crate::sandbox) transaction_id: Option<String>,
    pub(in crate::sandbox) out_trade_no: Option<String>,
    pub(in crate::sandbox) out_refund_no: String,
    /// Fen.
    pub(in crate::sandbox) amount: i64,
    /// Fen: what the order cost, as the merchant has it.
    pub(in crate::sandbox) total: i64,
    pub(in crate::sandbox) notify_url: Option<String>,
    /// Everything that must be the same when the number is sent again.
    pub(in crate::sandbox) parameters: Value,
}

impl RefundRequest {
    pub(in crate::sandbox) fn parse(body: &[u8], plain_hosts: &[String]) -> Result<Self, ApiError> {
        let body = schema::read(FIELDS, body)?;
        let refuse = |field: &str, value: &Value, issue: &str| Err(ApiError::parameter("body", field, value, issue));
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let amount = body.get("amount").unwrap_or(&Value::Null);
        let fen = |name: &str| amount[name].as_i64().unwrap_or_default();

        let (transaction_id, out_trade_no) = (text("transaction_id"), text("out_trade_no"));
        if transaction_id.is_none() && out_trade_no.is_none() {
            return refuse("/out_trade_no", &json!(""), "transaction_id与out_trade_no二选一");
        }
        let notify_url = text("notify_url");
        if let Some(text) = notify_url.as_deref().filter(|text| !is_notify_url(text, plain_hosts)) {
            return refuse("/notify_url", &json!(text), "须为https地址（本沙箱另接受本机http），不带参数");
        }
        let (refund, total) = (fen("refund"), fen("total"));
        if refund > total {
            return refuse("/amount/refund", &json!(refund), "大于原订单金额");
        }
        if let from @ Value::Array(parts) = &amount["from"] {
            let sum = parts.iter().filter_map(|part| part["amount"].as_i64()).fold(0, i64::saturating_add);
            if sum != refund {
                return refuse("/amount/from", from, "各账户金额之和须等于退款金额");
            }
        }
        Ok(Self {
            transaction_id,
            out_trade_no,
            out_refund_no: text("out_refund_no").unwrap_or_default(),
            amount: refund,
            total,
            notify_url,
            parameters: Value::Object(body),
        })
    }
}

/// 1 to 64 of what is legal.
pub(in crate::sandbox) fn is_out_refund_no(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(legal_in_out_refund_no)
}

/// §7.1: digits, letters and `_ - | * @`.
fn legal_in_out_refund_no(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-|*@".contains(c)
}
