//! A key or certificate as an operator configures it: text.

use saoma::wechatpay::{KeyError, MerchantCertificate, MerchantKey, PlatformCertificate, PlatformKey};

pub fn check(data: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(data) else { return false };
    let merchant = MerchantCertificate::from_pem(text).map(|it| it.serial.to_string());
    let platform = PlatformCertificate::from_pem(text).map(|it| it.serial.to_string());
    let platform_key = PlatformKey::from_pem(text).map(drop);

    // Squeezed through an environment variable, it is still the same.
    let squeezed = text.replace('\n', "\\n");
    assert_eq!(PlatformKey::from_pem(&squeezed).map(drop), platform_key);
    if merchant.is_ok() {
        assert_eq!(MerchantCertificate::from_pem(&squeezed).map(|it| it.serial.to_string()), merchant);
    }

    let outcomes = [MerchantKey::from_pem(text).map(drop), platform_key, merchant.map(drop), platform.map(drop)];
    let begins = text.contains("-----BEGIN ");
    let empty = outcomes[0] == Err(KeyError::Empty);
    for outcome in outcomes {
        assert_eq!(outcome == Err(KeyError::Empty), empty);
        assert!(begins || matches!(outcome, Err(KeyError::Empty | KeyError::NotPem)));
    }
    outcomes.iter().any(Result::is_ok)
}
