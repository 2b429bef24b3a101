//! Sending an abnormal refund to a bank account: who may. It was given back once already, within the limits or by two
//! people; now somebody says whose account takes it, which the limits bind in the same way: beyond them it takes a
//! manager who has not asked for the refund himself.

use sqlx::AnyConnection;

use super::{
    audit::what,
    error::StaffError,
    limits::beijing_day,
    shared::{Actor, Staff},
};
use crate::{
    checkout::{AbnormalAsk, Beside, NotSent, RefundError, ToAccount},
    domain::{Fen, RefundState, Role},
    storage::{
        StorageError,
        audit::{self, Noted, Outcome},
        concerns,
        events::Source,
        refund_holds,
        refunds::Refund,
    },
    wechatpay::{model::CardKind, seal::SealingKey},
};

/// More entries than one refund has.
const ENTRIES: i64 = 200;

#[derive(Debug, thiserror::Error)]
pub enum AbnormalError {
    #[error(transparent)]
    Staff(#[from] StaffError),
    #[error(transparent)]
    NotSent(#[from] NotSent),
}

impl From<StorageError> for AbnormalError {
    fn from(error: StorageError) -> Self {
        Self::Staff(error.into())
    }
}

/// Somebody of the staff, with what he may do alone.
#[derive(Clone, Copy, Debug)]
struct Within {
    staff_id: i64,
    role: Role,
    /// Of the day, in fen; `None` when the refund alone is above what one person may.
    most: Option<i64>,
}

impl Staff {
    /// To seal an account with, as soon as it is typed. `None` while WeChat's key is not known.
    pub async fn sealing_key(&self) -> Option<SealingKey> {
        self.0.checkout.sealing_key().await
    }

    /// Asks WeChat to send an abnormal refund to a bank account. Pressed twice, or by two at once, WeChat is asked
    /// once. It goes on when whoever has asked goes away. The command line stands outside the limits.
    ///
    /// # Errors
    /// He may not; it is not abnormal; it is being asked for already; or WeChat does not want it.
    pub async fn send_abnormal_refund(
        &self,
        refund: &Refund,
        to: ToAccount,
        actor: &Actor,
    ) -> Result<Refund, AbnormalError> {
        if actor.staff.is_some_and(|(_, role)| role < Role::Operator) {
            return Err(StaffError::Role(Role::Operator).into());
        }
        let within = match actor.staff {
            Some((staff_id, role)) => Some(self.within(staff_id, role, refund.amount).await?),
            None => None,
        };
        let source = if within.is_some() { Source::Staff } else { Source::CommandLine };
        let (number, kind) = (refund.out_refund_no.clone(), to.kind());
        let subject = format!("refund:{number}");
        let mut asked = self.noted(actor, what::ABNORMAL_SENT, &subject, kind.code());
        asked.entry.outcome = Outcome::Asked;
        let beside = self.beside(asked, within, (refund, kind));
        let ask = AbnormalAsk { number, to, source, by: actor.name.clone(), beside: Some(beside) };
        let (staff, actor) = (self.clone(), actor.clone());
        let sending = self.0.checkout.spawn(async move {
            let sent = staff.0.checkout.send_abnormal_refund(&ask).await;
            staff.write_end(&sent, &subject, &actor).await;
            sent
        });
        let unconfirmed = |_| RefundError::Unconfirmed(StorageError::WriterGone);
        Ok(sending.await.map_err(unconfirmed).map_err(NotSent::from)??)
    }

    async fn within(&self, staff_id: i64, role: Role, amount: Fen) -> Result<Within, StaffError> {
        let limits = self.limits().await?;
        let is_small = limits.per_refund.is_none_or(|most| amount <= most);
        Ok(Within { staff_id, role, most: is_small.then(|| limits.per_day.map_or(i64::MAX, Fen::get)) })
    }

    /// Whether he may, that he has asked, and what the shop may owe by it: in the transaction of the order's event.
    fn beside(&self, asked: Noted, within: Option<Within>, (refund, to): (&Refund, CardKind)) -> Beside {
        let (now, day) = (self.now(), beijing_day(self.now()));
        let (order_id, number, amount) = (refund.order_id, refund.out_refund_no.clone(), refund.amount);
        Beside::new(move |c| {
            let (asked, day, number) = (asked.clone(), day.clone(), number.clone());
            Box::pin(async move {
                if let Some(within) = within
                    && !may(c, within, &day, amount, &asked.entry.subject).await?
                {
                    return Ok(false);
                }
                asked.write(c).await?;
                // One asking takes the place of the one before.
                concerns::settle_owed(c, order_id, &number, &asked.entry.who, now).await?;
                if to == CardKind::Merchant {
                    concerns::insert_owed(c, order_id, &number, now).await?;
                }
                Ok(true)
            })
        })
    }

    /// What came of it; nothing where nobody can tell.
    async fn write_end(&self, sent: &Result<Refund, NotSent>, subject: &str, actor: &Actor) {
        let (outcome, detail) = match sent {
            Ok(refund) if refund.state == RefundState::Abnormal => return,
            Ok(refund) => (Outcome::Done, refund.state.code().to_owned()),
            Err(error @ NotSent::Refused(_)) => (Outcome::Refused, error.to_string()),
            // Nothing was asked for, and nothing written.
            Err(_) => return,
        };
        let mut noted = self.noted(actor, what::ABNORMAL_SENT, subject, &detail);
        noted.entry.outcome = outcome;
        let written = self.0.db.write(move |c| {
            let noted = noted.clone();
            Box::pin(async move { noted.write(c).await })
        });
        if let Err(error) = written.await {
            tracing::error!(%error, "what came of an abnormal refund could not be written down");
        }
    }
}

async fn may(
    c: &mut AnyConnection,
    within: Within,
    day: &str,
    amount: Fen,
    subject: &str,
) -> Result<bool, StorageError> {
    let Within { staff_id, role, most } = within;
    if let Some(most) = most
        && refund_holds::charge(c, staff_id, day, amount, most).await?
    {
        return Ok(true);
    }
    Ok(role >= Role::Manager && !has_asked_for(c, staff_id, subject).await?)
}

/// Whether he has asked for the refund himself, alone or for a second person to decide.
async fn has_asked_for(c: &mut AnyConnection, staff_id: i64, subject: &str) -> Result<bool, StorageError> {
    let wanted = audit::Wanted { subject: subject.to_owned(), ..audit::Wanted::default() };
    let entries = audit::list(c, &wanted, ENTRIES).await?;
    let is_asking = |what: &str| what == what::REFUND_ASKED || what == what::APPROVAL_ASKED;
    Ok(entries.iter().any(|it| it.staff_id == Some(staff_id) && is_asking(&it.what)))
}
