//! The shop's own colour: of what is pressed, and of links. White is written on it, and it is written on the pages'
//! own colours, so not every colour will do.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accent([u8; 3]);

/// What WCAG asks for, times ten: text against what is behind it.
const LEAST: u32 = 45;
const WHITE: Accent = Accent([255; 3]);
/// What links stand on in either theme: of all such places those that are nearest to them. From `style/main.css`.
const LIGHT_PAGE: Accent = Accent([0xf4, 0xf6, 0xf5]);
const DARK_PAGE: Accent = Accent([0x1f, 0x27, 0x23]);

impl Accent {
    /// `#018942`, as a browser's field for colours sends it.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix('#').filter(|hex| hex.len() == 6 && hex.is_ascii())?;
        let channel = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
        let is_plain = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_plain.then_some(Self([channel(0)?, channel(2)?, channel(4)?]))
    }

    /// White text can be read on it.
    pub fn is_readable(self) -> bool {
        contrast(self, WHITE) >= LEAST
    }

    /// Against white, times ten: 45 is enough.
    pub fn contrast(self) -> u32 {
        contrast(self, WHITE)
    }

    /// The nearest darker one that will do.
    #[must_use]
    pub fn readable(self) -> Self {
        self.until(Self([0; 3]), Self::is_readable)
    }

    /// For what is pressed, while the pointer is over it; of links, in the light theme and in the dark one.
    pub fn shades(self) -> [Self; 3] {
        [
            self.towards(Self([0; 3]), 4),
            self.until(Self([0; 3]), |shade| contrast(shade, LIGHT_PAGE) >= LEAST),
            self.until(WHITE, |shade| contrast(shade, DARK_PAGE) >= LEAST),
        ]
    }

    /// A style sheet that puts it in the place of the usual colour.
    pub fn style(self) -> String {
        let [hover, light, dark] = self.shades();
        format!(
            ":root{{--press:{self};--press-hover:{hover};--link:{light}}}\
             @media screen and (prefers-color-scheme:dark){{:root{{--link:{dark}}}}}\n"
        )
    }

    fn until(self, end: Self, is_enough: impl Fn(Self) -> bool) -> Self {
        let steps = (0..=STEPS).map(|step| self.towards(end, step));
        steps.into_iter().find(|shade| is_enough(*shade)).unwrap_or(end)
    }

    /// `step` of [`STEPS`] on the way to another colour.
    fn towards(self, end: Self, step: u16) -> Self {
        let mut mixed = self;
        for (channel, end) in mixed.0.iter_mut().zip(end.0) {
            let sum = u16::from(*channel) * (STEPS - step) + u16::from(end) * step;
            *channel = u8::try_from(sum / STEPS).unwrap_or(u8::MAX);
        }
        mixed
    }
}

const STEPS: u16 = 32;

impl fmt::Display for Accent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([red, green, blue]) = self;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// Times ten, rounded down: never more than it is.
#[expect(clippy::float_arithmetic, reason = "light, no money")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 10 and 210")]
fn contrast(one: Accent, other: Accent) -> u32 {
    let (one, other) = (luminance(one), luminance(other));
    let (light, dark) = if one > other { (one, other) } else { (other, one) };
    ((light + 0.05) / (dark + 0.05) * 10.0) as u32
}

/// WCAG's relative luminance.
#[expect(clippy::float_arithmetic, reason = "light, no money")]
fn luminance(Accent([red, green, blue]): Accent) -> f64 {
    let linear = |channel: u8| {
        let share = f64::from(channel) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accent(text: &str) -> Accent {
        Accent::parse(text).expect("a colour")
    }

    #[test]
    fn a_colour_is_six_hex_digits() {
        assert_eq!(accent("#018942").to_string(), "#018942");
        assert_eq!(accent("#ABCDEF").to_string(), "#abcdef");
        for bad in ["", "#", "018942", "#0189", "#01894g", "#0189420", "red", "#+18942", "#a商a"] {
            assert_eq!(Accent::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_what_white_can_be_read_on_will_do() {
        assert_eq!([accent("#000000").contrast(), accent("#ffffff").contrast()], [210, 10]);
        // The shop's own green, and WeChat's.
        assert!(accent("#018942").is_readable() && !accent("#07c160").is_readable());
        for colour in ["#07c160", "#ffff00", "#ffffff", "#ff0000", "#1677ff", "#808080"] {
            let near = accent(colour).readable();
            assert!(near.is_readable(), "{colour}: {near}");
        }
        assert_eq!(accent("#018942").readable(), accent("#018942"));
    }

    #[test]
    fn links_can_be_read_in_both_themes() {
        for colour in ["#018942", "#000000", "#0000ff", "#b0003a", "#5a5a5a"] {
            let [hover, light, dark] = accent(colour).shades();
            assert!(hover.is_readable() && contrast(light, LIGHT_PAGE) >= LEAST, "{colour}");
            assert!(contrast(dark, DARK_PAGE) >= LEAST, "{colour} {dark}");
        }
    }
}
