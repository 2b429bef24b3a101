//! What the fuzz targets run; `main.rs` runs the same over `corpus/` in `cargo test`.
//!
//! The modules that are fuzzed are compiled into this crate from their sources. They know nothing of
//! the rest of Saoma (`tests/architecture/`), and with it, 300 crates of a web server would be built
//! and its 200,000 counters be looked through after every execution.

extern crate self as saoma;

pub mod checks;

#[path = "../../src"]
mod sources {
    pub mod domain;
    pub mod wechatpay;
}

#[path = "../../src/sandbox"]
pub mod sandbox {
    mod crypto {
        pub(super) mod authorization;
        #[expect(dead_code, reason = "only the name of the scheme is wanted here")]
        mod signature;
    }

    pub use crypto::authorization::parse as parse_authorization;
}

pub use sources::{domain, wechatpay};
