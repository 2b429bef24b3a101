//! How the shop looks, as far as its staff chooses it.

use crate::domain::PictureName;

/// What staff has chosen; empty where nothing has been.
#[derive(Clone, Debug, Default)]
pub struct Appearance {
    /// Address of the style sheet of the shop's own colour.
    pub style: Option<String>,
    pub logo: Option<PictureName>,
    pub contact: String,
    pub footer: String,
}
