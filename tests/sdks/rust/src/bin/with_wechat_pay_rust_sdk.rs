//! wechat-pay-rust-sdk, unchanged: `base_url` leads it here, or HTTPS_PROXY with SSL_CERT_FILE. It has no close, and no
//! query beyond `get_pay`; it names no key in its requests and verifies callbacks with the key it is given.

use std::collections::HashMap;

use saoma_sdks::{Callback, Inbox, Outcome, base_url, ensure, file, keys, number, pay, step, variable};
use serde::Deserialize;
use wechat_pay_rust_sdk::{
    model::{NativeParams, RefundsParams, WechatPayDecodeData, WechatPayNotify},
    pay::{PayNotifyTrait, WechatPay},
    response::{NativeResponse, ResponseTrait},
    util,
};

/// What is asked of a query's answer, and of an error's.
#[derive(Debug, Deserialize)]
struct Told {
    code: Option<String>,
    trade_state: Option<String>,
    status: Option<String>,
}

impl ResponseTrait for Told {}

struct Shop {
    sdk: WechatPay,
    inbox: Inbox,
    /// Platform keys by serial.
    trusted: HashMap<String, String>,
}

impl Shop {
    fn start() -> Outcome<Self> {
        let inbox = Inbox::open();
        let key = file("WXPAY_PRIVATE_KEY_PATH");
        let [appid, mchid, serial, v3_key] =
            ["WXPAY_APPID", "WXPAY_MCH_ID", "WXPAY_MCH_SERIAL_NO", "WXPAY_API_V3_KEY"].map(variable);
        let mut sdk = WechatPay::new(&appid, &mchid, &key, &serial, &v3_key, &inbox.url);
        if let Some(url) = base_url() {
            sdk.base_url = url;
        }
        let mut trusted = HashMap::new();
        if keys() != "certificate" {
            trusted.insert(variable("WXPAY_PUBLIC_KEY_ID"), file("WXPAY_PUBLIC_KEY_PATH"));
        }
        Ok(Self { sdk, inbox, trusted })
    }

    fn certificates(&mut self) -> Outcome {
        let listed = self.sdk.certificates()?.data.ok_or("no data")?;
        for one in &listed {
            let sealed = &one.encrypt_certificate;
            let pem = self.sdk.decrypt_bytes(&sealed.ciphertext, &sealed.nonce, &sealed.associated_data)?;
            let key = util::x509_to_pem(&pem).map_err(|error| error.to_string())?;
            self.trusted.insert(one.serial_no.clone(), key);
        }
        ensure(listed.len() == 1, listed)
    }

    fn prepay(&self, out_trade_no: &str, fen: i32) -> Outcome<NativeResponse> {
        Ok(self.sdk.native_pay(NativeParams::new("一颗葱", out_trade_no, fen.into()))?)
    }

    fn query(&self, path: &str) -> Outcome<Told> {
        Ok(self.sdk.get_pay(&format!("/v3/pay/transactions/{path}?mchid={}", self.sdk.mch_id))?)
    }

    fn verify(&self, callback: &Callback, body: &str) -> Outcome {
        let [stamp, nonce, signature, serial] =
            ["Timestamp", "Nonce", "Signature", "Serial"].map(|name| callback.header(&format!("Wechatpay-{name}")));
        let key = self.trusted.get(&serial).ok_or_else(|| format!("no key for {serial:?}"))?;
        Ok(self.sdk.verify_signature(key, stamp.as_str(), &nonce, &signature, body)?)
    }

    fn paid(&self, kind: &str) -> Outcome<(WechatPayDecodeData, Callback)> {
        let out_trade_no = number();
        self.prepay(&out_trade_no, 100)?;
        pay(&out_trade_no, kind)?;
        let callback = self.inbox.next()?;
        self.verify(&callback, &callback.body)?;
        let notify: WechatPayNotify = serde_json::from_str(&callback.body)?;
        let sealed = notify.resource;
        // It cannot read a payment without `attach`.
        let told =
            self.sdk.decrypt_paydata(sealed.ciphertext, sealed.nonce, sealed.associated_data.unwrap_or_default())?;
        ensure(told.out_trade_no == out_trade_no && told.trade_state == "SUCCESS" && told.attach.is_empty(), &told)?;
        Ok((told, callback))
    }

    fn refund(&self, paid: &WechatPayDecodeData, out_refund_no: &str) -> Outcome {
        let mut params = RefundsParams::new(out_refund_no, 100, 40, None, Some(paid.out_trade_no.as_str()));
        params.notify_url = Some(self.inbox.url.clone());
        let told = self.sdk.refunds(params)?;
        ensure(told.ok().is_some_and(|refund| refund.status == "PROCESSING"), told)
    }

    fn refunded(&self, out_refund_no: &str) -> Outcome {
        let callback = self.inbox.next()?;
        self.verify(&callback, &callback.body)?;
        let notify: WechatPayNotify = serde_json::from_str(&callback.body)?;
        let sealed = notify.resource;
        let text =
            self.sdk.decrypt_bytes(sealed.ciphertext, sealed.nonce, sealed.associated_data.unwrap_or_default())?;
        let told: serde_json::Value = serde_json::from_slice(&text)?;
        ensure(told["out_refund_no"] == out_refund_no && told["refund_status"] == "SUCCESS", told)
    }
}

fn has(field: &Option<String>, expected: &str, told: impl std::fmt::Debug) -> Outcome {
    ensure(field.as_deref() == Some(expected), told)
}

fn main() -> Outcome {
    let mut shop = step("starts", Shop::start()).ok_or("nothing else can be tried")?;
    if keys() != "public-key" {
        let outcome = shop.certificates();
        step("certificates", outcome);
    }
    let unpaid = number();
    step(
        "native prepay",
        shop.prepay(&unpaid, 100)
            .and_then(|told| ensure(told.code_url.as_deref().unwrap_or_default().starts_with("weixin://"), told)),
    );
    let query = |path: String, state: &str| shop.query(&path).and_then(|told| has(&told.trade_state, state, &told));
    step("query by out_trade_no", query(format!("out-trade-no/{unpaid}"), "NOTPAY"));
    let missing = shop.query(&format!("out-trade-no/{}", number()));
    step("query of an order that is not there", missing.and_then(|told| has(&told.code, "ORDER_NOT_EXIST", &told)));
    let wrong = shop.prepay(&number(), -1);
    step("prepay with a wrong amount", wrong.and_then(|told| has(&told.code, "PARAM_ERROR", &told)));
    let kinds = match keys().as_str() {
        "public-key" => vec!["public-key"],
        "certificate" => vec!["certificate"],
        _ => vec!["public-key", "certificate"],
    };
    let mut last = None;
    for kind in kinds {
        last = step(&format!("callback of a payment, by {kind}"), shop.paid(kind)).or(last);
    }
    let (paid, callback) = last.ok_or("nothing else can be tried")?;
    let altered = shop.verify(&callback, &callback.body.replacen("transaction", "Transaction", 1));
    step("callback that was altered", ensure(altered.is_err(), altered));
    step("query by transaction_id", query(format!("id/{}", paid.transaction_id), "SUCCESS"));
    let out_refund_no = number();
    step("refund", shop.refund(&paid, &out_refund_no));
    step("callback of a refund", shop.refunded(&out_refund_no));
    let asked: Outcome<Told> =
        shop.sdk.get_pay(&format!("/v3/refund/domestic/refunds/{out_refund_no}")).map_err(Into::into);
    step("query of a refund", asked.and_then(|told| has(&told.status, "SUCCESS", &told)));
    Ok(())
}
