//! The vocabulary of a checkout, without I/O and without a framework: money, numbers, states.
//!
//! Knows nothing of WeChat's wire format, of SQL, of HTTP or of Leptos. Everything here is built
//! for the server and for the browser.

pub mod accent;
pub mod looks;
pub mod money;
pub mod order;
pub mod out_refund_no;
pub mod out_trade_no;
pub mod picture;
pub mod product;
pub mod refund;
pub mod role;
pub mod token;
pub mod trade_type;

pub use accent::Accent;
pub use looks::Looks;
pub use money::{Fen, InvalidAmount, shown_yuan, signed_yuan};
pub use order::{ClosedReason, OrderStatus, Wish};
pub use out_refund_no::OutRefundNo;
pub use out_trade_no::OutTradeNo;
pub use picture::{InvalidPictureName, PictureKind, PictureName, Pictures};
pub use product::{Product, ProductId};
pub use refund::{RefundState, Said};
pub use role::Role;
pub use token::OrderToken;
pub use trade_type::TradeType;
