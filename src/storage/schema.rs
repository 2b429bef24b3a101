//! How the tables in the books stand to those that this program knows. One version is one file in
//! `migrations/`.
//!
//! A program also works on books that a newer one has migrated, as long as every version that it does not
//! know is marked compatible: what it adds has defaults or may be NULL, and nothing that is there changes its
//! meaning. The mark is in the description, which stands in the books beside the version: [`COMPATIBLE`].

use sqlx::{
    AnyConnection, Row as _, SqlSafeStr,
    any::AnyRow,
    migrate::{Migration, MigrationType, Migrator},
};

/// How a description ends whose version older programs can work with.
const COMPATIBLE: &str = "; compatible";

/// sqlx's own table.
pub(super) const TABLE: &str = "_sqlx_migrations";
const APPLIED: &str = "SELECT version, description, HEX(checksum) AS checksum, CASE WHEN success THEN 1 ELSE 0 END AS through \
                       FROM _sqlx_migrations ORDER BY version";

/// The tables are not this program's. The operator acts; nothing has been changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    #[error("there are no books here yet; `saoma serve` makes them (with --sandbox, those of the sandbox)")]
    NoBooks,
    #[error(
        "the books are of version {found}, and this program needs version {ours}: start `saoma serve` once, it migrates them"
    )]
    Behind { found: i64, ours: i64 },
    #[error("this program is older than the books: it knows version {ours}, they are of version {found}")]
    Ahead { found: i64, ours: i64 },
    #[error(
        "the step to version {0} of the books has begun and not ended: another start is at it, or one was cut off in the middle"
    )]
    HalfDone(i64),
    #[error("what lies there is no set of books of Saoma's: nothing of it has been changed. Look at DATABASE_URL")]
    NotBooks,
    #[error("version {0} of the books is not the one that this program knows under that number")]
    Foreign(i64),
}

/// An engine's schema, version by version, from the files in `migrations/`: number, name, statements. Put together
/// here and not by sqlx's macro, which would have every engine compiled a second time for the compiler's own use.
pub(super) fn migrator(versions: &[(i64, &'static str, &'static str)]) -> Migrator {
    let migration = |&(version, name, sql): &(i64, &'static str, &'static str)| {
        Migration::new(version, name.into(), MigrationType::Simple, SqlSafeStr::into_sql_str(sql), false)
    };
    let mut migrator = Migrator::with_migrations(versions.iter().map(migration).collect());
    // What it does not know has been looked at by `compare`.
    migrator.set_ignore_missing(true);
    migrator
}

/// A version that the books have.
pub(super) struct Applied {
    version: i64,
    description: String,
    /// In capital hex digits.
    checksum: String,
    through: i64,
}

impl Applied {
    fn read(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            version: row.try_get("version")?,
            description: row.try_get("description")?,
            checksum: row.try_get("checksum")?,
            through: row.try_get("through")?,
        })
    }
}

/// All versions that the books have.
///
/// # Errors
/// Also that there is no such table: then these are no books, or new ones.
pub(super) async fn applied(connection: &mut AnyConnection) -> Result<Vec<Applied>, sqlx::Error> {
    // All that must be known is read at once: others may be migrating.
    let rows = sqlx::query(APPLIED).fetch_all(connection).await?;
    rows.iter().map(Applied::read).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// What there is to do.
pub(super) enum Standing<'m> {
    /// Nothing: these are the tables that this program knows, or more.
    Current,
    /// `next` is the first version that is missing, `found` the last one that is there; 0 for new books.
    Behind { found: i64, next: &'m Migration },
}

/// # Errors
/// This program must not touch them.
pub(super) fn compare<'m>(applied: &[Applied], migrator: &'m Migrator) -> Result<Standing<'m>, SchemaError> {
    let ours = newest(migrator);
    let found = applied.iter().map(|applied| applied.version).max().unwrap_or(0);
    for Applied { version, description, checksum, through } in applied {
        match migrator.iter().find(|migration| migration.version == *version) {
            Some(known) if *through == 1 && hex(&known.checksum) != *checksum => {
                return Err(SchemaError::Foreign(*version));
            }
            None if *version <= ours => return Err(SchemaError::Foreign(*version)),
            None if !description.ends_with(COMPATIBLE) => return Err(SchemaError::Ahead { found, ours }),
            _ if *through == 0 => return Err(SchemaError::HalfDone(*version)),
            _ => {}
        }
    }
    let next = migrator.iter().find(|migration| applied.iter().all(|applied| applied.version != migration.version));
    Ok(next.map_or(Standing::Current, |next| Standing::Behind { found, next }))
}

/// The version of books that have one and are behind; `None` where nothing has to be migrated, or is being so.
///
/// # Errors
/// This program must not touch them.
pub(super) fn behind(applied: &[Applied], migrator: &Migrator) -> Result<Option<i64>, SchemaError> {
    match compare(applied, migrator) {
        Ok(Standing::Behind { found: found @ 1.., .. }) => Ok(Some(found)),
        Ok(_) | Err(SchemaError::HalfDone(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// For whoever migrates nothing.
///
/// # Errors
/// The books are not there, or not of this program's version (nor of a compatible one).
pub(super) fn require(applied: &[Applied], migrator: &Migrator) -> Result<(), SchemaError> {
    match compare(applied, migrator)? {
        Standing::Current => Ok(()),
        Standing::Behind { found: 0, .. } => Err(SchemaError::NoBooks),
        Standing::Behind { found, .. } => Err(SchemaError::Behind { found, ours: newest(migrator) }),
    }
}

pub(super) fn newest(migrator: &Migrator) -> i64 {
    migrator.iter().map(|migration| migration.version).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Migrator {
        migrator(&[(1, "a", "A"), (2, "b", "B"), (3, "c; compatible", "C")])
    }

    fn applied(changes: &[(i64, &str, i64)]) -> Vec<Applied> {
        let known = three();
        let one = |(version, description, through): &(i64, &str, i64)| Applied {
            version: *version,
            description: (*description).to_owned(),
            checksum: known.iter().find(|it| it.version == *version).map_or_else(String::new, |it| hex(&it.checksum)),
            through: *through,
        };
        changes.iter().map(one).collect()
    }

    #[test]
    fn newer_books_are_for_older_programs_when_every_step_says_so() {
        let own = [(1, "a", 1), (2, "b", 1), (3, "c; compatible", 1)];
        let with = |more: &[(i64, &'static str, i64)]| require(&applied(&[&own[..], more].concat()), &three());
        assert_eq!(with(&[]), Ok(()));
        assert_eq!(with(&[(4, "d; compatible", 1)]), Ok(()));
        assert_eq!(with(&[(4, "d; compatible", 1), (5, "e; compatible", 1)]), Ok(()));
        assert_eq!(with(&[(4, "d", 1)]), Err(SchemaError::Ahead { found: 4, ours: 3 }));
        assert_eq!(with(&[(4, "d", 1), (5, "e; compatible", 1)]), Err(SchemaError::Ahead { found: 5, ours: 3 }));
        assert_eq!(with(&[(4, "incompatible", 1)]), Err(SchemaError::Ahead { found: 4, ours: 3 }));
        assert_eq!(with(&[(4, "d; compatible", 0)]), Err(SchemaError::HalfDone(4)));
    }

    #[test]
    fn what_is_missing_or_strange_is_told_apart() {
        let require = |changes: &[(i64, &str, i64)]| require(&applied(changes), &three());
        assert_eq!(require(&[]), Err(SchemaError::NoBooks));
        assert_eq!(require(&[(1, "a", 1), (2, "b", 1)]), Err(SchemaError::Behind { found: 2, ours: 3 }));
        assert_eq!(require(&[(1, "a", 1), (2, "b", 0)]), Err(SchemaError::HalfDone(2)));
        assert_eq!(require(&[(0, "z", 1)]), Err(SchemaError::Foreign(0)));
        let mut changed = applied(&[(1, "a", 1)]);
        changed[0].checksum = "01".to_owned();
        assert_eq!(super::require(&changed, &three()), Err(SchemaError::Foreign(1)));
    }
}
