//! The merchant's settings and keys.

use jiff::SignedDuration;

use crate::{
    doctor::{
        facts::Facts,
        report::{Finding, Report},
        words::Check,
    },
    wechatpay::time::rfc3339,
};

/// So long before its end a certificate is worth a word: a new one takes somebody with the rights for it.
pub(super) const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

pub(super) fn check(facts: &Facts, report: &mut Report) {
    for (variable, problem) in &facts.problems {
        report.findings.push(Finding::broken(Check::Settings, format!("{variable}: {problem}")));
    }
    if let Some(end) = facts.keys.certificate_ends {
        if end <= facts.now {
            report.findings.push(Finding::broken(Check::CertificateEnded, rfc3339(end)));
        } else if end.duration_since(facts.now) < SOON {
            report.findings.push(Finding::risk(Check::CertificateEnds, rfc3339(end)));
        }
    }
    if facts.keys.opens_callbacks == Some(false) {
        report.findings.push(Finding::broken(Check::ApiV3Key, "").likely());
    }
}
