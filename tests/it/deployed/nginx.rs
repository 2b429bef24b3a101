//! `deploy/nginx.conf` in front of a shop, with a real nginx.

use std::{fs, path::Path};

use tempfile::TempDir;

use super::{
    front::{Front, ORIGIN, callbacks_alone_come_through, holds_what_a_shop_needs, shop},
    lay_certificate, sample, succeeds, tool, with,
};
use crate::support::{App, folder, free_port};

/// What Debian's own file has around it, with everything in `folder`. One process, so that it ends as one.
fn around(folder: &Path, server: &str) -> String {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = temporary.map(|kind| format!("{kind}_temp_path {}/{kind};\n", folder.display())).concat();
    let pid = folder.join("pid");
    format!(
        "daemon off; master_process off; pid {}; error_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}{server}\n}}\n",
        pid.display()
    )
}

fn laid(config: &str) -> TempDir {
    let folder = folder();
    lay_certificate(folder.path());
    let here = with(config.to_owned(), &[("/etc/ssl/shop.example.com", folder.path().to_str().expect("UTF-8"))]);
    fs::write(folder.path().join("nginx.conf"), around(folder.path(), &here)).expect("writes");
    folder
}

/// The sample, for this machine.
fn here(app: &App, https: u16, http: u16) -> String {
    let port = app.port();
    with(
        sample("nginx.conf"),
        &[
            ("listen 80;", &format!("listen 127.0.0.1:{http};")),
            ("listen 443 ssl http2;", &format!("listen 127.0.0.1:{https} ssl http2;")),
            ("listen [::]:80;", ""),
            ("listen [::]:443 ssl http2;", ""),
            ("server 127.0.0.1:3000;", &format!("server 127.0.0.1:{port};")),
        ],
    )
}

#[test]
#[ignore = "needs nginx: make deploy-tests"]
fn nginx_takes_the_sample_as_it_stands() {
    let folder = laid(&sample("nginx.conf"));
    succeeds(tool("nginx").arg("-t").arg("-c").arg(folder.path().join("nginx.conf")));
}

#[tokio::test]
#[ignore = "needs nginx: make deploy-tests"]
async fn behind_nginx_a_shop_has_what_it_needs() {
    let (app, _outside) = shop().await;
    let (https, http) = (free_port(), free_port());
    let folder = laid(&here(&app, https, http));
    let config = folder.path().join("nginx.conf");
    let front = Front::start(tool("nginx").arg("-c").arg(&config), folder.path(), https).await;
    holds_what_a_shop_needs(&front, &app).await;

    for other in [format!("https://www.shop.example.com:{https}"), format!("http://www.shop.example.com:{http}")] {
        let answer = front.asked(&format!("{other}/products/2?a=%2F&b")).await;
        assert_eq!(answer.status, 308, "{other}: {answer:?}");
        assert_eq!(answer.header("location"), Some(&*format!("{ORIGIN}/products/2?a=%2F&b")), "{other}");
    }
}

#[tokio::test]
#[ignore = "needs nginx: make deploy-tests"]
async fn what_nginx_has_in_front_of_the_shop_is_not_in_front_of_callbacks() {
    let (app, _outside) = shop().await;
    let (https, http) = (free_port(), free_port());
    let closed = [("client_max_body_size 11m;", "client_max_body_size 11m; deny all;")];
    let folder = laid(&with(here(&app, https, http), &closed));
    let config = folder.path().join("nginx.conf");
    let front = Front::start_closed(tool("nginx").arg("-c").arg(&config), folder.path(), https).await;
    callbacks_alone_come_through(&front, &app).await;
}
