//! Keeps the certificate fresh, wherever it comes from.

use super::{
    Acme, Files, SetupError, Tls, Told,
    acme::AcmeError,
    files::{FilesError, Seen},
};

/// Where the certificate comes from.
#[derive(Clone, Debug)]
pub enum Source {
    Files(Files),
    Acme(Acme),
}

/// HTTPS cannot begin: the operator must act.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error(transparent)]
    Acme(#[from] AcmeError),
}

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Care {
    work: Work,
    tls: Tls,
    told: Told,
}

#[derive(Clone, Debug)]
enum Work {
    /// What was found in the files, and is shown.
    Files(Files, Seen),
    Acme(Acme),
}

impl Care {
    /// Shows what there is already. A shop with files needs good ones to begin with, since nothing else is there
    /// to go on with; one with ACME may have none yet.
    ///
    /// # Errors
    /// The files cannot be used, or the way to the ACME server cannot be.
    pub fn begin(source: Source, told: Told) -> Result<Self, TlsError> {
        let tls = Tls::new()?;
        let work = match source {
            Source::Files(files) => {
                let shown = files.show(&tls, &told)?;
                Work::Files(files, shown)
            }
            Source::Acme(acme) => {
                acme.recall(&tls, &told)?;
                Work::Acme(acme)
            }
        };
        Ok(Self { work, tls, told })
    }

    pub const fn tls(&self) -> &Tls {
        &self.tls
    }

    /// For ever.
    pub async fn run(self) {
        match &self.work {
            Work::Files(files, shown) => files.watch(*shown, &self.tls, &self.told).await,
            Work::Acme(acme) => acme.renew(&self.tls, &self.told).await,
        }
    }
}
