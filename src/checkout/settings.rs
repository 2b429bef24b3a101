//! What is decided about a checkout where it is put together.

use jiff::SignedDuration;
use url::Url;

use crate::{storage::generation::Beside, wechatpay::Mchid};

/// What a shop decides about its checkout.
#[derive(Clone, Debug)]
pub struct CheckoutSettings {
    pub mchid: Mchid,
    pub appid: String,
    /// Who is paid, as the pay page names it.
    pub payee: String,
    /// Where WeChat delivers payment notifications.
    pub notify_url: Url,
    /// Where it delivers refund notifications.
    pub refund_notify_url: Url,
    /// How long an order can be paid.
    pub pay_time: SignedDuration,
    /// After an order was placed, and then between one question to WeChat and the next, while a
    /// page waits for it; the last one repeats.
    pub query_gaps: Vec<SignedDuration>,
    /// How long nobody repeats a prepay that got no usable answer.
    pub prepay_pause: SignedDuration,
    /// What is kept beside the books.
    pub beside: Beside,
}

impl CheckoutSettings {
    /// 5, 10, 19, 28, 37 … seconds after the order was placed: a second for its turn, and a lost callback is
    /// found within ten (design §3.3).
    pub fn default_query_gaps() -> Vec<SignedDuration> {
        [5, 5, 9].map(SignedDuration::from_secs).to_vec()
    }
}
