//! `credentials.env` and the files it names (design §2.2, §2.5).

use std::{fs, process::Command};

use saoma::sandbox::{Sandbox, SandboxCommand, SandboxOptions};
use secrecy::ExposeSecret as _;
use tokio_util::sync::CancellationToken;

use crate::harness::{Client, Folder, Platform};

const NAMES: [&str; 12] = [
    "WXPAY_MCH_ID",
    "WXPAY_APPID",
    "WXPAY_MCH_SERIAL_NO",
    "WXPAY_CERTIFICATE_PATH",
    "WXPAY_PRIVATE_KEY_PATH",
    "WXPAY_API_V3_KEY",
    "WXPAY_PUBLIC_KEY_ID",
    "WXPAY_PUBLIC_KEY_PATH",
    "WXPAY_PLATFORM_SERIAL_NO",
    "WXPAY_PLATFORM_CERTIFICATE_PATH",
    "WXPAY_DOMAIN",
    "WXPAY_NOTIFY_DOMAIN",
];

#[test]
fn a_shell_and_dotenv_read_the_same() {
    let parent = Folder::fresh();
    let dir = parent.join("with blanks & $igns");
    let options = SandboxOptions::new(([0, 0, 0, 0], 9090).into()).expect("an address");
    let sandbox = Sandbox::open(&dir, options).expect("opens");
    let read: Vec<(String, String)> = dotenvy::from_path_iter(dir.join("credentials.env"))
        .expect("is there")
        .map(|pair| pair.expect("dotenv"))
        .collect();
    assert_eq!(read.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), NAMES);
    let script = format!(". ./credentials.env; printf '%s\\n' {}", NAMES.map(|name| format!("\"${name}\"")).join(" "));
    let output = Command::new("sh").args(["-c", &script]).current_dir(&dir).output().expect("a shell");
    let sourced: Vec<String> = String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect();
    assert_eq!(sourced, read.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>());

    let value = |name: &str| read.iter().find(|(n, _)| n == name).expect("is there").1.clone();
    assert_eq!(value("WXPAY_DOMAIN"), "http://127.0.0.1:9090");
    assert_eq!(value("WXPAY_NOTIFY_DOMAIN"), "http://127.0.0.1:3000");
    for (name, begin) in [
        ("WXPAY_CERTIFICATE_PATH", "-----BEGIN CERTIFICATE"),
        ("WXPAY_PRIVATE_KEY_PATH", "-----BEGIN PRIVATE"),
        ("WXPAY_PUBLIC_KEY_PATH", "-----BEGIN PUBLIC"),
        ("WXPAY_PLATFORM_CERTIFICATE_PATH", "-----BEGIN CERTIFICATE"),
    ] {
        assert!(std::path::Path::new(&value(name)).is_absolute());
        assert!(fs::read_to_string(value(name)).expect("is there").starts_with(begin), "{name}");
    }
    assert_eq!(value("WXPAY_PLATFORM_SERIAL_NO").len(), 40);
    assert_eq!(value("WXPAY_API_V3_KEY").len(), 32);
    assert!(value("WXPAY_PUBLIC_KEY_ID").starts_with("PUB_KEY_ID_"));
    assert_eq!(value("WXPAY_PUBLIC_KEY_ID").len(), "PUB_KEY_ID_".len() + 32);

    let credentials = sandbox.credentials();
    assert_eq!(credentials.mchid, value("WXPAY_MCH_ID"));
    assert_eq!(credentials.api_v3_key.expose_secret(), value("WXPAY_API_V3_KEY"));
    let shown = format!("{credentials:?} {credentials}");
    assert!(!shown.contains(credentials.api_v3_key.expose_secret()) && !shown.contains("PRIVATE KEY"));
}

#[cfg(unix)]
#[tokio::test]
async fn secrets_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = Folder::fresh();
    let options = SandboxOptions::new(([127, 0, 0, 1], 9090).into()).expect("an address");
    drop(Sandbox::open(&dir, options).expect("opens"));
    for file in [
        "apiclient_key.pem",
        "credentials.env",
        "account.json",
        "journal.jsonl",
        "platform/pub_key_private.pem",
        "platform/cert_key.pem",
    ] {
        let mode = fs::metadata(dir.join(file)).expect("is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[tokio::test]
async fn the_command_runs_until_it_is_told_to_stop() {
    let dir = Folder::fresh();
    let shutdown = CancellationToken::new();
    let running = {
        let (dir, shutdown) = (dir.to_path_buf(), shutdown.clone());
        tokio::spawn(async move {
            let command = SandboxCommand::new(([127, 0, 0, 1], 0).into(), dir);
            saoma::sandbox::run(command, shutdown, &mut std::io::sink()).await
        })
    };
    let clock = saoma::clock::Clock::system();
    for _ in 0..500 {
        if dir.join("credentials.env").exists() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let client = Client::new(&dir, clock);
    assert_eq!(client.get("/v3/certificates").await.status, 200);
    shutdown.cancel();
    running.await.expect("ends").expect("ends well");
}

#[tokio::test]
async fn two_folders_are_two_merchants() {
    let (first, second) = (Folder::fresh(), Folder::fresh());
    let open = |dir: &Folder| {
        let options = SandboxOptions::new(([127, 0, 0, 1], 9090).into()).expect("an address");
        Sandbox::open(dir, options).expect("opens").credentials().clone()
    };
    let (first, second) = (open(&first), open(&second));
    assert_ne!(first.mchid, second.mchid);
    assert_ne!(first.serial_no, second.serial_no);
    assert_ne!(first.api_v3_key.expose_secret(), second.api_v3_key.expose_secret());
    // And a platform of one does not let the other in.
    let platform = Platform::start().await;
    assert_ne!(platform.client.mchid, first.mchid);
}
