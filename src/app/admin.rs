//! The merchant's side: pages that are HTML and forms alone, rendered by the server in one [`Frame`]. What they show
//! is given to them; they ask nobody. How to add one: `http/admin.rs`.

#![expect(unreachable_pub, reason = "Leptos' macros make the properties of a component `pub`")]
#![expect(clippy::needless_pass_by_value, reason = "the properties of a component are its own")]

mod account;
mod approvals;
mod audit;
mod bill_words;
mod bills;
mod dashboard;
mod entrance;
mod frame;
mod looks;
mod parts;
mod people;
mod products;
mod said;
mod sessions;
pub mod words;

pub use account::{AccountPage, Own};
pub use approvals::{ApprovalLine, ApprovalPage, ApprovalsPage};
pub use audit::{AuditForm, AuditLine, AuditPage};
pub use bill_words::{Difference, DifferenceStanding, Standing};
pub use bills::{
    AccountView, BillDayPage, BillsPage, DayCell, DayView, DifferencePage, DifferenceRow, DifferenceView, FileView,
    MonthView, SumView, TotalsView,
};
pub use dashboard::Dashboard;
pub use entrance::{
    CodeForm, ConfirmPage, DemoLogin, EnrolPage, FactorPage, LinkPage, LoginForm, LoginPage, RecoveryPage,
};
pub use frame::{Frame, Setting, Who};
pub use looks::{LooksForm, LooksPage};
pub use parts::{ConfirmFirst, Csrf, Message, Problem};
pub use people::{LimitsForm, PeoplePage, Person};
pub use products::{EditProduct, NewProduct, ProductForm, ProductLine, ProductList};
pub use said::Said;
pub use sessions::SessionLine;
