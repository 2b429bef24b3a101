//! What WeChat's verified word that somebody has paid does to the books: examined first, then booked with whatever
//! else has arrived at that moment.

mod bookings;
mod claim;
mod settle;
mod told;

pub(super) use bookings::Bookings;
pub(super) use claim::{Proof, SURPLUS_REASON, examine};
pub(super) use settle::Booking;
pub(super) use told::Told;
