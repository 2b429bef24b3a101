//! Against a real HTTP server on loopback. Time limits are milliseconds, nothing sleeps longer.

mod certificates;
mod pace;
mod platform;
mod refunds;
mod refusals;
mod requests;
mod trust;
mod wire;

use std::{sync::Arc, time::Duration};

use url::Url;

pub(super) use self::platform::{Answer, Platform, rejected, signed};
use super::*;
use crate::{
    metrics::Metrics,
    wechatpay::{
        Keyring, PlatformKeys, PlatformSerial,
        fixtures::{self, OUT_TRADE_NO, api_v3_keys, now, public_key_id, public_keys, signer},
    },
};

pub(super) fn settings(base: &Url) -> GatewaySettings {
    GatewaySettings { total_limit: Duration::from_secs(5), ..GatewaySettings::new(base.clone()) }
}

pub(super) fn merchant(keys: PlatformKeys, public_key_id: Option<PlatformSerial>) -> Merchant {
    Merchant { signer: signer(), public_key_id, keyring: Keyring::new(keys), api_v3_keys: Arc::new(api_v3_keys()) }
}

pub(super) fn build(settings: &GatewaySettings) -> Gateway {
    let merchant = merchant(public_keys(), Some(public_key_id()));
    Gateway::new(settings, merchant, Metrics::default(), Clock::mock(now()), Entropy::seeded(1)).expect("a gateway")
}

/// In public-key mode, at the moment of the test vectors.
pub(super) fn gateway(platform: &Platform) -> Gateway {
    build(&settings(&platform.base))
}

pub(super) fn number() -> OutTradeNo {
    OutTradeNo::parse(OUT_TRADE_NO).expect("legal")
}

pub(super) fn cause(error: GatewayError) -> Cause {
    match error {
        GatewayError::Unknown(outcome) => outcome.cause,
        other => panic!("{other}"),
    }
}

pub(super) fn good_query() -> Answer {
    signed(200, &fixtures::text("answers/query.body"))
}
