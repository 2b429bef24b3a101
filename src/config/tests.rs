use std::collections::HashMap;

use super::*;

fn settings(pairs: &[(&str, &str)]) -> Result<Settings, Problems> {
    let map: HashMap<String, String> = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Settings::from_lookup(Wanted::Live, &|variable| map.get(variable).cloned())
}

fn sandbox(pairs: &[(&str, &str)]) -> Result<Settings, Problems> {
    let map: HashMap<String, String> = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Settings::from_lookup(Wanted::SANDBOX, &|variable| map.get(variable).cloned())
}

fn named(pairs: &[(&str, &str)]) -> Vec<&'static str> {
    settings(pairs).expect_err("must be refused").0.into_iter().map(|problem| problem.variable).collect()
}

fn pem(name: &str) -> String {
    let path = format!("{}/tests/vectors/keys/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("a key of the test vectors")
}

const KEY: &str = "0123456789abcdef0123456789ABCDEF";

fn with_live(change: &[(&'static str, &str)]) -> Result<Settings, Problems> {
    let (private, public) = (pem("merchant_key.pem"), pem("wechatpay_public.pem"));
    let mut pairs = vec![
        ("WXPAY_MCH_ID", "1900007291"),
        ("WXPAY_APPID", "wx2421b1c4370ec43b"),
        ("WXPAY_MCH_SERIAL_NO", "5F1C72AB5F1C72AB5F1C72AB5F1C72AB5F1C72AB"),
        ("WXPAY_PRIVATE_KEY", &private),
        ("WXPAY_API_V3_KEY", KEY),
        ("WXPAY_PUBLIC_KEY_ID", "PUB_KEY_ID_0119000072912026110100389100001"),
        ("WXPAY_PUBLIC_KEY", &public),
        ("WXPAY_NOTIFY_DOMAIN", "https://shop.example.com"),
    ];
    for (variable, value) in change {
        pairs.retain(|(name, _)| name != variable);
        pairs.push((variable, value));
    }
    settings(&pairs)
}

#[test]
fn sandbox_mode_with_nothing_set_has_the_documented_defaults() {
    let settings = sandbox(&[]).expect("usable");
    assert!(matches!(settings.mode, Mode::Sandbox { open: false }));
    assert_eq!(&*settings.database_url, "sqlite://data/sandbox/saoma.db");
    assert_eq!(settings.site_addr.to_string(), "127.0.0.1:3000");
    assert_eq!(
        (settings.pay_minutes, settings.orders_per_minute, settings.rejected_callbacks_per_minute),
        (15, 30, 120)
    );
    assert_eq!((settings.checks_per_minute, settings.questions_per_second), (60, 20));
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    assert!(matches!(sandbox(&[("WXPAY_MCH_ID", "  ")]).expect("usable").mode, Mode::Sandbox { .. }));
    assert!(named(&[("WXPAY_MCH_ID", "  ")]).contains(&"WXPAY_MCH_ID"));
}

#[test]
fn nothing_set_is_a_live_shop_without_an_account_and_never_a_sandbox() {
    let problems = settings(&[]).expect_err("refused");
    let named: Vec<_> = problems.0.iter().map(|it| it.variable).collect();
    let required = [
        "WXPAY_MCH_ID",
        "WXPAY_APPID",
        "WXPAY_MCH_SERIAL_NO",
        "WXPAY_PRIVATE_KEY",
        "WXPAY_API_V3_KEY",
        "WXPAY_NOTIFY_DOMAIN",
    ];
    assert_eq!(named, required);
    assert!(problems.to_string().contains("saoma serve --sandbox"), "{problems}");
}

#[test]
fn a_sandbox_with_a_merchant_account_is_refused_and_no_value_repeated() {
    for variable in variables::LIVE {
        let problems = sandbox(&[(variable, "very-secret")]).expect_err(variable);
        let told = problems.to_string();
        assert!(told.contains("--sandbox") && told.contains(variable) && !told.contains("very-secret"), "{told}");
    }
}

#[test]
fn a_shop_and_a_sandbox_have_different_books_unless_somebody_names_them() {
    let live = with_live(&[]).expect("usable");
    assert_eq!(&*live.database_url, "sqlite://data/saoma.db");
    let elsewhere = [("SAOMA_DATA_DIR", "/srv")];
    assert_eq!(&*sandbox(&elsewhere).expect("usable").database_url, "sqlite:///srv/sandbox/saoma.db");
    let named = [("DATABASE_URL", "sqlite://books.db")];
    assert_eq!(&*sandbox(&named).expect("usable").database_url, "sqlite://books.db");
}

#[test]
fn a_partial_configuration_names_everything_that_is_missing() {
    let missing = named(&[("WXPAY_MCH_ID", "1900007291")]);
    assert_eq!(
        missing,
        ["WXPAY_APPID", "WXPAY_MCH_SERIAL_NO", "WXPAY_PRIVATE_KEY", "WXPAY_API_V3_KEY", "WXPAY_NOTIFY_DOMAIN"]
    );
}

#[test]
fn every_single_variable_alone_is_a_partial_configuration() {
    for variable in variables::LIVE {
        assert!(settings(&[(variable, "https://example.com")]).is_err(), "{variable}");
    }
}

#[test]
fn a_whole_account_is_live_mode() {
    let settings = with_live(&[]).expect("usable");
    let Mode::Live(live) = settings.mode else { panic!("sandbox mode") };
    assert_eq!(live.domain.as_str(), "https://api.mch.weixin.qq.com/");
    assert_eq!(live.backup.as_ref().map(Url::as_str), Some("https://api2.mch.weixin.qq.com/"));
    assert!(live.public_key.is_some());
}

#[test]
fn without_a_public_key_certificates_are_used() {
    let settings = with_live(&[("WXPAY_PUBLIC_KEY_ID", ""), ("WXPAY_PUBLIC_KEY", "")]).expect("usable");
    assert!(matches!(settings.mode, Mode::Live(live) if live.public_key.is_none()));
}

#[test]
fn wrong_values_are_named() {
    let public = pem("wechatpay_public.pem");
    let cases: [(&'static str, &str); 14] = [
        ("WXPAY_MCH_ID", "abc"),
        ("WXPAY_APPID", "wx 1"),
        ("WXPAY_MCH_SERIAL_NO", "PUB_KEY_ID_1"),
        ("WXPAY_PRIVATE_KEY", &public),
        ("WXPAY_API_V3_KEY", "short"),
        ("WXPAY_API_V3_KEY_PREVIOUS", "short"),
        ("WXPAY_PUBLIC_KEY_ID", "5F1C72AB"),
        ("WXPAY_PUBLIC_KEY", "nonsense"),
        ("WXPAY_DOMAIN", "http://api.example.com"),
        ("WXPAY_NOTIFY_DOMAIN", "http://shop.example.com"),
        ("WXPAY_NOTIFY_DOMAIN", "https://shop.example.com/notify"),
        ("WXPAY_NOTIFY_DOMAIN", "https://shop.example.com/?a=b"),
        ("WXPAY_NOTIFY_DOMAIN", "http://127.0.0.1:3000"),
        ("SAOMA_PAY_MINUTES", "121"),
    ];
    for (variable, value) in cases {
        let problems = with_live(&[(variable, value)]).expect_err(variable);
        assert_eq!(problems.0.iter().map(|it| it.variable).collect::<Vec<_>>(), [variable], "{value}");
    }
}

#[test]
fn no_value_is_repeated() {
    for variable in ["SAOMA_PAY_MINUTES", "SAOMA_ORDERS_PER_MINUTE", "SAOMA_TRUSTED_PROXIES", "LEPTOS_SITE_ADDR"] {
        let problems = with_live(&[(variable, "VERYSECRET")]).expect_err(variable).to_string();
        assert!(problems.contains(variable) && !problems.contains("VERYSECRET"), "{problems}");
    }
}

#[test]
fn http_is_for_loopback_on_both_sides() {
    let local = [("WXPAY_DOMAIN", "http://127.0.0.1:9090"), ("WXPAY_NOTIFY_DOMAIN", "http://127.0.0.1:3000")];
    assert!(with_live(&local).is_ok());
    assert!(
        with_live(&[("WXPAY_DOMAIN", "http://127.0.0.1:9090"), ("WXPAY_NOTIFY_DOMAIN", "http://shop.example.com")])
            .is_err()
    );
}

#[test]
fn value_and_path_together_are_refused() {
    let problems = with_live(&[("WXPAY_API_V3_KEY_PATH", "/nowhere")]).expect_err("refused");
    assert!(problems.to_string().contains("WXPAY_API_V3_KEY_PATH"), "{problems}");
}

/// A body that the given key has sealed, of the test vectors.
fn opens(keys: &crate::wechatpay::ApiV3Keys, answer: &str) -> bool {
    let path = format!("{}/tests/vectors/answers/{answer}.body", env!("CARGO_MANIFEST_DIR"));
    let body = std::fs::read(path).expect("an answer of the test vectors");
    let envelope: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    let text = |name: &str| envelope["resource"][name].as_str().expect("a text").to_owned();
    keys.open(&text("nonce"), &text("associated_data"), &text("ciphertext")).is_ok()
}

#[test]
fn around_a_change_the_previous_key_opens_as_well() {
    let keys = |change: &[(&'static str, &str)]| match with_live(change).expect("usable").mode {
        Mode::Live(live) => live.api_v3_keys,
        Mode::Sandbox { .. } => panic!("sandbox mode"),
    };
    let current = ("WXPAY_API_V3_KEY", "0123456789abcdefghijABCDEFGHIJ_-");
    let previous = "previous-previous-previous-12345";
    let alone = keys(&[current]);
    assert!(opens(&alone, "transaction") && !opens(&alone, "previous_key"));
    let both = keys(&[current, ("WXPAY_API_V3_KEY_PREVIOUS", previous)]);
    assert!(opens(&both, "transaction") && opens(&both, "previous_key"));

    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), format!("{previous}\n")).expect("writes");
    let path = ("WXPAY_API_V3_KEY_PREVIOUS_PATH", file.path().to_str().expect("UTF-8"));
    assert!(opens(&keys(&[current, path]), "previous_key"));

    let problems = with_live(&[path, ("WXPAY_API_V3_KEY_PREVIOUS", previous)]).expect_err("both");
    assert_eq!(problems.0[0].variable, "WXPAY_API_V3_KEY_PREVIOUS");
    assert!(!problems.to_string().contains(previous), "{problems}");
}

#[test]
fn the_merchants_own_half_is_no_platform_key() {
    let own = pem("merchant_public.pem");
    let problems = with_live(&[("WXPAY_PUBLIC_KEY", &own)]).expect_err("refused");
    assert_eq!(problems.0[0].variable, "WXPAY_PUBLIC_KEY");
}

#[test]
fn no_secret_shows_in_debug_or_in_a_problem() {
    let shown = format!("{:?}", with_live(&[]).expect("usable"));
    let body: String = pem("merchant_key.pem").lines().nth(1).expect("a line").to_owned();
    assert!(!shown.contains(KEY) && !shown.contains(&body), "{shown}");
    let problems = with_live(&[("WXPAY_API_V3_KEY", "a-secret-of-the-wrong-length")]).expect_err("refused");
    assert!(!problems.to_string().contains("a-secret"), "{problems}");
}

#[test]
fn proxies_are_addresses_or_networks() {
    let proxies = |text| sandbox(&[("SAOMA_TRUSTED_PROXIES", text)]).map(|it| it.trusted_proxies.len());
    assert_eq!(proxies("127.0.0.1, 10.0.0.0/8,::1"), Ok(3));
    let problems = proxies("proxy.local").expect_err("refused");
    assert_eq!(problems.0.iter().map(|it| it.variable).collect::<Vec<_>>(), ["SAOMA_TRUSTED_PROXIES"]);
}

#[test]
fn the_books_are_in_a_file_or_on_a_server() {
    for url in [
        "sqlite://books.db",
        "sqlite:///var/lib/saoma/saoma.db",
        "mysql://saoma:p%40ss@db.internal:3306/saoma",
        "mysql://saoma@127.0.0.1/saoma",
        "mysql://saoma@localhost/saoma?socket=/run/mysqld/mysqld.sock",
        "mysql://saoma:x@db.example.com/saoma?ssl-mode=VERIFY_IDENTITY",
    ] {
        assert_eq!(&*sandbox(&[("DATABASE_URL", url)]).expect(url).database_url, url);
    }
}

#[test]
fn another_database_is_refused_by_name_and_its_password_not_repeated() {
    for url in [
        "postgres://u:very-secret@h/d",
        "sqlite://",
        "books.db",
        "mysql://u:very-secret@h",
        "mysql://u:very-secret@h/",
        "mysql://u:very-secret@h/a/b",
        "mysql://u:very-secret@/d",
        "mysql:///d",
        "mysql://u:very-secret#1@h/d",
        "mysql://u:very-secret@h:port/d",
        "very-secret",
    ] {
        let problems = sandbox(&[("DATABASE_URL", url)]).expect_err(url);
        assert_eq!(problems.0.iter().map(|it| it.variable).collect::<Vec<_>>(), ["DATABASE_URL"], "{url}");
        assert!(!format!("{problems} {problems:?}").contains("very-secret"), "{problems}");
    }
    let shown = format!("{:?}", sandbox(&[("DATABASE_URL", "mysql://u:very-secret@h/d")]).expect("usable"));
    assert!(!shown.contains("very-secret"), "{shown}");
}

fn told(change: &[(&'static str, &str)]) -> String {
    with_live(change).expect_err("refused").to_string()
}

#[test]
fn https_of_its_own_listens_where_https_is() {
    let off = with_live(&[]).expect("usable");
    assert!(off.tls.is_none() && off.site_addr.to_string() == "127.0.0.1:3000");
    assert!(with_live(&[("SAOMA_TLS", "off")]).expect("usable").tls.is_none());
    let contact = [("SAOMA_TLS", "acme"), ("SAOMA_ACME_CONTACT", "shop@example.com")];
    let settings = with_live(&contact).expect("usable");
    assert_eq!(settings.site_addr.to_string(), "[::]:443");
    let tls = settings.tls.expect("on");
    assert_eq!((tls.names, tls.redirect_addr), (vec!["shop.example.com".to_owned()], "[::]:80".parse().ok()));
    let directory = Url::parse("https://acme-v02.api.letsencrypt.org/directory").expect("an address");
    let contact = Some("mailto:shop@example.com".to_owned());
    assert_eq!(tls.certificates, tls::Certificates::Acme { directory, ca: None, contact });
    let both =
        [("SAOMA_TLS", "acme"), ("SAOMA_PUBLIC_ORIGIN", "https://www.example.com"), ("SAOMA_REDIRECT_ADDR", "off")];
    let tls = with_live(&both).expect("usable").tls.expect("on");
    assert_eq!((tls.names, tls.redirect_addr), (vec!["shop.example.com".into(), "www.example.com".into()], None));
}

#[test]
fn https_that_cannot_be_says_why() {
    assert!(told(&[("SAOMA_TLS", "yes")]).contains("must be acme, files or off"));
    let told_of_files = told(&[("SAOMA_TLS", "files")]);
    assert!(told_of_files.contains("SAOMA_TLS_CERTIFICATE: is missing") && told_of_files.contains("SAOMA_TLS_KEY: is"));
    let address = [("SAOMA_TLS", "acme"), ("WXPAY_NOTIFY_DOMAIN", "https://192.0.2.1")];
    assert!(told(&address).contains("SAOMA_TLS=acme needs a name"));
    let plain = [("SAOMA_TLS", "acme"), ("SAOMA_PUBLIC_ORIGIN", "http://localhost")];
    assert!(told(&plain).contains("SAOMA_PUBLIC_ORIGIN: must be https"));
    assert!(told(&[("SAOMA_ACME_CONTACT", "me")]).contains("must be an e-mail address"));
    assert!(told(&[("SAOMA_ACME_DIRECTORY", "http://acme.example/dir")]).contains("must be https"));
    assert!(told(&[("SAOMA_ACME_CA", "/no/such")]).contains("SAOMA_ACME_CA: cannot read /no/such"));
    assert!(told(&[("SAOMA_REDIRECT_ADDR", "80")]).contains("such as 0.0.0.0:80"));
    let problems = sandbox(&[("SAOMA_TLS", "acme")]).expect_err("refused").to_string();
    assert!(problems.contains("SAOMA_TLS: is for a live shop"), "{problems}");
}

#[test]
fn what_https_does_not_use_is_not_passed_over_in_silence() {
    let wrong = |variable, value, tls: Option<&'static str>| {
        let change = [("SAOMA_TLS", tls.unwrap_or_default()), (variable, value)];
        with_live(&change).err().is_some_and(|problems| problems.to_string().contains("nothing uses it"))
    };
    for (variable, value, user) in [
        ("SAOMA_TLS_KEY", "/a", "files"),
        ("SAOMA_TLS_CERTIFICATE", "/a", "files"),
        ("SAOMA_ACME_CONTACT", "shop@example.com", "acme"),
        ("SAOMA_ACME_DIRECTORY", "https://acme.example/dir", "acme"),
    ] {
        let other = if user == "acme" { "files" } else { "acme" };
        assert!(wrong(variable, value, None) && wrong(variable, value, Some(other)), "{variable}");
        assert!(!wrong(variable, value, Some(user)) && !wrong(variable, value, Some("off")), "{variable}");
    }
    assert!(wrong("SAOMA_REDIRECT_ADDR", "0.0.0.0:80", None) && !wrong("SAOMA_REDIRECT_ADDR", "off", None));
}

#[test]
fn a_file_that_holds_something_else_is_named_and_a_secret_in_the_place_of_its_file_is_not() {
    let told = |path: &str| {
        let change = [("WXPAY_PRIVATE_KEY", ""), ("WXPAY_PRIVATE_KEY_PATH", path)];
        with_live(&change).expect_err("unusable").to_string()
    };
    for file in [concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"), "Cargo.toml", "/nowhere/key", "./key", "key.pem"] {
        assert!(told(file).contains(file), "{file}: {}", told(file));
    }
    for secret in [KEY, &pem("merchant_key.pem"), &pem("merchant_key.pem").lines().skip(1).take(3).collect::<String>()]
    {
        let told = told(secret);
        assert!(told.contains("WXPAY_PRIVATE_KEY_PATH: cannot read the file that it names"), "{told}");
        assert!(!told.contains(secret), "{told}");
    }
}

#[test]
fn books_on_a_server_need_a_secret_key_and_it_is_never_repeated() {
    const BOOKS: (&str, &str) = ("DATABASE_URL", "mysql://saoma:x@db.example.com/saoma");
    let without = with_live(&[BOOKS]).expect_err("refused").to_string();
    assert!(without.contains("SAOMA_SECRET_KEY: is missing"), "{without}");
    let key = "5a".repeat(32);
    assert!(with_live(&[BOOKS, ("SAOMA_SECRET_KEY", &key)]).expect("usable").secret_key.is_some());
    assert!(with_live(&[]).expect("usable").secret_key.is_none(), "a file's is made beside it");
    let wrong = with_live(&[("SAOMA_SECRET_KEY", "5a5a-and-more")]).expect_err("refused").to_string();
    assert!(wrong.contains("64 hexadecimal digits") && !wrong.contains("5a5a-and"), "{wrong}");
}

#[test]
fn whoever_looks_at_the_settings_sees_whether_each_is_set_and_no_secret() {
    let key = "5a".repeat(32);
    let of = |change: &[(&'static str, &str)]| -> HashMap<_, _> {
        with_live(change).expect("usable").shown().into_iter().collect()
    };
    let (bare, full) = (of(&[]), of(&[("SAOMA_SECRET_KEY", &key)]));
    for name in ["SAOMA_SECRET_KEY", "WXPAY_CERTIFICATE_PATH", "SAOMA_REDIRECT_ADDR"] {
        assert_eq!(bare.get(name).map(String::as_str), Some("not set"), "{name}");
    }
    assert_eq!(full["SAOMA_SECRET_KEY"], "set");
    assert!(full.values().all(|value| !value.contains(&key) && !value.contains(KEY)), "{full:?}");
}
