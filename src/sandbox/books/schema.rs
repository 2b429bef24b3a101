//! Checking a request body against the table of its fields: what is missing, of the wrong type,
//! too long, `null` or unknown is refused by name (`wechatpay-v3.md` §1.4, §5.1).

use serde_json::{Map, Value};

use crate::sandbox::error::ApiError;

/// One row of such a table.
pub(in crate::sandbox) struct Field {
    pub(in crate::sandbox) name: &'static str,
    pub(in crate::sandbox) kind: Kind,
    pub(in crate::sandbox) required: bool,
}

pub(in crate::sandbox) enum Kind {
    /// Length in characters, none of them longer than three bytes.
    Text {
        max: usize,
    },
    /// The same with a lower bound and an alphabet.
    Code {
        min: usize,
        max: usize,
        legal: fn(char) -> bool,
    },
    OneOf(&'static [&'static str]),
    Integer {
        min: i64,
    },
    Bool,
    Object(&'static [Field]),
    List(&'static Kind),
}

pub(in crate::sandbox) const fn required(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: true }
}

pub(in crate::sandbox) const fn optional(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false }
}

/// Reads a body and checks it.
pub(in crate::sandbox) fn read(fields: &[Field], body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(body)) => {
            check_object(fields, &body, "")?;
            Ok(body)
        }
        _ => Err(ApiError::parameter("body", "", &Value::from(""), "请求体不是JSON对象")),
    }
}

fn check_object(fields: &[Field], object: &Map<String, Value>, path: &str) -> Result<(), ApiError> {
    for field in fields {
        let path = format!("{path}/{}", field.name);
        match object.get(field.name) {
            Some(value) => check(&field.kind, value, &path)?,
            None if field.required => {
                return Err(ApiError::parameter("body", &path, &Value::from(""), "此字段为必填项"));
            }
            None => {}
        }
    }
    match object.iter().find(|(name, _)| !fields.iter().any(|field| field.name == name.as_str())) {
        Some((name, value)) => Err(ApiError::unknown_parameter("body", &format!("{path}/{name}"), value)),
        None => Ok(()),
    }
}

fn check(kind: &Kind, value: &Value, path: &str) -> Result<(), ApiError> {
    let refuse = |issue: &str| Err(ApiError::parameter("body", path, value, issue));
    match (kind, value) {
        (_, Value::Null) => refuse("不允许为null，请省略该字段"),
        (Kind::Text { max }, Value::String(text)) => match text_issue(text, 1, *max) {
            Some(issue) => refuse(&issue),
            None => Ok(()),
        },
        (Kind::Code { min, max, legal }, Value::String(text)) => match text_issue(text, *min, *max) {
            Some(issue) => refuse(&issue),
            None if text.chars().all(legal) => Ok(()),
            None => refuse("含有不允许的字符"),
        },
        (Kind::OneOf(values), Value::String(text)) if values.contains(&text.as_str()) => Ok(()),
        (Kind::OneOf(values), Value::String(_)) => refuse(&format!("须为{}之一", values.join("、"))),
        // `110.0` and `1.1e2` are floats and refused; a number past 64 bits reads as a float too.
        (Kind::Integer { min }, Value::Number(number)) => match number.as_i64() {
            Some(number) if number >= *min => Ok(()),
            Some(_) => refuse(&format!("不得小于{min}")),
            None => refuse("不是整数"),
        },
        (Kind::Bool, Value::Bool(_)) => Ok(()),
        (Kind::Object(fields), Value::Object(object)) => check_object(fields, object, path),
        (Kind::List(kind), Value::Array(items)) => {
            items.iter().enumerate().try_for_each(|(index, item)| check(kind, item, &format!("{path}/{index}")))
        }
        _ => refuse("类型不符"),
    }
}

fn text_issue(text: &str, min: usize, max: usize) -> Option<String> {
    let length = text.chars().count();
    if text.chars().any(|c| c.len_utf8() > 3) {
        Some("含有四字节字符（如表情符号）".to_owned())
    } else if length < min || length > max {
        Some(format!("长度须为{min}至{max}个字符"))
    } else {
        None
    }
}
