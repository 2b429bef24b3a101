//! The one error that crosses the wire to a browser. It holds nothing internal.

use std::borrow::Cow;

use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

use super::{fields::Fields, words::Buy};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum PublicError {
    #[error("no such order")]
    NoSuchOrder,
    #[error("no such product")]
    NoSuchProduct,
    #[error("not on sale any more")]
    NotOnSale,
    #[error("too many orders from one address")]
    Limited,
    /// Buttons that set off questions to WeChat.
    #[error("too many presses from one address")]
    Presses,
    /// The books are out of reach.
    #[error("busy")]
    Busy,
    /// The books can be read and not written: all can be looked at, and nothing done.
    #[error("read-only")]
    ReadOnly,
    /// What was sent cannot be read.
    #[error("bad input")]
    Input,
    /// The page stands under a name that is not the shop's; `home` is.
    #[error("another site")]
    Elsewhere { home: String },
    /// The browser does not reach the server.
    #[error("no connection")]
    Connection,
}

impl PublicError {
    pub fn message(self, words: &Buy) -> Cow<'static, str> {
        let fixed = match self {
            Self::NoSuchOrder => words.no_such_order,
            Self::NoSuchProduct => words.no_such_product,
            Self::NotOnSale => words.not_on_sale,
            Self::Limited => words.limited,
            Self::Presses => words.presses,
            Self::Busy => words.busy,
            Self::ReadOnly => words.read_only,
            Self::Input => words.input,
            Self::Connection => words.connection,
            Self::Elsewhere { home } => return [words.elsewhere, &home, words.elsewhere_end].concat().into(),
        };
        fixed.into()
    }

    pub const fn status(&self) -> u16 {
        match self {
            Self::NoSuchOrder | Self::NoSuchProduct | Self::NotOnSale => 404,
            Self::Limited | Self::Presses => 429,
            Self::Busy | Self::ReadOnly | Self::Connection => 503,
            Self::Input => 400,
            Self::Elsewhere { .. } => 403,
        }
    }

    /// The word that stands for it in an address, for pages without JavaScript.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::NoSuchOrder => "no-order",
            Self::NoSuchProduct => "no-product",
            Self::NotOnSale => "not-on-sale",
            Self::Limited => "limited",
            Self::Presses => "presses",
            Self::Busy | Self::Connection => "busy",
            Self::ReadOnly => "read-only",
            Self::Input => "input",
            Self::Elsewhere { .. } => "elsewhere",
        }
    }

    const PLAIN: [Self; 9] = [
        Self::NoSuchOrder,
        Self::NoSuchProduct,
        Self::NotOnSale,
        Self::Limited,
        Self::Presses,
        Self::Busy,
        Self::ReadOnly,
        Self::Input,
        Self::Connection,
    ];

    pub fn from_word(word: &str) -> Option<Self> {
        Self::PLAIN.into_iter().find(|error| error.word() == word)
    }

    /// As serde calls it.
    const fn name(&self) -> &'static str {
        match self {
            Self::NoSuchOrder => "NoSuchOrder",
            Self::NoSuchProduct => "NoSuchProduct",
            Self::NotOnSale => "NotOnSale",
            Self::Limited => "Limited",
            Self::Presses => "Presses",
            Self::Busy => "Busy",
            Self::ReadOnly => "ReadOnly",
            Self::Input => "Input",
            Self::Elsewhere { .. } => "Elsewhere",
            Self::Connection => "Connection",
        }
    }

    /// What serde makes of it, read without serde. `None` for anything else.
    pub fn read(json: &impl Fields) -> Option<Self> {
        if let Some(elsewhere) = json.field("Elsewhere") {
            return Some(Self::Elsewhere { home: elsewhere.text("home") });
        }
        let name = json.as_text()?;
        Self::PLAIN.into_iter().find(|error| error.name() == name)
    }
}

impl FromServerFnError for PublicError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Deserialization(_)
            | ServerFnErrorErr::UnsupportedRequestMethod(_) => Self::Input,
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) => Self::Connection,
            ServerFnErrorErr::Registration(_)
            | ServerFnErrorErr::ServerError(_)
            | ServerFnErrorErr::MiddlewareError(_)
            | ServerFnErrorErr::Serialization(_) => Self::Busy,
        }
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::PublicError;

    #[test]
    fn the_browser_reads_every_error() {
        let elsewhere = PublicError::Elsewhere { home: "https://shop.example.com".to_owned() };
        for error in PublicError::PLAIN.into_iter().chain([elsewhere]) {
            let json = serde_json::to_value(&error).expect("an error");
            assert_eq!(PublicError::read(&json), Some(error));
        }
        assert_eq!(PublicError::read(&serde_json::json!({ "code": 502 })), None);
    }

    #[test]
    fn a_word_in_an_address_names_its_error() {
        for error in [
            PublicError::Limited,
            PublicError::Presses,
            PublicError::Busy,
            PublicError::ReadOnly,
            PublicError::NotOnSale,
        ] {
            assert_eq!(PublicError::from_word(error.word()), Some(error.clone()));
        }
        assert_eq!(PublicError::from_word("<script>"), None);
    }
}
