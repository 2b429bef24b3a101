//! The merchant's side: pages that are HTML and forms alone, rendered by the server in one [`Frame`]. What they show
//! is given to them; they ask nobody. How to add one: `http/admin.rs`.

#![expect(unreachable_pub, reason = "Leptos' macros make the properties of a component `pub`")]
#![expect(clippy::needless_pass_by_value, reason = "the properties of a component are its own")]

mod account;
mod dashboard;
mod entrance;
mod frame;
mod parts;
mod said;
pub mod words;

pub use account::AccountPage;
pub use dashboard::Dashboard;
pub use entrance::{
    CodeForm, ConfirmPage, DemoLogin, EnrolPage, FactorPage, LinkPage, LoginForm, LoginPage, RecoveryPage,
};
pub use frame::{Frame, Setting, Who};
pub use parts::{ConfirmFirst, Csrf, Message, Problem};
pub use said::Said;
