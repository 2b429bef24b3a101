//! Keys that come and go, beside a plain map that is told the same. Each byte is one step: the low
//! bit says whether a public key comes or all certificates are replaced, then two names of three bits,
//! and the last bit how long certificates live. Names may be of both kinds, the same twice, or none.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use saoma::wechatpay::{Keyring, PlatformCertificate, PlatformKey, PlatformKeys, PlatformSerial};

use super::platform::{PUBLIC_KEY, now};

const NAMES: [&str; 6] = ["0A", "A", "440024045C4A427599D09BB4E3DE0279F2E81300", "PUB_KEY_ID_01", "PUB_KEY_ID_1", "a"];
/// Each parses a key or two.
const STEPS_MOST: usize = 4;

pub fn check(data: &[u8]) -> bool {
    let keyring = Keyring::default();
    let shared = keyring.clone();
    let mut expected = BTreeMap::<&str, Option<Timestamp>>::new();
    let mut replaced = false;
    for step in data.iter().take(STEPS_MOST) {
        let names = [(step >> 1) & 7, (step >> 4) & 7].map(|at| NAMES.get(usize::from(at)).copied());
        let names: Vec<&str> = names.into_iter().flatten().collect();
        let (before, listed) = (keyring.snapshot(), expected.clone());
        if step & 1 == 0 {
            if let Some(name) = names.first() {
                keyring.update(|keys| keys.with_public_key(&serial(name), key()));
                expected.insert(name, None);
            }
        } else {
            let not_after = now() + SignedDuration::from_secs(i64::from(step >> 7));
            keyring.update(|keys| keys.with_certificates(names.iter().map(|name| certificate(name, not_after))));
            // Never replaced by nothing.
            if !names.is_empty() {
                replaced |= expected.values().any(Option::is_some);
                expected.retain(|_, not_after| not_after.is_none());
                expected.extend(names.iter().map(|name| (*name, Some(not_after))));
            }
        }
        check_keys(&shared.snapshot(), &expected);
        // Who verifies now is not disturbed.
        check_keys(&before, &listed);
    }
    replaced
}

fn check_keys(keys: &PlatformKeys, expected: &BTreeMap<&str, Option<Timestamp>>) {
    assert_eq!(keys.list(), expected.iter().map(|(name, not_after)| (*name, *not_after)).collect::<Vec<_>>());
    assert_eq!(keys.is_empty(), expected.is_empty());
    for name in NAMES {
        assert_eq!(keys.contains(name), expected.contains_key(name), "{name}");
    }
}

fn serial(name: &str) -> PlatformSerial {
    PlatformSerial::parse(name).expect("legal")
}

fn key() -> PlatformKey {
    PlatformKey::from_pem(PUBLIC_KEY).expect("a key")
}

fn certificate(name: &str, not_after: Timestamp) -> PlatformCertificate {
    PlatformCertificate { serial: serial(name), not_before: now(), not_after, key: key() }
}
