//! A picture's name: made of what is in it, so that whoever has it once never asks again.

use std::fmt;

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureKind {
    Jpeg,
    Png,
}

impl PictureKind {
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }

    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// `0123456789abcdef0123456789abcdef01234567-1200x900.jpg`: the beginning of the SHA-256 of its bytes, width, height
/// and kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PictureName(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no name of a picture")]
pub struct InvalidPictureName;

const HASH: usize = 40;
/// Far beyond any picture that is kept.
const SIDE_MOST: u32 = 9_999;

impl PictureName {
    /// `sha256`: in hex.
    pub fn new(sha256: &str, width: u32, height: u32, kind: PictureKind) -> Result<Self, InvalidPictureName> {
        let hash = sha256.get(..HASH).ok_or(InvalidPictureName)?;
        Self::parse(&format!("{hash}-{width}x{height}.{}", kind.extension()))
    }

    /// # Errors
    /// It is none.
    pub fn parse(name: &str) -> Result<Self, InvalidPictureName> {
        let known = Self(name.to_owned());
        let (hash, rest) = name.split_once('-').ok_or(InvalidPictureName)?;
        let is_hash = hash.len() == HASH && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let (_, kind) = rest.split_once('.').ok_or(InvalidPictureName)?;
        let (width, height) = known.size();
        let is_plain = format!("{width}x{height}.{kind}") == rest;
        let is_size = [width, height].iter().all(|side| (1..=SIDE_MOST).contains(side));
        let is_kind = kind == PictureKind::Jpeg.extension() || kind == PictureKind::Png.extension();
        if is_hash && is_plain && is_size && is_kind { Ok(known) } else { Err(InvalidPictureName) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn kind(&self) -> PictureKind {
        let is_png = self.0.rsplit_once('.').is_some_and(|(_, kind)| kind == PictureKind::Png.extension());
        if is_png { PictureKind::Png } else { PictureKind::Jpeg }
    }

    /// Width and height.
    pub fn size(&self) -> (u32, u32) {
        let size = self.0.split_once('-').and_then(|(_, rest)| rest.split_once('.')).map_or("", |(size, _)| size);
        let (width, height) = size.split_once('x').unwrap_or_default();
        (width.parse().unwrap_or_default(), height.parse().unwrap_or_default())
    }

    /// Where browsers find it.
    pub fn address(&self) -> String {
        format!("/pictures/{}", self.0)
    }
}

impl fmt::Display for PictureName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The two sizes of one picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pictures {
    pub large: PictureName,
    pub small: PictureName,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_it_names() {
        let hash = "0123456789abcdef".repeat(4);
        let name = PictureName::new(&hash, 1200, 900, PictureKind::Jpeg).expect("a name");
        assert_eq!(name.to_string(), "0123456789abcdef0123456789abcdef01234567-1200x900.jpg");
        assert_eq!((name.size(), name.kind()), ((1200, 900), PictureKind::Jpeg));
        assert_eq!(PictureName::parse(name.as_str()), Ok(name));
        let hash = &hash[..HASH];
        for bad in
            ["", "x", "-1x1.jpg", &format!("{hash}-0x1.jpg"), &format!("{hash}-01x1.jpg"), &format!("{hash}-1x1.svg")]
        {
            assert_eq!(PictureName::parse(bad), Err(InvalidPictureName), "{bad}");
        }
        assert_eq!(PictureName::parse(&format!("{hash}-1x1.jpg/../x")), Err(InvalidPictureName));
        assert_eq!(PictureName::parse(&format!("{}-1x1.jpg", hash.to_uppercase())), Err(InvalidPictureName));
    }
}
