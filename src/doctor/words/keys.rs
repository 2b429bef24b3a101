//! The merchant's settings and keys.

use super::check::{Check, Row, row};

pub(super) const ROWS: &[Row] = &[
    row(
        Check::Settings,
        "settings",
        ("设置不能用，服务无法启动：不能收款", "按提示改正该变量（环境变量或 .env）后重启；说明见 docs/settings.md"),
        (
            "A setting cannot be used: the server does not start, and nobody can pay",
            "Correct the variable (environment or .env) and start again: docs/settings.md",
        ),
    ),
    row(
        Check::CertificateEnded,
        "certificate_ended",
        (
            "商户 API 证书已到期：微信支付不再接受签名，不能收款也不能退款",
            "商户平台 → 账户中心 → API安全，更换商户 API 证书，改 WXPAY_MCH_SERIAL_NO 和私钥后重启",
        ),
        (
            "The merchant's API certificate has ended: WeChat Pay accepts no signature, nothing is paid or refunded",
            "Merchant console → 账户中心 → API安全: get a new certificate; set WXPAY_MCH_SERIAL_NO and the key; restart",
        ),
    ),
    row(
        Check::CertificateEnds,
        "certificate_ends",
        (
            "商户 API 证书三十天内到期，之后不能收款也不能退款",
            "商户平台 → 账户中心 → API安全，提前更换证书，改 WXPAY_MCH_SERIAL_NO 和私钥后重启",
        ),
        (
            "The merchant's API certificate ends within thirty days; after that nothing is paid or refunded",
            "Merchant console → 账户中心 → API安全: renew it in time; set WXPAY_MCH_SERIAL_NO and the key; restart",
        ),
    ),
    row(
        Check::ApiV3Key,
        "api_v3_key",
        (
            "APIv3 密钥打不开微信支付加密的内容：收到的付款通知无法入账，只能靠查单",
            "核对 WXPAY_API_V3_KEY 与商户平台 → 账户中心 → API安全 里设置的 APIv3 密钥；忘记了就重设并重启",
        ),
        (
            "The APIv3 key does not open what WeChat Pay seals: no callback can be booked, payments are found by questions \
             only",
            "Compare WXPAY_API_V3_KEY with the one set in the merchant console → 账户中心 → API安全; or set a new one there, \
             and restart",
        ),
    ),
    row(
        Check::Signature,
        "signature",
        (
            "微信支付不接受签名：不能收款也不能退款",
            "核对 WXPAY_MCH_ID、WXPAY_MCH_SERIAL_NO 与私钥是否同属一张未作废的证书（商户平台 → 账户中心 → API安全）；\
             给出 WXPAY_CERTIFICATE_PATH 可在本机核对",
        ),
        (
            "WeChat Pay does not accept our signature: nothing is paid or refunded",
            "Compare WXPAY_MCH_ID, WXPAY_MCH_SERIAL_NO and the private key with one certificate that is not revoked \
             (merchant console → 账户中心 → API安全); with WXPAY_CERTIFICATE_PATH that is compared here",
        ),
    ),
    row(
        Check::KeyKind,
        "key_kind",
        (
            "该商户使用微信支付公钥，而这里没有设置：回调和应答都无法验签，收到的钱不会入账",
            "商户平台 → 账户中心 → API安全 下载微信支付公钥，设置 WXPAY_PUBLIC_KEY_ID 和 WXPAY_PUBLIC_KEY_PATH",
        ),
        (
            "This merchant has a WeChat Pay public key, and none is set here: nothing can be verified or booked",
            "Merchant console → 账户中心 → API安全: download it; set WXPAY_PUBLIC_KEY_ID and WXPAY_PUBLIC_KEY_PATH",
        ),
    ),
    row(
        Check::PublicKey,
        "public_key",
        (
            "微信支付的应答不能用这里的公钥验证：付款和退款都无法确认",
            "核对 WXPAY_PUBLIC_KEY_ID 和 WXPAY_PUBLIC_KEY_PATH 是否同属本商户（商户平台 → 账户中心 → API安全）",
        ),
        (
            "WeChat Pay's answers do not verify with the key set here: no payment or refund can be confirmed",
            "Compare WXPAY_PUBLIC_KEY_ID and WXPAY_PUBLIC_KEY_PATH with this merchant's (merchant console → 账户中心 → \
             API安全)",
        ),
    ),
    row(
        Check::Refused,
        "refused",
        ("微信支付拒绝了查询：原因见错误码", "按错误码的说明处理"),
        ("WeChat Pay refuses to answer; the code says why", "Do what is said of the code"),
    ),
];
