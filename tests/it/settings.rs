//! What Saoma is told from outside: a `.env`, the environment, and the slips in both.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt, path::Path, process::Output};

use crate::support::{Process, command, folder, free_port, lay_keys};

fn told(output: &Output) -> String {
    String::from_utf8([&output.stdout[..], &output.stderr].concat()).expect("UTF-8")
}

/// A server with these arguments, once it answers.
async fn serve(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Process {
    let port = free_port();
    let mut command = command(folder, arguments);
    command.envs(variables.iter().copied()).env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}"));
    let mut process = Process::spawn(command, folder, port, "serve.log");
    process.until_answered("/healthz").await;
    process
}

#[tokio::test]
async fn the_env_file_of_a_folder_above_is_not_ours() {
    let above = folder();
    fs::write(above.path().join(".env"), "SAOMA_PAYEE=别人的店\n").expect("writes");
    let here = above.path().join("shop");
    lay_keys(&here.join("data/sandbox"));
    let process = serve(&here, &["serve", "--sandbox"], &[]).await;
    assert!(!process.get("/").await.shown().contains("别人的店"));
}

#[tokio::test]
async fn a_file_is_named_instead_and_the_environment_wins() {
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    fs::write(folder.path().join(".env"), "SAOMA_PAYEE=不用的店\nthis line cannot be read\n").expect("writes");
    fs::write(folder.path().join("shop.env"), "SAOMA_PAYEE=文件里的店\nSAOMA_PAY_MINUTES=99\n").expect("writes");
    let arguments = ["serve", "--sandbox", "--env-file", "shop.env"];
    let process = serve(folder.path(), &arguments, &[("SAOMA_PAY_MINUTES", "7")]).await;
    assert!(process.get("/").await.shown().contains("文件里的店"));
    let order = process.order(1).await;
    let left = process.look(&order.token).await["secondsLeft"].as_i64().expect("a number");
    assert!((390..=420).contains(&left), "{left}");

    let output = command(folder.path(), &["--env-file", "nowhere.env", "serve", "--sandbox"]).output().expect("runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("nowhere.env: cannot be read"), "{}", told(&output));
}

#[tokio::test]
async fn what_windows_makes_of_a_sandboxs_credentials_is_a_live_shop() {
    let folder = folder();
    let sandbox_folder = folder.path().join("sandbox");
    lay_keys(&sandbox_folder);
    let _sandbox = Process::sandbox(&sandbox_folder).await;
    let credentials = sandbox_folder.join("credentials.env");
    let shop = folder.path().join("shop");
    fs::create_dir(&shop).expect("a folder");
    let path = credentials.to_str().expect("UTF-8");
    let port = free_port();
    let notify = format!("http://127.0.0.1:{port}");
    let process = serve(&shop, &["serve", "--env-file", path], &[("WXPAY_NOTIFY_DOMAIN", &notify)]).await;
    assert!(process.log().contains("no real money"), "{}", process.log());

    // A mark at the beginning, CRLF, `export`, and the key itself in several lines.
    let key = fs::read_to_string(sandbox_folder.join("apiclient_key.pem")).expect("a key");
    let mut lines = vec!["# it's from Windows".to_owned()];
    for line in fs::read_to_string(&credentials).expect("is there").lines() {
        lines.push(match line.split_once('=') {
            Some(("WXPAY_PRIVATE_KEY_PATH", _)) => format!("WXPAY_PRIVATE_KEY=\"{}\"", key.trim()),
            Some(_) if !line.starts_with('#') => format!("export {line}"),
            _ => line.to_owned(),
        });
    }
    let windows = format!("\u{feff}{}\n", lines.join("\n")).replace('\n', "\r\n");
    let other = folder.path().join("other");
    fs::create_dir(&other).expect("a folder");
    fs::write(other.join(".env"), windows).expect("writes");
    let process = serve(&other, &["serve"], &[("WXPAY_NOTIFY_DOMAIN", &notify)]).await;
    assert!(process.log().contains("no real money"), "{}", process.log());
}

#[test]
fn a_line_that_cannot_be_read_is_named_and_not_shown() {
    for (lines, place) in [
        (
            "SAOMA_PAY_MINUTES=5\nWXPAY_PRIVATE_KEY=-----BEGIN PRIVATE KEY-----\nVERYSECRET\n",
            "line 2 (WXPAY_PRIVATE_KEY)",
        ),
        ("WXPAY_API_V3_KEY=\"VERYSECRET\nSAOMA_PAY_MINUTES=5\n", "line 1 (WXPAY_API_V3_KEY)"),
        ("A_B=1\n\nVERYSECRET+x==\n", "line 3:"),
        ("A_B=1\nVERYSECRET\n", "line 2:"),
    ] {
        let folder = folder();
        fs::write(folder.path().join(".env"), lines).expect("writes");
        for arguments in [&["serve"][..], &["product", "list"], &["sandbox", "--dir", "sandbox"]] {
            let output = command(folder.path(), arguments).output().expect("runs");
            assert_eq!(output.status.code(), Some(2), "{lines}");
            let told = told(&output);
            assert!(told.contains(".env") && told.contains(place) && !told.contains("VERYSECRET"), "{told}");
        }
    }
}

#[test]
fn what_is_not_utf_8_is_an_error_that_names_it_and_never_taken_for_unset() {
    let gbk = OsStr::from_bytes(b"\xc9\xcc\xb5\xea");
    for variable in
        ["SAOMA_PAYEE", "DATABASE_URL", "LEPTOS_SITE_ADDR", "LEPTOS_SITE_ROOT", "SAOMA_DATA_DIR", "RUST_LOG"]
    {
        let folder = folder();
        let mut serve = command(folder.path(), &["serve", "--sandbox"]);
        let output = serve.env("LEPTOS_SITE_ADDR", "127.0.0.1:0").env(variable, gbk).output().expect("runs");
        assert_eq!(output.status.code(), Some(2), "{variable}");
        assert!(told(&output).contains(&format!("{variable}: is not UTF-8")), "{}", told(&output));
        assert!(!folder.path().join("data").exists(), "no other books are opened instead");
    }
    // With all that is wrong besides, and not said to be missing.
    let folder = folder();
    let output = command(folder.path(), &["serve"]).env("WXPAY_APPID", gbk).output().expect("runs");
    let words = told(&output);
    assert!(words.contains("WXPAY_APPID: is not UTF-8") && words.contains("WXPAY_MCH_ID: is missing"), "{words}");
    assert!(!words.contains("WXPAY_APPID: is missing"), "{words}");
    // In a file, too.
    fs::write(folder.path().join(".env"), b"SAOMA_PAYEE=\xc9\xcc\xb5\xea\n").expect("writes");
    let output = command(folder.path(), &["serve", "--sandbox"]).output().expect("runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("line 1 (SAOMA_PAYEE): is not UTF-8"), "{}", told(&output));
}

#[tokio::test]
async fn misspelt_names_are_told_and_stop_nobody() {
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    fs::write(folder.path().join(".env"), "SAOMA_PAYE=店\nOTHERS_SECRET=VERYSECRET\n").expect("writes");
    let wrong = [("SAOMA_ORDERS_PER_MINUTES", "5"), ("SAOMA_MOOD", "VERYSECRET"), ("SAOMA_PAY_MINUTES", "5")];
    let process = serve(folder.path(), &["serve", "--sandbox"], &wrong).await;
    let log = process.log();
    for words in [
        "SAOMA_PAYE is set, but is no setting of Saoma; is SAOMA_PAYEE meant?",
        "SAOMA_ORDERS_PER_MINUTES is set, but is no setting of Saoma; is SAOMA_ORDERS_PER_MINUTE meant?",
        "SAOMA_MOOD is set, but is no setting of Saoma\n",
    ] {
        assert!(log.contains(words), "{words}: {log}");
    }
    assert!(!log.contains("VERYSECRET") && !log.contains("SAOMA_PAY_MINUTES is") && !log.contains("OTHERS"), "{log}");
    // Where it is the cause of what is missing.
    let output = command(folder.path(), &["serve"]).env("WXPAY_MCHID", "1900007291").output().expect("runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("is WXPAY_MCH_ID meant?"), "{}", told(&output));
}

#[tokio::test]
async fn a_log_filter_that_says_nothing_is_told() {
    for (filter, words, is_silent) in [
        ("inf", "RUST_LOG says nothing about Saoma", true),
        ("saoma=lots", "RUST_LOG cannot be read", false),
        ("warn", "", true),
        ("off", "", true),
    ] {
        let folder = folder();
        lay_keys(&folder.path().join("data/sandbox"));
        let process = serve(folder.path(), &["serve", "--sandbox"], &[("RUST_LOG", filter)]).await;
        let log = process.log();
        assert!(log.contains(words) && log.contains("RUST_LOG") != words.is_empty(), "{filter}: {log}");
        assert_eq!(log.contains("Saoma listens"), !is_silent, "{filter}: {log}");
    }
}

#[tokio::test]
async fn an_address_in_use_may_be_tried_again_and_a_folder_that_is_none_not_before_it_is_mended() {
    let home = folder();
    lay_keys(&home.path().join("data/sandbox"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = command(home.path(), &["serve", "--sandbox"]).env("LEPTOS_SITE_ADDR", &address).output();
    let output = output.expect("runs");
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(told(&output).contains("LEPTOS_SITE_ADDR") && told(&output).contains(&address), "{}", told(&output));

    fs::write(home.path().join("file"), "").expect("writes");
    for folder in ["file", "file/below", "/proc/nowhere"] {
        let mut serve = command(home.path(), &["serve", "--sandbox"]);
        let output = serve.env("LEPTOS_SITE_ADDR", "127.0.0.1:0").env("SAOMA_DATA_DIR", folder).output().expect("runs");
        assert_eq!(output.status.code(), Some(2), "{folder}: {}", told(&output));
        assert!(told(&output).contains("SAOMA_DATA_DIR: "), "{folder}: {}", told(&output));
    }
}
