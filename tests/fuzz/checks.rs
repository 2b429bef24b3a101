//! What holds for every input, whoever made it. One file per fuzz target; each has a `check` that
//! panics when something does not hold and otherwise tells whether the input got through to the end,
//! which at least one in its corpus must.
//!
//! | target | reads |
//! | --- | --- |
//! | `notify_open` | a whole request to the notify route: nothing altered is believed |
//! | `notify_envelope`, `notify_content` | what lies behind the signature: the body; what was sealed in it |
//! | `replies` | the bodies of the platform's replies |
//! | `certificates_reply`, `certificates_content` | `/v3/certificates`: the body; what was sealed in it |
//! | `times` | times on the wire |
//! | `pem`, `der` | configured keys and certificates: as text; what the text decodes to |
//! | `keyring` | keys that come and go |
//! | `authorization` | the sandbox's `Authorization` |
//! | `bill` | a bill, whole |
//! | `identifiers` | numbers, tokens and names in paths, cookies and settings |
//!
//! Inputs are text wherever that is possible: lines first, then the rest.

pub mod authorization;
pub mod bill;
pub mod certificates_content;
pub mod certificates_reply;
pub mod der;
pub mod identifiers;
pub mod keyring;
pub mod notify_content;
pub mod notify_envelope;
pub mod notify_open;
pub mod pem;
pub mod replies;
pub mod times;

mod platform;

pub type Check = fn(&[u8]) -> bool;

pub const ALL: [(&str, Check); 13] = [
    ("authorization", authorization::check),
    ("bill", bill::check),
    ("certificates_content", certificates_content::check),
    ("certificates_reply", certificates_reply::check),
    ("der", der::check),
    ("identifiers", identifiers::check),
    ("keyring", keyring::check),
    ("notify_content", notify_content::check),
    ("notify_envelope", notify_envelope::check),
    ("notify_open", notify_open::check),
    ("pem", pem::check),
    ("replies", replies::check),
    ("times", times::check),
];

/// `N` lines of text, without their ends, and what follows them.
fn lines<const N: usize>(mut data: &[u8]) -> Option<([&str; N], &[u8])> {
    let mut lines = [""; N];
    for line in &mut lines {
        let end = data.iter().position(|byte| *byte == b'\n')?;
        *line = str::from_utf8(&data[..end]).ok()?;
        data = &data[end + 1..];
    }
    Some((lines, data))
}
