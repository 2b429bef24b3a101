//! Asking: for a refund, which is given at once where the limits allow it, and for a change that takes a second manager.

use sqlx::AnyConnection;

use super::{
    super::{
        audit::what,
        error::StaffError,
        limits::{self, beijing_day},
        shared::{Actor, Staff},
    },
    LIFE,
    wanted::{Wanted, subject_of},
};
use crate::{
    checkout::{Beside, Numbered, RefundDraft, RefundError, RefundOf, RefundOrder, hold},
    domain::{Fen, OutRefundNo, Role},
    storage::{
        StorageError,
        approvals::{self, Approval, Kind, Limits, NewApproval, State},
        audit,
        events::Source,
        refund_holds,
        refunds::Refund,
    },
    wechatpay::model::is_disruptive,
};

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
            number: Numbered::Shown(ask.out_refund_no.clone()),
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
            wanted: Wanted::Refund.json(),
            order_id: Some(draft.order_id()),
            amount: Some(draft.amount()),
            asked_by: staff_id,
            asked: self.now(),
            ends: self.now() + LIFE,
            note: short(note),
        };
        let detail = draft.amount().to_string();
        let entry = self.entry(actor, what::APPROVAL_ASKED, &format!("refund:{number}"), &detail);
        let (chain, form) = (self.0.chain.clone(), new.form.clone());
        let draft = draft.clone();
        let asked = self.0.db.write(move |c| {
            let (new, draft, entry, chain) = (new.clone(), draft.clone(), entry.clone(), chain.clone());
            Box::pin(async move {
                if approvals::find_by_form(c, &new.form).await?.is_some() {
                    return Ok(Ok(()));
                }
                // Somebody else has asked for the same, or taken of it, meanwhile.
                if let Err(error) = hold::hold(c, &draft, new.asked).await? {
                    return Ok(Err(error));
                }
                put(c, &new).await?;
                audit::append(c, &chain, &entry).await?;
                Ok(Ok(()))
            })
        });
        asked.await??;
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
            wanted: wanted.json(),
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
}

/// One number is one request.
fn form_of(number: &OutRefundNo) -> String {
    number.to_string()
}

/// What would change the direction of the page around it, where somebody decides, is shown as a mark instead.
fn short(text: &str) -> String {
    let mark = |it: char| if it.is_control() || is_disruptive(it) { char::REPLACEMENT_CHARACTER } else { it };
    text.trim().chars().take(200).map(mark).collect()
}

async fn put(c: &mut AnyConnection, new: &NewApproval) -> Result<(), StorageError> {
    if approvals::insert(c, new).await? { Ok(()) } else { Err(StorageError::Raced { table: "approvals", row: 0 }) }
}

impl From<RefundError> for StaffError {
    fn from(error: RefundError) -> Self {
        Self::Refund(Box::new(error))
    }
}
