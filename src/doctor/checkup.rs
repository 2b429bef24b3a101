//! The same checks on a server that runs: what is on this machine whenever somebody looks, what is outside when somebody
//! has asked for it, and what came of that until the next time.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::timeout;

use super::{
    Report, examine,
    facts::{Books, Facts, Front, Keys, Online},
    gather::{
        self,
        outside::{Step, Ways},
    },
};
use crate::{
    domain::Product,
    storage::{Database, StorageError, generation::Beside},
    tls::Files,
};

/// Somebody waits for the page.
const PATIENCE: Duration = Duration::from_secs(5);

/// What of the settings is looked at.
#[derive(Clone, Debug)]
pub struct Patient {
    pub is_play: bool,
    pub keys: Keys,
    pub front: Front,
    pub data_dir: PathBuf,
    /// The books' file, where they are one.
    pub books: Option<PathBuf>,
    /// Files that hold keys.
    pub secrets: Vec<PathBuf>,
    /// What must not be on sale for real money.
    pub demo: Vec<Product>,
    /// The shop's own HTTPS, where somebody else renews its certificate.
    pub certificate: Option<Files>,
}

impl Patient {
    /// Without the books, and without anybody outside.
    pub fn facts(&self, now: Timestamp) -> Facts {
        Facts {
            now,
            is_play: self.is_play,
            problems: Vec::new(),
            keys: self.keys.clone(),
            books: Books::None,
            machine: gather::machine::look(&self.data_dir, self.books.as_deref(), &self.secrets),
            front: Front {
                certificate: self.certificate.as_ref().and_then(|files| files.trouble(now)),
                ..self.front.clone()
            },
            online: None,
        }
    }
}

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Checkup(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    patient: Patient,
    ways: Ways,
    db: Database,
    beside: Beside,
    standing: Mutex<Standing>,
}

#[derive(Debug, Default)]
struct Standing {
    /// What was answered outside, and when.
    last: Option<(Timestamp, Online)>,
    running: Option<Running>,
}

/// Somebody outside is being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    pub since: Timestamp,
    pub step: Step,
}

/// What is said now.
#[derive(Clone, Debug)]
pub struct Looked {
    pub now: Timestamp,
    pub report: Report,
    /// When somebody outside was last asked; what came of it is in the report.
    pub asked: Option<Timestamp>,
    pub running: Option<Running>,
}

impl Checkup {
    pub fn new(patient: Patient, ways: Ways, db: Database, beside: Beside) -> Self {
        Self(Arc::new(Inner { patient, ways, db, beside, standing: Mutex::default() }))
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.0.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All checks, with what was last answered outside.
    pub async fn look(&self) -> Looked {
        let now = self.0.ways.clock.now();
        let mut facts = self.0.patient.facts(now);
        facts.books = match timeout(PATIENCE, self.books(now)).await {
            Ok(Ok(books)) => books,
            Ok(Err(error)) => Books::Unreachable(error.to_string()),
            Err(_) => Books::Unreachable("no answer in time".to_owned()),
        };
        if let Ok(opens) = timeout(PATIENCE, gather::books::opens_callbacks(&self.0.db, &self.0.ways.keys, now)).await {
            facts.keys.opens_callbacks = opens.unwrap_or(None);
        }
        let (asked, running) = {
            let standing = self.standing();
            facts.online = standing.last.as_ref().map(|(_, online)| online.clone());
            (standing.last.as_ref().map(|(at, _)| *at), standing.running)
        };
        Looked { now, report: examine(&facts), asked, running }
    }

    async fn books(&self, now: Timestamp) -> Result<Books, StorageError> {
        let Inner { db, beside, patient, .. } = &*self.0;
        let written = timeout(PATIENCE / 2, gather::books::write(db, beside, now)).await;
        let written = written.unwrap_or(Err(StorageError::NoAnswer));
        Ok(Books::Open(Box::new(gather::books::look(db, written, &patient.demo, now).await?)))
    }

    /// `None` while it is being done already. What is given is to be run to its end, whoever goes away.
    pub fn begin(&self) -> Option<impl Future<Output = ()> + Send + 'static> {
        let since = self.0.ways.clock.now();
        {
            let mut standing = self.standing();
            if standing.running.is_some() {
                return None;
            }
            standing.running = Some(Running { since, step: Step::Hosts });
        }
        let run = Run(self.clone());
        Some(async move {
            let checkup = &run.0;
            let tell = |step| checkup.standing().running = Some(Running { since, step });
            let online = checkup.0.ways.ask(Some(&checkup.0.db), true, &tell).await;
            checkup.standing().last = Some((checkup.0.ways.clock.now(), online));
        })
    }
}

/// However it ends, the next one can begin.
struct Run(Checkup);

impl Drop for Run {
    fn drop(&mut self) {
        self.0.standing().running = None;
    }
}
