//! The shop's own HTTPS: which certificate is shown, and where it comes from. [`Tls`] is what the front door
//! answers handshakes with; [`Care`] keeps its certificate fresh, from [files] that somebody else renews or
//! from an [ACME](acme) server such as Let's Encrypt.
//!
//! Whatever goes wrong here, the shop goes on with the certificate that it has, and [says so](told).

pub mod acme;
mod care;
mod files;
mod pair;
mod shown;
mod told;

pub use self::{
    acme::{Acme, AcmePace},
    care::{Care, Source, TlsError},
    files::{Files, FilesError},
    pair::{Pair, PairError},
    shown::{Caller, Challenge, Purpose, SetupError, Tls},
    told::Told,
};
