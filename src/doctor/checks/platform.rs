//! The way to WeChat: its hosts, the clock, and what it says of our keys.

use jiff::SignedDuration;

use crate::doctor::{
    facts::{Called, Facts, Online, Refused},
    report::{Finding, Report, Unchecked, Why},
    words::Check,
};

/// WeChat refuses what is signed five minutes away from its own time.
const REFUSED: SignedDuration = SignedDuration::from_mins(5);
const ASTRAY: SignedDuration = SignedDuration::from_mins(1);

pub(super) fn check(facts: &Facts, report: &mut Report) {
    let Some(online) = &facts.online else { return };
    let by = online.proxy.as_ref().map(|proxy| format!(" (SAOMA_EGRESS_PROXY {proxy})")).unwrap_or_default();
    for (place, host) in online.hosts.iter().enumerate() {
        if let Err(why) = &host.answered {
            let detail = format!("{}{by}: {why}", host.name);
            // The backup alone costs nothing today.
            let finding = Finding::broken(Check::HostUnreachable, &detail);
            report.findings.push(if place == 0 { finding } else { Finding::risk(Check::HostUnreachable, detail) });
        }
    }
    clock(online, report);
    if online.hosts.first().is_some_and(|host| host.answered.is_err()) {
        report.unchecked.push(Unchecked { what: "keys", why: Why::NotReached });
        return;
    }
    keys(facts, online, report);
}

fn clock(online: &Online, report: &mut Report) {
    let astray = online.hosts.iter().find_map(|host| host.answered.as_ref().ok().copied().flatten());
    match astray.map(|astray| (astray, astray.abs())) {
        Some((astray, by)) if by >= REFUSED => {
            report.findings.push(Finding::broken(Check::Clock, format!("{:+} s", astray.as_secs())));
        }
        Some((astray, by)) if by >= ASTRAY => {
            report.findings.push(Finding::risk(Check::Clock, format!("{:+} s", astray.as_secs())));
        }
        Some(_) => {}
        None => {
            report.unchecked.push(Unchecked { what: "clock", why: Why::NoDate });
        }
    }
}

fn keys(facts: &Facts, online: &Online, report: &mut Report) {
    match &online.certificates {
        Called::Good | Called::NotAsked => {}
        Called::Sealed if report.names(Check::ApiV3Key) => {}
        Called::Sealed => report.findings.push(Finding::broken(Check::ApiV3Key, "/v3/certificates")),
        Called::Unverified(why) => report.findings.push(Finding::broken(Check::PublicKey, why)),
        Called::Unknown(why) => report.unchecked.push(Unchecked { what: "keys", why: Why::Told(why.clone()) }),
        Called::Refused(refused) => refusal(facts, refused, report),
    }
}

fn refusal(facts: &Facts, refused: &Refused, report: &mut Report) {
    let Refused { code, request_id, chinese, english } = refused;
    let id = request_id.as_ref().map(|id| format!(" (Request-ID {id})")).unwrap_or_default();
    let detail = format!("{code}{id}");
    let broken = |check| Finding::broken(check, &detail).explained(chinese, english);
    match code.as_str() {
        // As it is for a merchant who has a public key only.
        "RESOURCE_NOT_EXISTS" if facts.keys.has_public_key => {}
        "RESOURCE_NOT_EXISTS" => report.findings.push(broken(Check::KeyKind)),
        "SIGN_ERROR" if report.names(Check::Clock) => {}
        "SIGN_ERROR" => report.findings.push(broken(Check::Signature)),
        "PARAM_ERROR" | "INVALID_REQUEST" => report.findings.push(broken(Check::PublicKey).likely()),
        _ => report.findings.push(broken(Check::Refused)),
    }
}
