use jiff::ToSpan as _;

use super::*;
use crate::wechatpay::fixtures::{self, APPID, MCHID, OUT_TRADE_NO, now};

struct Parts {
    appid: String,
    mchid: Mchid,
    description: String,
    number: OutTradeNo,
    attach: Option<String>,
    notify_url: Url,
    total: i64,
}

impl Parts {
    fn good() -> Self {
        Self {
            appid: APPID.to_owned(),
            mchid: Mchid::parse(MCHID).expect("legal"),
            description: "腾讯充值中心-QQ会员充值".to_owned(),
            number: OutTradeNo::parse(OUT_TRADE_NO).expect("legal"),
            attach: Some("自定义数据".to_owned()),
            notify_url: Url::parse("https://www.example.com/api/wx-pay/native/notify").expect("legal"),
            total: 100,
        }
    }

    fn bytes(&self) -> Result<Vec<u8>, InvalidPrepay> {
        NativePrepay {
            appid: &self.appid,
            mchid: &self.mchid,
            description: &self.description,
            out_trade_no: &self.number,
            time_expire: now() + 15.minutes(),
            attach: self.attach.as_deref(),
            notify_url: &self.notify_url,
            total: Fen::new(self.total).expect("an amount"),
        }
        .to_bytes()
    }
}

fn changed(change: impl FnOnce(&mut Parts)) -> Result<Vec<u8>, InvalidPrepay> {
    let mut parts = Parts::good();
    change(&mut parts);
    parts.bytes()
}

#[test]
fn the_body_is_the_documented_one_byte_by_byte() {
    assert_eq!(Parts::good().bytes(), Ok(fixtures::bytes("requests/prepay.body")));
    assert_eq!(Parts::good().bytes(), Parts::good().bytes());
}

#[test]
fn an_absent_attach_is_left_out_instead_of_null() {
    let body = String::from_utf8(changed(|it| it.attach = None).expect("legal")).expect("text");
    assert!(!body.contains("attach") && !body.contains("null"), "{body}");
}

#[test]
fn limits_are_counted_in_characters() {
    assert!(changed(|it| it.description = "会".repeat(127)).is_ok());
    assert_eq!(changed(|it| it.description = "a".repeat(128)), Err(InvalidPrepay::Description));
    assert!(changed(|it| it.attach = Some("会".repeat(128))).is_ok());
    assert_eq!(changed(|it| it.attach = Some("a".repeat(129))), Err(InvalidPrepay::Attach));
    assert_eq!(changed(|it| it.appid = "a".repeat(33)), Err(InvalidPrepay::Appid));
}

#[test]
fn empty_texts_emoji_and_control_characters_are_refused() {
    for bad in ["", "红包🧧", "a\nb", "a\0"] {
        assert_eq!(changed(|it| it.description = bad.to_owned()), Err(InvalidPrepay::Description), "{bad:?}");
        assert_eq!(changed(|it| it.attach = Some(bad.to_owned())), Err(InvalidPrepay::Attach), "{bad:?}");
        assert_eq!(changed(|it| it.appid = bad.to_owned()), Err(InvalidPrepay::Appid), "{bad:?}");
    }
}

#[test]
fn a_notify_url_has_no_query() {
    for bad in ["https://a.example/?", "https://a.example/?x=1", "https://a.example/#x"] {
        assert_eq!(changed(|it| it.notify_url = Url::parse(bad).expect("a URL")), Err(InvalidPrepay::NotifyUrl));
    }
    let long = format!("https://a.example/{}", "x".repeat(240));
    assert_eq!(changed(|it| it.notify_url = Url::parse(&long).expect("a URL")), Err(InvalidPrepay::NotifyUrl));
}

#[test]
fn nothing_is_not_for_sale() {
    assert_eq!(changed(|it| it.total = 0), Err(InvalidPrepay::Total));
    assert!(changed(|it| it.total = 1).is_ok());
}

#[test]
fn a_title_is_made_to_fit() {
    assert_eq!(fit_description("  红包🧧 大\n礼 ").as_deref(), Some("红包 大礼"));
    assert_eq!(fit_description(&"会".repeat(200)), Some("会".repeat(127)));
    assert_eq!(fit_description("🧧🧧"), None);
    assert_eq!(fit_description(" \n"), None);
    assert_eq!(fit_description("👨‍👩‍👧🍵\u{fe0f}"), None, "what holds emoji together shows nothing alone");
    for title in ["红包🧧 大\n礼", "a 🧧 b", &format!("{} b", "a".repeat(126))] {
        let fitted = fit_description(title).expect("something is left");
        assert!(changed(|it| it.description = fitted).is_ok(), "{title}");
    }
}

#[test]
fn a_title_is_what_fits_but_for_emoji() {
    for good in ["龙井", "龙井🍵", "1", "★", &"会".repeat(127)] {
        assert!(is_title(good), "{good}");
    }
    for bad in ["", " ", "\u{3000}", "\u{200b}", "🧧", "👨‍👩‍👧", "🍵\u{fe0f}", "a\tb", "a\nb", &"会".repeat(128)]
    {
        assert!(!is_title(bad), "{bad:?}");
    }
    for blank in ["\u{2800}\u{2800}", "\u{115f}", "\u{1160}", "\u{3164}", "\u{ffa0}", "\u{180e}", "\u{34f}"] {
        assert!(!is_title(blank), "{blank:?}");
        assert!(is_title(&format!("龙井{blank}")), "something is seen");
    }
}

#[test]
fn a_close_names_the_mchid_only() {
    assert_eq!(close_body(&Mchid::parse(MCHID).expect("legal")), fixtures::bytes("requests/close.body"));
}

#[test]
fn the_link_is_read_and_the_rest_ignored() {
    let reply: PrepayReply =
        serde_json::from_str(r#"{"x":1,"code_url":"weixin://wxpay/bizpayurl/up?pr=N&groupid=00"}"#).expect("a reply");
    assert_eq!(reply.code_url, "weixin://wxpay/bizpayurl/up?pr=N&groupid=00");
    assert!(serde_json::from_str::<PrepayReply>(r#"{"code_url":null}"#).is_err());
}
