use std::{collections::BTreeSet, fs, path::Path};

use super::*;

fn code(text: &str) -> ErrorCode {
    ErrorCode::parse(text).unwrap_or(ErrorCode::Other(String::new()))
}

#[test]
fn every_row_says_cause_and_remedy_in_both_languages() {
    for row in table::ROWS {
        let Explanation { chinese, english, .. } = row.explanation;
        for text in [chinese.cause, chinese.remedy] {
            assert!(text.chars().any(|it| ('一'..='鿿').contains(&it)), "{}: {text}", row.code);
        }
        for text in [english.cause, english.remedy] {
            assert!(text.is_ascii() || text.contains("支付") || text.contains('中') || text.contains("安全"), "{text}");
            assert!(text.len() > 10, "{}: {text}", row.code);
        }
    }
}

#[test]
fn no_row_hides_another_one() {
    for (at, row) in table::ROWS.iter().enumerate() {
        for other in &table::ROWS[..at] {
            let same = code(row.code) == code(other.code);
            let meet = row.interfaces.iter().any(|it| other.interfaces.contains(it));
            let both = row.interfaces.is_empty() && other.interfaces.is_empty();
            assert!(!(same && (meet || both)), "{} twice", row.code);
        }
    }
}

#[test]
fn every_code_of_the_reference_is_explained_at_every_interface_it_comes_from() {
    use Interface::{Bill, Certificates, Close, Prepay, Query, Refund, RefundQuery};
    let common = ["PARAM_ERROR", "INVALID_REQUEST", "SIGN_ERROR", "FREQUENCY_LIMITED", "SYSTEM_ERROR"];
    let of: [(Interface, &[&str]); 7] = [
        (
            Prepay,
            &[
                "APPID_MCHID_NOT_MATCH",
                "MCH_NOT_EXISTS",
                "ORDER_CLOSED",
                "NO_AUTH",
                "OUT_TRADE_NO_USED",
                "SERVICE_UNAVAILABLE",
                "ORDERPAID",
            ],
        ),
        (Query, &["MCH_NOT_EXISTS", "RULE_LIMIT", "TRADE_ERROR", "ORDER_NOT_EXIST"]),
        (
            Close,
            &[
                "USER_PAYING",
                "APPID_MCHID_NOT_MATCH",
                "MCH_NOT_EXISTS",
                "ORDER_CLOSED",
                "ACCOUNT_ERROR",
                "NO_AUTH",
                "NOT_ENOUGH",
                "OUT_TRADE_NO_USED",
                "RULE_LIMIT",
                "TRADE_ERROR",
                "ORDER_NOT_EXIST",
                "BANK_ERROR",
                "INVALID_TRANSACTIONID",
                "OPENID_MISMATCH",
            ],
        ),
        (
            Refund,
            &[
                "NOT_ENOUGH",
                "USER_ACCOUNT_ABNORMAL",
                "NO_AUTH",
                "REQUEST_BLOCKED",
                "MCH_NOT_EXISTS",
                "RESOURCE_NOT_EXISTS",
                "TRADE_OVERDUE",
                "REFUND_FEE_MISMATCH",
            ],
        ),
        (RefundQuery, &["MCH_NOT_EXISTS", "RESOURCE_NOT_EXISTS"]),
        (Certificates, &["RESOURCE_NOT_EXISTS"]),
        (Bill, &["NO_STATEMENT_EXIST", "STATEMENT_CREATING", "NO_AUTH"]),
    ];
    for (interface, codes) in of {
        for text in codes.iter().chain(&common) {
            assert_ne!(explain(&code(text), interface), &table::UNKNOWN, "{text} at {interface:?}");
        }
    }
}

#[test]
fn one_code_means_one_thing_here_and_another_there() {
    let missing = code("RESOURCENOTEXISTS");
    assert_ne!(explain(&missing, Interface::Refund), explain(&missing, Interface::RefundQuery));
    assert_eq!(explain(&missing, Interface::Certificates).actor, Actor::Merchant);
    assert_eq!(explain(&code("NO_SUCH_CODE"), Interface::Query), &table::UNKNOWN);
    assert_eq!(explain_stored("NOTENOUGH", Interface::Refund).map(|it| it.actor), Some(Actor::Merchant));
    assert_eq!(explain_stored("no code", Interface::Refund), None);
}

/// What stands behind a status in the sources below `folder`, whatever makes an error of it.
fn codes_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("is there").map(|entry| entry.expect("can be read").path()) {
        if entry.is_dir() {
            // What its console answers is no answer of a platform's.
            if !entry.ends_with("console") {
                codes_in(&entry, found);
            }
            continue;
        }
        let source = fs::read_to_string(&entry).expect("is text");
        for behind in source.split("StatusCode::").skip(1) {
            let behind = behind.trim_start_matches(|it: char| it.is_ascii_uppercase() || it == '_');
            let Some(behind) = behind.trim_start().strip_prefix(',') else { continue };
            let Some(code) = behind.trim_start().strip_prefix('"').and_then(|it| it.split('"').next()) else {
                continue;
            };
            if !code.is_empty() && code.chars().all(|it| it.is_ascii_uppercase() || it == '_') {
                found.insert(code.to_owned());
            }
        }
    }
}

#[test]
fn every_code_the_sandbox_can_answer_is_explained_everywhere() {
    let mut found = BTreeSet::new();
    codes_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sandbox"), &mut found);
    assert!(found.len() >= 15 && found.contains("SIGN_ERROR") && found.contains("TRADE_OVERDUE"), "{found:?}");
    for text in &found {
        for interface in Interface::ALL {
            assert_ne!(explain(&code(text), interface), &table::UNKNOWN, "{text} at {interface:?}");
        }
    }
}
