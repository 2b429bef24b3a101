//! What became of notifications, as somebody looks at it who has to mend what is wrong.

/// Verdicts that somebody has to look at: WeChat has said it, and it is not in the orders.
pub const QUARANTINED: [&str; 13] = [
    "UNKNOWN_ORDER",
    "UNKNOWN_REFUND",
    "REFUND_TOO_EARLY",
    "REFUND_CONTRADICTION",
    "REFUND_EXCEEDS",
    "MISMATCH_REFUND",
    "MISMATCH_EVENT",
    "MISMATCH_STATE",
    "MISMATCH_MCHID",
    "MISMATCH_APPID",
    "MISMATCH_AMOUNT",
    "MISMATCH_CURRENCY",
    "MISMATCH_TRANSACTION_ID",
];

/// The others, of which each is as it should be.
pub const GOOD: [&str; 9] = [
    "PAID",
    "PAID_LATE",
    "DUPLICATE",
    "SURPLUS",
    "REFUND",
    "REFUND_REPEATED",
    "REFUND_ELSEWHERE",
    "REFUND_REVIVED",
    "ECHO",
];
