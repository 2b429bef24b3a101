//! wechat-pay, unchanged: `with_base_url` leads it here, or HTTPS_PROXY with SSL_CERT_FILE. It knows one platform key
//! at a time: while both kinds sign, the public key.

use saoma_sdks::{Callback, Inbox, Outcome, base_url, ensure, file, keys, number, pay, step, variable};
use wechat_pay::{
    Config, NotifyHandler, NotifyHeaders, WechatPayClient, WechatPayError,
    models::{Refund, Transaction},
};

fn config() -> Outcome<Config> {
    let config = Config::new(
        variable("WXPAY_APPID"),
        variable("WXPAY_MCH_ID"),
        variable("WXPAY_API_V3_KEY"),
        variable("WXPAY_MCH_SERIAL_NO"),
        &file("WXPAY_PRIVATE_KEY_PATH"),
    )?;
    Ok(match base_url() {
        Some(url) => config.with_base_url(url),
        None => config,
    })
}

/// Before it knows a platform key it names the merchant's own serial in `Wechatpay-Serial`.
async fn start() -> Outcome<WechatPayClient> {
    let (serial, key) = if keys() == "certificate" {
        WechatPayClient::new(config()?)?.latest_platform_public_key().await?
    } else {
        (variable("WXPAY_PUBLIC_KEY_ID"), file("WXPAY_PUBLIC_KEY_PATH"))
    };
    Ok(WechatPayClient::new(config()?.with_platform_public_key(serial, key))?)
}

fn refused<T>(result: wechat_pay::Result<T>, expected: (u16, &str)) -> Outcome {
    match result {
        Err(WechatPayError::Api { status, code, .. }) => ensure((status, code.as_str()) == expected, (status, code)),
        Err(other) => Err(other.into()),
        Ok(_) => Err("it was not refused".into()),
    }
}

async fn state(sdk: &WechatPayClient, out_trade_no: &str, expected: &str) -> Outcome {
    let told = sdk.query_by_out_trade_no(out_trade_no).await?;
    ensure(told.trade_state.as_deref() == Some(expected), told)
}

fn headers(callback: &Callback) -> NotifyHeaders {
    NotifyHeaders::new(
        callback.header("Wechatpay-Timestamp"),
        callback.header("Wechatpay-Nonce"),
        callback.header("Wechatpay-Signature"),
        callback.header("Wechatpay-Serial"),
    )
}

async fn paid(sdk: &WechatPayClient, inbox: &Inbox, kind: &str) -> Outcome<(Transaction, Callback)> {
    let out_trade_no = number();
    sdk.native_pay("一颗葱", &out_trade_no, 100, &inbox.url).await?;
    pay(&out_trade_no, kind)?;
    let callback = inbox.next()?;
    let told = NotifyHandler::new(sdk.config()).parse_transaction(&headers(&callback), &callback.body)?;
    ensure(told.out_trade_no == out_trade_no && told.trade_state.as_deref() == Some("SUCCESS"), &told)?;
    Ok((told, callback))
}

fn altered(sdk: &WechatPayClient, callback: &Callback) -> Outcome {
    let body = callback.body.replacen("transaction", "Transaction", 1);
    let told = NotifyHandler::new(sdk.config()).parse_transaction(&headers(callback), &body);
    ensure(matches!(told, Err(WechatPayError::Sign(_))), told)
}

async fn refund(sdk: &WechatPayClient, paid: &Transaction, number: &str, url: &str) -> Outcome {
    let told = sdk.refund_by_out_trade_no(&paid.out_trade_no, number, 40, 100, None, Some(url)).await?;
    ensure(told.status.as_deref() == Some("PROCESSING"), told)
}

/// Its `parse_refund` wants `status`, where a callback has `refund_status`: opened as text.
fn refunded(sdk: &WechatPayClient, inbox: &Inbox, number: &str) -> Outcome {
    let callback = inbox.next()?;
    let told: serde_json::Value =
        serde_json::from_str(&NotifyHandler::new(sdk.config()).decrypt_raw(&headers(&callback), &callback.body)?)?;
    ensure(told["out_refund_no"] == number && told["refund_status"] == "SUCCESS", told)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let inbox = Inbox::open();
    let sdk = step("starts", start().await).ok_or("nothing else can be tried")?;
    let unpaid = number();
    step(
        "native prepay",
        async {
            let told = sdk.native_pay("一颗葱", &unpaid, 100, &inbox.url).await?;
            ensure(told.code_url.starts_with("weixin://"), told)
        }
        .await,
    );
    step("query by out_trade_no", state(&sdk, &unpaid, "NOTPAY").await);
    step(
        "query of an order that is not there",
        refused(sdk.query_by_out_trade_no(&number()).await, (404, "ORDER_NOT_EXIST")),
    );
    step(
        "prepay with a wrong amount",
        refused(sdk.native_pay("一颗葱", &number(), -1, &inbox.url).await, (400, "PARAM_ERROR")),
    );
    step("close", sdk.close_order(&unpaid).await.map_err(Into::into));
    step("query of a closed order", state(&sdk, &unpaid, "CLOSED").await);
    let kind = if keys() == "certificate" { "certificate" } else { "public-key" };
    let paid = step(&format!("callback of a payment, by {kind}"), paid(&sdk, &inbox, kind).await);
    let (paid, callback) = paid.ok_or("nothing else can be tried")?;
    step("callback that was altered", altered(&sdk, &callback));
    step(
        "query by transaction_id",
        async {
            let told = sdk.query_by_transaction_id(paid.transaction_id.as_deref().unwrap_or_default()).await?;
            ensure(told.trade_state.as_deref() == Some("SUCCESS"), told)
        }
        .await,
    );
    let out_refund_no = number();
    step("refund", refund(&sdk, &paid, &out_refund_no, &inbox.url).await);
    step("callback of a refund", refunded(&sdk, &inbox, &out_refund_no));
    step(
        "query of a refund",
        async {
            let told: Refund = sdk.query_refund(&out_refund_no).await?;
            ensure(told.status.as_deref() == Some("SUCCESS"), told)
        }
        .await,
    );
    Ok(())
}
