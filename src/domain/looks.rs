//! How a shop looks, as far as its staff chooses it.

use super::{Accent, PictureName};

/// Empty where nothing has been chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looks {
    /// What the shop is called.
    pub name: String,
    pub logo: Option<PictureName>,
    pub accent: Option<Accent>,
    /// How shoppers reach somebody, wherever an order went wrong.
    pub contact: String,
    /// At the foot of every page, such as 备案号.
    pub footer: String,
}
