//! # Saoma (扫码): a WeChat Pay Native checkout in one binary
//!
//! Product page → order → QR code → the page turns to "paid" by itself → signed and encrypted
//! callback verified, decrypted and booked exactly once.
//!
//! | module | holds | may know, beside what all that runs in |
//! | --- | --- | --- |
//! | [`domain`] | money, numbers, states | nothing |
//! | `wechatpay` | the APIv3 protocol, pure: bytes, keys and time in, values out | `domain` |
//! | `gateway` | the only caller of the platform | `domain`, `wall`, `wechatpay` |
//! | `storage` | the books on either engine: tables and the one way to write | `domain` |
//! | `checkout` | the use cases and the money rules, in rooms: `orders`, `payments`, `refunds`, `jobs` | `domain`, `gateway`, `storage`, `wechatpay` |
//! | `backoffice` | what staff does: orders, inbox, products, looks, reports, what needs someone; and who staff is | `checkout`, `domain`, `gateway`, `storage`, `wechatpay` |
//! | `reconcile` | WeChat's bills laid beside the books, day by day | `checkout`, `domain`, `gateway`, `storage`, `wechatpay` |
//! | `http` | the front door, routes, what server functions do, limits, headers | `app`, `backoffice`, `checkout`, `doctor`, `domain`, `reconcile`, `storage`, `tls`, `wall`, `wechatpay` |
//! | [`app`] | pages, islands, the addresses of server functions | `domain` |
//! | `sandbox` | a WeChat Pay platform without money | nothing but `clock`, `entropy` |
//! | `tls` | the shop's own HTTPS: which certificate is shown, and where it comes from | |
//! | `doctor` | what is wrong with a set-up: facts gathered, then judged | `domain`, `gateway`, `storage`, `wechatpay` |
//! | `command` | `saoma order`, `saoma refund` and the others | `backoffice`, `checkout`, `doctor`, `domain`, `reconcile`, `storage`, `wechatpay` |
//! | `wall` | between a sandbox's messages and real money | |
//! | `config`, `startup`, `signals`, `service_manager`, `telemetry`, `metrics`, `readiness`, `supervise`, `clock`, `entropy`, `secret_key` | what all that runs in | |
//!
//! "design" and `wechatpay-v3.md` in comments are the authors' notes, and not part of this repository.
//!
//! Invariants, kept true by `tests/architecture/`:
//! - `domain` knows no wire format, no SQL, no HTTP, no Leptos. `wechatpay` does no I/O and reads
//!   no clock. `gateway` knows no table, `storage` no protocol type.
//! - `sandbox` shares no code with our side of the wire; only `startup` and `main` know it is there.
//! - Time and randomness come from [`clock`] and [`entropy`]; only `config` reads the environment.
//!
//! Money rules (design §3.2), each with its place and a test:
//! 1. Paid only by a verified `SUCCESS` for our mchid, a known `out_trade_no` with its own appid, equal
//!    total, `CNY`.
//! 2. One function settles, in one transaction of guarded statements.
//! 3. One `payments` row per `transaction_id`, one "paid" event per order.
//! 4. Nothing is acknowledged before commit; our row comes before every remote call.
//! 5. An order is not an attempt; late money is accepted and marked.
//! 6. Query, close upstream, only then close here.
//! 7. Unknown is a state: keep, and repeat or query. An error reply is never proof.
//! 8. Fen as integers end to end, UTC inside, +08:00 on the wire and on screen.
//! 9. `out_trade_no` and page tokens come from a CSPRNG.
//! 10. Keys, signatures, decrypted bodies and openids reach no log, error or page.
//! 11. Acknowledged means on disk: a transaction's state is known after every error, or its connection is
//!     thrown away. An error of COMMIT is an unknown outcome.
//! 12. A verified statement beats our guess; what contradicts the books is said loudly.
//! 13. A refund is of a payment; its number is shown before anybody is asked.
//! 14. Books belong to one platform and merchant, an attempt to one appid and trade type.
//! 15. What follows from a payment is written in the payment's transaction.
//! 16. What is not verified is a hint: it leads to a question, and the verified answer is booked.
//!
//! Deliberately absent: a switch that turns verification off, a lock around settling, floats.

#![warn(unreachable_pub)] // here, not in Cargo.toml: nobody reaches into tests and benches
#![recursion_limit = "256"] // the types of nested views are deep

pub mod app;
pub mod domain;

#[cfg(feature = "ssr")]
pub mod backoffice;
#[cfg(feature = "ssr")]
pub mod checkout;
#[cfg(feature = "ssr")]
pub mod clock;
#[cfg(feature = "ssr")]
pub mod command;
#[cfg(feature = "ssr")]
pub mod config;
#[cfg(feature = "ssr")]
pub mod doctor;
#[cfg(feature = "ssr")]
pub mod entropy;
#[cfg(feature = "ssr")]
mod gateway;
#[cfg(feature = "ssr")]
pub mod http;
#[cfg(feature = "ssr")]
mod metrics;
#[cfg(feature = "ssr")]
mod readiness;
#[cfg(feature = "ssr")]
pub mod reconcile;
#[cfg(feature = "ssr")]
pub mod sandbox;
#[cfg(feature = "ssr")]
pub mod secret_key;
#[cfg(feature = "ssr")]
pub mod service_manager;
#[cfg(feature = "ssr")]
pub mod signals;
#[cfg(feature = "ssr")]
pub mod startup;
#[cfg(feature = "ssr")]
pub mod storage;
#[cfg(feature = "ssr")]
mod supervise;
#[cfg(feature = "ssr")]
pub mod telemetry;
#[cfg(feature = "ssr")]
pub mod tls;
#[cfg(feature = "ssr")]
mod wall;
#[cfg(feature = "ssr")]
pub mod wechatpay;
