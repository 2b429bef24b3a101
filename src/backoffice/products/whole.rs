//! Whether a file is there to its end. Decoders of JPEG and WebP fill up what is missing and say nothing.

use image::ImageFormat;

/// A picture whose parts are sent one over the other has ten or so; one that is made to keep a decoder busy, thousands.
const SCANS_MOST: usize = 64;

pub(super) fn is_whole(format: ImageFormat, bytes: &[u8]) -> bool {
    match format {
        ImageFormat::Jpeg => jpeg_ends(bytes).unwrap_or(false),
        ImageFormat::WebP => riff_ends(bytes).unwrap_or(false),
        // Its decoder says so itself.
        _ => true,
    }
}

/// The length in its head is that of what is there.
fn riff_ends(bytes: &[u8]) -> Option<bool> {
    let length: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
    Some(usize::try_from(u32::from_le_bytes(length)).ok()? <= bytes.len().checked_sub(8)?)
}

/// From marker to marker until the end of the image; what comes behind it is not looked at. `None` when the file ends
/// before that.
fn jpeg_ends(bytes: &[u8]) -> Option<bool> {
    const START_OF_SCAN: u8 = 0xda;
    const END_OF_IMAGE: u8 = 0xd9;
    let mut at = 2;
    let mut scans = 0;
    loop {
        while *bytes.get(at)? != 0xff {
            at += 1;
        }
        let marker = *bytes.get(at + 1)?;
        match marker {
            END_OF_IMAGE => return Some(scans > 0),
            // Padding, a byte of a scan that happens to be 0xff, and marks within a scan.
            0xff => at += 1,
            0x00 | 0x01 | 0xd0..=0xd8 => at += 2,
            _ => {
                scans += usize::from(marker == START_OF_SCAN);
                if scans > SCANS_MOST {
                    return Some(false);
                }
                let length: [u8; 2] = bytes.get(at + 2..at + 4)?.try_into().ok()?;
                at += 2 + usize::from(u16::from_be_bytes(length)).max(2);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THUMBNAIL: &[u8] = &[0xff, 0xe1, 0x00, 0x06, 0xff, 0xd8, 0xff, 0xd9];
    const SCAN: &[u8] = &[0xff, 0xda, 0x00, 0x02, 0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56];

    fn jpeg(parts: &[&[u8]]) -> bool {
        is_whole(ImageFormat::Jpeg, &[&[0xff, 0xd8], parts.concat().as_slice()].concat())
    }

    #[test]
    fn a_jpeg_ends_with_its_own_end() {
        assert!(jpeg(&[THUMBNAIL, SCAN, &[0xff, 0xd9]]));
        assert!(jpeg(&[SCAN, SCAN, &[0xff, 0xff, 0xd9], b"and what a telephone adds"]));
        for cut in [&[][..], &[0xff], &[0xff, 0xe1, 0xff]] {
            assert!(!jpeg(&[THUMBNAIL, SCAN, cut]), "{cut:?}");
        }
        assert!(!jpeg(&[THUMBNAIL, &[0xff, 0xd9]]), "nothing in it");
        assert!(!jpeg(&[&SCAN.repeat(SCANS_MOST + 1), &[0xff, 0xd9]]));
    }

    #[test]
    fn a_webp_is_as_long_as_it_says() {
        let webp = b"RIFF\x04\x00\x00\x00WEBP";
        assert!(is_whole(ImageFormat::WebP, webp) && !is_whole(ImageFormat::WebP, &webp[..11]));
    }
}
