//! The pages where people turn knobs and look into the books, without JavaScript.

use serde_json::{Value, json};

use crate::harness::{Client, Platform};

const FAULTS: &str = "/_sandbox/faults-page";
const RECORDS: &str = "/_sandbox/records";

type Fields = Vec<(String, String)>;

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    Some(unescape(tag[start..].split('"').next()?))
}

/// What a browser would send of the first form with this action, untouched.
fn form(html: &str, action: &str) -> Fields {
    let start = html.find(&format!("action=\"{action}\"")).unwrap_or_else(|| panic!("no form {action}"));
    let form = html[start..].split("</form>").next().expect("an end");
    let mut fields = Fields::new();
    for tag in form.split('<') {
        if tag.starts_with("input ") && (!tag.contains("type=\"checkbox\"") || tag.contains(" checked")) {
            let value =
                attribute(tag, "value").unwrap_or_else(|| if tag.contains("checkbox") { "on" } else { "" }.into());
            fields.push((attribute(tag, "name").expect("a name"), value));
        } else if tag.starts_with("select ") {
            fields.push((attribute(tag, "name").expect("a name"), String::new()));
        } else if tag.starts_with("option ") {
            let chosen = &mut fields.last_mut().expect("a select").1;
            if chosen.is_empty() || tag.contains(" selected") {
                *chosen = attribute(tag, "value").expect("a value");
            }
        }
    }
    fields
}

fn set(fields: &mut Fields, name: &str, value: &str) {
    match fields.iter_mut().find(|(field, _)| field == name) {
        Some((_, old)) => value.clone_into(old),
        None => fields.push((name.to_owned(), value.to_owned())),
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

async fn knobs(platform: &Platform) -> Value {
    platform.control("GET", "/_sandbox/faults", &Value::Null).await.json()
}

#[tokio::test]
async fn every_knob_has_a_label_and_shows_where_it_is() {
    let platform = Platform::start().await;
    platform
        .faults(json!({"drop": 7, "duplicates": 2, "error_429": {"refund": "all"}, "refund_v2_notice": true}))
        .await;
    assert!(platform.page("/_sandbox/").await.contains(&format!("href=\"{FAULTS}\"")), "the phone leads there");
    let html = platform.page(FAULTS).await;
    let fields = form(&html, FAULTS);
    let value = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
    for (name, knob) in knobs(&platform).await.as_object().expect("an object") {
        match knob {
            Value::Object(parts) => {
                for (part, knob) in parts {
                    let expected = knob.to_string().replace('"', "");
                    assert_eq!(value(&format!("{name}.{part}")), Some(expected.as_str()), "{name}.{part}");
                }
            }
            Value::Bool(on) => assert_eq!(value(name).is_some(), *on, "{name}"),
            _ => assert_eq!(value(name), Some(knob.to_string().replace('"', "").as_str()), "{name}"),
        }
        let labelled = html.contains(&format!("<label for=\"{name}\">")) && html.contains(&format!(" id=\"{name}\""));
        assert!(labelled || knob.is_object(), "{name}");
    }
    assert_eq!(html.matches("已改").count(), 4);
}

#[tokio::test]
async fn what_is_chosen_is_set_and_nothing_else() {
    let platform = Platform::start().await;
    let before = knobs(&platform).await;
    let mut fields = form(&platform.page(FAULTS).await, FAULTS);
    // Untouched, the form changes nothing.
    let answer = platform.submit(FAULTS, &fields).await;
    assert_eq!((answer.status, answer.location()), (303, "/_sandbox/faults-page?done=applied"));
    assert_eq!(knobs(&platform).await, before);
    for (name, value) in [
        ("drop", "all"),
        ("retry_scale", "0.5"),
        ("clock_skew_seconds", "-30"),
        ("refund_outcome", "closed"),
        ("error_500.refund_query", "3"),
        ("public_key_only", "on"),
    ] {
        set(&mut fields, name, value);
    }
    let answer = platform.submit(FAULTS, &fields).await;
    assert!(platform.page(answer.location()).await.contains("role=\"status\">已应用"));
    let mut expected = before.clone();
    for (pointer, value) in [
        ("/drop", json!("all")),
        ("/retry_scale", json!(0.5)),
        ("/clock_skew_seconds", json!(-30)),
        ("/refund_outcome", json!("closed")),
        ("/error_500/refund_query", json!(3)),
        ("/public_key_only", json!(true)),
    ] {
        *expected.pointer_mut(pointer).expect("is there") = value;
    }
    assert_eq!(knobs(&platform).await, expected);
    // And off again.
    let mut fields = form(&platform.page(FAULTS).await, FAULTS);
    fields.retain(|(name, _)| name != "public_key_only");
    platform.submit(FAULTS, &fields).await;
    assert_eq!(knobs(&platform).await["public_key_only"], false);
    let answer = platform.submit("/_sandbox/faults-page/clear", &fields).await;
    assert!(platform.page(answer.location()).await.contains("全部恢复了"));
    assert_eq!(knobs(&platform).await, before);
}

#[tokio::test]
async fn a_count_that_went_down_meanwhile_is_not_put_back() {
    let platform = Platform::start().await;
    platform.faults(json!({"drop": 3, "retry_scale": 0})).await;
    let fields = form(&platform.page(FAULTS).await, FAULTS);
    platform.paid("ORDER0001").await;
    assert_eq!(knobs(&platform).await["drop"], 0);
    platform.submit(FAULTS, &fields).await;
    assert_eq!(knobs(&platform).await["drop"], 0);
}

#[tokio::test]
async fn a_value_that_cannot_be_is_named_and_nothing_is_set() {
    let platform = Platform::start().await;
    let before = knobs(&platform).await;
    for (name, value, label) in [
        ("retry_scale", "5000", "重试间隔倍数"),
        ("duplicates", "many", "成功后重复次数"),
        ("refund_outcome", "lost", "退款结果"),
    ] {
        let mut fields = form(&platform.page(FAULTS).await, FAULTS);
        set(&mut fields, "drop", "all");
        set(&mut fields, name, value);
        let answer = platform.submit(FAULTS, &fields).await;
        assert_eq!(answer.status, 400);
        let html = answer.as_page();
        assert!(html.contains("role=\"alert\"") && html.contains(&format!("“{label}”")), "{name}");
        assert_eq!(knobs(&platform).await, before);
    }
}

#[tokio::test]
async fn keys_are_changed_by_hand_and_shown_nowhere() {
    let platform = Platform::start().await;
    let old = platform.client.certificate_serial().to_owned();
    let html = platform.page(FAULTS).await;
    assert!(html.contains(&old) && !html.contains("停用"));
    let answer = platform.submit("/_sandbox/faults-page/certificates", &Fields::new()).await;
    let html = platform.page(answer.location()).await;
    assert!(html.contains("两张证书都可用") && html.contains("停用") && !html.contains("签发下一张证书"));
    assert_eq!(platform.submit("/_sandbox/faults-page/certificates", &Fields::new()).await.status, 409);
    let retire = "/_sandbox/faults-page/certificates/retire";
    let answer = platform.submit(retire, &pairs(&[("serial", &old)])).await;
    assert!(!platform.page(answer.location()).await.contains(&old));
    assert_eq!(platform.submit(retire, &pairs(&[("serial", &old)])).await.status, 409);

    let answer = platform.submit("/_sandbox/faults-page/api-v3-key", &Fields::new()).await;
    let html = platform.page(answer.location()).await;
    let new = Client::new(&platform.dir, platform.clock.clone()).api_v3_key;
    assert_ne!(new, platform.client.api_v3_key);
    assert!(html.contains("已更换") && !html.contains(&new) && !html.contains(&platform.client.api_v3_key));
}

#[tokio::test]
async fn refunds_and_callbacks_are_listed_and_moved_on() {
    let platform = Platform::start().await;
    let empty = platform.page(RECORDS).await;
    assert!(empty.contains("还没有退款") && empty.contains("还没有回调"));
    platform.faults(json!({"refund_outcome": "processing", "retry_scale": 0})).await;
    platform.paid("ORDER0001").await;
    platform.refund("ORDER0001", "REFUND|1", 30).await;
    let html = platform.page(RECORDS).await;
    assert!(html.contains("处理中") && html.contains("REFUND|1") && html.contains("0.30") && html.contains("接口"));
    assert!(html.contains("TRANSACTION.SUCCESS") && html.contains("最近应答 204"));
    assert!(html.contains("aria-label=\"把退款 REFUND|1 改为已关闭\""));

    let mut fields = form(&html, "/_sandbox/records/move");
    set(&mut fields, "status", "ABNORMAL");
    let answer = platform.submit("/_sandbox/records/move", &fields).await;
    let html = platform.page(answer.location()).await;
    assert!(html.contains("异常 <span class=\"term\">ABNORMAL") && html.contains("改为成功"));
    assert!(!html.contains("改为已关闭"));
    set(&mut fields, "status", "CLOSED");
    let refused = platform.submit("/_sandbox/records/move", &fields).await;
    assert_eq!(refused.status, 409);
    assert!(refused.as_page().contains("role=\"alert\""));
}

#[tokio::test]
async fn a_refund_is_made_as_in_the_console() {
    let platform = Platform::start().await;
    platform.faults(json!({"refund_ms": 0})).await;
    let mut order = platform.order("ORDER0001");
    order["description"] = json!("<葱>");
    let answer = platform.client.post("/v3/pay/transactions/native", &order).await.json();
    platform.pay(answer["code_url"].as_str().expect("a code")).await;
    let html = platform.page(RECORDS).await;
    assert!(html.contains("&lt;葱&gt; ORDER0001"));
    let mut fields = form(&html, "/_sandbox/records/refund");
    set(&mut fields, "amount", "0.305");
    let refused = platform.submit("/_sandbox/records/refund", &fields).await;
    assert!(refused.as_page().contains("金额无法识别"));
    set(&mut fields, "amount", "0.3");
    let made = platform.submit("/_sandbox/records/refund", &fields).await;
    let html = platform.page(made.location()).await;
    assert!(html.contains("退款已受理") && html.contains("商户平台") && html.contains("0.30"));
    assert!(html.contains("v2 XML"));
    // The rest, and then there is nothing left to refund.
    set(&mut fields, "amount", "");
    assert_eq!(platform.submit("/_sandbox/records/refund", &fields).await.status, 303);
    assert!(platform.page(RECORDS).await.contains("0.70"));
    assert_eq!(platform.submit("/_sandbox/records/refund", &fields).await.status, 409);
    assert!(!platform.page(RECORDS).await.contains("ORDER0001</option>"));
}
