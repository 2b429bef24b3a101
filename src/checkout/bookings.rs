//! The way of verified statements into the books. Whatever has arrived while the last commit was
//! reaching the disk is booked together; each is answered only after its own commit. A statement that
//! cannot be booked does not take its neighbours with it.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::settle::{Booked, Booking, settle};
use crate::storage::{Database, Expect, StorageError};

/// How many are booked by one transaction. More adds latency and hardly any throughput.
const MOST: usize = 64;
/// How many may wait; past it callers wait for a place.
const QUEUE: usize = 4096;

struct Ticket {
    booking: Booking,
    answer: oneshot::Sender<Result<Booked, StorageError>>,
}

/// The queue. Ends with its last clone.
#[derive(Clone, Debug)]
pub(super) struct Bookings(mpsc::Sender<Ticket>);

impl Bookings {
    pub(super) fn start(db: Database) -> Self {
        let (tickets, queue) = mpsc::channel(QUEUE);
        tokio::spawn(work(db, queue));
        Self(tickets)
    }

    /// Answers after the commit.
    pub(super) async fn book(&self, booking: Booking) -> Result<Booked, StorageError> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Ticket { booking, answer }).await.map_err(|_| StorageError::WriterGone)?;
        answered.await.map_err(|_| StorageError::WriterGone)?
    }
}

async fn work(db: Database, mut queue: mpsc::Receiver<Ticket>) {
    let mut tickets = Vec::with_capacity(MOST);
    while queue.recv_many(&mut tickets, MOST).await > 0 {
        let (bookings, answers): (Vec<_>, Vec<_>) = tickets.drain(..).map(|it| (it.booking, it.answer)).unzip();
        let bookings: Arc<[Booking]> = bookings.into();
        match book(&db, Arc::clone(&bookings)).await {
            Ok(booked) => {
                // Whoever asked and went away does not undo what is committed.
                answers.into_iter().zip(booked).for_each(|(answer, booked)| drop(answer.send(Ok(booked))));
            }
            Err(error) if bookings.len() == 1 => answers.into_iter().for_each(|it| drop(it.send(Err(error.clone())))),
            Err(_) => {
                for (booking, answer) in bookings.iter().zip(answers) {
                    let booked = book(&db, [booking.clone()].into()).await.map(|mut booked| booked.pop());
                    drop(answer.send(booked.and_then(|it| it.ok_or(StorageError::WriterGone))));
                }
            }
        }
    }
}

/// Most of what comes is new, so nobody looks at first whether it is.
async fn book(db: &Database, bookings: Arc<[Booking]>) -> Result<Vec<Booked>, StorageError> {
    match write(db, Arc::clone(&bookings), Expect::New).await {
        Err(StorageError::ThereAlready { .. }) => write(db, bookings, Expect::Anything).await,
        booked => booked,
    }
}

async fn write(db: &Database, bookings: Arc<[Booking]>, expect: Expect) -> Result<Vec<Booked>, StorageError> {
    db.write(move |c| {
        let bookings = Arc::clone(&bookings);
        Box::pin(async move { settle(c, &bookings, expect).await })
    })
    .await
}
