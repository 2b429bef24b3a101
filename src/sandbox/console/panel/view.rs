//! The page of knobs as HTML.

use serde_json::Value;

use super::{
    form::{SHOWN, text},
    knobs::{ENDPOINTS, Kind, Knob, SECTIONS, Section},
};
use crate::sandbox::{
    console::{
        html::{FAULTS, Live, Page, Shape, escape, shell},
        language::{Both, Language},
    },
    crypto::keys::PlatformCertificate,
    wire_time,
};

/// Counts that can be chosen at once.
const COUNTS: [(&str, Both); 5] = [
    ("0", ("关", "off")),
    ("1", ("下 1 次", "the next")),
    ("3", ("下 3 次", "the next 3")),
    ("10", ("下 10 次", "the next 10")),
    ("all", ("每一次", "always")),
];

pub(super) struct Panel<'a> {
    /// The knobs as they are, and as they are at start.
    pub(super) knobs: &'a Value,
    pub(super) usual: &'a Value,
    pub(super) certificates: &'a [&'a PlatformCertificate],
    pub(super) message: Message<'a>,
    pub(super) language: Language,
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
    let language = panel.language;
    let title = language.say(("故障", "Faults"));
    let main = format!(
        r#"<h1>{title}</h1>
<p class="hint">{hint}</p>
{message}
<form class="knobs" action="{FAULTS}" method="post">
<input type="hidden" name="{SHOWN}" value="{shown}">
{sections}
<div class="apply"><button>{apply}</button><button class="secondary" formaction="{FAULTS}/clear" formnovalidate>{clear}</button></div>
</form>
{keys}"#,
        hint = language.say((
            "让平台像真的一样出错，或者更糟。开关立即生效，沙箱重启后全部恢复。",
            "Have the platform fail as the real one does, or worse. Switches count at once; a restart puts everything back.",
        )),
        apply = language.say(("应用", "Apply")),
        clear = language.say(("全部恢复", "Put everything back")),
        message = panel.message.html(),
        shown = escape(&panel.knobs.to_string()),
        sections = SECTIONS.iter().map(|section| self::section(section, panel)).collect::<String>(),
        keys = keys(panel.certificates, language),
    );
    shell(&Page { title, path: FAULTS, shape: Shape::Desk, live: Live::No, language }, &main)
}

fn section(section: &Section, panel: &Panel<'_>) -> String {
    let knobs: String = section.knobs.iter().map(|knob| self::knob(knob, panel)).collect();
    format!("<fieldset><legend>{}</legend>{knobs}</fieldset>\n", panel.language.say(section.title))
}

fn knob(knob: &Knob, panel: &Panel<'_>) -> String {
    let language = panel.language;
    let Knob { name, label, hint, kind } = knob;
    let (label, hint) = (language.say(*label), language.say(*hint));
    let value = &panel.knobs[*name];
    let (class, mark) = if *value == panel.usual[*name] {
        ("knob", "")
    } else {
        (
            "knob on",
            language.say((r#" <strong class="mark">已改</strong>"#, r#" <strong class="mark">changed</strong>"#)),
        )
    };
    if let Kind::PerEndpoint = kind {
        let open = if mark.is_empty() { "" } else { " open" };
        let parts: String = ENDPOINTS.iter().map(|endpoint| part(name, *endpoint, value, language)).collect();
        return format!(
            r#"<details class="{class}"{open}><summary>{label}{mark}</summary><p class="help">{hint}</p><div class="parts" role="group" aria-label="{label}">{parts}</div></details>
"#
        );
    }
    let (help, described) = match hint {
        "" => (String::new(), String::new()),
        hint => {
            (format!(r#"<p class="help" id="help-{name}">{hint}</p>"#), format!(r#" aria-describedby="help-{name}""#))
        }
    };
    let attributes = format!(r#"id="{name}" name="{name}"{described}"#);
    let control = match kind {
        Kind::Next | Kind::PerEndpoint => count(&attributes, value, language),
        Kind::Share => number(&attributes, value, "0", "1", "any"),
        Kind::Factor => number(&attributes, value, "0", "1000", "any"),
        Kind::Whole { min, max } => number(&attributes, value, &min.to_string(), &max.to_string(), "1"),
        Kind::Switch => {
            let checked = if *value == Value::Bool(true) { " checked" } else { "" };
            format!(r#"<input type="checkbox" {attributes}{checked}>"#)
        }
        Kind::Choice(choices) => {
            let choices: Vec<_> = choices.iter().map(|(value, name)| (*value, language.say(*name))).collect();
            select(&attributes, &choices, &text(value))
        }
    };
    format!(
        r#"<div class="{class}"><label for="{name}">{label}{mark}</label>{control}{help}</div>
"#
    )
}

/// One interface's share of a knob.
fn part(knob: &str, (endpoint, name): (&str, Both), value: &Value, language: Language) -> String {
    let name = language.say(name);
    let control = count(&format!(r#"name="{knob}.{endpoint}""#), &value[endpoint], language);
    format!("<label><span>{name}</span>{control}</label>")
}

fn number(attributes: &str, value: &Value, min: &str, max: &str, step: &str) -> String {
    let value = escape(&text(value));
    format!(r#"<input type="number" {attributes} value="{value}" min="{min}" max="{max}" step="{step}" required>"#)
}

/// A count that is none of the usual ones is offered, too.
fn count(attributes: &str, value: &Value, language: Language) -> String {
    let value = text(value);
    let mut choices: Vec<(&str, &str)> = COUNTS.iter().map(|(count, name)| (*count, language.say(*name))).collect();
    if COUNTS.iter().any(|(count, _)| *count == value) {
        return select(attributes, &choices, &value);
    }
    let left = match language {
        Language::Chinese => format!("还有 {value} 次"),
        Language::English => format!("{value} more"),
    };
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

fn keys(certificates: &[&PlatformCertificate], language: Language) -> String {
    let both = certificates.len() > 1;
    let listed: String =
        certificates.iter().map(|certificate| self::certificate(certificate, both, language)).collect();
    let issue = if both {
        let both = language.say((
            "两张都在证书接口里；新证书签名的比例在上面设置。",
            "Both are told by the interface for certificates; how much the new one signs is set above.",
        ));
        format!(r#"<p class="help">{both}</p>"#)
    } else {
        let issue = language.say(("签发下一张证书", "Issue the next certificate"));
        format!(r#"<form action="{FAULTS}/certificates" method="post"><button>{issue}</button></form>"#)
    };
    format!(
        r#"<section class="keys" aria-labelledby="certificates"><h2 id="certificates">{certificates}</h2>
<ul class="records">{listed}</ul>
{issue}</section>
<section class="keys" aria-labelledby="api-v3-key"><h2 id="api-v3-key">{key}</h2>
<p class="help">{key_hint}</p>
<form action="{FAULTS}/api-v3-key" method="post"><button>{change}</button></form></section>"#,
        certificates = language.say(("平台证书", "Platform certificates")),
        key = language.say(("APIv3 密钥", "APIv3 key")),
        key_hint = language.say((
            "回调立即改用新密钥加密，credentials.env 随之更新；商户须换上新密钥才能解密。",
            "Callbacks are sealed with the new key at once, and credentials.env has it; a merchant opens them only with that.",
        )),
        change = language.say(("更换 APIv3 密钥", "Change the APIv3 key")),
    )
}

fn certificate(certificate: &PlatformCertificate, both: bool, language: Language) -> String {
    let serial = escape(&certificate.key.serial);
    let (from, to) = certificate.validity();
    let retire = if both {
        format!(
            r#"<form action="{FAULTS}/certificates/retire" method="post"><button class="secondary" name="serial" value="{serial}">{retire} <span class="tail">…{tail}</span></button></form>"#,
            retire = language.say(("停用", "Retire")),
            tail = serial.get(serial.len().saturating_sub(6)..).unwrap_or(&serial),
        )
    } else {
        String::new()
    };
    format!(
        r#"<li><span class="number">{serial}</span><span class="meta">{from} {until} {to}</span>{retire}</li>"#,
        until = language.say(("至", "to")),
        from = wire_time::for_people(from),
        to = wire_time::for_people(to),
    )
}
