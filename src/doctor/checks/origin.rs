//! The way back: whether WeChat's callbacks reach the books.

use std::net::IpAddr;

use super::keys::SOON;
use crate::{
    doctor::{
        facts::{Answered, Called, Echo, Facts, Origin},
        report::{Finding, Report, Unchecked, Why},
        words::Check,
    },
    wechatpay::time::rfc3339,
};

pub(super) fn check(facts: &Facts, report: &mut Report) {
    let Some(online) = &facts.online else { return };
    let before = report.findings.len();
    // Where WeChat's own callback has come all the way, it does not matter what can be reached from here.
    if let Some(origin) = &online.origin
        && !(matches!(online.echo, Echo::Arrived) && is_out_of_reach(origin))
    {
        reached(facts, origin, report);
    }
    // What has come cannot be read with another key.
    let is_in_order = report.findings.len() == before && !report.names(Check::ApiV3Key);
    match &online.echo {
        // Said already, and better.
        Echo::Lost if is_in_order => report.findings.push(Finding::broken(Check::CallbackLost, "").likely()),
        Echo::Arrived | Echo::Lost => {}
        Echo::NotTried(why) => report.unchecked.push(Unchecked { what: "callback", why: why.clone() }),
        Echo::Call(called) => {
            let why = match called {
                Called::Refused(refused) => Why::Refused {
                    code: refused.code.clone(),
                    chinese: refused.chinese.clone(),
                    english: refused.english.clone(),
                },
                Called::Unverified(why) | Called::Unknown(why) => Why::Told(why.clone()),
                Called::Good | Called::Sealed | Called::NotAsked => Why::NotReached,
            };
            report.unchecked.push(Unchecked { what: "callback", why });
        }
    }
}

fn reached(facts: &Facts, origin: &Origin, report: &mut Report) {
    let addresses = match &origin.addresses {
        Ok(addresses) => addresses,
        Err(why) => {
            report.findings.push(Finding::broken(Check::NotifyName, format!("{}: {why}", origin.host)));
            return;
        }
    };
    if !facts.is_play && addresses.iter().all(is_private) {
        let some = addresses.first().map(ToString::to_string).unwrap_or_default();
        report.findings.push(Finding::broken(Check::NotifyPrivate, format!("{}: {some}", origin.host)).likely());
    }
    let (page, callback) = (judge(&origin.page), judge(&origin.callback));
    match (page, callback) {
        // One cause, said once.
        (Some((check, detail)), _) | (None, Some((check, detail))) => {
            report.findings.push(Finding::broken(check, format!("{}: {detail}", origin.host)));
        }
        (None, None) => {}
    }
    if let Some(end) =
        origin.certificate_ends.filter(|end| *end > facts.now && end.duration_since(facts.now) < SOON / 3)
    {
        report.findings.push(Finding::risk(Check::NotifyCertificateEnds, format!("{}: {}", origin.host, rfc3339(end))));
    }
}

fn is_out_of_reach(origin: &Origin) -> bool {
    origin.addresses.is_err() || matches!(origin.page, Answered::Nobody(_))
}

fn judge(answered: &Answered) -> Option<(Check, &str)> {
    match answered {
        Answered::Ours => None,
        Answered::Stripped => Some((Check::NotifyStripped, "Wechatpay-*")),
        Answered::Redirect(to) => Some((Check::NotifyRedirect, to)),
        Answered::Other(what) => Some((Check::NotifyOther, what)),
        Answered::BadCertificate(why) => Some((Check::NotifyCertificate, why)),
        Answered::Nobody(why) => Some((Check::NotifyUnreachable, why)),
    }
}

fn is_private(address: &IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(it) => it.is_private() || it.is_loopback() || it.is_link_local() || it.is_unspecified(),
        IpAddr::V6(it) => it.is_loopback() || it.is_unique_local() || it.is_unicast_link_local() || it.is_unspecified(),
    }
}
