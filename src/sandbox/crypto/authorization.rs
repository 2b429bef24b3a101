//! The `Authorization` header, read strictly (`wechatpay-v3.md` §1.1): the scheme, one space, then
//! five `key="value"` pairs joined by commas, in any order.

use super::signature::SCHEME;

/// What a request says of itself. Nothing here is verified yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authorization<'a> {
    pub mchid: &'a str,
    pub nonce_str: &'a str,
    /// The digits as sent, since they are part of the signed message.
    pub timestamp: &'a str,
    /// The same, as Unix seconds.
    pub seconds: i64,
    pub serial_no: &'a str,
    pub signature: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizationError {
    #[error("the scheme is not WECHATPAY2-SHA256-RSA2048")]
    Scheme,
    #[error("what follows the scheme is not a list of key=\"value\" pairs")]
    Pairs,
    #[error("a key is none of the five")]
    UnknownKey,
    #[error("{0} is given twice")]
    Repeated(&'static str),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} is empty, too long or holds an illegal character")]
    Value(&'static str),
}

/// `nonce_str` has at most 32 characters (§1.1).
const NONCE_MAX: usize = 32;

/// Reads the value of the header.
///
/// # Errors
/// Whatever is not exactly the documented form.
pub fn parse(header: &str) -> Result<Authorization<'_>, AuthorizationError> {
    use AuthorizationError::{Missing, Pairs, Repeated, Scheme, UnknownKey, Value};

    let rest = header.strip_prefix(SCHEME).and_then(|rest| rest.strip_prefix(' ')).ok_or(Scheme)?;
    let (mut mchid, mut nonce_str, mut timestamp, mut serial_no, mut signature) = (None, None, None, None, None);
    let mut rest = Some(rest);
    while let Some(text) = rest {
        let (key, text) = text.split_once("=\"").ok_or(Pairs)?;
        let (value, text) = text.split_once('"').ok_or(Pairs)?;
        rest = match text {
            "" => None,
            _ => Some(text.strip_prefix(',').ok_or(Pairs)?),
        };
        let (name, slot) = match key {
            "mchid" => ("mchid", &mut mchid),
            "nonce_str" => ("nonce_str", &mut nonce_str),
            "timestamp" => ("timestamp", &mut timestamp),
            "serial_no" => ("serial_no", &mut serial_no),
            "signature" => ("signature", &mut signature),
            _ => return Err(UnknownKey),
        };
        if value.is_empty() || !value.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Value(name));
        }
        if slot.replace(value).is_some() {
            return Err(Repeated(name));
        }
    }
    let nonce_str = nonce_str.ok_or(Missing("nonce_str"))?;
    if nonce_str.len() > NONCE_MAX {
        return Err(Value("nonce_str"));
    }
    let timestamp: &str = timestamp.ok_or(Missing("timestamp"))?;
    let digits = timestamp.len() <= 12 && timestamp.bytes().all(|b| b.is_ascii_digit());
    let seconds = timestamp.parse().ok().filter(|_| digits).ok_or(Value("timestamp"))?;
    Ok(Authorization {
        mchid: mchid.ok_or(Missing("mchid"))?,
        nonce_str,
        timestamp,
        seconds,
        serial_no: serial_no.ok_or(Missing("serial_no"))?,
        signature: signature.ok_or(Missing("signature"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIRS: [&str; 5] = [
        r#"mchid="1900007291""#,
        r#"nonce_str="593BEC0C930BF1AFEB40B4A08C8FB242""#,
        r#"timestamp="1554208460""#,
        r#"serial_no="408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB""#,
        r#"signature="a/b+c==""#,
    ];

    fn header(pairs: &[&str]) -> String {
        format!("WECHATPAY2-SHA256-RSA2048 {}", pairs.join(","))
    }

    #[test]
    fn reads_the_five_pairs_in_any_order() {
        let mut pairs = PAIRS;
        for turn in 0..5 {
            pairs.rotate_left(turn);
            let text = header(&pairs);
            let read = parse(&text).expect("legal");
            assert_eq!(read.mchid, "1900007291");
            assert_eq!(read.nonce_str, "593BEC0C930BF1AFEB40B4A08C8FB242");
            assert_eq!((read.timestamp, read.seconds), ("1554208460", 1_554_208_460));
            assert_eq!(read.serial_no, "408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB");
            assert_eq!(read.signature, "a/b+c==");
        }
    }

    #[test]
    fn names_each_missing_and_each_repeated_pair() {
        for (index, name) in ["mchid", "nonce_str", "timestamp", "serial_no", "signature"].into_iter().enumerate() {
            let mut fewer = PAIRS.to_vec();
            fewer.remove(index);
            assert_eq!(parse(&header(&fewer)), Err(AuthorizationError::Missing(name)));
            let mut more = PAIRS.to_vec();
            more.push(PAIRS[index]);
            assert_eq!(parse(&header(&more)), Err(AuthorizationError::Repeated(name)));
        }
    }

    #[test]
    fn refuses_every_other_form() {
        use AuthorizationError::{Pairs, Scheme, UnknownKey, Value};
        let good = header(&PAIRS);
        for (bad, reason) in [
            (String::new(), Scheme),
            (good.replace("WECHATPAY2", "wechatpay2"), Scheme),
            (good.replace("RSA2048 ", "RSA2048"), Scheme),
            (good.replace("RSA2048 ", "RSA2048  "), UnknownKey),
            (good.replace(",nonce", ", nonce"), UnknownKey),
            (good.replace(",nonce", ";nonce"), Pairs),
            (format!("{good},"), Pairs),
            (format!("{good} "), Pairs),
            (good.replace('"', ""), Pairs),
            (good.replace('"', "'"), Pairs),
            (good.replace("mchid", "mch_id"), UnknownKey),
            (good.replace("1900007291", ""), Value("mchid")),
            (good.replace("1900007291", "19 007291"), Value("mchid")),
            (good.replace("FB242", "FB2424"), Value("nonce_str")),
            (good.replace("1554208460", "-554208460"), Value("timestamp")),
            (good.replace("1554208460", "1554208460.5"), Value("timestamp")),
            (good.replace("1554208460", "9999999999999"), Value("timestamp")),
        ] {
            assert_eq!(parse(&bad), Err(reason), "{bad}");
        }
    }
}
