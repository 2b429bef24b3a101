//! A form with a file in it.

use std::{collections::BTreeMap, time::Duration};

use axum::extract::Multipart;
use http::StatusCode;

use super::super::body::BodyLimits;
use crate::{
    app::admin::words::Shelf,
    backoffice::products::{BYTES_MOST, PictureError},
};

/// A picture and a few words beside it, over a slow line.
pub(super) const PICTURE: BodyLimits = BodyLimits { most: BYTES_MOST + 64 * 1024, time: Duration::from_mins(1) };

/// What was sent, by the names of the fields. A field for a file that nobody has chosen is none.
#[derive(Debug, Default)]
pub(super) struct Upload {
    texts: BTreeMap<String, String>,
    file: Option<Vec<u8>>,
}

impl Upload {
    /// # Errors
    /// It is no such form.
    pub(super) async fn read(mut form: Multipart) -> Result<Self, StatusCode> {
        let mut upload = Self::default();
        while let Some(field) = form.next_field().await.map_err(|error| error.status())? {
            let (name, is_file) = (field.name().unwrap_or_default().to_owned(), field.file_name().is_some());
            let bytes = field.bytes().await.map_err(|error| error.status())?;
            if is_file {
                upload.file = Some(bytes.to_vec()).filter(|bytes| !bytes.is_empty());
            } else {
                upload.texts.insert(name, String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        Ok(upload)
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.texts.get(name).map(String::as_str).unwrap_or_default()
    }

    pub(super) fn take_file(&mut self) -> Option<Vec<u8>> {
        self.file.take()
    }
}

pub(super) const fn said_of(error: PictureError, words: &Shelf) -> &'static str {
    match error {
        PictureError::Empty => words.picture_empty,
        PictureError::TooManyBytes => words.picture_too_big,
        PictureError::Format => words.picture_format,
        PictureError::TooManyPixels => words.picture_too_many_pixels,
        PictureError::TooSmall => words.picture_too_small,
        PictureError::Broken => words.picture_broken,
        PictureError::Busy => words.picture_busy,
    }
}
