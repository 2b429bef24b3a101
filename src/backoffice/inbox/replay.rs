//! Verifies a notification of the inbox again, as of the time when it came, and books what it says: what could not be
//! booked then may fit by now, and whoever doubts a booking sees for himself what it was made of.

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;

use crate::{
    backoffice::{acted::Acted, inbox::deed, office::Office, staff::audit::what},
    checkout::{CheckoutError, Verdict},
    storage::{
        StorageError,
        audit::Outcome,
        inbox::{self, Kept},
        platform_keys::{self, PlatformKeyRow},
    },
    wechatpay::{Notification, NotifyError, PlatformCertificate, PlatformKey, PlatformKeys, PlatformSerial, notify},
};

/// Why it cannot be verified again.
#[derive(Debug, thiserror::Error)]
pub enum CannotReplay {
    #[error("there is no such notification")]
    NoSuch,
    #[error("it came before signatures were kept")]
    NoSignature,
    #[error("its body was removed for its age")]
    Emptied,
    #[error("the key that signed it is not known any more: {0}")]
    KeyGone(String),
    /// What was believed once is not believed now.
    #[error("it does not verify: {0}")]
    Refused(#[from] NotifyError),
    #[error(transparent)]
    Checkout(#[from] CheckoutError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replayed {
    pub verdict: Verdict,
}

impl Office {
    /// # Errors
    /// See [`CannotReplay`]; or the books cannot be written.
    pub async fn replay(&self, id: i64, who: &Acted) -> Result<Replayed, CannotReplay> {
        let kept = self.find_notification(id).await?.ok_or(CannotReplay::NoSuch)?;
        if kept.emptied.is_some() {
            return Err(CannotReplay::Emptied);
        }
        let headers = headers(&kept).ok_or(CannotReplay::NoSignature)?;
        let serial = headers.get(SERIAL).and_then(|it| it.to_str().ok()).unwrap_or_default();
        let keys = self.keys_of(serial).await?;
        let opening = &self.0.surroundings.api_v3_keys;
        let notification = notify::open(&headers, &kept.body, &keys, opening, kept.entry.received)?;
        let (office, who, received) = (self.clone(), who.clone(), kept.entry.received);
        // It goes on when whoever has asked goes away, so that the log tells what came of it.
        let booking = self.0.checkout.spawn(async move { office.book_again(id, &notification, received, &who).await });
        booking.await.unwrap_or(Err(CannotReplay::Storage(StorageError::WriterGone)))
    }

    async fn book_again(
        &self,
        id: i64,
        notification: &Notification,
        received: Timestamp,
        who: &Acted,
    ) -> Result<Replayed, CannotReplay> {
        let (deed, source) = (deed(what::NOTIFICATION_REPLAYED, id), who.source);
        self.write_down(who, &deed, Outcome::Asked, "").await?;
        let verdict = self.0.checkout.replay(notification, received, source).await?;
        let (now, code) = (self.0.surroundings.clock.now(), verdict.code());
        let noted = self.noted(who, &deed, Outcome::Done, code);
        let replayed = self.0.db.write(move |c| {
            let noted = noted.clone();
            Box::pin(async move {
                inbox::note_replay(c, id, code, now).await?;
                noted.write(c).await
            })
        });
        replayed.await?;
        tracing::info!(notification.id = id, verdict = code, source = source.code(), "notification {id} replayed");
        Ok(Replayed { verdict })
    }

    /// The key of this serial as it was kept; else one that is trusted now.
    async fn keys_of(&self, serial: &str) -> Result<PlatformKeys, CannotReplay> {
        let kept = platform_keys::find(&mut *self.0.db.read().await?, serial).await?;
        if let Some(keys) = kept.as_ref().and_then(keys) {
            return Ok(keys);
        }
        let trusted = self.0.checkout.gateway().platform_keys();
        if trusted.contains(serial) { Ok(trusted) } else { Err(CannotReplay::KeyGone(serial.to_owned())) }
    }
}

const SERIAL: &str = "wechatpay-serial";
const SIGNATURE: HeaderName = HeaderName::from_static("wechatpay-signature");

fn keys(row: &PlatformKeyRow) -> Option<PlatformKeys> {
    let none = PlatformKeys::default();
    if row.is_certificate {
        return Some(none.adding_certificates([PlatformCertificate::from_pem(&row.pem).ok()?]));
    }
    let serial = PlatformSerial::parse(&row.serial).ok()?;
    Some(none.with_public_key(&serial, PlatformKey::from_pem(&row.pem).ok()?))
}

/// As they came, with the signature. `None` where that was not kept.
fn headers(kept: &Kept) -> Option<HeaderMap> {
    let mut headers: HeaderMap = kept
        .headers
        .lines()
        .filter_map(|line| {
            let (name, value) = line.split_once(": ")?;
            Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
        })
        .collect();
    let signature = HeaderValue::try_from(kept.signature.as_ref()?.expose_secret()).ok()?;
    headers.insert(SIGNATURE, signature);
    Some(headers)
}
