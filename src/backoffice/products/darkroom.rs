//! Pictures that somebody has sent: read within limits, and written anew in two sizes. Nothing of what was sent is
//! kept: no place where it was taken, no second file in it, no trick.

use std::{io::Cursor, sync::Arc, time::Duration};

use image::{
    DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits, RgbImage,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use super::whole::is_whole;
use crate::domain::{PictureKind, PictureName, Pictures};

pub const BYTES_MOST: usize = 10 * 1024 * 1024;
/// 24 million, as a good telephone takes them.
pub const PIXELS_MOST: u64 = 24_000_000;
const SIDE_MOST: u32 = 9_000;
const SIDE_LEAST: u32 = 16;
/// What decoding may take, the picture included.
const MEMORY_MOST: u64 = 160 * 1024 * 1024;
/// One at a time: each is a core and its memory.
const AT_ONCE: usize = 1;
/// For whoever waits; what has begun comes to its end, within the limits of size.
const PATIENCE: Duration = Duration::from_secs(20);

const LARGE: u32 = 1_200;
const SMALL: u32 = 480;
const LOGO: u32 = 256;
const QUALITY: u8 = 82;

/// Why a file is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    #[error("there is no file")]
    Empty,
    #[error("it is bigger than {} MB", BYTES_MOST / 1024 / 1024)]
    TooManyBytes,
    #[error("it is none of JPEG, PNG and WebP")]
    Format,
    #[error("it has more than {} million pixels, or a side longer than {SIDE_MOST}", PIXELS_MOST / 1_000_000)]
    TooManyPixels,
    #[error("it has a side shorter than {SIDE_LEAST} pixels")]
    TooSmall,
    #[error("it is damaged or not whole")]
    Broken,
    #[error("other pictures are being read; try again in a moment")]
    Busy,
}

/// Two sizes of one picture, ready to be kept.
#[derive(Clone, Debug)]
pub(super) struct Prints {
    pub(super) names: Pictures,
    pub(super) large: Vec<u8>,
    pub(super) small: Vec<u8>,
}

#[derive(Clone, Debug)]
pub struct Darkroom(Arc<Semaphore>);

impl Default for Darkroom {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Darkroom {
    pub(super) async fn develop(&self, bytes: Vec<u8>) -> Result<Prints, PictureError> {
        self.work(bytes, |bytes| {
            let picture = decode(bytes)?;
            let (large, small) = (shrunk(&picture, LARGE), shrunk(&picture, SMALL));
            let (large, small) = (jpeg(&large)?, jpeg(&small)?);
            Ok(Prints { names: Pictures { large: large.0, small: small.0 }, large: large.1, small: small.1 })
        })
        .await
    }

    /// Small, and see-through where it was.
    pub(super) async fn develop_logo(&self, bytes: Vec<u8>) -> Result<(PictureName, Vec<u8>), PictureError> {
        self.work(bytes, |bytes| png(&shrunk(&decode(bytes)?, LOGO))).await
    }

    async fn work<T: Send + 'static>(
        &self,
        bytes: Vec<u8>,
        work: impl FnOnce(&[u8]) -> Result<T, PictureError> + Send + 'static,
    ) -> Result<T, PictureError> {
        let place = tokio::time::timeout(PATIENCE, Arc::clone(&self.0).acquire_owned());
        let Ok(Ok(place)) = place.await else { return Err(PictureError::Busy) };
        let working = tokio::task::spawn_blocking(move || {
            let done = work(&bytes);
            drop(place);
            done
        });
        match tokio::time::timeout(PATIENCE, working).await {
            Ok(Ok(done)) => done,
            // A picture that a decoder stumbles over is no picture.
            Ok(Err(_)) => Err(PictureError::Broken),
            Err(_) => Err(PictureError::Busy),
        }
    }
}

fn decode(bytes: &[u8]) -> Result<DynamicImage, PictureError> {
    if bytes.is_empty() {
        return Err(PictureError::Empty);
    }
    if bytes.len() > BYTES_MOST {
        return Err(PictureError::TooManyBytes);
    }
    // By what is in it, whatever it is called.
    let format = image::guess_format(bytes).map_err(|_| PictureError::Format)?;
    if !matches!(format, ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP) {
        return Err(PictureError::Format);
    }
    if !is_whole(format, bytes) {
        return Err(PictureError::Broken);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits());
    let mut decoder = reader.into_decoder().map_err(|error| told(&error))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS_MOST || width.max(height) > SIDE_MOST {
        return Err(PictureError::TooManyPixels);
    }
    if width.min(height) < SIDE_LEAST {
        return Err(PictureError::TooSmall);
    }
    // Telephones write down how they were held, and turn nothing.
    let orientation = decoder.orientation().map_err(|error| told(&error))?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| told(&error))?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MOST);
    limits.max_image_height = Some(SIDE_MOST);
    limits.max_alloc = Some(MEMORY_MOST);
    limits
}

fn told(error: &image::ImageError) -> PictureError {
    match error {
        image::ImageError::Limits(_) => PictureError::TooManyPixels,
        _ => PictureError::Broken,
    }
}

/// To fit into a square of this side; never made bigger.
fn shrunk(picture: &DynamicImage, side: u32) -> DynamicImage {
    if picture.width().max(picture.height()) <= side { picture.clone() } else { picture.thumbnail(side, side) }
}

fn jpeg(picture: &DynamicImage) -> Result<(PictureName, Vec<u8>), PictureError> {
    let picture = on_white(picture);
    let mut bytes = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY)).map_err(|error| told(&error))?;
    Ok((name(&bytes, picture.dimensions(), PictureKind::Jpeg)?, bytes))
}

fn png(picture: &DynamicImage) -> Result<(PictureName, Vec<u8>), PictureError> {
    let picture = picture.to_rgba8();
    let mut bytes = Vec::new();
    picture.write_with_encoder(PngEncoder::new(&mut bytes)).map_err(|error| told(&error))?;
    Ok((name(&bytes, picture.dimensions(), PictureKind::Png)?, bytes))
}

fn name(bytes: &[u8], (width, height): (u32, u32), kind: PictureKind) -> Result<PictureName, PictureError> {
    let hash: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    PictureName::new(&hash, width, height, kind).map_err(|_| PictureError::Broken)
}

/// JPEG knows nothing of what is see-through.
fn on_white(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let from = picture.to_rgba8();
    let mut whole = RgbImage::new(from.width(), from.height());
    for (from, to) in from.pixels().zip(whole.pixels_mut()) {
        let [red, green, blue, alpha] = from.0;
        let alpha = u16::from(alpha);
        let over =
            |channel: u8| u8::try_from((u16::from(channel) * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX);
        to.0 = [red, green, blue].map(over);
    }
    whole
}
