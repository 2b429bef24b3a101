//! What is around an application: the clock, chance, limits.

use std::time::Duration;

use jiff::SignedDuration;

use super::tls::TlsPace;
use crate::{
    checkout::CheckoutSettings,
    clock::Clock,
    entropy::Entropy,
    http::{Site, door::DoorLimits},
    service_manager::ServiceManager,
    storage::books::PlatformKind,
};

/// What a test replaces.
#[derive(Clone, Debug)]
pub struct Surroundings {
    pub clock: Clock,
    pub entropy: Entropy,
    /// What this program calls itself.
    pub version: &'static str,
    /// The site inside the program.
    pub site: Site,
    pub query_gaps: Vec<SignedDuration>,
    pub prepay_pause: SignedDuration,
    /// Of one call to the platform.
    pub platform_limit: Duration,
    /// How often the background jobs look for what is due; `None` for never.
    pub jobs_every: Option<Duration>,
    /// How long ago the last good sweep of orders or refunds may be before `/readyz` says so.
    pub sweeps_overdue: Duration,
    /// What connections may take.
    pub door: DoorLimits,
    /// What the platform is taken for, wherever it is: a test's is on this machine, and has to be able to stand for
    /// WeChat Pay itself. `None`: its address decides.
    pub platform: Option<PlatformKind>,
    /// How often this instance proves that it can write.
    pub heartbeat_every: Duration,
    /// How much WeChat is asked in one comparison of a bill; what is left is asked in the next one.
    pub bill_questions: usize,
    /// Who wants to hear how this server is.
    pub service_manager: Option<ServiceManager>,
    /// How often certificates are looked after.
    pub tls: TlsPace,
}

impl Surroundings {
    pub fn system() -> Self {
        Self {
            clock: Clock::system(),
            entropy: Entropy::system(),
            version: env!("CARGO_PKG_VERSION"),
            site: Site::default(),
            query_gaps: CheckoutSettings::default_query_gaps(),
            prepay_pause: SignedDuration::from_secs(3),
            platform_limit: Duration::from_secs(10),
            // Several times a second, so that what may be asked in one is spread over it.
            jobs_every: Some(Duration::from_millis(250)),
            // Longer than the longest sweep there is while WeChat answers nothing (256 orders, 32 at once, three calls
            // of 10 s each), and a third of the time in which an order can be paid.
            sweeps_overdue: Duration::from_mins(5),
            door: DoorLimits::default(),
            platform: None,
            heartbeat_every: Duration::from_secs(5),
            bill_questions: 1000,
            service_manager: None,
            tls: TlsPace::default(),
        }
    }
}
