//! In which language somebody reads a page. Amounts and times are the same in both.

/// Where the switch is.
pub const SWITCH: &str = "/language";

/// Chinese first: it is what whoever says nothing gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    Chinese,
    English,
}

/// Browsers ask for a handful; who asks for more than this has something else in mind.
const ASKED_MOST: usize = 50;

impl Language {
    pub const ALL: [Self; 2] = [Self::Chinese, Self::English];

    /// As `<html lang>` and the remembered switch call it.
    pub const fn tag(self) -> &'static str {
        self.choose("zh-CN", "en")
    }

    /// What its own readers call it.
    pub const fn name(self) -> &'static str {
        self.choose("中文", "English")
    }

    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Chinese => Self::English,
            Self::English => Self::Chinese,
        }
    }

    pub const fn choose<T: Copy>(self, chinese: T, english: T) -> T {
        match self {
            Self::Chinese => chinese,
            Self::English => english,
        }
    }

    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// The one of ours that an `Accept-Language` weighs most, the first of equals. `None` when it names none.
    pub fn preferred(accept: &str) -> Option<Self> {
        let asked = accept.split(',').take(ASKED_MOST).filter_map(|range| {
            let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
            Some((Self::of_range(tag.trim())?, thousandths(weight.trim())?))
        });
        let best =
            asked.filter(|(_, weight)| *weight > 0).reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map(|(language, _)| language)
    }

    /// `zh`, `zh-TW`, `zh-Hans-CN`, `en-GB`.
    fn of_range(tag: &str) -> Option<Self> {
        let first = tag.split('-').next().unwrap_or_default();
        let is = |name: &str| first.eq_ignore_ascii_case(name);
        if is("zh") {
            Some(Self::Chinese)
        } else if is("en") {
            Some(Self::English)
        } else {
            None
        }
    }
}

/// `q=0.75` is 750. `None` for what is no weight.
fn thousandths(weight: &str) -> Option<u32> {
    let value = weight.strip_prefix("q=").or_else(|| weight.strip_prefix("Q="))?;
    let (whole, rest) = value.split_once('.').unwrap_or((value, ""));
    let is_short = rest.len() <= 3 && rest.bytes().all(|byte| byte.is_ascii_digit());
    let rest: u32 = if is_short { format!("{rest:0<3}").parse().ok()? } else { return None };
    match (whole, rest) {
        ("0", rest) => Some(rest),
        ("1", 0) => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Language::{self, Chinese, English};

    #[test]
    fn the_browser_says_which_it_likes_best() {
        for (accept, expected) in [
            ("", None),
            ("fr", None),
            ("*", None),
            ("en", Some(English)),
            ("EN-gb", Some(English)),
            ("zh-Hant-TW", Some(Chinese)),
            ("zh-CN,zh;q=0.9,en;q=0.8", Some(Chinese)),
            ("en-US,en;q=0.9,zh-CN;q=0.8", Some(English)),
            ("en;q=0.8, zh;q=0.9", Some(Chinese)),
            ("de-DE,de;q=0.9,en;q=0.7,zh;q=0.7", Some(English)),
            ("zh;q=0, en;q=0.1", Some(English)),
            ("en;q=0", None),
            ("en;q=2, zh;q=0.1", Some(Chinese)),
            ("en;q=0.1234, zh;q=0.1", Some(Chinese)),
            ("english, zhx", None),
        ] {
            assert_eq!(Language::preferred(accept), expected, "{accept}");
        }
        assert_eq!(Language::preferred(&["fr,".repeat(100_000), "en".to_owned()].concat()), None);
    }

    #[test]
    fn a_tag_names_its_language() {
        for language in Language::ALL {
            assert_eq!(Language::from_tag(language.tag()), Some(language));
            assert_eq!(language.other().other(), language);
        }
        assert_eq!(Language::from_tag("EN"), None);
    }
}
