//! The audit log: what is written down, by which names, and whether it is whole.

use std::collections::{HashMap, HashSet};

use super::{
    error::StaffError,
    shared::{Actor, Staff},
};
use crate::storage::{
    Database, StorageError,
    audit::{self, Entry, Noted, Wanted},
};

/// What somebody did, as the log has it: of all rooms, so that none is left out where somebody filters by one.
pub mod what {
    macro_rules! codes {
        ($($code:ident),* $(,)?) => {
            $(pub const $code: &str = stringify!($code);)*
            /// All of them.
            pub const ALL: &[&str] = &[$($code),*];
        };
    }

    codes! {
        LOGIN,
        LOGIN_FAILED,
        LOGOUT,
        SESSION_ENDED,
        FACTOR_SET,
        FACTOR_FAILED,
        FACTOR_ASKED,
        RECOVERY_CODE_USED,
        RECOVERY_CODES_MADE,
        PASSWORD_SET,
        LINK_MADE,
        ACCOUNT_ADDED,
        ACCOUNT_DISABLED,
        ACCOUNT_ENABLED,
        ROLE_CHANGED,
        FACTOR_RESET,
        LIMITS_SET,
        REFUND_ASKED,
        ABNORMAL_SENT,
        APPROVAL_ASKED,
        APPROVED,
        REFUSED,
        WITHDRAWN,
        EXPIRED,
        BILL_CHECKED,
        BILL_EXPORTED,
        BILL_DECIDED,
        ORDER_ASKED,
        ORDER_CLOSED,
        ORDER_NOTED,
        ORDER_SEEN,
        ORDERS_EXPORTED,
        REFUND_RETRIED,
        REFUND_GIVEN_UP,
        REFUND_SEEN,
        NOTIFICATION_SEEN,
        NOTIFICATION_REPLAYED,
        PRODUCT_CREATED,
        PRODUCT_CHANGED,
        PRODUCT_PICTURE,
        PRODUCT_MOVED,
        PRODUCT_WITHDRAWN,
        PRODUCT_OFFERED,
        LOOKS_CHANGED,
        AUDIT_EXPORTED,
        BOOKS_MOVED,
        BOOKS_PUT_BACK,
        BOOKS_RELEASED,
        DOCTOR_ASKED,
    }
}

/// What a look through the whole log has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    pub entries: u64,
    pub chains: usize,
    /// The first of what is wrong, in words.
    pub problems: Vec<String>,
}

const BATCH: i64 = 2_000;
const PROBLEMS_MOST: usize = 20;

/// Reads the whole log and follows its chains. For `saoma status` too, which has books and nothing else.
///
/// # Errors
/// The books are out of reach.
pub async fn verify(db: &Database) -> Result<Verified, StorageError> {
    // First what the chains say of their ends: whatever is written while this reads comes after them.
    let mut stated = ends(db).await?;
    let mut verified = Verified { chains: stated.len(), ..Verified::default() };
    let mut chains: HashMap<String, (i64, String)> = HashMap::new();
    let mut known: HashSet<[u8; 16]> = HashSet::new();
    let mut after = 0;
    loop {
        let batch = audit::list_after(&mut *db.read().await?, after, BATCH).await?;
        let Some(last) = batch.last() else { break };
        after = last.id;
        for entry in &batch {
            verified.entries += 1;
            if let Some(problem) = problem_of(entry, chains.get(&entry.chain), &known) {
                verified.note(problem);
            }
            if stated.get(&entry.chain).is_some_and(|(number, hash)| *number == entry.number && *hash == entry.hash) {
                stated.remove(&entry.chain);
            }
            known.insert(shortened(&entry.hash));
            chains.insert(entry.chain.clone(), (entry.number, entry.hash.clone()));
        }
    }
    for (chain, (number, _)) in stated {
        verified.note(format!("chain {chain} ends before its entry {number}"));
    }
    let begun = ends(db).await?;
    for chain in chains.into_keys().filter(|chain| !begun.contains_key(chain)) {
        verified.note(format!("chain {chain} is in no list of chains"));
    }
    Ok(verified)
}

/// Number and hash of the last entry of each chain.
async fn ends(db: &Database) -> Result<HashMap<String, (i64, String)>, StorageError> {
    let chains = audit::list_chains(&mut *db.read().await?).await?;
    Ok(chains.into_iter().map(|(chain, number, hash)| (chain, (number, hash))).collect())
}

impl Verified {
    fn note(&mut self, problem: String) {
        if self.problems.len() < PROBLEMS_MOST {
            self.problems.push(problem);
        }
    }
}

fn shortened(hash: &str) -> [u8; 16] {
    let mut short = [0; 16];
    let taken = hash.bytes().take(16).collect::<Vec<_>>();
    short[..taken.len()].copy_from_slice(&taken);
    short
}

fn problem_of(entry: &Entry, before: Option<&(i64, String)>, known: &HashSet<[u8; 16]>) -> Option<String> {
    let Entry { id, chain, number, .. } = entry;
    if entry.hash != entry.expected_hash() {
        return Some(format!("entry {id} has been changed"));
    }
    let follows = match before {
        Some((last, hash)) => *number == last + 1 && entry.previous == *hash,
        None => *number == 1 && (entry.previous.is_empty() || known.contains(&shortened(&entry.previous))),
    };
    (!follows).then(|| format!("something before entry {id} is missing or in another order (chain {chain}, {number})"))
}

impl Staff {
    /// For a use case of another room, which writes it in the transaction that does it.
    pub fn noted(&self, actor: &Actor, what: &'static str, subject: &str, detail: &str) -> Noted {
        Noted { chain: self.0.chain.clone(), entry: self.entry(actor, what, subject, detail) }
    }

    /// Of what changes nothing in the books.
    ///
    /// # Errors
    /// The books are out of reach.
    pub async fn note(&self, actor: &Actor, what: &'static str, subject: &str, detail: &str) -> Result<(), StaffError> {
        let noted = self.noted(actor, what, subject, detail);
        let written = self.0.db.write(move |c| {
            let noted = noted.clone();
            Box::pin(async move { noted.write(c).await })
        });
        Ok(written.await?)
    }

    /// Newest first.
    ///
    /// # Errors
    /// The books are out of reach.
    pub async fn list_audit(&self, wanted: &Wanted, most: i64) -> Result<Vec<Entry>, StaffError> {
        Ok(audit::list(&mut *self.0.db.read().await?, wanted, most).await?)
    }
}
