//! Applying for bills and fetching them (`wechatpay-v3.md` §8).

use std::{collections::HashMap, io::Write as _, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{StatusCode, header},
    response::Response,
};
use flate2::{Compression, write::GzEncoder};
use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date, tz};
use serde_json::json;
use url::form_urlencoded;

use crate::sandbox::{
    api::{gate::Admitted, reply::Success},
    books::bill::{self, Day, Trades},
    callbacks::refunder,
    crypto::digest,
    error::ApiError,
    platform::{IssuedBill, Platform},
};

/// When the bill of the day before is there.
const READY_HOUR: i8 = 10;
/// Bills of so many months are kept.
const MONTHS: i32 = 3;
const BEFORE_BREAKING: Duration = Duration::from_millis(50);
/// A piece of a download.
const PIECE: usize = 16 * 1024;

/// The parameters of a call, each at most once and none unknown.
struct Parameters(HashMap<String, String>);

impl Parameters {
    fn read(query: &str, known: &[&str]) -> Result<Self, ApiError> {
        let mut found = HashMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !known.contains(&&*name) || found.contains_key(&*name) {
                return Err(ApiError::unknown_parameter("query", &format!("/{name}"), &json!(value)));
            }
            found.insert(name.into_owned(), value.into_owned());
        }
        Ok(Self(found))
    }

    fn one_of<T: Copy>(&self, name: &str, values: &[(&str, T)], usual: T) -> Result<T, ApiError> {
        let Some(given) = self.0.get(name) else { return Ok(usual) };
        let found = values.iter().find(|(value, _)| value == given).map(|(_, it)| *it);
        found.ok_or_else(|| ApiError::parameter("query", &format!("/{name}"), &json!(given), "枚举值不存在"))
    }

    fn day(&self, platform: &Platform) -> Result<Day, ApiError> {
        let given = self.0.get("bill_date").map(String::as_str).unwrap_or_default();
        let refuse = |issue: &str| ApiError::parameter("query", "/bill_date", &json!(given), issue);
        let date = Some(given).filter(|given| given.len() == 10).and_then(|given| given.parse::<Date>().ok());
        let date = date.ok_or_else(|| refuse("格式须为YYYY-MM-DD"))?;
        let now = platform.now();
        let today = Day::of(now).date();
        let bills_today = platform.faults().bills.bill_today;
        if date > today || (date == today && !bills_today) {
            return Err(ApiError::invalid_request("账单日期不能为当天或未来的日期"));
        }
        if date < today.saturating_sub(MONTHS.months()) {
            return Err(ApiError::invalid_request("仅支持三个月内的账单下载申请"));
        }
        let yesterday = today.saturating_sub(1.day());
        if date == yesterday && tz::offset(8).to_datetime(now).hour() < READY_HOUR && !bills_today {
            return Err(ApiError::statement_creating());
        }
        Ok(Day::new(date))
    }

    fn is_packed(&self) -> Result<bool, ApiError> {
        self.one_of("tar_type", &[("GZIP", true)], false)
    }
}

fn refuse_on_demand(platform: &Platform) -> Result<(), ApiError> {
    if platform.faults().bills.bill_no_auth.take() { Err(ApiError::no_bill_permission()) } else { Ok(()) }
}

pub(super) async fn apply_trades(platform: &Arc<Platform>, admitted: &Admitted) -> Result<Success, ApiError> {
    let parameters = Parameters::read(&admitted.query, &["bill_date", "bill_type", "tar_type"])?;
    let kinds = [("ALL", Trades::All), ("SUCCESS", Trades::Success), ("REFUND", Trades::Refund)];
    let trades = parameters.one_of("bill_type", &kinds, Trades::All)?;
    let (day, is_packed) = (parameters.day(platform)?, parameters.is_packed()?);
    refuse_on_demand(platform)?;
    refunder::end_due(platform);
    let of = Arc::clone(platform);
    make(platform, &admitted.host, is_packed, move || {
        let terms = of.faults().terms.clone();
        let account = (of.keys.account.appid.as_str(), of.keys.account.mchid.as_str());
        bill::trade_bill(&of.ledger(), account, day, trades, &terms)
    })
    .await
}

pub(super) async fn apply_fund_flow(platform: &Arc<Platform>, admitted: &Admitted) -> Result<Success, ApiError> {
    let parameters = Parameters::read(&admitted.query, &["bill_date", "account_type", "tar_type"])?;
    let accounts = [("BASIC", true), ("OPERATION", false), ("FEES", false)];
    let is_basic = parameters.one_of("account_type", &accounts, true)?;
    let (day, is_packed) = (parameters.day(platform)?, parameters.is_packed()?);
    refuse_on_demand(platform)?;
    if !is_basic {
        return Err(ApiError::no_statement());
    }
    refunder::end_due(platform);
    let of = Arc::clone(platform);
    make(platform, &admitted.host, is_packed, move || {
        let terms = of.faults().terms.clone();
        let carried = of.plant(day, bill::planted_money(day, &terms));
        bill::fund_flow_bill(&of.ledger(), day, &terms, carried)
    })
    .await
}

/// Makes the file and an address for it.
async fn make(
    platform: &Arc<Platform>,
    host: &str,
    is_packed: bool,
    write: impl FnOnce() -> Option<String> + Send + 'static,
) -> Result<Success, ApiError> {
    // Off the async threads: a day of many orders takes a moment.
    let building = tokio::task::spawn_blocking(move || {
        let plain = write()?.into_bytes();
        let packed = is_packed.then(|| pack(&plain));
        Some((plain, packed))
    });
    let built = building.await.map_err(|_| ApiError::system_error())?;
    let (plain, packed) = built.ok_or_else(ApiError::no_statement)?;
    let packed = packed.transpose().map_err(|_| ApiError::system_error())?;
    let (life, wrong_hash, of_packed) = {
        let bills = &mut platform.faults().bills;
        (bills.bill_life_seconds, bills.bill_wrong_hash.take(), bills.bill_hash_of_gzip)
    };
    let hashed = packed.as_ref().filter(|_| of_packed).unwrap_or(&plain);
    let mut hash = digest::sha1(hashed);
    if wrong_hash {
        hash = digest::sha1(hash.as_bytes());
    }
    let now = platform.now();
    let expires = now.saturating_add(SignedDuration::from_secs(life.into())).unwrap_or(Timestamp::MAX);
    let token = format!("{:032x}", platform.entropy.u128());
    platform.issue_bill(token.clone(), IssuedBill { expires, bytes: packed.unwrap_or(plain).into() });
    let elsewhere = platform.faults().bills.bill_elsewhere.take();
    // Whoever asked for it in WeChat's own name is sent there again.
    let domain = match host {
        _ if elsewhere => "https://bills.example.com".to_owned(),
        name if name.ends_with("mch.weixin.qq.com") => format!("https://{name}"),
        _ => platform.place.domain.as_str().trim_end_matches('/').to_owned(),
    };
    Ok(Success::Body(json!({
        "hash_type": "SHA1",
        "hash_value": hash,
        "download_url": format!("{domain}/v3/billdownload/file?token={token}"),
    })))
}

fn pack(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(bytes)?;
    packer.finish()
}

/// The file itself. Nothing of this answer is signed, and there is no Request-ID (§8.1).
pub(in crate::sandbox::api) fn download(platform: &Arc<Platform>, query: &str) -> Result<Response, ApiError> {
    let parameters = Parameters::read(query, &["token"])?;
    let token = parameters.0.get("token").map(String::as_str).unwrap_or_default();
    let bill = platform.issued_bill(token).ok_or_else(|| ApiError::invalid_request("下载链接已过期或不存在"))?;
    let (pause, is_cut) = {
        let bills = &mut platform.faults().bills;
        (Duration::from_millis(bills.bill_slow_ms), bills.bill_cut.take())
    };
    let whole = bill.len();
    let end = if is_cut { whole / 2 } else { whole };
    let pieces = (0..end).step_by(PIECE).map(move |from| Ok(bill.slice(from..(from + PIECE).min(end))));
    let cut = is_cut.then(|| Err(std::io::Error::other("the sandbox breaks off")));
    let body = futures::stream::iter(pieces.chain(cut)).then(move |piece: Result<Bytes, _>| async move {
        // What has been written before is to be on its way when the connection breaks.
        let pause = if piece.is_err() { pause.max(BEFORE_BREAKING) } else { pause };
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        piece
    });
    Response::builder()
        .status(StatusCode::OK)
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .header(header::CONTENT_LENGTH, whole)
        .body(Body::from_stream(body))
        .map_err(|_| ApiError::system_error())
}
