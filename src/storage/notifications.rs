//! `notifications`: the inbox of verified notifications, as they came, with what became of them.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{Any, AnyConnection, QueryBuilder};

use super::{Expect, StorageError, millis, or_fail, shares, tuple};

/// A verified notification to be kept. `body` is the envelope: its content is still sealed, so no
/// openid is in it. `headers` holds no signature; that has a column of its own, which no log, page or export shows.
#[derive(Clone, Debug)]
pub struct Received {
    pub notify_id: String,
    pub event_type: String,
    pub out_trade_no: Option<String>,
    pub transaction_id: Option<String>,
    pub headers: String,
    /// As it came. Longer ones than any key of WeChat's makes are not kept.
    pub signature: Option<SecretString>,
    pub body: Vec<u8>,
    pub at: Timestamp,
}

/// The column, in characters.
const SIGNATURE_MOST: usize = 1024;

/// A notification with its verdict and how often it has come.
struct Entry<'a> {
    received: &'a Received,
    verdict: &'a str,
    deliveries: i64,
    last: Timestamp,
}

/// Keeps them with their verdicts, or counts further deliveries of those that are there already. The
/// first verdict stays, unless it was one that asks for another delivery.
///
/// # Errors
/// One is there that is expected to be new: see [`Expect`].
pub async fn record(c: &mut AnyConnection, received: &[(&Received, &str)], expect: Expect) -> Result<(), StorageError> {
    let mut entries: Vec<Entry<'_>> = Vec::with_capacity(received.len());
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (received, verdict) in received {
        let place = *places.entry(&received.notify_id).or_insert(entries.len());
        match entries.get_mut(place) {
            Some(entry) => (entry.deliveries, entry.last) = (entry.deliveries + 1, received.at),
            None => entries.push(Entry { received, verdict, deliveries: 1, last: received.at }),
        }
    }
    if entries.is_empty() {
        return Ok(());
    }
    let known = match expect {
        Expect::New => HashSet::new(),
        Expect::Anything => list_known(c, &entries).await?,
    };
    let (known, new): (Vec<_>, Vec<_>) = entries.iter().partition(|it| known.contains(&it.received.notify_id));
    for share in shares(&new) {
        insert(&mut *c, share, expect).await?;
    }
    for entry in known {
        count(c, entry).await?;
    }
    Ok(())
}

async fn list_known(c: &mut AnyConnection, entries: &[Entry<'_>]) -> Result<HashSet<String>, StorageError> {
    let mut query = QueryBuilder::<Any>::new("SELECT notify_id FROM notifications WHERE notify_id IN ");
    tuple(&mut query, entries.iter().map(|it| it.received.notify_id.as_str()));
    let known: Vec<(String,)> = query.build_query_as().fetch_all(c).await?;
    Ok(known.into_iter().map(|(id,)| id).collect())
}

async fn insert(c: &mut AnyConnection, entries: &[&Entry<'_>], expect: Expect) -> Result<(), StorageError> {
    let mut insert = QueryBuilder::<Any>::new("INSERT ");
    insert.push(or_fail(c)).push(
        "INTO notifications (notify_id, event_type, verdict, out_trade_no, transaction_id, deliveries, \
         headers, signature, body, received_ms, last_ms) ",
    );
    insert.push_values(entries, |mut row, Entry { received, verdict, deliveries, last }| {
        row.push_bind(&received.notify_id)
            .push_bind(&received.event_type)
            .push_bind(*verdict)
            .push_bind(received.out_trade_no.as_deref())
            .push_bind(received.transaction_id.as_deref())
            .push_bind(*deliveries)
            .push_bind(&received.headers)
            .push_bind(
                received.signature.as_ref().map(SecretString::expose_secret).filter(|it| it.len() <= SIGNATURE_MOST),
            )
            .push_bind(&received.body[..])
            .push_bind(millis(received.at))
            .push_bind(millis(*last));
    });
    expect.all_inserted("notifications", insert.build().execute(c).await)
}

async fn count(c: &mut AnyConnection, entry: &Entry<'_>) -> Result<(), StorageError> {
    let sql = "UPDATE notifications SET deliveries = deliveries + ?, last_ms = ?, \
               verdict = CASE WHEN verdict IN ('UNKNOWN_ORDER', 'UNKNOWN_REFUND', 'REFUND_TOO_EARLY') THEN ? \
               ELSE verdict END WHERE notify_id = ?";
    let update = sqlx::query(sql).bind(entry.deliveries).bind(millis(entry.last)).bind(entry.verdict);
    update.bind(&entry.received.notify_id).execute(c).await?;
    Ok(())
}
