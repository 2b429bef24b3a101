//! What a person has set on the page, as a patch of the knobs. Only what differs from what the page
//! showed is taken over: counts go down while somebody reads.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::knobs::{ENDPOINTS, Kind, Knob, SECTIONS};
use crate::sandbox::{
    console::language::{Both, Language},
    faults::KnobError,
};

/// The field that holds what the page showed, as JSON.
pub(super) const SHOWN: &str = "shown";

/// Why a form is not taken over. Shown to people.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FormError {
    Unreadable(Both),
    Refused { name: String, label: Option<Both> },
}

impl FormError {
    pub(super) fn text(&self, language: Language) -> String {
        let (named, is_readable) = match self {
            Self::Unreadable(label) => (language.say(*label), false),
            Self::Refused { name, label } => (label.map_or(name.as_str(), |label| language.say(label)), true),
        };
        match (language, is_readable) {
            (Language::Chinese, false) => format!("“{named}”的值无法识别，什么也没有改。"),
            (Language::Chinese, true) => format!("“{named}”的值不在允许的范围内，什么也没有改。"),
            (Language::English, false) => format!("The value of “{named}” cannot be read. Nothing has been changed."),
            (Language::English, true) => format!("The value of “{named}” is not allowed. Nothing has been changed."),
        }
    }
}

impl From<KnobError> for FormError {
    fn from(error: KnobError) -> Self {
        let (KnobError::Unknown(name) | KnobError::Value { name, .. }) = error;
        let knob = SECTIONS.iter().flat_map(|section| section.knobs).find(|knob| knob.name == name);
        Self::Refused { label: knob.map(|knob| knob.label), name }
    }
}

pub(super) fn patch(fields: &HashMap<String, String>) -> Result<Map<String, Value>, FormError> {
    let shown = fields.get(SHOWN).and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null);
    let mut patch = Map::new();
    for knob in SECTIONS.iter().flat_map(|section| section.knobs) {
        if let Kind::PerEndpoint = knob.kind {
            let mut parts = Map::new();
            for (endpoint, _) in ENDPOINTS {
                let field = fields.get(&format!("{}.{endpoint}", knob.name));
                if let Some(value) = changed(knob, field, &shown[knob.name][endpoint])? {
                    parts.insert(endpoint.to_owned(), value);
                }
            }
            if !parts.is_empty() {
                patch.insert(knob.name.to_owned(), Value::Object(parts));
            }
        } else if let Some(value) = changed(knob, fields.get(knob.name), &shown[knob.name])? {
            patch.insert(knob.name.to_owned(), value);
        }
    }
    Ok(patch)
}

fn changed(knob: &Knob, field: Option<&String>, shown: &Value) -> Result<Option<Value>, FormError> {
    // A browser says nothing of a switch that is off.
    if let Kind::Switch = knob.kind {
        let value = Value::Bool(field.is_some());
        return Ok(Some(value).filter(|value| value != shown));
    }
    match field.map(|text| text.trim()) {
        Some(text) if text != self::text(shown) => {
            read(&knob.kind, text).map(Some).ok_or(FormError::Unreadable(knob.label))
        }
        _ => Ok(None),
    }
}

fn read(kind: &Kind, text: &str) -> Option<Value> {
    match kind {
        Kind::Next | Kind::PerEndpoint if text == "all" => Some(json!("all")),
        Kind::Next | Kind::PerEndpoint => text.parse::<u32>().ok().map(Value::from),
        Kind::Share | Kind::Factor => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from),
        Kind::Whole { .. } => text.parse::<i64>().ok().map(Value::from),
        Kind::Switch => None,
        Kind::Choice(_) => Some(json!(text)),
    }
}

/// A knob's value as a field of the form has it.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{faults::Faults, key_mode::KeyMode};

    fn fields(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        let shown = serde_json::to_string(&Faults::usual(KeyMode::default())).expect("JSON");
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        pairs.chain([(SHOWN.to_owned(), shown)]).collect()
    }

    #[test]
    fn the_page_knows_every_knob() {
        let faults = serde_json::to_value(Faults::usual(KeyMode::default())).expect("JSON");
        let faults = faults.as_object().expect("an object");
        let known: Vec<&str> = SECTIONS.iter().flat_map(|section| section.knobs).map(|knob| knob.name).collect();
        assert!(faults.keys().all(|name| known.contains(&name.as_str())), "{known:?}");
        assert_eq!(known.len(), faults.len());
        let parts = faults["error_429"].as_object().expect("an object");
        assert!(parts.keys().all(|name| ENDPOINTS.iter().any(|(endpoint, _)| endpoint == name)));
        assert_eq!(parts.len(), ENDPOINTS.len());
    }

    #[test]
    fn only_what_was_changed_is_taken_over() {
        let changed = fields(&[
            ("drop", "all"),
            ("duplicates", "0"),
            ("delay_ms", " 5 "),
            ("public_key_share", "0.5"),
            ("error_500.query", "3"),
            ("error_500.close", "0"),
            ("refund_outcome", "closed"),
            ("public_key_only", "on"),
            ("unknown", "1"),
        ]);
        let expected = json!({
            "drop": "all", "delay_ms": 5, "public_key_share": 0.5, "error_500": {"query": 3},
            "refund_outcome": "closed", "public_key_only": true,
        });
        assert_eq!(patch(&changed).map(Value::Object), Ok(expected));
        assert_eq!(patch(&fields(&[("retry_scale", "1.0")])), Ok(Map::new()));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (name, value, label) in [
            ("drop", "some", "丢弃"),
            ("duplicates", "1.5", "成功后重复次数"),
            ("retry_scale", "inf", "重试间隔倍数"),
            ("error_429.all", "-1", "频率超限 429"),
        ] {
            let error = patch(&fields(&[(name, value)])).expect_err(name);
            assert!(matches!(error, FormError::Unreadable((chinese, _)) if chinese == label), "{error:?}");
        }
    }
}
