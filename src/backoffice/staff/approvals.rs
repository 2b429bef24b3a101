//! Two pairs of eyes: what one person asks for and another one decides. Of several who decide at the same moment one
//! does; what follows is written in the same transaction, so that nothing is half decided.

mod ask;
mod decide;
mod wanted;

use jiff::SignedDuration;

pub use self::{
    ask::{Asked, RefundAsk},
    decide::Decision,
    wanted::Wanted,
};
use super::{error::StaffError, shared::Staff};
use crate::storage::approvals::{self, Approval, State};

/// So long somebody may decide.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Staff {
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
}
