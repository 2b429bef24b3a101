//! Reads the sources, not the compiler's mind: every path that begins with `crate`, `super` or a crate's
//! name, wherever it stands, outside comments, texts and tests.

use std::collections::BTreeSet;

/// A source file, or a text that stands for one.
pub(crate) struct Source {
    /// `["http", "notify"]`; `["main"]` for the program; empty for `lib.rs`.
    pub(crate) module: Vec<String>,
    pub(crate) text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    /// `::`
    Path,
    Sign(char),
}

pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let at = |place: usize| chars.get(place).copied().unwrap_or('\0');
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        match (at(i), at(i + 1)) {
            ('/', '/') => {
                while i < chars.len() && at(i) != '\n' {
                    i += 1;
                }
            }
            ('/', '*') => {
                let mut depth = 0;
                loop {
                    match (at(i), at(i + 1)) {
                        ('/', '*') => (depth, i) = (depth + 1, i + 2),
                        ('*', '/') => (depth, i) = (depth - 1, i + 2),
                        _ => i += 1,
                    }
                    if depth == 0 || i >= chars.len() {
                        break;
                    }
                }
            }
            ('"', _) => i = after_text(&chars, i),
            // A character, or a lifetime.
            ('\'', '\\') => {
                i += 3;
                while i < chars.len() && at(i) != '\'' {
                    i += 1;
                }
                i += 1;
            }
            ('\'', _) => i += if at(i + 2) == '\'' { 3 } else { 1 },
            (':', ':') => {
                tokens.push(Token::Path);
                i += 2;
            }
            (c, _) if is_word(c) => {
                let start = i;
                while is_word(at(i)) {
                    i += 1;
                }
                let word: String = chars[start..i].iter().collect();
                let raw = matches!(word.as_str(), "r" | "br" | "cr") && matches!(at(i), '"' | '#');
                let opened = matches!(word.as_str(), "b" | "c") && at(i) == '"';
                if raw && let Some(end) = after_raw_text(&chars, i) {
                    i = end;
                } else if opened {
                    i = after_text(&chars, i);
                } else {
                    tokens.push(Token::Word(word));
                }
            }
            (c, _) => {
                if !c.is_whitespace() {
                    tokens.push(Token::Sign(c));
                }
                i += 1;
            }
        }
    }
    tokens
}

fn after_text(chars: &[char], quote: usize) -> usize {
    let mut i = quote + 1;
    while i < chars.len() && chars[i] != '"' {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

/// `start` is behind the `r`.
fn after_raw_text(chars: &[char], start: usize) -> Option<usize> {
    let hashes = chars[start..].iter().take_while(|c| **c == '#').count();
    if chars.get(start + hashes) != Some(&'"') {
        return None;
    }
    let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let from = start + hashes + 1;
    let found = chars[from..].windows(end.len()).position(|window| window == end)?;
    Some(from + found + end.len())
}

/// What a file names: whole paths, those into this crate without `crate`.
#[derive(Debug, Default)]
pub(crate) struct Named {
    pub(crate) inside: BTreeSet<Vec<String>>,
    pub(crate) outside: BTreeSet<Vec<String>>,
    /// `#[cfg(test)] mod …;`
    pub(crate) test_modules: BTreeSet<Vec<String>>,
    /// What `use` brings in.
    pub(crate) imports: Vec<Import>,
    /// Outside `use`: types, what is called, and beginnings of paths.
    pub(crate) words: BTreeSet<String>,
}

/// One name of a `use`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Import {
    pub(crate) name: String,
    /// From the crate's root, or as it is written when it begins with a name.
    pub(crate) path: Vec<String>,
    /// Whether others may have it from here.
    pub(crate) shared: bool,
}

struct Walk<'a> {
    tokens: &'a [Token],
    place: usize,
    /// In a `use`: whether it has a visibility.
    importing: Option<bool>,
    named: Named,
}

impl Walk<'_> {
    fn word(&self, place: usize) -> Option<&str> {
        match self.tokens.get(place)? {
            Token::Word(word) => Some(word),
            Token::Path | Token::Sign(_) => None,
        }
    }

    fn is_sign(&self, place: usize, sign: char) -> bool {
        self.tokens.get(place) == Some(&Token::Sign(sign))
    }

    fn is_path(&self, place: usize) -> bool {
        self.tokens.get(place) == Some(&Token::Path)
    }

    /// Whether the attribute that begins here is `#[cfg(test)]`, and where it ends.
    fn attribute(&self, place: usize) -> Option<(bool, usize)> {
        if !self.is_sign(place, '#') || !self.is_sign(place + 1, '[') {
            return None;
        }
        let end = self.closing(place + 1, '[', ']');
        let is_test = self.word(place + 2) == Some("cfg") && self.word(place + 4) == Some("test") && end == place + 7;
        Some((is_test, end))
    }

    /// The place behind the bracket that closes the one at `place`.
    fn closing(&self, place: usize, open: char, close: char) -> usize {
        let mut depth = 0;
        let mut i = place;
        while i < self.tokens.len() {
            if self.is_sign(i, open) {
                depth += 1;
            } else if self.is_sign(i, close) {
                depth -= 1;
                if depth == 0 {
                    return i + 1;
                }
            }
            i += 1;
        }
        i
    }

    fn walk(&mut self, module: &[String]) {
        // The modules that are open here, with the depth of braces that each was opened at.
        let mut open: Vec<(usize, String)> = Vec::new();
        let mut depth = 0;
        let mut testing = false;
        while self.place < self.tokens.len() {
            let i = self.place;
            if let Some((is_test, end)) = self.attribute(i) {
                testing |= is_test;
                // What an attribute names counts as well, but cannot open a module.
                self.place = if is_test { end } else { i + 1 };
                continue;
            }
            // `pub(in a::path)` says who may look in, and looks at nobody.
            if self.word(i) == Some("pub") && self.is_sign(i + 1, '(') && self.word(i + 2) == Some("in") {
                self.place = self.closing(i + 1, '(', ')');
                continue;
            }
            if self.word(i) == Some("use") {
                // Behind `pub` or the bracket of its `(crate)`.
                let before = i.checked_sub(1);
                let shared = before.is_some_and(|it| self.word(it) == Some("pub") || self.is_sign(it, ')'));
                self.importing = Some(shared);
                self.place += 1;
                continue;
            }
            if self.word(i) == Some("mod") && self.word(i + 1).is_some() {
                let name = self.word(i + 1).unwrap_or_default().to_owned();
                if self.is_sign(i + 2, '{') {
                    if testing {
                        self.place = self.closing(i + 2, '{', '}');
                    } else {
                        open.push((depth, name));
                        depth += 1;
                        self.place = i + 3;
                    }
                } else {
                    if testing {
                        let path = module.iter().cloned().chain(open.iter().map(|it| it.1.clone()));
                        self.named.test_modules.insert(path.chain([name]).collect());
                    }
                    self.place = i + 3;
                }
                testing = false;
                continue;
            }
            if self.is_sign(i, '{') {
                depth += 1;
            } else if self.is_sign(i, '}') {
                depth = depth.saturating_sub(1);
                if open.last().is_some_and(|(at, _)| *at == depth) {
                    open.pop();
                }
            }
            if self.is_sign(i, ';') || self.is_sign(i, '}') {
                testing = false;
                self.importing = None;
            }
            if self.importing.is_none() {
                self.note(i);
            }
            let begins = self.word(i).is_some() && self.is_path(i + 1) && (i == 0 || !self.is_path(i - 1));
            if begins {
                let here: Vec<String> = module.iter().cloned().chain(open.iter().map(|it| it.1.clone())).collect();
                self.tree(&here);
            } else {
                self.place += 1;
            }
        }
    }

    /// A small word alone is a variable as a rule; one that is called or leads further is not.
    fn note(&mut self, place: usize) {
        let Some(word) = self.word(place) else { return };
        let is_type = word.starts_with(char::is_uppercase);
        if is_type || self.is_path(place + 1) || self.is_sign(place + 1, '(') || self.is_sign(place + 1, '!') {
            self.named.words.insert(word.to_owned());
        }
    }

    /// A path, or the tree of a `use`, that begins here.
    fn tree(&mut self, here: &[String]) {
        let first = self.word(self.place).unwrap_or_default().to_owned();
        let (inside, path) = match first.as_str() {
            // The program sees the library as a crate.
            "crate" | "saoma" => (true, Vec::new()),
            "self" => (true, here.to_vec()),
            "super" => (true, here[..here.len().saturating_sub(1)].to_vec()),
            _ => (false, vec![first]),
        };
        self.place += 1;
        self.rest(inside, path);
    }

    fn rest(&mut self, inside: bool, mut path: Vec<String>) {
        while self.is_path(self.place) {
            self.place += 1;
            if self.is_sign(self.place, '{') {
                self.place += 1;
                while self.place < self.tokens.len() && !self.is_sign(self.place, '}') {
                    if self.word(self.place).is_some() {
                        let path = self.step(path.clone());
                        self.rest(inside, path);
                    } else {
                        self.place += 1;
                    }
                }
                self.place += 1;
                return;
            }
            if self.word(self.place).is_none() {
                break;
            }
            path = self.step(path);
        }
        let mut name = path.last().cloned().unwrap_or_default();
        // `as another_name`
        if self.word(self.place) == Some("as") {
            self.word(self.place + 1).unwrap_or_default().clone_into(&mut name);
            self.place += 2;
        }
        if let Some(shared) = self.importing {
            self.named.imports.push(Import { name, path: path.clone(), shared });
        }
        let named = if inside { &mut self.named.inside } else { &mut self.named.outside };
        named.insert(path);
    }

    fn step(&mut self, mut path: Vec<String>) -> Vec<String> {
        match self.word(self.place).unwrap_or_default() {
            "self" => {}
            "super" => drop(path.pop()),
            word => path.push(word.to_owned()),
        }
        self.place += 1;
        path
    }
}

pub(crate) fn named(source: &Source) -> Named {
    let tokens = tokens(&source.text);
    let mut walk = Walk { tokens: &tokens, place: 0, importing: None, named: Named::default() };
    walk.walk(&source.module);
    walk.named
}
