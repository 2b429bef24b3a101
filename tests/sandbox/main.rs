//! The sandbox seen from outside: every test speaks `APIv3` to it over real HTTP with a client that
//! shares no code with either side. Signatures are made and checked by aws-lc-rs here, the
//! sandbox's by `rsa`; what it seals with aws-lc-rs is opened by `aes-gcm`.

#![expect(clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]

mod harness;

mod bills;
mod callback_faults;
mod callbacks;
mod connections;
mod console;
mod controls;
mod credentials;
mod gate;
mod key_changes;
mod keys;
mod kill;
mod orders;
mod panel;
mod phone;
mod prepay;
mod programs;
mod refund_callbacks;
mod refund_rules;
mod refunds;
mod reply_faults;
mod restart;
mod tls;
mod wire;
