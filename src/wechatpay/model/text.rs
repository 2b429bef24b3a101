//! What WeChat accepts as text, whichever the field.

/// 1 to `most` characters, all of them legal.
pub fn within(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.chars().count()) && text.chars().all(is_legal)
}

/// Characters of four bytes (emoji) are refused everywhere (§1.4).
pub fn is_legal(character: char) -> bool {
    character.len_utf8() <= 3 && !character.is_control()
}
