//! What the books tell.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{
    doctor::facts::{Engine, OpenBooks},
    domain::Product,
    storage::{
        Database, StorageError,
        durability::{self, Durability},
        generation::{self, Beside},
        heartbeats, inbox, leases, products,
        restorations::{self, FoundBy},
    },
    wechatpay::{ApiV3Keys, model::fit_description},
};

/// Whoever has beaten within it lives.
const ALIVE: SignedDuration = SignedDuration::from_secs(30);
/// An older callback may have been sealed with a key that was changed since.
const YOUNG: SignedDuration = SignedDuration::from_hours(1);
/// Those that money waits for.
const JOBS: [&str; 2] = ["orders", "refunds"];

/// Whether one row can be written.
///
/// # Errors
/// Why not.
pub async fn write(db: &Database, beside: &Beside, now: Timestamp) -> Result<(), StorageError> {
    let seen = beside.seen();
    let risen = db.write(move |c| Box::pin(generation::rise(c, seen, FoundBy::File, now))).await?;
    beside.follow_or_warn(risen.number);
    Ok(())
}

/// `demo` must not be on sale.
///
/// # Errors
/// They cannot be read.
pub async fn look(
    db: &Database,
    write: Result<(), StorageError>,
    demo: &[Product],
    now: Timestamp,
) -> Result<OpenBooks, StorageError> {
    let mut c = db.read().await?;
    let engine = match durability::find(&mut c).await? {
        Durability::Sqlite { synchronous } => Engine::Sqlite { synchronous },
        Durability::Mysql { flush_log, binlog, sync_binlog, is_galera } => {
            Engine::Mysql { flush_log, binlog, sync_binlog, is_galera }
        }
    };
    let listed = products::list(&mut c).await?.entries.into_iter();
    let on_sale: Vec<Product> = listed.filter(|entry| entry.withdrawn.is_none()).map(|entry| entry.product).collect();
    let named = |is_meant: &dyn Fn(&Product) -> bool| {
        on_sale.iter().filter(|it| is_meant(it)).map(|it| format!("{} {}", it.id, it.title)).collect()
    };
    let jobs = leases::list_last_good(&mut c).await?.into_iter().filter(|(name, _)| JOBS.contains(&name.as_str()));
    let jobs = jobs.filter_map(|(name, at)| Some((name, Timestamp::from_millisecond(at).ok()?))).collect();
    Ok(OpenBooks {
        engine,
        write: write.map_err(|error| error.to_string()),
        put_back: restorations::find_open(&mut c).await?.map(|open| open.since),
        instances: heartbeats::count_live(&mut c, now - ALIVE).await?,
        jobs,
        unfit: named(&|it| fit_description(&it.title).is_none()),
        demo: named(&|it| demo.contains(it)),
    })
}

/// Whether the newest callback opens with the keys that we have.
///
/// # Errors
/// The books cannot be read.
pub async fn opens_callbacks(db: &Database, keys: &ApiV3Keys, now: Timestamp) -> Result<Option<bool>, StorageError> {
    let body = inbox::find_newest_body(&mut *db.read().await?, now - YOUNG).await?;
    Ok(body.map(|body| open(&body, keys).is_some()))
}

/// What is sealed in a notification.
pub(super) fn open(body: &[u8], keys: &ApiV3Keys) -> Option<Vec<u8>> {
    let envelope: Value = serde_json::from_slice(body).ok()?;
    let resource = envelope.get("resource")?;
    let text = |name: &str| resource.get(name).and_then(Value::as_str);
    keys.open(text("nonce")?, text("associated_data").unwrap_or_default(), text("ciphertext")?).ok()
}
