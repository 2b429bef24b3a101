//! `shop_looks`: what staff has chosen of how the shop looks.

use sqlx::{AnyConnection, Row as _};

use super::{StorageError, inserted};
use crate::domain::{Accent, Looks, PictureName};

const ONLY: i64 = 1;

/// What cannot be read is as if nobody had chosen it: a shop that looks plain is better than none.
pub async fn find(c: &mut AnyConnection) -> Result<Looks, StorageError> {
    let sql = "SELECT name, logo, accent, contact, footer FROM shop_looks WHERE id = ?";
    let Some(row) = sqlx::query(sql).bind(ONLY).fetch_optional(c).await? else { return Ok(Looks::default()) };
    let text = |column: &str| row.try_get::<Option<String>, _>(column).map(Option::unwrap_or_default);
    Ok(Looks {
        name: text("name")?,
        logo: PictureName::parse(&text("logo")?).ok(),
        accent: Accent::parse(&text("accent")?),
        contact: text("contact")?,
        footer: text("footer")?,
    })
}

pub async fn put(c: &mut AnyConnection, looks: &Looks) -> Result<(), StorageError> {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let (name, contact, footer) = (some(&looks.name), some(&looks.contact), some(&looks.footer));
    let logo = looks.logo.as_ref().map(ToString::to_string);
    let accent = looks.accent.map(|accent| accent.to_string());
    let insert = sqlx::query("INSERT INTO shop_looks (id) VALUES (?)").bind(ONLY);
    if find_row(c).await? || inserted(insert.execute(&mut *c).await)? {
        let sql = "UPDATE shop_looks SET name = ?, logo = ?, accent = ?, contact = ?, footer = ? WHERE id = ?";
        let update = sqlx::query(sql).bind(name).bind(logo).bind(accent).bind(contact).bind(footer);
        update.bind(ONLY).execute(c).await?;
        return Ok(());
    }
    Err(StorageError::Raced { table: "shop_looks", row: ONLY })
}

async fn find_row(c: &mut AnyConnection) -> Result<bool, StorageError> {
    let sql = "SELECT COUNT(*) FROM shop_looks WHERE id = ?";
    let count: i64 = sqlx::query_scalar(sql).bind(ONLY).fetch_one(c).await?;
    Ok(count > 0)
}
