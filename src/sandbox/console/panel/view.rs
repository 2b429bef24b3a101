//! The page of knobs as HTML.

use serde_json::Value;

use super::{
    form::{SHOWN, text},
    knobs::{ENDPOINTS, Kind, Knob, SECTIONS, Section},
};
use crate::sandbox::{
    console::html::{FAULTS, Live, Page, Shape, escape, shell},
    crypto::keys::PlatformCertificate,
    wire_time,
};

/// Counts that can be chosen at once.
const COUNTS: [(&str, &str); 5] =
    [("0", "关"), ("1", "下 1 次"), ("3", "下 3 次"), ("10", "下 10 次"), ("all", "每一次")];

pub(super) struct Panel<'a> {
    /// The knobs as they are, and as they are at start.
    pub(super) knobs: &'a Value,
    pub(super) usual: &'a Value,
    pub(super) certificates: &'a [&'a PlatformCertificate],
    pub(super) message: Message<'a>,
}

/// What came of what was pressed.
pub(super) enum Message<'a> {
    None,
    Done(&'a str),
    Refused(&'a str),
}

impl Message<'_> {
    pub(super) fn html(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Done(text) => format!(r#"<p class="notice" role="status">{}</p>"#, escape(text)),
            Self::Refused(text) => format!(r#"<p class="alert" role="alert">{}</p>"#, escape(text)),
        }
    }
}

pub(super) fn page(panel: &Panel<'_>) -> String {
    let main = format!(
        r#"<h1>故障</h1>
<p class="hint">让平台像真的一样出错，或者更糟。开关立即生效，沙箱重启后全部恢复。</p>
{message}
<form class="knobs" action="{FAULTS}" method="post">
<input type="hidden" name="{SHOWN}" value="{shown}">
{sections}
<div class="apply"><button>应用</button><button class="secondary" formaction="{FAULTS}/clear" formnovalidate>全部恢复</button></div>
</form>
{keys}"#,
        message = panel.message.html(),
        shown = escape(&panel.knobs.to_string()),
        sections = SECTIONS.iter().map(|section| self::section(section, panel)).collect::<String>(),
        keys = keys(panel.certificates),
    );
    shell(&Page { title: "故障", path: FAULTS, shape: Shape::Desk, live: Live::No }, &main)
}

fn section(section: &Section, panel: &Panel<'_>) -> String {
    let knobs: String = section.knobs.iter().map(|knob| self::knob(knob, panel)).collect();
    format!("<fieldset><legend>{}</legend>{knobs}</fieldset>\n", section.title)
}

fn knob(knob: &Knob, panel: &Panel<'_>) -> String {
    let Knob { name, label, hint, kind } = knob;
    let value = &panel.knobs[*name];
    let (class, mark) = if *value == panel.usual[*name] {
        ("knob", "")
    } else {
        ("knob on", r#" <strong class="mark">已改</strong>"#)
    };
    if let Kind::PerEndpoint = kind {
        let open = if mark.is_empty() { "" } else { " open" };
        let parts: String = ENDPOINTS.iter().map(|endpoint| part(name, *endpoint, value)).collect();
        return format!(
            r#"<details class="{class}"{open}><summary>{label}{mark}</summary><p class="help">{hint}</p><div class="parts" role="group" aria-label="{label}">{parts}</div></details>
"#
        );
    }
    let (help, described) = match *hint {
        "" => (String::new(), String::new()),
        hint => {
            (format!(r#"<p class="help" id="help-{name}">{hint}</p>"#), format!(r#" aria-describedby="help-{name}""#))
        }
    };
    let attributes = format!(r#"id="{name}" name="{name}"{described}"#);
    let control = match kind {
        Kind::Next | Kind::PerEndpoint => count(&attributes, value),
        Kind::Share => number(&attributes, value, "0", "1", "any"),
        Kind::Factor => number(&attributes, value, "0", "1000", "any"),
        Kind::Whole { min, max } => number(&attributes, value, &min.to_string(), &max.to_string(), "1"),
        Kind::Switch => {
            let checked = if *value == Value::Bool(true) { " checked" } else { "" };
            format!(r#"<input type="checkbox" {attributes}{checked}>"#)
        }
        Kind::Choice(choices) => select(&attributes, choices, &text(value)),
    };
    format!(
        r#"<div class="{class}"><label for="{name}">{label}{mark}</label>{control}{help}</div>
"#
    )
}

/// One interface's share of a knob.
fn part(knob: &str, (endpoint, name): (&str, &str), value: &Value) -> String {
    let control = count(&format!(r#"name="{knob}.{endpoint}""#), &value[endpoint]);
    format!("<label><span>{name}</span>{control}</label>")
}

fn number(attributes: &str, value: &Value, min: &str, max: &str, step: &str) -> String {
    let value = escape(&text(value));
    format!(r#"<input type="number" {attributes} value="{value}" min="{min}" max="{max}" step="{step}" required>"#)
}

/// A count that is none of the usual ones is offered, too.
fn count(attributes: &str, value: &Value) -> String {
    let value = text(value);
    if COUNTS.iter().any(|(count, _)| *count == value) {
        return select(attributes, &COUNTS, &value);
    }
    let left = format!("还有 {value} 次");
    let mut choices = COUNTS.to_vec();
    choices.push((&value, &left));
    select(attributes, &choices, &value)
}

fn select(attributes: &str, choices: &[(&str, &str)], chosen: &str) -> String {
    let options: String = choices.iter().map(|(value, name)| option(value, name, *value == chosen)).collect();
    format!("<select {attributes}>{options}</select>")
}

fn option(value: &str, name: &str, is_chosen: bool) -> String {
    let selected = if is_chosen { " selected" } else { "" };
    format!(r#"<option value="{}"{selected}>{}</option>"#, escape(value), escape(name))
}

fn keys(certificates: &[&PlatformCertificate]) -> String {
    let both = certificates.len() > 1;
    let listed: String = certificates.iter().map(|certificate| self::certificate(certificate, both)).collect();
    let issue = if both {
        r#"<p class="help">两张都在证书接口里；新证书签名的比例在上面设置。</p>"#.to_owned()
    } else {
        format!(r#"<form action="{FAULTS}/certificates" method="post"><button>签发下一张证书</button></form>"#)
    };
    format!(
        r#"<section class="keys" aria-labelledby="certificates"><h2 id="certificates">平台证书</h2>
<ul class="records">{listed}</ul>
{issue}</section>
<section class="keys" aria-labelledby="api-v3-key"><h2 id="api-v3-key">APIv3 密钥</h2>
<p class="help">回调立即改用新密钥加密，credentials.env 随之更新；商户须换上新密钥才能解密。</p>
<form action="{FAULTS}/api-v3-key" method="post"><button>更换 APIv3 密钥</button></form></section>"#
    )
}

fn certificate(certificate: &PlatformCertificate, both: bool) -> String {
    let serial = escape(&certificate.key.serial);
    let (from, to) = certificate.validity();
    let retire = if both {
        format!(
            r#"<form action="{FAULTS}/certificates/retire" method="post"><button class="secondary" name="serial" value="{serial}">停用 <span class="tail">…{tail}</span></button></form>"#,
            tail = serial.get(serial.len().saturating_sub(6)..).unwrap_or(&serial),
        )
    } else {
        String::new()
    };
    format!(
        r#"<li><span class="number">{serial}</span><span class="meta">{from} 至 {to}</span>{retire}</li>"#,
        from = wire_time::for_people(from),
        to = wire_time::for_people(to),
    )
}
