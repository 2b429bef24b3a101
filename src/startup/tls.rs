//! The shop's own HTTPS, from its settings.

use std::{path::Path, time::Duration};

use crate::{
    clock::Clock,
    config::{TlsSettings, tls::Certificates},
    metrics::Metrics,
    readiness::Readiness,
    tls::{Acme, AcmePace, Care, Files, Source, TlsError, Told},
};

/// In the data folder.
const FOLDER: &str = "acme";

/// What a test hurries.
#[derive(Clone, Copy, Debug)]
pub struct TlsPace {
    pub look_at_files_every: Duration,
    pub acme: AcmePace,
}

impl Default for TlsPace {
    fn default() -> Self {
        Self { look_at_files_every: Duration::from_secs(5), acme: AcmePace::default() }
    }
}

pub(super) fn begin(
    settings: TlsSettings,
    data_dir: &Path,
    pace: TlsPace,
    (readiness, metrics, clock): (Readiness, Metrics, Clock),
) -> Result<Care, TlsError> {
    Care::begin(source(settings, data_dir, pace), Told::new(readiness, metrics, clock))
}

/// Where the certificate comes from.
pub(super) fn source(settings: TlsSettings, data_dir: &Path, pace: TlsPace) -> Source {
    let names = settings.names;
    match settings.certificates {
        Certificates::Files { certificate, key } => {
            Source::Files(Files { certificate, key, names, look_every: pace.look_at_files_every })
        }
        Certificates::Acme { directory, ca, contact } => Source::Acme(Acme {
            directory: directory.into(),
            ca,
            contact,
            names,
            folder: data_dir.join(FOLDER),
            pace: pace.acme,
        }),
    }
}
