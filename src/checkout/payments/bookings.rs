//! The way of verified statements into the books. Whatever has arrived while the last commit was
//! reaching the disk is booked together; each is answered only after its own commit. A statement that
//! cannot be booked does not take its neighbours with it, and one that has to wait does not keep them
//! waiting: a row of its order may be locked on a server, by somebody else who is at work there or has died.
//! So first all are booked whose rows are free at that moment, and the others each by itself, aside.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures::{
    StreamExt as _,
    future::{self, join_all},
    stream,
};
use tokio::{
    sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::timeout,
};

use super::{
    settle::{Booked, Booking, settle},
    told::Told,
};
use crate::{
    storage::{Database, Expect, StorageError, attempts, common_share, rows::Rows},
    supervise::Supervisor,
};

/// How many are booked by one transaction. More adds latency and hardly any throughput.
const MOST: usize = 64;
/// How many may wait; past it callers wait for a place.
const QUEUE: usize = 4096;
/// A lot that takes longer goes on aside, and the next one is begun.
const SLOW: Duration = Duration::from_millis(250);
/// Lots under way at once.
const LOTS: usize = 4;
/// How many of one lot are booked at once when they could not be booked together.
const ALONE: usize = 4;
/// How many callbacks wait at once for rows that somebody else has, over all lots. With all of these there are still
/// connections left for everybody else.
const WAITING: usize = 4;
/// How long one waits for a place among those: whoever sent it hangs up after that, and comes again.
const PATIENCE: Duration = Duration::from_secs(3);

struct Ticket {
    booking: Arc<Booking>,
    answer: oneshot::Sender<Result<Booked, StorageError>>,
}

/// The queue. Ends with its last clone; a worker that panics is followed by another one.
#[derive(Clone, Debug)]
pub(crate) struct Bookings {
    tickets: mpsc::Sender<Ticket>,
    waiting: Arc<Semaphore>,
}

impl Bookings {
    pub(crate) fn start(db: Database, supervisor: Supervisor, told: Told) -> Self {
        let (tickets, queue) = mpsc::channel(QUEUE);
        let waiting = Arc::new(Semaphore::new(WAITING));
        let desk = Desk { db, told, waiting: Arc::clone(&waiting) };
        let queue = Arc::new(Mutex::new(queue));
        tokio::spawn(async move { supervisor.keep("bookings", || work(desk.clone(), Arc::clone(&queue))).await });
        Self { tickets, waiting }
    }

    /// A place among the callbacks that wait for rows which somebody else has, whatever they tell of.
    ///
    /// # Errors
    /// None has become free in time.
    pub(crate) async fn place_to_wait(&self) -> Result<OwnedSemaphorePermit, StorageError> {
        let place = timeout(PATIENCE, Arc::clone(&self.waiting).acquire_owned()).await;
        place.map_err(|_| StorageError::NoAnswer)?.map_err(|_| StorageError::WriterGone)
    }

    /// Answers after the commit. Whoever does not wait for the answer takes nothing back: from the moment that the
    /// booking is in the queue it is booked, and told.
    pub(crate) async fn book(&self, booking: Arc<Booking>) -> Result<Booked, StorageError> {
        let (answer, answered) = oneshot::channel();
        self.tickets.send(Ticket { booking, answer }).await.map_err(|_| StorageError::WriterGone)?;
        // Taken and not answered: whoever did it has panicked, perhaps after a commit.
        answered.await.unwrap_or_else(|_| Err(StorageError::OutcomeUnknown(Box::new(StorageError::WriterGone))))
    }
}

async fn work(desk: Desk, queue: Arc<Mutex<mpsc::Receiver<Ticket>>>) {
    let mut queue = queue.lock().await;
    let lots = Arc::new(Semaphore::new(LOTS));
    // What was left over of those that waited before comes first.
    let mut waiting = VecDeque::with_capacity(MOST);
    loop {
        let Ok(place) = Arc::clone(&lots).acquire_owned().await else { return };
        if waiting.is_empty() {
            let Some(ticket) = queue.recv().await else { return };
            waiting.push_back(ticket);
        }
        while waiting.len() < MOST
            && let Ok(ticket) = queue.try_recv()
        {
            waiting.push_back(ticket);
        }
        let tickets = waiting.drain(..common_share(waiting.len())).collect();
        let desk = desk.clone();
        // A task of its own: it goes on when it takes long, and a panic in it costs this lot.
        let booking = tokio::spawn(async move {
            let locked = desk.book_free(tickets).await;
            drop(place);
            join_all(locked.into_iter().map(|ticket| desk.book_waiting(ticket))).await;
        });
        drop(timeout(SLOW, booking).await);
    }
}

#[derive(Clone)]
struct Desk {
    db: Database,
    told: Told,
    waiting: Arc<Semaphore>,
}

impl Desk {
    /// Books and answers all but those that would have to wait for somebody else.
    async fn book_free(&self, tickets: Vec<Ticket>) -> Vec<Ticket> {
        let bookings = tickets.iter().map(|it| Arc::clone(&it.booking)).collect();
        match self.book(bookings, Rows::Free).await {
            Ok(booked) => {
                tickets.into_iter().zip(booked).for_each(|(ticket, booked)| self.answer(ticket, Ok(booked)));
                Vec::new()
            }
            // No use in trying each: they would all meet the same.
            Err(error) if error.is_of_all_jobs() => {
                for ticket in tickets {
                    self.answer(ticket, Err(error.clone()));
                }
                Vec::new()
            }
            Err(_) => {
                let each = stream::iter(tickets).map(|ticket| self.book_one(ticket)).buffer_unordered(ALONE);
                each.filter_map(future::ready).collect().await
            }
        }
    }

    /// `Some` when it would have to wait.
    async fn book_one(&self, ticket: Ticket) -> Option<Ticket> {
        match self.book([Arc::clone(&ticket.booking)].into(), Rows::Free).await {
            Err(StorageError::Locked) => return Some(ticket),
            booked => self.answer(ticket, only(booked)),
        }
        None
    }

    async fn book_waiting(&self, ticket: Ticket) {
        let Ok(_place) = self.waiting.acquire().await else { return };
        // Whoever has been told meanwhile that it was not booked, comes again.
        if !ticket.answer.is_closed() {
            let booked = self.book([Arc::clone(&ticket.booking)].into(), Rows::Awaited).await;
            self.answer(ticket, only(booked));
        }
    }

    /// Whoever asked and went away does not undo what is committed.
    fn answer(&self, ticket: Ticket, booked: Result<Booked, StorageError>) {
        let Ticket { booking, answer } = ticket;
        if let Ok(booked) = &booked {
            self.told.tell(&booking, *booked);
        }
        drop(answer.send(booked));
    }

    /// Most of what comes is new, so nobody looks at first whether it is.
    async fn book(&self, bookings: Arc<[Arc<Booking>]>, rows: Rows) -> Result<Vec<Booked>, StorageError> {
        match self.write(Arc::clone(&bookings), rows, Expect::New).await {
            Err(StorageError::ThereAlready { .. }) => self.write(bookings, rows, Expect::Anything).await,
            booked => booked,
        }
    }

    async fn write(
        &self,
        bookings: Arc<[Arc<Booking>]>,
        rows: Rows,
        expect: Expect,
    ) -> Result<Vec<Booked>, StorageError> {
        let write = self.db.write_first(move |c| {
            let bookings = Arc::clone(&bookings);
            Box::pin(async move {
                let numbers: Vec<_> = bookings.iter().filter_map(|it| it.out_trade_no()).collect();
                attempts::lock(c, &numbers, rows).await?;
                settle(c, &bookings, expect).await
            })
        });
        write.await
    }
}

fn only(booked: Result<Vec<Booked>, StorageError>) -> Result<Booked, StorageError> {
    booked.and_then(|mut booked| booked.pop().ok_or(StorageError::WriterGone))
}
