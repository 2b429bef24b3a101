//! What is said of a code.

use std::fmt;

/// Who has to do something before it works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody: Saoma goes on by itself.
    Saoma,
    /// Whoever may use the merchant console.
    Merchant,
    /// Whoever runs this server and has its settings.
    Operator,
    /// Whoever works on Saoma: it is a mistake in the program.
    Developer,
}

impl Actor {
    /// In an answer to a program.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Saoma => "NOBODY",
            Self::Merchant => "MERCHANT",
            Self::Operator => "OPERATOR",
            Self::Developer => "DEVELOPER",
        }
    }

    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Saoma => "无需处理",
            Self::Merchant => "商户平台管理员",
            Self::Operator => "服务器管理员",
            Self::Developer => "扫码的开发者",
        }
    }

    pub const fn english(self) -> &'static str {
        match self {
            Self::Saoma => "nobody",
            Self::Merchant => "whoever may use the merchant console",
            Self::Operator => "whoever runs this server",
            Self::Developer => "Saoma's developers",
        }
    }
}

/// In one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    pub cause: &'static str,
    pub remedy: &'static str,
}

/// What a code means at an interface.
#[derive(Debug, PartialEq, Eq)]
pub struct Explanation {
    pub actor: Actor,
    pub chinese: Words,
    pub english: Words,
}

/// For logs and commands.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. {}", self.english.cause, self.english.remedy)
    }
}
