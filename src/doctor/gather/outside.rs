//! Everything that somebody outside this process is asked for, in the order in which one answer decides about the next
//! question.

use std::sync::Arc;

use url::Url;

use super::{origin, platform};
use crate::{
    clock::Clock,
    doctor::{
        facts::{Answered, Called, Echo, Online},
        report::Why,
    },
    entropy::Entropy,
    gateway::Gateway,
    storage::Database,
    wechatpay::ApiV3Keys,
};

/// How far the questions have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// WeChat's hosts, and their time.
    Hosts,
    /// What WeChat says of our keys.
    Certificates,
    /// The shop's own address.
    Address,
    /// The test callback.
    Callback,
}

impl Step {
    pub const ALL: [Self; 4] = [Self::Hosts, Self::Certificates, Self::Address, Self::Callback];
}

/// The ways there and back.
#[derive(Debug)]
pub struct Ways {
    pub gateway: Gateway,
    pub keys: Arc<ApiV3Keys>,
    pub origin: Url,
    pub notify_url: Url,
    /// Host and port of the proxy on the way to WeChat.
    pub proxy: Option<String>,
    pub clock: Clock,
    pub entropy: Entropy,
}

impl Ways {
    /// `server_runs`: one with these settings, on this machine.
    pub async fn ask(&self, db: Option<&Database>, server_runs: bool, tell: &(dyn Fn(Step) + Sync)) -> Online {
        let Self { gateway, keys, origin, notify_url, clock, entropy, .. } = self;
        tell(Step::Hosts);
        let hosts = platform::hosts(gateway).await;
        let is_reached = hosts.first().is_some_and(|host| host.answered.is_ok());
        tell(Step::Certificates);
        let certificates = if is_reached { platform::certificates(gateway).await } else { Called::NotAsked };
        tell(Step::Address);
        // With no server on this machine its address answers nobody, and says nothing of the set-up.
        let here = origin::look(origin, notify_url, clock.now());
        let origin = if server_runs { Some(here.await) } else { None };
        // What answers there instead of a Saoma does so to WeChat as well; who cannot reach himself may be reached.
        let is_another = origin.as_ref().is_some_and(|it| {
            it.addresses.is_err()
                || !matches!(it.page, Answered::Ours | Answered::Nobody(_))
                || matches!(it.callback, Answered::Stripped)
        });
        tell(Step::Callback);
        let echo = match db {
            _ if is_another => Echo::NotTried(Why::AddressIsWrong),
            _ if !server_runs => Echo::NotTried(Why::NoServer),
            _ if !is_reached => Echo::NotTried(Why::NotReached),
            None => Echo::NotTried(Why::NoBooks),
            Some(db) => platform::echo(gateway, (db, keys), notify_url, clock, entropy).await,
        };
        Online { hosts, proxy: self.proxy.clone(), certificates, origin, echo }
    }
}
