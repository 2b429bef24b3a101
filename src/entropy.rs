//! Randomness as a parameter: numbers, tokens and nonces come from a source handed down from
//! start-up; a test hands down a seeded one and gets the same numbers each time.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use rand::{
    Rng, SeedableRng, TryRng,
    rngs::{StdRng, SysRng},
};

/// A source of unpredictable bytes. Cheap to clone.
#[derive(Clone)]
pub struct Entropy(Source);

#[derive(Clone)]
enum Source {
    System,
    Seeded(Arc<Mutex<StdRng>>),
}

impl Entropy {
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// For tests only: whoever knows the seed knows every token.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed)))))
    }

    /// # Panics
    /// When the operating system has no random bytes to give: no number made then would be safe.
    #[expect(clippy::expect_used, reason = "a process without randomness must not go on")]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.0 {
            Source::System => SysRng.try_fill_bytes(&mut bytes).expect("the operating system gives random bytes"),
            Source::Seeded(rng) => rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes),
        }
        bytes
    }

    pub fn u128(&self) -> u128 {
        u128::from_be_bytes(self.bytes())
    }

    /// A `nonce_str`: 32 hex digits (`wechatpay-v3.md` §1.1: at most 32 characters).
    pub fn nonce(&self) -> String {
        format!("{:032x}", self.u128())
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy")
    }
}
