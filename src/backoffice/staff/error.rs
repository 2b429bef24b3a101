//! Why somebody does not come in, or something is not done.

use jiff::SignedDuration;

use crate::{checkout::RefundError, domain::Role, secret_key::DoesNotOpen, storage::StorageError};

#[derive(Debug, thiserror::Error)]
pub enum StaffError {
    /// Also for whoever does not exist, or may not come in any more.
    #[error("the name or the password is wrong")]
    WrongLogin,
    #[error("too many attempts, wait {} s", .wait.as_secs())]
    TooMany { wait: SignedDuration },
    /// More logins at once than passwords can be looked at.
    #[error("too many log in at this moment, try again")]
    Crowded,
    #[error("the code is wrong")]
    WrongCode,
    #[error("the code has been used, wait for the next one")]
    UsedCode,
    /// It ended in the meantime.
    #[error("not logged in any more")]
    NoSession,
    #[error("a password has 12 to 128 characters")]
    PasswordLength,
    #[error("the old password is wrong")]
    WrongPassword,
    #[error("a name has 2 to 40 characters of a-z, 0-9, '.', '_' and '-', and begins with a letter")]
    Name,
    #[error("an account of this name is there already")]
    NameTaken,
    #[error("there is no account of this name")]
    NoSuchAccount,
    #[error("it is the last manager who can log in: make another one first")]
    LastManager,
    #[error("this link has been used, is too old, or never was one")]
    NoSuchLink,
    #[error("it takes a {0}")]
    Role(Role),
    #[error("there is no such request")]
    NoSuchApproval,
    #[error("nobody decides about what he has asked for himself")]
    OwnRequest,
    #[error("only who has asked for it may withdraw it")]
    NotYours,
    /// Whoever splits what he gives back stays below it each time.
    #[error("a limit of each refund alone can be split: set one of the day as well")]
    Split,
    #[error(transparent)]
    Refund(Box<RefundError>),
    #[error(
        "no second factor can be kept: there is no secret key (SAOMA_SECRET_KEY), and none could be made beside the books"
    )]
    NoKey,
    #[error(transparent)]
    Sealed(#[from] DoesNotOpen),
    #[error(transparent)]
    Storage(#[from] StorageError),
}
