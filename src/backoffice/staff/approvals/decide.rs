//! Deciding: of several at once the first one does. What is decided and what follows are one transaction.

use std::sync::Arc;

use sqlx::AnyConnection;

use super::{
    super::{
        accounts::{self, Change},
        audit::what,
        error::StaffError,
        shared::{Actor, Staff},
    },
    LIFE,
    wanted::{Wanted, subject_of},
};
use crate::{
    checkout::hold,
    domain::{OutRefundNo, Role},
    storage::{
        StorageError,
        approvals::{self, Approval, Kind, Limits, State},
        audit,
        events::Source,
        refund_holds::{self, Hold},
        refunds::NewRefund,
        staff,
    },
};

/// How somebody decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Approve,
    Refuse,
    /// By whoever asked.
    Withdraw,
}

/// What is done with what was asked for, once it is approved.
enum Follows {
    /// With what is written, when it is approved.
    Refund(Hold, Option<Box<NewRefund>>),
    Limits(Limits),
    Account(i64, Change),
    /// It cannot be done any more.
    Nothing,
}

impl Staff {
    /// Decides. What was decided before, by whomever, stays: the answer says how it stands now.
    ///
    /// # Errors
    /// Whoever asked may only withdraw, and nobody else; it takes a manager; or the books. Nothing is decided then.
    pub async fn decide(&self, id: i64, decision: Decision, actor: &Actor) -> Result<Approval, StaffError> {
        let approval = self.find_approval(id).await?;
        let Some((staff_id, role)) = actor.staff else { return Err(StaffError::Role(Role::Manager)) };
        match decision {
            Decision::Withdraw if staff_id != approval.asked_by => return Err(StaffError::NotYours),
            Decision::Approve | Decision::Refuse if staff_id == approval.asked_by => {
                return Err(StaffError::OwnRequest);
            }
            Decision::Approve | Decision::Refuse if role < Role::Manager => {
                return Err(StaffError::Role(Role::Manager));
            }
            Decision::Withdraw | Decision::Approve | Decision::Refuse => {}
        }
        if approval.state != State::Waiting {
            return Ok(approval);
        }
        let state = match decision {
            Decision::Approve => State::Approved,
            Decision::Refuse => State::Refused,
            Decision::Withdraw => State::Withdrawn,
        };
        self.end(&approval, state, Some(staff_id), actor).await?;
        let decided = self.find_approval(id).await?;
        if decided.state == State::Approved && decided.kind == Kind::Refund {
            self.go_on_with(&decided.subject).await;
        }
        Ok(decided)
    }

    /// Asks WeChat at once; where that does not come to its end, a sweep goes on with it.
    async fn go_on_with(&self, number: &str) {
        let Ok(number) = OutRefundNo::parse(number) else { return };
        let checkout = self.0.checkout.clone();
        let asking = self.0.checkout.spawn(async move { checkout.retry_refund(&number, Source::Staff).await });
        if let Ok(Err(error)) = asking.await {
            tracing::warn!(%error, "an approved refund goes on by itself");
        }
    }

    /// What nobody has decided in time. How many have ended: one that cannot be is told, and in nobody's way.
    ///
    /// # Errors
    /// The books are out of reach.
    pub async fn end_old_approvals(&self) -> Result<usize, StaffError> {
        let old = approvals::list_ended(&mut *self.0.db.read().await?, self.now(), LIFE).await?;
        let mut ended = 0;
        for id in old {
            let staff = self.clone();
            // Apart, so that what nobody expected of one costs that one alone.
            let ending = self.0.checkout.spawn(async move {
                let approval = staff.find_approval(id).await?;
                staff.end(&approval, State::Expired, None, &Actor::program()).await
            });
            match ending.await {
                Ok(Ok(())) => ended += 1,
                Ok(Err(StaffError::Storage(error))) if !error.is_about_one_row() => return Err(error.into()),
                Ok(Err(error)) => tracing::error!(%error, approval.id = id, "ending approval {id}"),
                Err(error) => tracing::error!(%error, approval.id = id, "ending approval {id} has panicked"),
            }
        }
        Ok(ended)
    }

    async fn end(
        &self,
        approval: &Approval,
        state: State,
        decided_by: Option<i64>,
        actor: &Actor,
    ) -> Result<(), StaffError> {
        let what = match state {
            State::Approved => what::APPROVED,
            State::Withdrawn => what::WITHDRAWN,
            State::Expired => what::EXPIRED,
            State::Refused | State::Waiting => what::REFUSED,
        };
        let subject = subject_of(approval.kind, &approval.subject);
        let change = || Wanted::read(approval).map(|wanted| wanted.in_words()).unwrap_or_default();
        let detail = approval.amount.map_or_else(change, |amount| amount.to_string());
        let entry = self.entry(actor, what, &subject, &format!("{} {detail}", approval.id));
        let follows = Arc::new(self.follows(approval, state).await?);
        let (chain, now, id) = (self.0.chain.clone(), self.now(), approval.id);
        let is_late = now >= approval.ends;
        let ended = self.0.db.write(move |c| {
            let (follows, mut entry, chain) = (Arc::clone(&follows), entry.clone(), chain.clone());
            Box::pin(async move {
                if audit::is_there(c, &entry.entry).await? {
                    return Ok(true);
                }
                // Of several at once, the first one's stands.
                if approvals::find(c, id).await?.is_none_or(|known| known.state != State::Waiting) {
                    return Ok(true);
                }
                let mut state = if is_late { State::Expired } else { state };
                if state == State::Approved && !may_decide(c, decided_by).await? {
                    return Ok(false);
                }
                // Orders are locked before anything else is, as everywhere.
                if !carry_out(c, &follows, state, now).await? && state == State::Approved {
                    state = State::Expired;
                }
                if !approvals::decide(c, id, state, decided_by, now).await? {
                    return Err(StorageError::Raced { table: "approvals", row: id });
                }
                if state == State::Expired {
                    entry.what = what::EXPIRED;
                }
                audit::append(c, &chain, &entry).await?;
                Ok(true)
            })
        });
        match ended.await {
            Ok(false) => Err(StaffError::Role(Role::Manager)),
            // Or somebody else has decided: what he has decided stands.
            Ok(true) | Err(StorageError::Raced { table: "approvals", .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn follows(&self, approval: &Approval, state: State) -> Result<Follows, StaffError> {
        // What a refund is, its hold says: whatever else stands in the row, its money must come free.
        if approval.kind == Kind::Refund {
            let Ok(number) = OutRefundNo::parse(&approval.subject) else { return Ok(Follows::Nothing) };
            let waiting = refund_holds::find(&mut *self.0.db.read().await?, &number).await?;
            let Some(waiting) = waiting else { return Ok(Follows::Nothing) };
            let refund = match state {
                State::Approved => Some(Box::new(self.0.checkout.refund_of_hold(&waiting).await?)),
                _ => None,
            };
            return Ok(Follows::Refund(waiting, refund));
        }
        let Some(wanted) = Wanted::read(approval) else { return Ok(Follows::Nothing) };
        if let Some(limits) = wanted.limits() {
            return Ok(Follows::Limits(limits));
        }
        let account = staff::find_by_name(&mut *self.0.db.read().await?, &approval.subject).await?;
        Ok(match (account, wanted.change()) {
            (Some(account), Some(change)) => Follows::Account(account.id, change),
            _ => Follows::Nothing,
        })
    }
}

/// Still a manager, and still here, at the moment of the decision.
async fn may_decide(c: &mut AnyConnection, staff_id: Option<i64>) -> Result<bool, StorageError> {
    let Some(staff_id) = staff_id else { return Ok(false) };
    let account = staff::find(c, staff_id).await?;
    Ok(account.is_some_and(|account| account.role == Role::Manager && account.disabled.is_none()))
}

/// `false` when it cannot be done any more.
async fn carry_out(
    c: &mut AnyConnection,
    follows: &Follows,
    state: State,
    now: jiff::Timestamp,
) -> Result<bool, StorageError> {
    match (follows, state) {
        (Follows::Refund(waiting, Some(refund)), State::Approved) => hold::redeem(c, waiting, refund).await,
        (Follows::Refund(waiting, _), _) => hold::release(c, waiting, now).await,
        (Follows::Limits(limits), State::Approved) => {
            approvals::set_limits(c, *limits, now).await?;
            Ok(true)
        }
        (Follows::Account(id, change), State::Approved) => accounts::carry_out(c, *id, *change, now).await,
        (Follows::Limits(_) | Follows::Account(..), _) => Ok(true),
        (Follows::Nothing, _) => Ok(false),
    }
}
