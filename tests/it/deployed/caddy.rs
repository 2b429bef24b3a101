use std::fs;

use super::{
    front::{Front, ORIGIN, holds_what_a_shop_needs, shop},
    sample, succeeds, tool, with,
};
use crate::support::{folder, free_port};

#[test]
#[ignore = "needs Caddy: make deploy"]
fn caddy_takes_the_sample_as_it_stands() {
    let folder = folder();
    fs::write(folder.path().join("Caddyfile"), sample("Caddyfile")).expect("writes");
    let caddy = |command: &str, options: &[&str]| {
        let mut caddy = tool("caddy");
        caddy.arg(command).args(options).current_dir(folder.path()).env("HOME", folder.path());
        caddy
    };
    succeeds(&mut caddy("validate", &["--config", "Caddyfile", "--adapter", "caddyfile"]));
    let formatted = succeeds(&mut caddy("fmt", &["Caddyfile"]));
    assert_eq!(String::from_utf8(formatted.stdout).expect("UTF-8").trim(), sample("Caddyfile").trim());
}

#[tokio::test]
#[ignore = "needs Caddy: make deploy"]
async fn behind_caddy_a_shop_has_what_it_needs() {
    let (app, _outside) = shop().await;
    let (https, http) = (free_port(), free_port());
    let folder = folder();
    // Its own authority instead of the world's, on other ports, and nothing outside the folder.
    let options = format!(
        "{{\n\tadmin off\n\tlocal_certs\n\tskip_install_trust\n\tdefault_bind 127.0.0.1\n\
         \thttps_port {https}\n\thttp_port {http}\n\tstorage file_system {}\n}}\n",
        folder.path().display()
    );
    let port = app.origin.rsplit(':').next().expect("a port");
    let config = with(sample("Caddyfile"), &[("127.0.0.1:3000 {", &format!("127.0.0.1:{port} {{"))]);
    fs::write(folder.path().join("Caddyfile"), options + &config).expect("writes");
    let mut caddy = tool("caddy");
    caddy.args(["run", "--config", "Caddyfile", "--adapter", "caddyfile"]).current_dir(folder.path());
    let front = Front::start(caddy.env("HOME", folder.path()), folder.path(), https).await;
    holds_what_a_shop_needs(&front, &app).await;

    let second = front.asked(&format!("https://www.shop.example.com:{https}/products/2?a=%2F&b")).await;
    assert_eq!(second.status, 308, "{second:?}");
    assert_eq!(second.header("location"), Some(&*format!("{ORIGIN}/products/2?a=%2F&b")));
    let plain = front.asked(&format!("http://shop.example.com:{http}/products/2")).await;
    assert_eq!(plain.status, 308, "{plain:?}");
    assert!(plain.header("location").is_some_and(|to| to.starts_with("https://shop.example.com")), "{plain:?}");
}
