//! The one error that crosses the wire to a browser. It holds nothing internal.

use std::borrow::Cow;

use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

use super::text;

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
    pub fn message(self) -> Cow<'static, str> {
        let fixed = match self {
            Self::NoSuchOrder => text::NO_SUCH_ORDER,
            Self::NoSuchProduct => text::NO_SUCH_PRODUCT,
            Self::NotOnSale => text::NOT_ON_SALE,
            Self::Limited => text::ERROR_LIMITED,
            Self::Presses => text::ERROR_PRESSES,
            Self::Busy => text::ERROR_BUSY,
            Self::ReadOnly => text::ERROR_READ_ONLY,
            Self::Input => text::ERROR_INPUT,
            Self::Connection => text::ERROR_CONNECTION,
            Self::Elsewhere { home } => return text::elsewhere(&home).into(),
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

    pub fn from_word(word: &str) -> Option<Self> {
        let all = [
            Self::NoSuchOrder,
            Self::NoSuchProduct,
            Self::NotOnSale,
            Self::Limited,
            Self::Presses,
            Self::Busy,
            Self::ReadOnly,
            Self::Input,
        ];
        all.into_iter().find(|error| error.word() == word)
    }
}

impl FromServerFnError for PublicError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            // In the browser: an answer that is not ours, such as a proxy's.
            ServerFnErrorErr::Deserialization(_) if !cfg!(feature = "ssr") => Self::Busy,
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

#[cfg(test)]
mod tests {
    use super::PublicError;

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
