//! What is promised about a payment whose callback is lost, and whether it holds: found within 10 seconds while
//! its page is open, within 60 when nobody looks. It does while the questions that this takes fit into what
//! WeChat may be asked; beyond that all wait longer, evenly, and `/metrics` says so.

use std::time::Duration;

use crate::{
    checkout::{
        error::CheckoutError,
        shared::Checkout,
        time_limits::{READ_MOST, in_time},
    },
    gateway::{Asker, questions::Line},
    metrics::QuestionLine,
    storage::{Backlog, orders, refunds},
};

/// What the plans of pages (9 s) leave of 10 s for waiting for a turn.
const PAGE_WAITS: Duration = Duration::from_secs(1);
/// What the jobs' pauses (45 s, and 9 s after a page has asked) leave of 60 s.
const QUIET_WAITS: Duration = Duration::from_secs(6);
const COUNT_INSTANCES: Duration = Duration::from_secs(5);

/// What the books say is due and not looked after yet.
struct Backlogs {
    orders: Backlog,
    ending: Backlog,
    refunds: Backlog,
}

impl Checkout {
    /// Brings what `/metrics` shows of the questions up to date.
    pub async fn measure_questions(&self) {
        let metrics = self.0.metrics.questions();
        let standing = self.0.gateway.questions().standing();
        metrics.set_budget(standing.limit, standing.used);
        let backlogs = in_time(READ_MOST, self.backlogs()).await;
        if let Err(error) = &backlogs {
            tracing::error!(%error, "counting what is due");
        }
        let backlogs = backlogs.ok();
        for line in &standing.lines {
            metrics.set_line(&self.line(line, backlogs.as_ref()));
        }
        let people = standing.lines.iter().filter(|line| matches!(line.asker, Asker::Button | Asker::Page));
        let page = people.map(|line| line.oldest_wait).max().is_none_or(|wait| wait <= PAGE_WAITS);
        let no_page = backlogs.is_some_and(|it| self.age(&it.orders) <= QUIET_WAITS);
        metrics.set_promises(page, no_page);
    }

    async fn backlogs(&self) -> Result<Backlogs, CheckoutError> {
        let now = self.now();
        let mut c = self.0.db.read().await?;
        Ok(Backlogs {
            orders: orders::count_due(&mut c, now).await?,
            ending: orders::count_ending(&mut c, now).await?,
            refunds: refunds::count_due(&mut c, now).await?,
        })
    }

    /// What waits for its turn has been claimed in the books; the rest is due there.
    fn line(&self, line: &Line, backlogs: Option<&Backlogs>) -> QuestionLine {
        let mut shown = QuestionLine {
            asker: line.asker.code(),
            asked: line.asked,
            waiting: i64::try_from(line.waiting).unwrap_or(i64::MAX),
            oldest_wait: line.oldest_wait,
        };
        let Some(Backlogs { orders, ending, refunds }) = backlogs else { return shown };
        let (due, oldest) = match line.asker {
            Asker::Ending => (ending.count, self.age(ending)),
            Asker::Refund => (refunds.count, self.age(refunds)),
            Asker::Quiet => ((orders.count - ending.count).max(0), self.age(orders)),
            Asker::Button | Asker::Page | Asker::Certificates => return shown,
        };
        shown.waiting += due;
        shown.oldest_wait = shown.oldest_wait.max(oldest);
        shown
    }

    fn age(&self, backlog: &Backlog) -> Duration {
        let age = backlog.oldest_ms.map(|at| self.now().as_millisecond() - at);
        Duration::from_millis(age.and_then(|age| u64::try_from(age).ok()).unwrap_or_default())
    }

    /// What a merchant may ask is divided by the instances that live; runs until it is dropped.
    pub(super) async fn share_questions(&self) {
        loop {
            match self.count_live().await {
                Ok(alive) => self.0.gateway.questions().divide_by(alive.try_into().unwrap_or(1)),
                Err(error) => tracing::error!(%error, "counting instances"),
            }
            tokio::time::sleep(COUNT_INSTANCES).await;
        }
    }
}
