//! Finds the facts out, and judges nothing.

pub mod books;
pub mod machine;
pub mod origin;
pub mod outside;
pub mod platform;
