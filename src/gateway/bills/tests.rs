use std::{fs, io::Write as _, path::PathBuf};

use flate2::{Compression, write::GzEncoder};
use jiff::civil::date;
use serde_json::json;
use sha1::{Digest as _, Sha1};

use super::{outcome::Fingerprint, *};
use crate::gateway::tests::{Answer, Platform, gateway, rejected, signed};

const TEXT: &[u8] = "交易时间,…\r\n`1\r\n".as_bytes();

struct Folder(PathBuf);

impl Folder {
    fn fresh() -> Self {
        let folder =
            std::env::temp_dir().join(format!("saoma-bills-{:032x}", crate::entropy::Entropy::system().u128()));
        fs::create_dir(&folder).expect("a folder");
        Self(folder)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("a folder");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap_or_default();
    }
}

fn hash(bytes: &[u8]) -> String {
    Sha1::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn packed() -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(TEXT).expect("written");
    packer.finish().expect("packed")
}

fn file(bytes: &[u8]) -> Answer {
    Answer::Reply(200, HeaderMap::new(), bytes.to_vec())
}

/// Applies and fetches; the platform answers the application with this address and hash, and then the file.
async fn fetched(to: &Path, url: Option<&str>, hash: &str, answer: Answer) -> Result<Fetched, FetchError> {
    // The address of the platform is not known before it runs, so a first one tells it.
    let platform = Platform::start([]).await;
    let base = platform.base.clone();
    let url = url.map_or_else(|| format!("{base}v3/billdownload/file?token=a%2Fb&x=1"), str::to_owned);
    let body = json!({"hash_type": "SHA1", "hash_value": hash, "download_url": url}).to_string();
    platform.prepare([signed(200, &body), answer]);
    let gateway = gateway(&platform);
    let ticket = gateway.apply_bill(BillKind::Trade, date(2026, 1, 1)).await?;
    let fetched = gateway.fetch_bill(&ticket, to).await;
    let seen = platform.seen();
    assert_eq!(seen[0].uri.to_string(), "/v3/bill/tradebill?bill_date=2026-01-01&bill_type=ALL&tar_type=GZIP");
    assert_eq!(seen[1].uri.to_string(), "/v3/billdownload/file?token=a%2Fb&x=1", "verbatim, as it is signed");
    assert!(seen[1].headers.contains_key("authorization"));
    fetched
}

#[tokio::test]
async fn either_hash_is_taken_and_the_whole_file_kept() {
    let folder = Folder::fresh();
    let to = folder.0.join("trade.bill");
    for (told, matched) in [(hash(TEXT).to_uppercase(), Fingerprint::Plain), (hash(&packed()), Fingerprint::Packed)] {
        let fetched = fetched(&to, None, &told, file(&packed())).await.expect("a bill");
        assert_eq!((fetched.matched, fetched.plain_bytes), (matched, TEXT.len() as u64));
        assert_eq!(fs::read(&to).expect("is there"), packed());
    }
    // Asked for packed, and it comes as it is.
    fetched(&to, None, &hash(TEXT), file(TEXT)).await.expect("a bill");
    assert_eq!(fs::read(&to).expect("is there"), TEXT);
    assert_eq!(folder.names(), ["trade.bill"]);
    assert_eq!(fs::metadata(&to).expect("is there").permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_half_never_replaces_a_whole() {
    let folder = Folder::fresh();
    let to = folder.0.join("trade.bill");
    fs::write(&to, b"whole").expect("written");
    let half = packed()[..packed().len() / 2].to_vec();
    let expired = rejected(400, r#"{"code":"INVALID_REQUEST","message":"expired"}"#);
    for (answer, told, what) in [
        (file(&packed()), hash(b"another"), "its hash"),
        (file(&half), hash(TEXT), "broke off"),
        (expired, hash(TEXT), "400 INVALID_REQUEST"),
        (rejected(403, r#"{"code":"NO_AUTH","message":"no"}"#), hash(TEXT), "NO_AUTH"),
        (Answer::Reply(302, HeaderMap::new(), Vec::new()), hash(TEXT), "status 302"),
    ] {
        let error = fetched(&to, None, &told, answer).await.expect_err("no bill").to_string();
        assert!(error.contains(what), "{error}");
        assert_eq!(fs::read(&to).expect("is there"), b"whole");
        assert_eq!(folder.names(), ["trade.bill"], "{what}");
    }
}

#[tokio::test]
async fn nobody_else_is_asked_for_it() {
    let folder = Folder::fresh();
    let to = folder.0.join("trade.bill");
    for url in
        ["https://bills.example.com/v3/billdownload/file?token=1", "http://127.0.0.1:1/x", "http://u:p@localhost/"]
    {
        let error = fetched(&to, Some(url), &hash(TEXT), file(TEXT)).await.expect_err("elsewhere");
        assert!(matches!(error, FetchError::Elsewhere(_)), "{error}");
        assert!(!error.to_string().contains("token"), "{error}");
    }
    assert!(folder.names().is_empty());
}

use std::os::unix::fs::PermissionsExt as _;

#[tokio::test]
async fn what_wechat_says_of_a_day_is_told_apart() {
    for (status, code, no_statement, creating) in [
        (400, "NO_STATEMENT_EXIST", true, false),
        (400, "STATEMENT_CREATING", false, true),
        (403, "NO_AUTH", false, false),
    ] {
        let body = json!({"code": code, "message": "x"}).to_string();
        let platform = Platform::start([rejected(status, &body)]).await;
        let applied = gateway(&platform).apply_bill(BillKind::FundFlow, date(2026, 1, 1)).await;
        let Err(FetchError::Gateway(error)) = applied else { panic!("{applied:?}") };
        assert_eq!((error.is_no_statement(), error.is_statement_creating()), (no_statement, creating), "{error}");
        assert_eq!(matches!(error, GatewayError::Misconfigured(_)), code == "NO_AUTH");
    }
}

#[test]
fn two_at_once_do_not_mix() {
    let folder = Folder::fresh();
    let to = folder.0.join("trade.bill");
    let (mut one, mut other) = (Part::create(&to).expect("a file"), Part::create(&to).expect("another"));
    one.write(b"one").expect("written");
    other.write(b"another").expect("written");
    check_hash(one, &hash(b"one")).expect("whole");
    assert_eq!(fs::read(&to).expect("is there"), b"one");
    check_hash(other, &hash(b"another")).expect("whole");
    assert_eq!(
        (fs::read(&to).expect("is there"), folder.names()),
        (b"another".to_vec(), vec!["trade.bill".to_owned()])
    );
}
