//! The body of `apply-abnormal-refund` (`wechatpay-v3.md` §7.3): where the money is to go when it
//! could not go back where it came from.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sandbox::{
    books::schema::{self, Field, Kind, optional, required},
    crypto::{oaep, signature::PlatformKey},
    error::ApiError,
};

const FIELDS: &[Field] = &[
    required("out_refund_no", Kind::Text { max: 64 }),
    required("type", Kind::OneOf(&[USER, "MERCHANT_BANK_CARD"])),
    optional("bank_type", Kind::Text { max: 16 }),
    optional("bank_account", Kind::Text { max: 1024 }),
    optional("real_name", Kind::Text { max: 1024 }),
];

const USER: &str = "USER_BANK_CARD";
/// Debit cards alone are taken; which banks they are of is not checked.
const DEBIT: &str = "_DEBIT";

/// Whose card takes the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::sandbox) enum Card {
    User,
    Merchant,
}

pub(in crate::sandbox) struct Abnormal {
    pub(in crate::sandbox) out_refund_no: String,
    pub(in crate::sandbox) card: Card,
}

impl Abnormal {
    /// Reads a body whose secret fields are encrypted to `key`; nothing of them is kept.
    pub(in crate::sandbox) fn parse(body: &[u8], key: &PlatformKey) -> Result<Self, ApiError> {
        let body = schema::read(FIELDS, body)?;
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let out_refund_no = text("out_refund_no").unwrap_or_default().to_owned();
        if text("type") != Some(USER) {
            return Ok(Self { out_refund_no, card: Card::Merchant });
        }
        let needed = |name: &str| {
            let issue = "退款至用户银行卡时为必填项";
            text(name).ok_or_else(|| ApiError::parameter("body", &format!("/{name}"), &json!(""), issue))
        };
        let bank_type = needed("bank_type")?;
        if !bank_type.ends_with(DEBIT) {
            return Err(ApiError::parameter("body", "/bank_type", &json!(bank_type), "仅支持借记卡"));
        }
        for name in ["bank_account", "real_name"] {
            oaep::decrypt(key.private_key(), needed(name)?).map_err(|_| {
                let issue = "解密失败，请检查公钥与Wechatpay-Serial";
                ApiError::parameter("body", &format!("/{name}"), &json!(""), issue)
            })?;
        }
        Ok(Self { out_refund_no, card: Card::User })
    }
}
