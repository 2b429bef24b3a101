//! The sandbox seen from outside: every test speaks `APIv3` to it over real HTTP with a client that
//! shares no code with either side. Signatures are made and checked by aws-lc-rs here, the
//! sandbox's by `rsa`; what it seals with aws-lc-rs is opened by `aes-gcm`.

mod harness;

mod callbacks;
