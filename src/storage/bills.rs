//! `bill_…`: WeChat's bills, day by day, and where they and the books are not the same.

pub mod days;
pub mod differences;
pub mod files;
pub mod ours;
