//! Reading JSON by names, without serde.

use js_sys::Reflect;
use wasm_bindgen::JsValue;

/// A JSON value, whoever has parsed it.
pub trait Fields: Sized {
    fn field(&self, name: &str) -> Option<Self>;
    fn as_text(&self) -> Option<String>;
    fn as_number(&self) -> Option<i64>;
    fn is_true(&self) -> bool;

    /// Empty when there is none, as a view means it.
    fn text(&self, name: &str) -> String {
        self.field(name).and_then(|value| value.as_text()).unwrap_or_default()
    }

    fn number(&self, name: &str) -> i64 {
        self.field(name).and_then(|value| value.as_number()).unwrap_or_default()
    }

    fn flag(&self, name: &str) -> bool {
        self.field(name).is_some_and(|value| value.is_true())
    }
}

impl Fields for JsValue {
    fn field(&self, name: &str) -> Option<Self> {
        Reflect::get(self, &Self::from_str(name)).ok().filter(|value| !value.is_undefined())
    }

    fn as_text(&self) -> Option<String> {
        self.as_string()
    }

    #[expect(clippy::cast_possible_truncation, reason = "versions, seconds and ids are whole and far below 2^53")]
    fn as_number(&self) -> Option<i64> {
        self.as_f64().map(|number| number as i64)
    }

    fn is_true(&self) -> bool {
        self.is_truthy()
    }
}
