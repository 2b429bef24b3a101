//! What WeChat accepts as text, whichever the field.

/// 1 to `most` characters, all of them legal.
pub fn within(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.chars().count()) && text.chars().all(is_legal)
}

/// Takes part in what one sees. What joins or varies emoji stays behind when they are taken out.
pub fn is_visible(character: char) -> bool {
    !character.is_whitespace()
        && !matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        && !matches!(character, '\u{20e3}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Characters of four bytes (emoji) are refused everywhere (§1.4).
pub fn is_legal(character: char) -> bool {
    character.len_utf8() <= 3 && !character.is_control()
}
