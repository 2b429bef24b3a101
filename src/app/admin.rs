//! The merchant's side: pages that are HTML and forms alone, rendered by the server in one [`Frame`]. What they show
//! is given to them; they ask nobody. How to add one: `http/admin.rs`.

#![expect(unreachable_pub, reason = "Leptos' macros make the properties of a component `pub`")]
#![expect(clippy::needless_pass_by_value, reason = "the properties of a component are its own")]

mod abnormal;
mod account;
mod approvals;
mod audit;
mod bill_words;
mod bills;
mod chart;
mod dashboard;
mod doctor;
mod entrance;
mod frame;
mod inbox;
mod looks;
mod order;
mod orders;
mod parts;
mod people;
mod products;
mod put_back;
mod refund;
mod said;
mod sessions;
mod status;
pub mod words;

pub use abnormal::{AbnormalCheckPage, AbnormalForm, AbnormalOf, AbnormalPage, CardShown};
pub use account::{AccountPage, Own};
pub use approvals::{ApprovalLine, ApprovalPage, ApprovalsPage, RefundBehind};
pub use audit::{AuditForm, AuditLine, AuditPage, WrongDays};
pub use bill_words::{Difference, DifferenceStanding, Standing};
pub use bills::{
    AccountView, BillDayPage, BillsPage, DayCell, DayView, DifferencePage, DifferenceRow, DifferenceView, FileView,
    MonthView, SumView, TotalsView,
};
pub use chart::{Chart, Series};
pub use dashboard::{Dashboard, DashboardView, Figures, NeedLine};
pub use doctor::{DoctorPage, DoctorView, FindingView};
pub use entrance::{
    CodeForm, ConfirmPage, DemoLogin, EnrolPage, FactorPage, LinkPage, LoginForm, LoginPage, RecoveryPage, ShownCode,
};
pub use frame::{Frame, Setting, Who};
pub use inbox::{
    InboxLine, InboxPage, InboxView, NotificationPage, NotificationView, RefusedLine, RefusedOnePage, RefusedPage,
    RefusedView,
};
pub use looks::{LooksForm, LooksPage};
pub use order::{
    AttemptLine, EventLine, NoteLine, NotificationLine, OrderPage, OrderView, PaymentLine, RefundLine, ShopHas,
};
pub use orders::{FilterForm, FoundPage, OrderLine, OrdersPage, OrdersView};
pub use parts::{ConfirmFirst, Csrf, Message, Problem};
pub use people::{LimitsForm, PeoplePage, Person};
pub use products::{EditProduct, NewProduct, ProductForm, ProductLine, ProductList};
pub use put_back::{PutBackPage, PutBackView, ReleaseForm, UnknownLine};
pub use refund::{RefundCheck, RefundCheckPage, RefundForm, RefundPage};
pub use said::Said;
pub use sessions::SessionLine;
pub use status::{Listed, StatusPage};
