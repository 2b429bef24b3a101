//! The names of variables that more than one has to know.

/// The merchant's side of WeChat Pay: see [`super::live`].
pub(crate) const LIVE: [&str; 15] = [
    "WXPAY_MCH_ID",
    "WXPAY_APPID",
    "WXPAY_MCH_SERIAL_NO",
    "WXPAY_CERTIFICATE_PATH",
    "WXPAY_PRIVATE_KEY_PATH",
    "WXPAY_PRIVATE_KEY",
    "WXPAY_API_V3_KEY",
    "WXPAY_API_V3_KEY_PATH",
    "WXPAY_API_V3_KEY_PREVIOUS",
    "WXPAY_API_V3_KEY_PREVIOUS_PATH",
    "WXPAY_PUBLIC_KEY_ID",
    "WXPAY_PUBLIC_KEY_PATH",
    "WXPAY_PUBLIC_KEY",
    "WXPAY_DOMAIN",
    "WXPAY_NOTIFY_DOMAIN",
];

/// Of other programs of the same merchant, which a sandbox's `credentials.env` has beside ours.
pub(crate) const OTHERS: [&str; 2] = ["WXPAY_PLATFORM_SERIAL_NO", "WXPAY_PLATFORM_CERTIFICATE_PATH"];

/// Read before the settings are, whose errors are logged.
pub const LOG: &str = "RUST_LOG";
