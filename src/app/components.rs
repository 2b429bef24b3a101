//! The pieces pages are made of. Islands are the only code that runs in the browser.

mod buy;
mod follow;
mod pay_panel;
mod price;
mod print;
mod qr;
mod stage_badge;

pub use buy::Buy;
pub use pay_panel::{PayIsland, PayPanel};
pub use price::Price;
pub use print::Print;
pub use qr::QrCode;
pub use stage_badge::StageBadge;
