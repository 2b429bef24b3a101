//! A value on its way, the same on both sides, and what a column takes.

use sha2::{Digest as _, Sha256};
use sqlx::{Decode, Row as _, Sqlite, TypeInfo as _, ValueRef as _, mysql::MySqlRow, sqlite::SqliteRow};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Integer { least: i64, most: i64 },
    Text { characters: u64, bytes: u64 },
    Bytes { bytes: u64 },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) may_be_null: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Value {
    pub(super) const fn len(&self) -> usize {
        match self {
            Self::Null => 1,
            Self::Integer(_) => 8,
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }

    /// For people: which row it is.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Null => "NULL".to_owned(),
            Self::Integer(number) => number.to_string(),
            Self::Text(text) => format!("{text:?}"),
            Self::Bytes(bytes) => format!("{} bytes", bytes.len()),
        }
    }
}

/// What SQLite has in that place, if it is what the column takes.
pub(super) fn of_file(row: &SqliteRow, index: usize, column: &Column) -> Result<Value, String> {
    let raw = row.try_get_raw(index).map_err(|error| error.to_string())?;
    if raw.is_null() {
        return if column.may_be_null { Ok(Value::Null) } else { Err("NULL, where a value has to be".to_owned()) };
    }
    let kind = raw.type_info().name().to_owned();
    let broken = |error: sqlx::error::BoxDynError| error.to_string();
    match (column.kind, kind.as_str()) {
        (Kind::Integer { least, most }, "INTEGER") => {
            let number = <i64 as Decode<Sqlite>>::decode(raw).map_err(broken)?;
            let fits = (least..=most).contains(&number);
            if fits { Ok(Value::Integer(number)) } else { Err(format!("{number} is out of range")) }
        }
        (Kind::Text { characters, bytes }, "TEXT") => {
            let text = <Vec<u8> as Decode<Sqlite>>::decode(raw).map_err(broken)?;
            let length = text.len();
            let text = String::from_utf8(text).map_err(|_| format!("{length} bytes of text that are not UTF-8"))?;
            let counted = text.chars().count();
            if count(counted) > characters {
                Err(format!("{counted} characters, and {characters} fit"))
            } else if count(length) > bytes {
                Err(format!("{length} bytes, and {bytes} fit"))
            } else {
                Ok(Value::Text(text))
            }
        }
        (Kind::Bytes { bytes }, "BLOB") => {
            let found = <Vec<u8> as Decode<Sqlite>>::decode(raw).map_err(broken)?;
            let length = found.len();
            if count(length) > bytes {
                Err(format!("{length} bytes, and {bytes} fit"))
            } else {
                Ok(Value::Bytes(found))
            }
        }
        (Kind::Integer { .. }, other) => Err(format!("{other}, where a whole number has to be")),
        (Kind::Text { .. }, other) => Err(format!("{other}, where text has to be")),
        (Kind::Bytes { .. }, other) => Err(format!("{other}, where bytes have to be")),
    }
}

/// What the server has in that place.
pub(super) fn of_server(row: &MySqlRow, index: usize, kind: Kind) -> Result<Value, sqlx::Error> {
    Ok(match kind {
        Kind::Integer { .. } => row.try_get::<Option<i64>, _>(index)?.map_or(Value::Null, Value::Integer),
        // By its bytes, whatever the server calls them.
        Kind::Text { .. } => {
            let bytes = row.try_get_unchecked::<Option<Vec<u8>>, _>(index)?;
            let text = bytes.map(String::from_utf8).transpose();
            text.map_err(|error| sqlx::Error::Decode(error.into()))?.map_or(Value::Null, Value::Text)
        }
        Kind::Bytes { .. } => row.try_get_unchecked::<Option<Vec<u8>>, _>(index)?.map_or(Value::Null, Value::Bytes),
    })
}

pub(super) fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// How many rows, and the sum of their hashes: the same whatever order they are read in, which is another one on each
/// engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) rows: u64,
    sum: [u64; 4],
}

impl Counted {
    pub(super) fn add(&mut self, row: &[Value]) {
        let mut hash = Sha256::new();
        for value in row {
            let number;
            // With kind and length, so that no two rows are the same bytes.
            let (kind, bytes): (u8, &[u8]) = match value {
                Value::Null => (0, &[]),
                Value::Integer(it) => {
                    number = it.to_be_bytes();
                    (1, &number)
                }
                Value::Text(text) => (2, text.as_bytes()),
                Value::Bytes(bytes) => (3, bytes),
            };
            hash.update([kind]);
            hash.update(count(bytes.len()).to_be_bytes());
            hash.update(bytes);
        }
        let mut carry = false;
        for (limb, more) in self.sum.iter_mut().zip(hash.finalize().as_chunks::<8>().0) {
            let (sum, over) = limb.overflowing_add(u64::from_le_bytes(*more));
            let (sum, over_again) = sum.overflowing_add(u64::from(carry));
            (*limb, carry) = (sum, over || over_again);
        }
        self.rows += 1;
    }

    pub(super) fn hash(&self) -> String {
        self.sum.iter().flat_map(|limb| limb.to_le_bytes()).map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[&[Value]]) -> Counted {
        let mut counted = Counted::default();
        for row in rows {
            counted.add(row);
        }
        counted
    }

    #[test]
    fn the_order_does_not_matter_and_everything_else_does() {
        let text = |text: &str| Value::Text(text.to_owned());
        let (one, other) = ([text("a"), text("b")], [Value::Integer(1), Value::Null]);
        assert_eq!(of(&[&one, &other]), of(&[&other, &one]));
        assert_eq!(of(&[&one]).hash().len(), 64);
        let different = [
            of(&[]),
            of(&[&one]),
            of(&[&other]),
            of(&[&one, &one]),
            of(&[&[text("ab"), text("")]]),
            of(&[&[text(""), text("ab")]]),
            of(&[&[Value::Bytes(b"a".to_vec()), text("b")]]),
            of(&[&[text("a\0"), text("b")]]),
            of(&[&[text("a "), text("b")]]),
            of(&[&[Value::Null, Value::Null]]),
            of(&[&[text(""), text("")]]),
        ];
        for (index, one) in different.iter().enumerate() {
            assert!(different[index + 1..].iter().all(|other| other.hash() != one.hash()), "{index}");
        }
    }
}
