//! A page of orders. It goes along one index, and looks itself whether each entry fits the rest of the filter: what
//! that costs is known beforehand, whatever a planner of a database makes of it.

use crate::{
    backoffice::office::Office,
    domain::Fen,
    storage::{
        StorageError,
        order_list::{self, Beside, Ids, Line},
    },
};

use super::filter::Filter;

/// Orders on a page.
const PAGE: usize = 50;
/// Entries of an index that a page looks at before it asks whether it should look further back.
const EXAMINED: usize = 20_000;
/// Entries read at once: few at first, because most pages are full soon.
const STEPS: [i64; 3] = [100, 500, 2_000];

/// An order as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub line: Line,
    pub beside: Beside,
    /// What came back to the shop's own account, and the payer is still owed.
    pub owed: Fen,
}

/// Some orders, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    pub rows: Vec<Row>,
    /// Where the next page goes on; `None` where nothing is left.
    pub below: Option<i64>,
    /// It ends because so much was looked at, and not because it is full.
    pub is_cut: bool,
}

impl Office {
    /// The orders below `below` (all at first) that fit.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn list_orders(&self, filter: &Filter, below: Option<i64>) -> Result<Page, StorageError> {
        if filter.needs_someone {
            return self.list_needing(filter).await;
        }
        let mut ids = self.ids_of(filter, below).await?;
        let lead = filter.lead();
        let mut page = Page::default();
        let (mut lines, mut examined) = (Vec::with_capacity(PAGE), 0);
        for step in STEPS.into_iter().chain(std::iter::repeat(STEPS[2])) {
            let lot = order_list::list(&mut *self.0.db.read().await?, lead, ids, step).await?;
            examined += lot.examined;
            let fitting = self.fitting(filter, lot.lines).await?;
            let room = PAGE - lines.len();
            let is_full = fitting.len() > room;
            lines.extend(fitting.into_iter().take(room));
            if is_full {
                page.below = lines.last().map(|line: &Line| line.id);
                break;
            }
            let Some(next) = lot.next else { break };
            if examined >= EXAMINED {
                (page.below, page.is_cut) = (Some(next), true);
                break;
            }
            ids.below = next;
        }
        page.rows = self.rows(lines).await?;
        Ok(page)
    }

    /// What somebody has to look after is little, or the shop has other troubles.
    async fn list_needing(&self, filter: &Filter) -> Result<Page, StorageError> {
        let ids = self.orders_that_need_someone().await?;
        let lines = order_list::list_of(&mut *self.0.db.read().await?, &ids).await?;
        let lines: Vec<Line> = lines.into_iter().filter(|line| filter.fits(line)).collect();
        let mut rows = self.rows(lines).await?;
        if let Some(found) = filter.found {
            rows.retain(|row| row.beside.found_by.as_deref() == Some(found.code()));
        }
        Ok(Page { rows, below: None, is_cut: false })
    }

    /// Where the period lies.
    pub(super) async fn ids_of(&self, filter: &Filter, below: Option<i64>) -> Result<Ids, StorageError> {
        let (from, to) = (filter.days.first.begin(), filter.days.last.end());
        let mut ids = order_list::find_ids(&mut *self.0.db.read().await?, from, to).await?;
        ids.below = ids.below.min(below.unwrap_or(i64::MAX));
        Ok(ids)
    }

    /// Those that fit. How one was found is told by its payment.
    pub(super) async fn fitting(&self, filter: &Filter, lines: Vec<Line>) -> Result<Vec<Line>, StorageError> {
        let mut lines: Vec<Line> = lines.into_iter().filter(|line| filter.fits(line)).collect();
        if let Some(found) = filter.found {
            let ids: Vec<i64> = lines.iter().map(|line| line.id).collect();
            let beside = self.beside(&ids).await?;
            // Also where payments have led to them: one too many may have been found otherwise than the first.
            lines.retain(|line| {
                let beside = beside.binary_search_by_key(&line.id, |it| it.order_id).map(|at| &beside[at]);
                beside.is_ok_and(|it| it.found_by.as_deref() == Some(found.code()))
            });
        }
        Ok(lines)
    }

    async fn beside(&self, ids: &[i64]) -> Result<Vec<Beside>, StorageError> {
        order_list::list_beside(&mut *self.0.db.read().await?, ids).await
    }

    /// With what a list tells of each.
    pub(super) async fn rows(&self, lines: Vec<Line>) -> Result<Vec<Row>, StorageError> {
        let ids: Vec<i64> = lines.iter().map(|line| line.id).collect();
        let beside = self.beside(&ids).await?;
        let owed = self.owed_of(&ids).await?;
        let of = |line: Line| {
            let place = beside.binary_search_by_key(&line.id, |it| it.order_id);
            let beside = place.ok().and_then(|place| beside.get(place)).cloned().unwrap_or_default();
            let owed = owed.iter().filter(|it| it.order_id == line.id).map(|it| it.amount.get()).sum();
            Row { line, beside, owed: Fen::new(owed).unwrap_or(Fen::ZERO) }
        };
        Ok(lines.into_iter().map(of).collect())
    }

    /// The orders that a number belongs to, with what a list tells of each.
    ///
    /// # Errors
    /// The books cannot be read.
    pub async fn search(&self, number: &str) -> Result<Vec<Row>, StorageError> {
        /// Longer than any number there is.
        const MOST: usize = 128;
        let number = number.trim();
        let is_number = (1..=MOST).contains(&number.len()) && number.bytes().all(|it| it.is_ascii_graphic());
        if !is_number {
            return Ok(Vec::new());
        }
        let ids = self.find_by_any_number(number).await?;
        let lines = order_list::list_of(&mut *self.0.db.read().await?, &ids).await?;
        self.rows(lines).await
    }
}
