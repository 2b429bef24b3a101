//! What the pages for people share: the shell around them, their headers, and how text, sums and
//! times are written.

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::{Html, IntoResponse as _, Response},
};
use jiff::Timestamp;

use super::language::{Both, Language, SWITCH};
use crate::sandbox::wire_time;

/// Nothing but our own files; forms go to us alone.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

const SANDBOX: Both = ("沙箱", "Sandbox");

pub(super) const PHONE: &str = "/_sandbox/";
pub(super) const FAULTS: &str = "/_sandbox/faults-page";
pub(super) const RECORDS: &str = "/_sandbox/records";

/// The pages, as each of them links to the others.
const PAGES: [(&str, Both); 3] =
    [(PHONE, ("扫一扫", "Scan")), (FAULTS, ("故障", "Faults")), (RECORDS, ("退款与回调", "Refunds and callbacks"))];

/// What a page is drawn on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Phone,
    /// The same as a phone on a small screen, wider on a large one.
    Desk,
}

/// Whether the page fetches itself again from time to time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Live {
    Yes,
    No,
}

pub(super) struct Page<'a> {
    pub(super) title: &'a str,
    /// One of [`PAGES`].
    pub(super) path: &'static str,
    pub(super) shape: Shape,
    pub(super) live: Live,
    pub(super) language: Language,
}

pub(super) fn shell(page: &Page<'_>, main: &str) -> String {
    let (attribute, refresh) = match page.live {
        Live::Yes => (" data-live", r#"<noscript><meta http-equiv="refresh" content="5"></noscript>"#),
        Live::No => ("", ""),
    };
    let language = page.language;
    let links = PAGES.map(|(path, name)| {
        let current = if path == page.path { r#" aria-current="page""# } else { "" };
        format!(r#"<a href="{path}"{current}>{}</a>"#, language.say(name))
    });
    let links = format!("<nav aria-label=\"{}\">\n{}\n</nav>\n", language.say(SANDBOX), links.join("\n"));
    // Nobody looks for the way on at the end of a long page.
    let (shape, above, below) = match page.shape {
        Shape::Phone => ("phone", "", links.as_str()),
        Shape::Desk => ("phone desk", links.as_str(), ""),
    };
    include_str!("assets/phone.html")
        .replace("{language}", language.tag())
        .replace("{phone}", language.say(("沙箱手机", "Sandbox phone")))
        .replace("{sandbox}", language.say(SANDBOX))
        .replace(
            "{about}",
            language.say(("模拟微信扫码支付，不涉及真实资金", "Pretends to be WeChat Pay; no real money")),
        )
        .replace("{switch}", &switch(language))
        .replace("{title}", &escape(page.title))
        .replace("{refresh}", refresh)
        .replace("{shape}", shape)
        .replace("{above}", above)
        .replace("{below}", below)
        .replace("{live}", attribute)
        .replace("{main}", main)
}

/// To the other language, in its own words.
fn switch(language: Language) -> String {
    let (other, name) = (language.other().tag(), language.say(("English", "中文")));
    let label = language.say(("切换语言：", "Change the language: "));
    format!(
        r#"<form action="{SWITCH}" method="post"><button class="language" name="to" value="{other}" aria-label="{label}{name}"><span lang="{other}">{name}</span></button></form>"#
    )
}

/// A page with the headers that keep it to itself.
pub(super) fn respond(html: String) -> Response {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex")),
    ];
    (headers, Html(html)).into_response()
}

/// `¥1.00`
pub(super) fn yuan(fen: i64) -> String {
    format!(r#"<span class="yuan">¥</span>{}.{:02}"#, fen / 100, fen % 100)
}

/// The end of a number is what tells it apart.
pub(super) fn short(number: &str) -> String {
    match number.char_indices().rev().nth(5) {
        Some((start, _)) if start > 0 => format!("…{}", &number[start..]),
        _ => number.to_owned(),
    }
}

/// Hours and minutes, after the date when that is not today's.
pub(super) fn clock(at: Timestamp, now: Timestamp) -> String {
    let text = wire_time::for_people(at);
    let from = if wire_time::date(at) == wire_time::date(now) { 11 } else { 5 };
    format!(r#"<time datetime="{}">{}</time>"#, wire_time::seconds(at), text.get(from..16).unwrap_or(&text))
}

pub(super) fn time(at_ms: i64) -> Timestamp {
    Timestamp::from_millisecond(at_ms).unwrap_or_default()
}

pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_fen_as_yuan() {
        for (fen, text) in [(1, "0.01"), (10, "0.10"), (100, "1.00"), (12_345, "123.45")] {
            assert!(yuan(fen).ends_with(text), "{fen}");
        }
    }

    #[test]
    fn shortens_long_numbers_only() {
        assert_eq!(short("ORDER1"), "ORDER1");
        assert_eq!(short("20261123135222ZZZZZZ"), "…ZZZZZZ");
    }

    #[test]
    fn escapes_what_html_reads() {
        assert_eq!(escape(r"<a href='x'>&"), "&lt;a href=&#39;x&#39;&gt;&amp;");
    }
}
