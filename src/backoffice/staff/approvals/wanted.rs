//! What a second manager is asked for, as it stands in the books.

use serde::{Deserialize, Serialize};

use super::super::{
    accounts::Change,
    limits::{self, in_words},
};
use crate::{
    domain::{Fen, Role},
    storage::approvals::{Approval, Kind, Limits},
};

/// A change that takes a second manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wanted {
    Refund,
    /// In fen.
    Limits {
        per_refund: Option<i64>,
        per_day: Option<i64>,
    },
    Role {
        role: String,
    },
    Disable,
    Enable,
    ResetFactor,
}

impl Wanted {
    pub fn read(approval: &Approval) -> Option<Self> {
        serde_json::from_str(&approval.wanted).ok()
    }

    /// As it stands in the books.
    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Refund => Kind::Refund,
            Self::Limits { .. } => Kind::Limits,
            Self::Role { .. } => Kind::Role,
            Self::Disable => Kind::Disable,
            Self::Enable => Kind::Enable,
            Self::ResetFactor => Kind::Totp,
        }
    }

    /// For the audit log.
    pub(super) fn in_words(&self) -> String {
        match (self, self.limits()) {
            (_, Some(limits)) => in_words(limits),
            (Self::Role { role }, _) => format!("role {role}"),
            (other, _) => other.kind().code().to_lowercase(),
        }
    }

    pub fn limits(&self) -> Option<Limits> {
        let fen = |amount: Option<i64>| amount.map(Fen::new).transpose().ok();
        match *self {
            Self::Limits { per_refund, per_day } => {
                Some(Limits { per_refund: fen(per_refund)?, per_day: fen(per_day)? })
            }
            _ => None,
        }
    }

    pub(super) fn change(&self) -> Option<Change> {
        Some(match self {
            Self::Role { role } => Change::Role(Role::parse(role)?),
            Self::Disable => Change::Disable,
            Self::Enable => Change::Enable,
            Self::ResetFactor => Change::ResetFactor,
            Self::Refund | Self::Limits { .. } => return None,
        })
    }
}

/// What the audit log calls it.
pub(super) fn subject_of(kind: Kind, subject: &str) -> String {
    match kind {
        Kind::Refund => format!("refund:{subject}"),
        Kind::Limits => limits::SUBJECT.to_owned(),
        Kind::Role | Kind::Disable | Kind::Enable | Kind::Totp => format!("staff:{subject}"),
    }
}
