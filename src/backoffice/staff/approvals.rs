//! Two pairs of eyes: what one person asks for and another one decides. Of several who decide at the same moment one
//! does; what follows is written in the same transaction, so that nothing is half decided.

use std::sync::Arc;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use super::{
    accounts::{self, Change},
    audit::what,
    error::StaffError,
    limits::{self, beijing_day, in_words},
    shared::{Actor, Staff},
};
use crate::{
    checkout::{Beside, RefundDraft, RefundError, RefundOf, RefundOrder, hold},
    domain::{Fen, OutRefundNo, Role},
    storage::{
        StorageError,
        approvals::{self, Approval, Kind, Limits, NewApproval, State},
        audit,
        events::Source,
        payments,
        refund_holds::{self, Hold},
        refunds::{NewRefund, Refund},
        staff,
    },
    wechatpay::model::is_disruptive,
};

/// So long somebody may decide.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A form's own name.
const FORM_MOST: usize = 64;

/// A refund that somebody of the staff wants.
#[derive(Clone, Debug)]
pub struct RefundAsk {
    pub of: RefundOf,
    /// All that is left when `None`.
    pub amount: Option<Fen>,
    /// Shown to the payer; 1 to 80 characters.
    pub reason: String,
    /// Drawn with the form ([`Checkout::draw_refund_number`](crate::checkout::Checkout::draw_refund_number)) and sent
    /// with it: however often the form is sent, it is one refund.
    pub out_refund_no: OutRefundNo,
    /// Another refund, although some was given back in the merchant console that nobody knows the amount of.
    pub another: bool,
    /// For the colleague who decides.
    pub note: String,
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum Asked {
    /// WeChat has been asked.
    Refund(Box<Refund>),
    /// Its money is set aside; a second person decides.
    Waiting(Box<Approval>),
}

/// A change that takes a second manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wanted {
    Refund,
    /// In fen.
    Limits {
        per_refund: Option<i64>,
        per_day: Option<i64>,
    },
    Role {
        role: String,
    },
    Disable,
    Enable,
    ResetFactor,
}

impl Wanted {
    pub fn read(approval: &Approval) -> Option<Self> {
        serde_json::from_str(&approval.wanted).ok()
    }

    const fn kind(&self) -> Kind {
        match self {
            Self::Refund => Kind::Refund,
            Self::Limits { .. } => Kind::Limits,
            Self::Role { .. } => Kind::Role,
            Self::Disable => Kind::Disable,
            Self::Enable => Kind::Enable,
            Self::ResetFactor => Kind::Totp,
        }
    }

    /// For the audit log.
    fn in_words(&self) -> String {
        match (self, self.limits()) {
            (_, Some(limits)) => in_words(limits),
            (Self::Role { role }, _) => format!("role {role}"),
            (other, _) => other.kind().code().to_lowercase(),
        }
    }

    pub fn limits(&self) -> Option<Limits> {
        let fen = |amount: Option<i64>| amount.map(Fen::new).transpose().ok();
        match *self {
            Self::Limits { per_refund, per_day } => {
                Some(Limits { per_refund: fen(per_refund)?, per_day: fen(per_day)? })
            }
            _ => None,
        }
    }

    fn change(&self) -> Option<Change> {
        Some(match self {
            Self::Role { role } => Change::Role(Role::parse(role)?),
            Self::Disable => Change::Disable,
            Self::Enable => Change::Enable,
            Self::ResetFactor => Change::ResetFactor,
            Self::Refund | Self::Limits { .. } => return None,
        })
    }
}

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
    /// Gives money back, or has it wait for a second person where the limits say so. Sent twice with the same number it
    /// is the same refund. Up to the limits an [`Role::Operator`] may; the command line stands outside them.
    ///
    /// For the refund form of an order's page: draw `out_refund_no` when the form is made, put it into a hidden field,
    /// call this with `call.actor()`, and show what came of it: [`Asked::Refund`] is the refund as WeChat has it now,
    /// [`Asked::Waiting`] leads to `/admin/approvals/{id}`.
    ///
    /// # Errors
    /// [`StaffError::Refund`] with why nothing is given back, [`StaffError::Role`], or the books.
    pub async fn ask_refund(&self, ask: &RefundAsk, actor: &Actor) -> Result<Asked, StaffError> {
        if actor.staff.is_some_and(|(_, role)| role < Role::Operator) {
            return Err(StaffError::Role(Role::Operator));
        }
        let form = form_of(&ask.out_refund_no);
        if let Some(known) = approvals::find_by_form(&mut *self.0.db.read().await?, &form).await?
            && known.state != State::Approved
        {
            return Ok(Asked::Waiting(Box::new(known)));
        }
        let source = if actor.staff.is_some() { Source::Staff } else { Source::CommandLine };
        let wanted = RefundOrder {
            amount: ask.amount,
            reason: ask.reason.clone(),
            source,
            out_refund_no: Some(ask.out_refund_no.clone()),
            another: ask.another,
        };
        let draft = self.0.checkout.draft_refund(&ask.of, wanted).await?;
        let Some((staff_id, _)) = actor.staff.filter(|_| draft.standing().is_none()) else {
            return self.give_back(draft, None, actor).await;
        };
        let limits = self.limits().await?;
        if limits.per_refund.is_none_or(|most| draft.amount() <= most) {
            match self.give_back(draft.clone(), Some((staff_id, limits)), actor).await {
                Err(StaffError::Refund(error)) if matches!(*error, RefundError::NotAllowed) => {}
                done => return done,
            }
        }
        let approval = self.have_wait(&draft, staff_id, &ask.note, actor).await?;
        Ok(Asked::Waiting(Box::new(approval)))
    }

    /// In a task of its own: it goes on when whoever has asked goes away.
    async fn give_back(
        &self,
        draft: RefundDraft,
        within: Option<(i64, Limits)>,
        actor: &Actor,
    ) -> Result<Asked, StaffError> {
        let number = draft.out_refund_no().to_string();
        let entry = self.entry(actor, what::REFUND_ASKED, &format!("refund:{number}"), &draft.amount().to_string());
        let (chain, day, amount) = (self.0.chain.clone(), beijing_day(self.now()), draft.amount());
        let beside = Beside::new(move |c| {
            let (entry, chain, day) = (entry.clone(), chain.clone(), day.clone());
            Box::pin(async move {
                if let Some((staff_id, limits)) = within {
                    let most = limits.per_day.map_or(i64::MAX, Fen::get);
                    if !refund_holds::charge(c, staff_id, &day, amount, most).await? {
                        return Ok(false);
                    }
                }
                audit::append(c, &chain, &entry).await?;
                Ok(true)
            })
        });
        let (checkout, draft) = (self.0.checkout.clone(), draft.with(beside));
        let asking = self.0.checkout.spawn(async move { checkout.ask_for_refund(draft).await });
        match asking.await {
            Ok(refund) => Ok(Asked::Refund(Box::new(refund?))),
            Err(_) => Err(RefundError::Unconfirmed(StorageError::WriterGone).into()),
        }
    }

    async fn have_wait(
        &self,
        draft: &RefundDraft,
        staff_id: i64,
        note: &str,
        actor: &Actor,
    ) -> Result<Approval, StaffError> {
        let number = draft.out_refund_no();
        let new = NewApproval {
            form: form_of(number),
            kind: Kind::Refund,
            subject: number.to_string(),
            wanted: json(&Wanted::Refund),
            order_id: Some(draft.order_id()),
            amount: Some(draft.amount()),
            asked_by: staff_id,
            asked: self.now(),
            ends: self.now() + LIFE,
            note: short(note),
        };
        let detail = draft.amount().to_string();
        let entry = self.entry(actor, what::APPROVAL_ASKED, &format!("refund:{number}"), &detail);
        let (waiting, chain, form) = (draft.hold(), self.0.chain.clone(), new.form.clone());
        let payment_id = waiting.payment_id;
        let asked = self.0.db.write(move |c| {
            let (new, waiting, entry, chain) = (new.clone(), waiting.clone(), entry.clone(), chain.clone());
            Box::pin(async move {
                if approvals::find_by_form(c, &new.form).await?.is_some() {
                    return Ok(true);
                }
                if !hold::hold(c, &waiting, new.asked).await? {
                    return Ok(false);
                }
                put(c, &new).await?;
                audit::append(c, &chain, &entry).await?;
                Ok(true)
            })
        });
        if !asked.await? {
            // Somebody else has taken of it meanwhile.
            let payment = payments::find(&mut *self.0.db.read().await?, payment_id).await?;
            let left = payment.map_or(Fen::ZERO, |payment| payment.left());
            return Err(RefundError::Amount { left }.into());
        }
        let approval = approvals::find_by_form(&mut *self.0.db.read().await?, &form).await?;
        approval.ok_or(StaffError::NoSuchApproval)
    }

    /// Asks another manager for a change of limits or of an account (`subject` is its name). `form` was drawn with the
    /// form.
    ///
    /// # Errors
    /// It takes a manager, there is no such account, or the books.
    pub async fn ask_change(
        &self,
        form: &str,
        subject: &str,
        wanted: &Wanted,
        note: &str,
        actor: &Actor,
    ) -> Result<Approval, StaffError> {
        let Some((staff_id, Role::Manager)) = actor.staff else { return Err(StaffError::Role(Role::Manager)) };
        if let Some(limits) = wanted.limits() {
            limits::check_limits(limits)?;
        }
        let subject =
            if wanted.change().is_some() { self.find_account(subject).await?.name } else { "limits".to_owned() };
        let new = NewApproval {
            form: form.chars().take(FORM_MOST).collect(),
            kind: wanted.kind(),
            subject: subject.clone(),
            wanted: json(wanted),
            order_id: None,
            amount: None,
            asked_by: staff_id,
            asked: self.now(),
            ends: self.now() + LIFE,
            note: short(note),
        };
        let entry = self.entry(actor, what::APPROVAL_ASKED, &subject_of(new.kind, &subject), &wanted.in_words());
        let (chain, form) = (self.0.chain.clone(), new.form.clone());
        let asked = self.0.db.write(move |c| {
            let (new, entry, chain) = (new.clone(), entry.clone(), chain.clone());
            Box::pin(async move {
                if approvals::find_by_form(c, &new.form).await?.is_none() {
                    put(c, &new).await?;
                    audit::append(c, &chain, &entry).await?;
                }
                Ok(())
            })
        });
        asked.await?;
        let approval = approvals::find_by_form(&mut *self.0.db.read().await?, &form).await?;
        approval.ok_or(StaffError::NoSuchApproval)
    }

    /// # Errors
    /// The books are out of reach.
    pub async fn list_approvals(
        &self,
        state: Option<State>,
        before: Option<i64>,
        most: i64,
    ) -> Result<Vec<Approval>, StaffError> {
        let before = before.unwrap_or(i64::MAX);
        Ok(approvals::list(&mut *self.0.db.read().await?, state, before, most).await?)
    }

    /// # Errors
    /// [`StaffError::NoSuchApproval`], or the books.
    pub async fn find_approval(&self, id: i64) -> Result<Approval, StaffError> {
        approvals::find(&mut *self.0.db.read().await?, id).await?.ok_or(StaffError::NoSuchApproval)
    }

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

/// One number is one request.
fn form_of(number: &OutRefundNo) -> String {
    number.to_string()
}

/// What the audit log calls it.
fn subject_of(kind: Kind, subject: &str) -> String {
    match kind {
        Kind::Refund => format!("refund:{subject}"),
        Kind::Limits => limits::SUBJECT.to_owned(),
        Kind::Role | Kind::Disable | Kind::Enable | Kind::Totp => format!("staff:{subject}"),
    }
}

fn json(wanted: &Wanted) -> String {
    serde_json::to_string(wanted).unwrap_or_default()
}

/// What would change the direction of the page around it, where somebody decides, is shown as a mark instead.
fn short(text: &str) -> String {
    let mark = |it: char| if it.is_control() || is_disruptive(it) { char::REPLACEMENT_CHARACTER } else { it };
    text.trim().chars().take(200).map(mark).collect()
}

async fn put(c: &mut AnyConnection, new: &NewApproval) -> Result<(), StorageError> {
    if approvals::insert(c, new).await? { Ok(()) } else { Err(StorageError::Raced { table: "approvals", row: 0 }) }
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

impl From<RefundError> for StaffError {
    fn from(error: RefundError) -> Self {
        Self::Refund(Box::new(error))
    }
}
