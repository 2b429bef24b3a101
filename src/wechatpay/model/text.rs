//! What WeChat accepts as text, whichever the field.

/// 1 to `most` characters, all of them legal.
pub(crate) fn within(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.chars().count()) && text.chars().all(is_legal)
}

/// Takes part in what one sees. What joins or varies emoji stays behind when they are taken out.
pub(crate) fn is_visible(character: char) -> bool {
    !character.is_whitespace()
        && !matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        && !matches!(character, '\u{20e3}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
        && !is_blank(character)
}

/// Has the width of a character and nothing to be seen: fillers of Hangul, the Braille pattern without dots, and
/// what only stands between or before others.
const fn is_blank(character: char) -> bool {
    matches!(
        character,
        '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2800}'
            | '\u{3164}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
    )
}

/// Changes the lines or the direction of what stands around it, and so what somebody reads.
pub const fn is_disruptive(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
    )
}

/// Characters of four bytes (emoji) are refused everywhere (§1.4).
pub(crate) fn is_legal(character: char) -> bool {
    character.len_utf8() <= 3 && !character.is_control()
}
