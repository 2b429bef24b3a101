//! The pieces pages are made of. Islands are the only code that runs in the browser.

#![expect(unreachable_pub, reason = "Leptos' macros make the properties of a component `pub`")]

mod buy;
mod focus;
mod follow;
mod live;
mod mark;
mod pay_panel;
mod price;
mod qr;
mod stage_badge;
mod switch;
mod without_script;

pub use buy::Buy;
pub use live::Live;
pub use mark::Mark;
pub use pay_panel::PayPanel;
pub use price::Price;
pub use qr::QrCode;
pub use stage_badge::StageBadge;
pub use switch::Switch;
use without_script::{Deadline, Reloads};
