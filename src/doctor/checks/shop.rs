//! The shop itself: what is on sale, and how shoppers come in.

use crate::doctor::{
    facts::{Books, Facts, Port},
    report::{Finding, Report},
    words::Check,
};

pub(super) fn check(facts: &Facts, report: &mut Report) {
    if let Books::Open(books) = &facts.books {
        for product in &books.unfit {
            report.findings.push(Finding::broken(Check::UnfitProduct, product));
        }
        for product in &books.demo {
            report.findings.push(Finding::broken(Check::DemoOnSale, product));
        }
    }
    if let Err(why) = &facts.front.site {
        report.findings.push(Finding::risk(Check::SiteMissing, why));
    }
    let is_behind_a_proxy = facts.front.is_loopback && !facts.front.has_tls && !facts.is_play;
    if is_behind_a_proxy && !facts.front.names_proxies {
        report.findings.push(Finding::risk(Check::ProxyUnnamed, "SAOMA_TRUSTED_PROXIES").likely());
    }
    if let Some(why) = &facts.front.certificate {
        report.findings.push(Finding::broken(Check::OwnCertificate, why));
    }
    if let Port::Taken(why) = &facts.front.port {
        report.findings.push(Finding::broken(Check::PortTaken, why));
    }
}
