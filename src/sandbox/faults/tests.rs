use serde_json::json;

use super::*;

fn usual() -> Faults {
    Faults::usual(KeyMode::default())
}

fn merge(faults: &Faults, patch: Value) -> Result<Faults, KnobError> {
    match patch {
        Value::Object(patch) => faults.merge(&patch),
        other => panic!("{other}"),
    }
}

#[test]
fn merges_only_what_is_named() {
    let first = merge(&usual(), json!({"drop": 2, "error_500": {"prepay": 1}})).expect("known");
    let second = merge(&first, json!({"error_500": {"query": "all"}})).expect("known");
    assert_eq!(second.drop, Next::Count(2));
    assert_eq!(second.error_500.prepay, Next::Count(1));
    assert_eq!(second.error_500.query, Next::all());
    assert_eq!(merge(&second, json!({"drop": 0, "error_500": {"prepay": 0, "query": 0}})), Ok(usual()));
    let all = merge(&first, json!({"error_500": 7})).expect("known");
    assert_eq!((all.error_500.all, all.error_500.prepay), (Next::Count(7), Next::Count(1)));
}

#[test]
fn names_the_knob_that_is_wrong() {
    let merge = |patch| merge(&usual(), patch).expect_err("wrong").to_string();
    assert!(merge(json!({"drops": 1})).contains("“drops”"));
    for (patch, name) in [
        (json!({"drop": -1}), "drop"),
        (json!({"drop": "some"}), "drop"),
        (json!({"error_429": {"refund_everything": 1}}), "error_429"),
        (json!({"error_429": "some"}), "error_429"),
        (json!({"public_key_share": 1.5}), "public_key_share"),
        (json!({"retry_scale": -1}), "retry_scale"),
        (json!({"delay_ms": "soon"}), "delay_ms"),
        (json!({"new_certificate_share": -0.1}), "new_certificate_share"),
        (json!({"clock_skew_seconds": 86_401}), "clock_skew_seconds"),
        (json!({"platform_down": "yes"}), "platform_down"),
        (json!({"refund_outcome": "lost"}), "refund_outcome"),
        (json!({"refund_refusal": "PARAM_ERROR"}), "refund_refusal"),
    ] {
        assert!(merge(patch).contains(&format!("“{name}”")), "{name}");
    }
}

#[test]
fn an_outcome_holds_for_as_many_refunds_as_are_named() {
    let patch = json!({"refund_outcome": "closed", "refund_outcome_count": 1});
    let mut faults = merge(&usual(), patch).expect("known");
    let outcomes = [faults.take_refund_outcome(), faults.take_refund_outcome()];
    assert_eq!(outcomes, [RefundOutcome::Closed, RefundOutcome::Success]);
    let mut faults = merge(&usual(), json!({"refund_outcome": "abnormal"})).expect("known");
    assert!((0..100).all(|_| faults.take_refund_outcome() == RefundOutcome::Abnormal));
}
