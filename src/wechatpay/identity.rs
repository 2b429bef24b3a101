//! Names of the parties and of their keys. A merchant's serial where the platform's belongs, or
//! the other way round, is the most frequent mistake of integrators (§0, §11 no. 5 and 6): here it
//! does not compile.
//!
//! All `parse` functions drop white space at both ends: values come out of files and shells.

use std::fmt;

/// Merchant number (商户号, `mchid`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mchid(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a merchant number (mchid) is 1 to 32 digits")]
pub struct InvalidMchid;

impl Mchid {
    /// # Errors
    /// Anything but 1 to 32 ASCII digits.
    pub fn parse(text: &str) -> Result<Self, InvalidMchid> {
        checked(text, 32, |b| b.is_ascii_digit()).map(|it| Self(it.to_owned())).ok_or(InvalidMchid)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Mchid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Serial of the *merchant's* API certificate (商户 API 证书序列号), which names the key that signs
/// our requests: 40 hex digits in real life, upper case on the wire (§1.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MerchantSerial(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the serial of a merchant certificate is up to 40 hex digits")]
pub struct InvalidMerchantSerial;

impl MerchantSerial {
    /// Lower case is turned into upper case.
    ///
    /// # Errors
    /// Not 1 to 40 hex digits; a `PUB_KEY_ID_…` (that is the platform's) among others.
    pub fn parse(text: &str) -> Result<Self, InvalidMerchantSerial> {
        checked(text, 40, |b| b.is_ascii_hexdigit())
            .map(|it| Self(it.to_ascii_uppercase()))
            .ok_or(InvalidMerchantSerial)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MerchantSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What `Wechatpay-Serial` carries: `PUB_KEY_ID_…` (微信支付公钥 ID) or the serial of a platform
/// certificate (平台证书序列号). Opaque: never read as a number, compared letter by letter (§2.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PlatformSerial(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id of a WeChat Pay key is up to 64 characters of 0-9, A-Z, a-z and _, such as PUB_KEY_ID_0123")]
pub struct InvalidPlatformSerial;

impl PlatformSerial {
    const PUBLIC_KEY_PREFIX: &str = "PUB_KEY_ID_";

    /// # Errors
    /// Empty, longer than 64, or a character outside the set.
    pub fn parse(text: &str) -> Result<Self, InvalidPlatformSerial> {
        checked(text, 64, |b| b.is_ascii_alphanumeric() || b == b'_')
            .map(|it| Self(it.to_owned()))
            .ok_or(InvalidPlatformSerial)
    }

    /// Names a WeChat Pay public key, which never comes from `/v3/certificates`.
    pub fn is_public_key_id(&self) -> bool {
        self.0.starts_with(Self::PUBLIC_KEY_PREFIX)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlatformSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn checked(text: &str, most: usize, legal: impl Fn(u8) -> bool) -> Option<&str> {
    let text = text.trim();
    ((1..=most).contains(&text.len()) && text.bytes().all(legal)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_line_end_of_a_shell_is_dropped() {
        assert_eq!(Mchid::parse(" 1900007291\n").map(|it| it.to_string()), Ok("1900007291".to_owned()));
        assert_eq!(MerchantSerial::parse("5f1c72\r\n").map(|it| it.to_string()), Ok("5F1C72".to_owned()));
        assert_eq!(PlatformSerial::parse("PUB_KEY_ID_01\n").map(|it| it.to_string()), Ok("PUB_KEY_ID_01".to_owned()));
    }

    #[test]
    fn what_cannot_be_a_name_is_refused() {
        for bad in ["", " ", "19000 07291", "１９", "1900007291\"", "-1"] {
            assert_eq!(Mchid::parse(bad), Err(InvalidMchid), "{bad:?}");
        }
        for bad in ["", "PUB_KEY_ID_01", "5F:1C", &"A".repeat(41)] {
            assert_eq!(MerchantSerial::parse(bad), Err(InvalidMerchantSerial), "{bad:?}");
        }
        for bad in ["", "PUB KEY", "abc\"", &"A".repeat(65)] {
            assert_eq!(PlatformSerial::parse(bad), Err(InvalidPlatformSerial), "{bad:?}");
        }
    }

    #[test]
    fn a_platform_serial_keeps_its_case_and_prefix() {
        let id = PlatformSerial::parse("PUB_KEY_ID_00aB").expect("legal");
        assert!(id.is_public_key_id());
        assert_eq!(id.as_str(), "PUB_KEY_ID_00aB");
        assert!(!PlatformSerial::parse("5DEA10EF").expect("legal").is_public_key_id());
    }
}
