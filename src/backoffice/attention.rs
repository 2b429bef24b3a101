//! What needs someone: everything that does not mend itself, each with the way to where it is mended.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{office::Office, told, verdicts::quarantined};
use crate::{
    domain::{Fen, RefundState},
    storage::{
        StorageError,
        approvals::{self, Approval, State},
        bills::differences::{self, Difference},
        concerns, inbox, leases, payments, refunds,
    },
};

/// Of each kind; past it somebody has a larger trouble.
const MOST: i64 = 500;
/// A refund that WeChat has not accepted by then stands still.
const STANDS: SignedDuration = SignedDuration::from_hours(1);
/// A key is changed in good time, which may need a person at the merchant console.
const KEY_ENDS: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The shop's own HTTPS renews itself long before.
const CERTIFICATE_ENDS: SignedDuration = SignedDuration::from_hours(14 * 24);
/// Room on the disk below which somebody should look.
const ROOM: u64 = 1 << 30;
/// How long ago each job may have come to a good end.
const JOBS: [(&str, SignedDuration); 4] = [
    ("orders", SignedDuration::from_mins(10)),
    ("refunds", SignedDuration::from_mins(10)),
    ("removal", SignedDuration::from_hours(2)),
    ("sums", SignedDuration::from_hours(2)),
];

/// What kind of trouble; its code is the label of the gauge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    Contradiction,
    QuarantinedNotification,
    AbnormalRefund,
    RefusedRefund,
    StandingRefund,
    /// It came back to the shop's own account, and nobody has said that the payer was paid otherwise.
    OwedRefund,
    StuckSurplus,
    BillDifference,
    WaitingApproval,
    KeyEnds,
    CertificateEnds,
    JobLags,
    DiskSpace,
    PutBack,
}

impl Need {
    pub const ALL: [Self; 14] = [
        Self::Contradiction,
        Self::QuarantinedNotification,
        Self::AbnormalRefund,
        Self::RefusedRefund,
        Self::StandingRefund,
        Self::OwedRefund,
        Self::StuckSurplus,
        Self::BillDifference,
        Self::WaitingApproval,
        Self::KeyEnds,
        Self::CertificateEnds,
        Self::JobLags,
        Self::DiskSpace,
        Self::PutBack,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Contradiction => "contradiction",
            Self::QuarantinedNotification => "quarantined_notification",
            Self::AbnormalRefund => "abnormal_refund",
            Self::RefusedRefund => "refused_refund",
            Self::StandingRefund => "standing_refund",
            Self::OwedRefund => "owed_refund",
            Self::StuckSurplus => "stuck_surplus",
            Self::BillDifference => "bill_difference",
            Self::WaitingApproval => "waiting_approval",
            Self::KeyEnds => "key_ends",
            Self::CertificateEnds => "certificate_ends",
            Self::JobLags => "job_lags",
            Self::DiskSpace => "disk_space",
            Self::PutBack => "put_back",
        }
    }
}

/// Where it is mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "place", content = "id")]
pub enum Place {
    Order(i64),
    Notification(i64),
    Approval(i64),
    Difference(i64),
    Status,
    PutBack,
}

/// One thing that needs someone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    pub need: Need,
    /// A number, a job, a key: what it is about.
    pub what: String,
    /// What is known of it: a code, never a sentence.
    pub detail: String,
    #[serde(serialize_with = "told::optional")]
    pub since: Option<Timestamp>,
    pub amount: Option<Fen>,
    pub place: Place,
}

impl Item {
    fn about(need: Need, what: impl Into<String>, place: Place) -> Self {
        Self { need, what: what.into(), detail: String::new(), since: None, amount: None, place }
    }
}

impl Office {
    /// All of it, the gravest first.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn what_needs_someone(&self) -> Result<Vec<Item>, StorageError> {
        let mut items = self.about_orders().await?;
        items.extend(self.about_notifications().await?);
        items.extend(self.about_bills().await?);
        items.extend(self.about_approvals().await?);
        let now = self.0.surroundings.clock.now();
        items.extend(self.about_jobs(now).await?);
        items.extend(self.about_keys(now));
        if let Some(room) = self.room().filter(|room| room.free < ROOM) {
            let item = Item::about(Need::DiskSpace, format!("{} MiB", room.free >> 20), Place::Status);
            items.push(item);
        }
        items.extend(self.about_put_back().await?);
        items.sort_by_key(|item| item.need);
        Ok(items)
    }

    /// On the disk of the data folder.
    pub fn room(&self) -> Option<Room> {
        room(&self.0.surroundings.data_dir)
    }

    /// How many there are of each kind.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn count_needs(&self) -> Result<Vec<(Need, i64)>, StorageError> {
        let items = self.what_needs_someone().await?;
        let count = |need: Need| items.iter().filter(|item| item.need == need).count();
        Ok(Need::ALL.into_iter().map(|need| (need, i64::try_from(count(need)).unwrap_or(i64::MAX))).collect())
    }

    /// Orders that somebody has to look at, newest first.
    pub(super) async fn orders_that_need_someone(&self) -> Result<Vec<i64>, StorageError> {
        let items = self.about_orders().await?;
        let id = |item: Item| if let Place::Order(id) = item.place { Some(id) } else { None };
        let mut ids: Vec<i64> = items.into_iter().filter_map(id).collect();
        ids.sort_unstable_by(|one, other| other.cmp(one));
        ids.dedup();
        Ok(ids)
    }

    async fn about_orders(&self) -> Result<Vec<Item>, StorageError> {
        let now = self.0.surroundings.clock.now();
        let mut c = self.0.db.read().await?;
        let concern = |it: concerns::Concern| Item {
            detail: it.kind,
            since: Some(it.at),
            ..Item::about(Need::Contradiction, it.detail, Place::Order(it.order_id))
        };
        let mut items: Vec<Item> = concerns::list_open(&mut c, MOST).await?.into_iter().map(concern).collect();
        for refund in refunds::list_troubled(&mut c, now - STANDS, MOST).await? {
            let need = match refund.state {
                RefundState::Abnormal => Need::AbnormalRefund,
                RefundState::Refused => Need::RefusedRefund,
                _ => Need::StandingRefund,
            };
            items.push(Item {
                detail: refund.problem.unwrap_or_default(),
                since: Some(refund.created),
                amount: Some(refund.amount),
                ..Item::about(need, refund.out_refund_no.as_str(), Place::Order(refund.order_id))
            });
        }
        let sent = concerns::list_owed(&mut c, MOST).await?;
        drop(c);
        items.extend(self.owed_among(sent).await?.into_iter().map(|refund| Item {
            since: refund.success,
            amount: Some(refund.amount),
            ..Item::about(Need::OwedRefund, refund.out_refund_no.as_str(), Place::Order(refund.order_id))
        }));
        let stuck = self.0.checkout.list_stuck_surplus().await.map_err(of_checkout)?;
        let mut c = self.0.db.read().await?;
        for id in stuck {
            if let Some(payment) = payments::find_by_transaction(&mut c, &id).await? {
                items.push(Item {
                    since: Some(payment.success),
                    amount: Some(payment.left()),
                    ..Item::about(Need::StuckSurplus, id, Place::Order(payment.order_id))
                });
            }
        }
        Ok(items)
    }

    /// No refund is made until it is over.
    async fn about_put_back(&self) -> Result<Option<Item>, StorageError> {
        let open = self.0.checkout.find_gap().await?;
        Ok(open.map(|open| Item { since: Some(open.since), ..Item::about(Need::PutBack, "", Place::PutBack) }))
    }

    async fn about_notifications(&self) -> Result<Vec<Item>, StorageError> {
        let found = inbox::list_unsettled(&mut *self.0.db.read().await?, &quarantined(), MOST).await?;
        let item = |entry: inbox::Entry| Item {
            detail: entry.verdict,
            since: Some(entry.received),
            ..Item::about(
                Need::QuarantinedNotification,
                entry.out_trade_no.unwrap_or(entry.notify_id),
                Place::Notification(entry.id),
            )
        };
        Ok(found.into_iter().map(item).collect())
    }

    /// What a bill says otherwise than the books, and nobody has explained or put right.
    async fn about_bills(&self) -> Result<Vec<Item>, StorageError> {
        let open = differences::list_open(&mut *self.0.db.read().await?, 0, MOST).await?;
        let item = |it: Difference| Item {
            detail: it.kind,
            since: Some(it.found),
            amount: it.theirs_fen.or(it.ours_fen).and_then(|fen| Fen::new(fen).ok()),
            ..Item::about(Need::BillDifference, it.subject, Place::Difference(it.id))
        };
        Ok(open.into_iter().map(item).collect())
    }

    /// What waits for a second person: a shop's money stands still meanwhile.
    async fn about_approvals(&self) -> Result<Vec<Item>, StorageError> {
        let waiting = approvals::list(&mut *self.0.db.read().await?, Some(State::Waiting), i64::MAX, MOST).await?;
        let item = |approval: Approval| Item {
            detail: approval.kind.code().to_owned(),
            since: Some(approval.asked),
            amount: approval.amount,
            ..Item::about(Need::WaitingApproval, approval.subject, Place::Approval(approval.id))
        };
        Ok(waiting.into_iter().map(item).collect())
    }

    /// A job that has never run is one of an instance that has just begun.
    async fn about_jobs(&self, now: Timestamp) -> Result<Vec<Item>, StorageError> {
        let good = leases::list_last_good(&mut *self.0.db.read().await?).await?;
        let late = JOBS.into_iter().filter_map(|(name, limit)| {
            let (_, at) = good.iter().find(|(job, _)| job == name)?;
            let at = Timestamp::from_millisecond(*at).ok()?;
            let item = Item { since: Some(at), ..Item::about(Need::JobLags, name, Place::Status) };
            (now.duration_since(at) > limit).then_some(item)
        });
        Ok(late.collect())
    }

    fn about_keys(&self, now: Timestamp) -> Vec<Item> {
        let keys = self.0.checkout.gateway().platform_keys();
        let keys = keys.list();
        // As long as one is good for longer, nobody has to do anything: new certificates come by themselves.
        let last = keys.iter().map(|(_, ends)| ends.unwrap_or(Timestamp::MAX)).max();
        let mut items: Vec<Item> = Vec::new();
        if let Some(last) = last.filter(|last| *last < now + KEY_ENDS) {
            let serial = keys.into_iter().find(|(_, ends)| *ends == Some(last)).map_or("", |it| it.0);
            items.push(Item { since: Some(last), ..Item::about(Need::KeyEnds, serial, Place::Status) });
        }
        let ends = self.0.surroundings.metrics.certificate().ends_at();
        if let Some(ends) = ends.filter(|ends| *ends < now + CERTIFICATE_ENDS) {
            items.push(Item { since: Some(ends), ..Item::about(Need::CertificateEnds, "HTTPS", Place::Status) });
        }
        items
    }
}

pub(super) fn of_checkout(error: crate::checkout::CheckoutError) -> StorageError {
    match error {
        crate::checkout::CheckoutError::Storage(error) => error,
        _ => StorageError::NoAnswer,
    }
}

/// Room on a disk, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Room {
    pub free: u64,
    pub total: u64,
}

/// Where `folder` lies; `None` where the system does not say.
fn room(folder: &Path) -> Option<Room> {
    let it = rustix::fs::statvfs(folder).ok()?;
    Some(Room { free: it.f_bavail.saturating_mul(it.f_frsize), total: it.f_blocks.saturating_mul(it.f_frsize) })
}
