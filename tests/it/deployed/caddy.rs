//! `deploy/Caddyfile` in front of a shop, with a real Caddy.

use std::{fs, path::Path, process::Command};

use super::{
    front::{Front, ORIGIN, callbacks_alone_come_through, holds_what_a_shop_needs, shop},
    sample, succeeds, tool, with,
};
use crate::support::{App, folder, free_port};

/// Its own authority instead of the world's, on other ports, and nothing outside the folder.
fn here(folder: &Path, config: &str, app: &App, (https, http): (u16, u16)) -> Command {
    let options = format!(
        "{{\n\tadmin off\n\tlocal_certs\n\tskip_install_trust\n\tdefault_bind 127.0.0.1\n\
         \thttps_port {https}\n\thttp_port {http}\n\tstorage file_system {}\n}}\n",
        folder.display()
    );
    let config = with(config.to_owned(), &[("127.0.0.1:3000 {", &format!("127.0.0.1:{} {{", app.port()))]);
    fs::write(folder.join("Caddyfile"), options + &config).expect("writes");
    let mut caddy = tool("caddy");
    caddy.args(["run", "--config", "Caddyfile", "--adapter", "caddyfile"]).current_dir(folder).env("HOME", folder);
    caddy
}

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
    let mut caddy = here(folder.path(), &sample("Caddyfile"), &app, (https, http));
    let front = Front::start(&mut caddy, folder.path(), https).await;
    holds_what_a_shop_needs(&front, &app).await;

    let second = front.asked(&format!("https://www.shop.example.com:{https}/products/2?a=%2F&b")).await;
    assert_eq!(second.status, 308, "{second:?}");
    assert_eq!(second.header("location"), Some(&*format!("{ORIGIN}/products/2?a=%2F&b")));
    let plain = front.asked(&format!("http://shop.example.com:{http}/products/2")).await;
    assert_eq!(plain.status, 308, "{plain:?}");
    assert!(plain.header("location").is_some_and(|to| to.starts_with("https://shop.example.com")), "{plain:?}");
}

#[tokio::test]
#[ignore = "needs Caddy: make deploy"]
async fn what_caddy_has_in_front_of_the_shop_is_not_in_front_of_callbacks() {
    let (app, _outside) = shop().await;
    let (https, http) = (free_port(), free_port());
    let folder = folder();
    let closed = with(sample("Caddyfile"), &[("\thandle {\n", "\thandle {\n\t\trespond 403\n")]);
    let mut caddy = here(folder.path(), &closed, &app, (https, http));
    let front = Front::start_closed(&mut caddy, folder.path(), https).await;
    callbacks_alone_come_through(&front, &app).await;
}
