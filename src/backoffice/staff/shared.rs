//! What all use cases share, and who acts.

use std::{ops::Deref, sync::Arc};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{error::StaffError, login_limits::LoginLimits, passwords::Passwords, seen::Seen};
use crate::{
    checkout::Checkout,
    clock::Clock,
    domain::Role,
    entropy::Entropy,
    secret_key::SecretKey,
    storage::{
        Database,
        audit::{NewEntry, Outcome},
    },
};

/// The use cases of staff with what they need. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Staff(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) db: Database,
    pub(super) checkout: Checkout,
    pub(super) surroundings: Surroundings,
    pub(super) passwords: Passwords,
    pub(super) limits: LoginLimits,
    pub(super) seen: Seen,
}

/// What it is put into.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// `None`: no second factor can be kept.
    pub key: Option<SecretKey>,
    /// Of the audit log: one for each process, or one for all commands.
    pub chain: String,
    /// Accounts that everybody may use, whose books hold no money.
    pub is_demo: bool,
    pub clock: Clock,
    pub entropy: Entropy,
}

impl Deref for Inner {
    type Target = Surroundings;

    fn deref(&self) -> &Surroundings {
        &self.surroundings
    }
}

/// Who does something, and from where: for the rules, and for the audit log.
#[derive(Clone, Debug)]
pub struct Actor {
    /// `None`: somebody at the command line, or the program itself.
    pub staff: Option<(i64, Role)>,
    /// A name, `os:USER` or `saoma`.
    pub name: String,
    pub address: String,
    pub request_id: String,
}

/// The program itself, where it does something of its own accord. Nobody else may be called so.
pub(super) const PROGRAM: &str = "saoma";

impl Actor {
    /// Somebody at a command: outside the limits, and written down all the same.
    pub fn command_line(user: &str) -> Self {
        Self { staff: None, name: format!("os:{user}"), address: String::new(), request_id: String::new() }
    }

    /// The program of its own accord.
    pub fn program() -> Self {
        Self { staff: None, name: PROGRAM.to_owned(), address: String::new(), request_id: String::new() }
    }
}

/// SHA-256 in hex: what is kept of a token.
pub fn hash_of(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Staff {
    pub fn new(checkout: Checkout, db: Database, surroundings: Surroundings) -> Self {
        Self(Arc::new(Inner {
            db,
            checkout,
            surroundings,
            passwords: Passwords::default(),
            limits: LoginLimits::default(),
            seen: Seen::default(),
        }))
    }

    pub fn checkout(&self) -> &Checkout {
        &self.0.checkout
    }

    pub(super) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(super) fn key(&self) -> Result<&SecretKey, StaffError> {
        self.0.key.as_ref().ok_or(StaffError::NoKey)
    }

    /// What is to be written of something that `actor` does, in the transaction that does it.
    pub(super) fn entry(&self, actor: &Actor, what: &'static str, subject: &str, detail: &str) -> NewEntry {
        NewEntry {
            entry: self.0.entropy.nonce(),
            at: self.now(),
            staff_id: actor.staff.map(|(id, _)| id),
            who: actor.name.clone(),
            what,
            subject: subject.to_owned(),
            detail: detail.to_owned(),
            address: actor.address.clone(),
            request_id: actor.request_id.clone(),
            outcome: Outcome::Done,
        }
    }
}
