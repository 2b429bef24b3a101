//! PEM text as it really arrives: from a file, or squeezed through an environment variable that
//! turned its line ends into spaces or into the two characters `\n` (§11 no. 27).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::zeroize::Zeroizing;

use super::key_error::{KeyError, PemKind};

/// One decoded block.
pub(super) struct Block {
    pub kind: PemKind,
    pub der: Zeroizing<Vec<u8>>,
}

/// The first block whose kind is `wanted`; text around the blocks is ignored.
///
/// # Errors
/// No such block: the error tells what is there instead. A block that does not decode.
pub(super) fn find(text: &str, wanted: &[PemKind]) -> Result<Block, KeyError> {
    let text = Zeroizing::new(text.replace("\\r", "\n").replace("\\n", "\n"));
    if text.trim().is_empty() {
        return Err(KeyError::Empty);
    }
    let mut rest = text.as_str();
    let mut other = None;
    while let Some((kind, body, after)) = next_block(rest)? {
        if wanted.contains(&kind) {
            return decode(body).map(|der| Block { kind, der });
        }
        other.get_or_insert(kind);
        rest = after;
    }
    Err(other.map_or(KeyError::NotPem, KeyError::WrongKind))
}

/// Kind and raw body of the first block, and what follows it.
fn next_block(text: &str) -> Result<Option<(PemKind, &str, &str)>, KeyError> {
    let Some((_, after_begin)) = text.split_once("-----BEGIN ") else {
        return Ok(None);
    };
    let (label, after_label) = after_begin.split_once("-----").ok_or(KeyError::CutOff)?;
    let (body, after_body) = after_label.split_once("-----END ").ok_or(KeyError::CutOff)?;
    let (end_label, rest) = after_body.split_once("-----").ok_or(KeyError::CutOff)?;
    if end_label != label {
        return Err(KeyError::CutOff);
    }
    Ok(Some((PemKind::from_label(label), body, rest)))
}

/// A block as files hold it: lines of 64 characters.
pub(super) fn write(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines = base64.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line));
    let body: Vec<_> = lines.collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", body.join("\n"))
}

fn decode(body: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    // RFC 1421 headers, which OpenSSL writes for PKCS#1 keys with a passphrase.
    if body.contains("ENCRYPTED") {
        return Err(KeyError::WrongKind(PemKind::EncryptedPrivateKey));
    }
    let base64 = Zeroizing::new(body.split_whitespace().collect::<String>());
    STANDARD.decode(base64.as_bytes()).map(Zeroizing::new).map_err(|_| KeyError::Damaged)
}
