//! What is stored by name is shown in words, in both languages: a new value of any of these fails here until it has some.

use crate::{
    app::{
        admin::words::{Approvals, Inbox, Orders, Overview},
        language::Language,
    },
    backoffice::attention::Need,
    checkout::Verdict,
    storage::{
        approvals::{Kind, State},
        events::{EventKind, Source},
    },
};

#[test]
fn every_event_source_and_verdict_has_words() {
    for language in Language::ALL {
        let (orders, inbox) = (Orders::of(language), Inbox::of(language));
        for kind in EventKind::ALL {
            assert!(orders.event(kind.code()).is_some(), "{language:?} {kind:?}");
        }
        for source in Source::ALL {
            assert!(orders.source(source.code()).is_some(), "{language:?} {source:?}");
        }
        for verdict in Verdict::ALL {
            assert!(inbox.verdict_words(verdict.code()).is_some(), "{language:?} {verdict:?}");
        }
    }
}

#[test]
fn every_way_in_which_a_payment_is_found_can_be_chosen() {
    let not_found_by = [Source::Shopper, Source::Console, Source::Automatic];
    for language in Language::ALL {
        let offered: Vec<_> = Orders::of(language).finders().map(|(code, _)| code).collect();
        let wanted = Source::ALL.iter().filter(|source| !not_found_by.contains(source));
        assert_eq!(offered, wanted.map(|source| source.code()).collect::<Vec<_>>());
    }
}

#[test]
fn every_need_and_approval_has_words() {
    for language in Language::ALL {
        let (overview, approvals) = (Overview::of(language), Approvals::of(language));
        for need in Need::ALL {
            assert!(!overview.need(need.code()).0.is_empty(), "{language:?} {need:?}");
        }
        for kind in Kind::ALL {
            assert!(!approvals.kind(kind.code()).is_empty(), "{language:?} {kind:?}");
        }
        for state in State::ALL {
            assert!(!approvals.state(state.code()).is_empty(), "{language:?} {state:?}");
        }
    }
}
