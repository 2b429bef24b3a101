//! `saoma doctor` against set-ups that are broken in one way each: it names that and nothing else, and says nothing of
//! a right one.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use sqlx::Connection as _;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::support::{Process, Shown, command, folder, free_port, is_file, lay_keys};

/// A platform, a server in live mode on it, and the variables that both are told of.
struct Shop {
    home: TempDir,
    platform: Process,
    server: Option<Process>,
    variables: BTreeMap<String, String>,
}

impl Shop {
    async fn open() -> Self {
        let home = folder();
        let sandbox = home.path().join("platform");
        fs::create_dir(&sandbox).expect("makes");
        lay_keys(&sandbox);
        let platform = Process::sandbox(&sandbox).await;
        let port = free_port();
        let credentials = dotenvy::from_path_iter(sandbox.join("credentials.env")).expect("is there");
        let mut variables: BTreeMap<_, _> = credentials.map(|pair| pair.expect("dotenv")).collect();
        let data = home.path().join("data");
        for (name, value) in [
            ("WXPAY_NOTIFY_DOMAIN", format!("http://127.0.0.1:{port}")),
            ("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}")),
            ("DATABASE_URL", format!("sqlite://{}/saoma.db", data.display())),
        ] {
            variables.insert(name.to_owned(), value);
        }
        // What belongs to other programs.
        variables.retain(|name, _| !name.starts_with("WXPAY_PLATFORM_"));
        let key = &variables["WXPAY_PRIVATE_KEY_PATH"];
        fs::set_permissions(key, fs::Permissions::from_mode(0o600)).expect("sets");
        let mut shop = Self { home, platform, server: None, variables };
        shop.start().await;
        shop
    }

    fn path(&self) -> &Path {
        self.home.path()
    }

    fn books(&self) -> PathBuf {
        self.path().join("data/saoma.db")
    }

    async fn start(&mut self) {
        let mut serve = command(self.path(), &["serve"]);
        serve.envs(&self.variables);
        let port = self.variables["LEPTOS_SITE_ADDR"].rsplit(':').next().and_then(|port| port.parse().ok());
        let mut server = Process::spawn(serve, self.path(), port.expect("a port"), "serve.log");
        server.until_answered("/healthz").await;
        self.server = Some(server);
    }

    async fn stop(&mut self) {
        let mut server = self.server.take().expect("runs");
        server.terminate();
        server.ended().await;
    }

    /// Somebody works on the books themselves.
    async fn write(&self, sql: &'static str) {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.books());
        let mut c = sqlx::SqliteConnection::connect_with(&options).await.expect("opens");
        sqlx::query(sql).execute(&mut c).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        c.close().await.expect("closes");
    }

    /// What is found, with these variables instead: `None` for one that is not set.
    fn examine(&self, arguments: &[&str], instead: &[(&str, Option<&str>)]) -> (i32, Vec<String>, Value, String) {
        let mut doctor = command(self.path(), &[&["doctor", "--json"], arguments].concat());
        doctor.envs(&self.variables);
        for (name, value) in instead {
            match value {
                Some(value) => doctor.env(name, value),
                None => doctor.env_remove(name),
            };
        }
        let output = doctor.output().expect("runs");
        let log = String::from_utf8(output.stderr).expect("UTF-8");
        let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {log}"));
        let findings = told["findings"].as_array().expect("a list");
        let named = findings.iter().map(|it| it["check"].as_str().expect("a name").to_owned()).collect();
        (output.status.code().expect("a code"), named, told, log)
    }

    fn assert_named(&self, what: &str, instead: &[(&str, Option<&str>)]) -> Value {
        let (code, named, told, log) = self.examine(&[], instead);
        assert_eq!(named, [what], "{instead:?}: {told:#} {log}");
        assert_eq!(code, 1, "{told:#}");
        for language in ["zh", "en"] {
            assert!(told["findings"][0][language]["remedy"].as_str().is_some_and(|it| it.len() > 10), "{told:#}");
        }
        told
    }
}

/// Answers everybody the same.
async fn always(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 8192];
                if stream.read(&mut request).await.is_err() {
                    return;
                }
                stream.write_all(answer.as_bytes()).await.ok();
                stream.shutdown().await.ok();
            });
        }
    });
    format!("http://{address}")
}

/// A proxy that takes a header from every request.
async fn without(header: &'static str, target: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let target = target.clone();
            tokio::spawn(async move {
                let mut request = vec![0; 65536];
                let length = stream.read(&mut request).await.unwrap_or(0);
                let text = String::from_utf8_lossy(&request[..length]).into_owned();
                let kept: Vec<_> = text.split("\r\n").filter(|line| !line.to_lowercase().starts_with(header)).collect();
                let kept = kept.join("\r\n").replacen("\r\n", "\r\nconnection: close\r\n", 1);
                let mut behind = TcpStream::connect(&target).await.expect("connects");
                behind.write_all(kept.as_bytes()).await.ok();
                let mut answer = Vec::new();
                behind.read_to_end(&mut answer).await.ok();
                stream.write_all(&answer).await.ok();
                stream.shutdown().await.ok();
            });
        }
    });
    format!("http://{address}")
}

// The strangers that answer here have a thread of their own: the doctor is waited for without giving way.
#[tokio::test(flavor = "multi_thread")]
async fn a_right_set_up_is_silent_and_each_broken_one_is_named() {
    if !is_file() {
        return;
    }
    let mut shop = Shop::open().await;
    let (code, named, told, log) = shop.examine(&[], &[]);
    assert_eq!((code, named.len()), (0, 0), "{told:#} {log}");
    assert_eq!(told["unchecked"], json!([]), "the whole way works: {told:#}");
    let (code, named, _, _) = shop.examine(&["--offline"], &[]);
    assert_eq!((code, named.len()), (0, 0));
    let server = shop.variables["LEPTOS_SITE_ADDR"].clone();

    // Settings.
    let told = shop.assert_named("settings", &[("WXPAY_API_V3_KEY", None)]);
    assert!(told["findings"][0]["detail"].as_str().is_some_and(|it| it.contains("WXPAY_API_V3_KEY")), "{told:#}");
    shop.assert_named("settings", &[("WXPAY_API_V3_KEY", Some("too-short"))]);
    fs::write(shop.path().join("no-key.pem"), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
        .expect("writes");
    shop.assert_named("settings", &[("WXPAY_PRIVATE_KEY_PATH", Some("no-key.pem")), ("WXPAY_CERTIFICATE_PATH", None)]);
    let serial = "0123456789ABCDEF0123456789ABCDEF01234567";
    let told = shop.assert_named("settings", &[("WXPAY_MCH_SERIAL_NO", Some(serial))]);
    assert!(told["findings"][0]["detail"].as_str().is_some_and(|it| it.contains("SERIAL_NO")), "{told:#}");

    // What WeChat says of the keys.
    let no_certificate = ("WXPAY_CERTIFICATE_PATH", None);
    shop.assert_named("signature", &[no_certificate, ("WXPAY_MCH_SERIAL_NO", Some(serial))]);
    shop.assert_named("api_v3_key", &[("WXPAY_API_V3_KEY", Some("0123456789abcdef0123456789abcdef"))]);
    shop.assert_named("public_key", &[("WXPAY_PUBLIC_KEY_ID", Some("PUB_KEY_ID_0000000000000000000000000000"))]);

    // The ways there and back.
    let nobody = format!("http://127.0.0.1:{}", free_port());
    shop.assert_named("host_unreachable", &[("WXPAY_DOMAIN", Some(&nobody))]);
    shop.assert_named("notify_unreachable", &[("WXPAY_NOTIFY_DOMAIN", Some(&nobody))]);
    shop.assert_named("notify_name", &[("WXPAY_NOTIFY_DOMAIN", Some("https://nowhere.invalid"))]);
    let redirect =
        always("HTTP/1.1 301 Moved\r\nlocation: https://www.example.com/\r\ncontent-length: 0\r\n\r\n").await;
    shop.assert_named("notify_redirect", &[("WXPAY_NOTIFY_DOMAIN", Some(&redirect))]);
    let login =
        always("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 18\r\n\r\n<form>login</form>").await;
    shop.assert_named("notify_other", &[("WXPAY_NOTIFY_DOMAIN", Some(&login))]);
    let stripped = without("wechatpay-serial", server.clone()).await;
    shop.assert_named("notify_stripped", &[("WXPAY_NOTIFY_DOMAIN", Some(&stripped))]);

    // The machine.
    let port = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let taken = port.local_addr().expect("an address").to_string();
    let (_, named, told, _) = shop.examine(&["--offline"], &[("LEPTOS_SITE_ADDR", Some(&taken))]);
    assert_eq!(named, ["port_taken"], "{told:#}");
    let key = PathBuf::from(&shop.variables["WXPAY_PRIVATE_KEY_PATH"]);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o604)).expect("sets");
    shop.assert_named("open_to_others", &[]);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("sets");

    // The doctor's own environment, as a service has it where the zones are not installed.
    let told = shop.assert_named("time_zone", &[("TZ", Some("Nowhere/Land"))]);
    assert!(told["findings"][0]["detail"].as_str().is_some_and(|it| it.contains("TZ")), "{told:#}");

    // The books.
    shop.write("INSERT INTO products (id, title, summary, price_fen) VALUES (9, '😀😀', '', 1)").await;
    shop.assert_named("unfit_product", &[]);
    shop.write("DELETE FROM products WHERE id = 9").await;
    shop.write("INSERT INTO heartbeats VALUES ('other', 5, 0, 1900000000000)").await;
    shop.assert_named("several_servers", &[]);
    shop.write("DELETE FROM heartbeats WHERE instance = 'other'").await;
    let other = [("WXPAY_MCH_ID", Some("1900000999")), no_certificate];
    let (_, named, told, _) = shop.examine(&["--offline"], &other);
    assert_eq!(named, ["books_refused"], "{told:#}");
    fs::write(shop.path().join("text"), "no books").expect("writes");
    fs::set_permissions(shop.path().join("text"), fs::Permissions::from_mode(0o600)).expect("sets");
    let no_books = format!("sqlite://{}", shop.path().join("text").display());
    shop.assert_named("books_refused", &[("DATABASE_URL", Some(&no_books))]);
    shop.stop().await;
    shop.write("UPDATE leases SET last_good_ms = last_good_ms - 3600000 WHERE name = 'refunds'").await;
    shop.write("INSERT INTO heartbeats VALUES ('alive', 5, 0, 1900000000000)").await;
    let (code, named, told, _) = shop.examine(&["--offline"], &[]);
    assert_eq!((code, named), (1, vec!["jobs_stale".to_owned()]), "{told:#}");
    shop.write("DELETE FROM heartbeats").await;
    shop.write("UPDATE leases SET last_good_ms = last_good_ms + 3600000 WHERE name = 'refunds'").await;
    shop.write("UPDATE generation SET copied_ms = 1790000000000").await;
    let (code, named, told, _) = shop.examine(&["--offline"], &[]);
    assert_eq!((code, named), (1, vec!["put_back".to_owned()]), "{told:#}");
    shop.write("DELETE FROM restorations").await;
    let (code, named, told, _) = shop.examine(&[], &[]);
    assert_eq!((code, named.len()), (2, 0), "no server: the way back cannot be checked: {told:#}");
    assert_eq!(told["unchecked"][0]["what"], "callback", "{told:#}");
    drop(shop.platform);
}

#[tokio::test]
async fn a_certificate_that_nobody_gets_in_with_is_named() {
    if !is_file() {
        return;
    }
    let mut shop = Shop::open().await;
    shop.stop().await;
    shop.write("DELETE FROM heartbeats").await;
    let place = |name: &str| {
        let folder = shop.path().join(name);
        fs::create_dir(&folder).expect("makes");
        folder
    };
    let (good, other) = (Shown::lay(&place("good"), "shop.example.com"), Shown::lay(&place("other"), "example.org"));
    let examine = |certificate: &Path, key: &Path| {
        fs::set_permissions(key, fs::Permissions::from_mode(0o600)).ok();
        let (certificate, key) = (certificate.display().to_string(), key.display().to_string());
        let instead = [
            ("WXPAY_NOTIFY_DOMAIN", Some("https://shop.example.com")),
            ("SAOMA_TLS", Some("files")),
            ("SAOMA_TLS_CERTIFICATE", Some(&*certificate)),
            ("SAOMA_TLS_KEY", Some(&*key)),
        ];
        let (_, named, told, log) = shop.examine(&["--offline"], &instead);
        (named, format!("{told:#} {log}"))
    };
    let (named, told) = examine(&good.certificate, &good.key);
    assert!(named.is_empty(), "{told}");
    for (certificate, key, why) in [
        (&good.certificate, &other.key, "the key is not the certificate's"),
        (&other.certificate, &other.key, "is not for shop.example.com"),
        (&shop.path().join("none.pem"), &good.key, "cannot be read"),
    ] {
        let (named, told) = examine(certificate, key);
        assert!(named == ["own_certificate"] && told.contains(why), "{why}: {told}");
    }
}

#[tokio::test]
async fn a_start_with_the_key_of_another_certificate_is_refused() {
    if !is_file() {
        return;
    }
    let mut shop = Shop::open().await;
    shop.stop().await;
    let mut serve = command(shop.path(), &["serve"]);
    serve.envs(&shop.variables).env("WXPAY_MCH_SERIAL_NO", "0123456789ABCDEF0123456789ABCDEF01234567");
    let output = serve.output().expect("runs");
    let told = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("WXPAY_MCH_SERIAL_NO: is not the serial of WXPAY_CERTIFICATE_PATH"), "{told}");
}
