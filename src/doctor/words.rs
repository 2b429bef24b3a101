//! What each check has to say: what it means for money, what to do, and where. Both languages.

mod books;
mod check;
mod keys;
mod machine;
mod ways;

use self::check::Row;
pub use self::check::{Check, Words};

const NONE: Words = Words { means: "", remedy: "" };

impl Check {
    fn row(self) -> Option<&'static Row> {
        FAMILIES.into_iter().flatten().find(|row| row.0 == self)
    }

    /// Stable, for programs.
    pub fn code(self) -> &'static str {
        self.row().map_or("", |row| row.1)
    }

    pub fn chinese(self) -> &'static Words {
        self.row().map_or(&NONE, |row| &row.2)
    }

    pub fn english(self) -> &'static Words {
        self.row().map_or(&NONE, |row| &row.3)
    }
}

const FAMILIES: [&[Row]; 4] = [keys::ROWS, ways::ROWS, books::ROWS, machine::ROWS];
