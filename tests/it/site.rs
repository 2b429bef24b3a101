//! The site's files: inside the program or in a folder, each in the encoding that its reader knows.

use std::{fs, path::Path};

use reqwest::Method;

use crate::support::{Answer, App, Process, Stage, command, folder, free_port, lay_keys, program, raw};

/// A site as the build makes it.
pub fn lay_site(folder: &Path) {
    let pkg = folder.join("pkg");
    fs::create_dir_all(&pkg).expect("a folder");
    for (name, text) in [
        ("saoma.0123.js", "plain js"),
        ("saoma.0123.js.br", "brotli js"),
        ("saoma.0123.js.gz", "gzip js"),
        ("saoma.4567.wasm", "plain wasm"),
        ("saoma.89ab.css", "plain css"),
    ] {
        fs::write(pkg.join(name), text).expect("writes");
    }
    fs::write(folder.join("favicon.svg"), "<svg/>").expect("writes");
}

async fn start() -> App {
    let folder = folder();
    lay_site(folder.path());
    // Read at the start: whatever becomes of the folder later.
    Stage::new().set("LEPTOS_SITE_ROOT", &folder.path().display().to_string()).start().await
}

async fn get(app: &App, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = app.request(method, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request).await
}

#[tokio::test]
async fn a_shared_cache_is_told_that_a_file_has_several_encodings() {
    let app = start().await;
    for (accepted, body, encoding) in [
        (Some("gzip, deflate, br, zstd"), "brotli js", Some("br")),
        (Some("gzip"), "gzip js", Some("gzip")),
        (Some("br;q=0, gzip;q=0.5"), "gzip js", Some("gzip")),
        (Some("BR"), "brotli js", Some("br")),
        (Some("identity"), "plain js", None),
        (None, "plain js", None),
    ] {
        let headers: Vec<_> = accepted.map(|accepted| ("accept-encoding", accepted)).into_iter().collect();
        for method in [Method::GET, Method::HEAD] {
            let answer = get(&app, method.clone(), "/pkg/saoma.0123.js", &headers).await;
            assert_eq!(answer.status, 200, "{accepted:?}");
            assert_eq!(answer.text(), if method == Method::GET { body } else { "" }, "{accepted:?}");
            assert_eq!(answer.header("content-encoding"), encoding, "{accepted:?}");
            assert_eq!(
                answer.header("vary").map(str::to_lowercase).as_deref(),
                Some("accept-encoding"),
                "{accepted:?}"
            );
            assert_eq!(answer.header("content-type"), Some("text/javascript"));
            assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
            let etag = answer.header("etag").expect("a tag").to_owned();
            let mut again = headers.clone();
            again.push(("if-none-match", &etag));
            let answer = get(&app, method, "/pkg/saoma.0123.js", &again).await;
            assert_eq!((answer.status, answer.text()), (304, ""), "{accepted:?}");
            assert_eq!(answer.header("vary").map(str::to_lowercase).as_deref(), Some("accept-encoding"));
        }
    }
    let wasm = get(&app, Method::GET, "/pkg/saoma.4567.wasm", &[("accept-encoding", "br")]).await;
    assert_eq!((wasm.text(), wasm.header("content-type")), ("plain wasm", Some("application/wasm")));
    let icon = get(&app, Method::GET, "/favicon.svg", &[]).await;
    assert_eq!((icon.text(), icon.header("content-type")), ("<svg/>", Some("image/svg+xml")));
    assert_eq!(icon.header("cache-control"), Some("public, max-age=3600"));
    assert_eq!(icon.header("set-cookie"), None, "a shared cache would make all of them one shopper");
    for (method, path, status) in [
        (Method::GET, "/pkg/saoma.0123.js.br", 404),
        (Method::GET, "/pkg/nothing.js", 404),
        (Method::POST, "/pkg/saoma.0123.js", 405),
        (Method::GET, "/pkg", 404),
        (Method::GET, "/pkg/", 404),
    ] {
        assert_eq!(get(&app, method.clone(), path, &[]).await.status, status, "{method} {path}");
    }
}

#[tokio::test]
async fn pages_name_the_files_that_there_are() {
    let app = start().await;
    let page = app.get("/products/1").await;
    for file in ["/pkg/saoma.0123.js", "/pkg/saoma.4567.wasm", "/pkg/saoma.89ab.css"] {
        assert!(page.text().contains(file), "{file}: {}", page.text());
    }
    // A page without anything that comes alive is a page with a style.
    let reply = app.get("/").await;
    let list = reply.text();
    assert!(list.contains("/pkg/saoma.89ab.css") && !list.contains(".js\"") && !list.contains(".wasm\""), "{list}");
    // Where there are none, none.
    let bare = App::start().await;
    let page = bare.get("/products/1").await;
    assert!(page.status == 200 && !page.text().contains("/pkg/"), "{}", page.text());
}

#[test]
fn a_mistyped_site_folder_is_noticed_at_the_start() {
    let folder = folder();
    fs::create_dir_all(folder.path().join("no-site/pkg")).expect("a folder");
    for (root, words) in [("nowhere", "nowhere"), ("no-site", "holds no bundle")] {
        let mut command = command(folder.path(), &["serve", "--sandbox"]);
        let output =
            command.env("LEPTOS_SITE_ADDR", "127.0.0.1:0").env("LEPTOS_SITE_ROOT", root).output().expect("runs");
        let told = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains("LEPTOS_SITE_ROOT") && told.contains(words), "{told}");
        assert!(!folder.path().join("data").exists(), "nothing is made before");
    }
}

#[tokio::test]
async fn the_program_is_one_file_that_runs_from_anywhere() {
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    let alone = folder.path().join("saoma");
    fs::copy(program(), &alone).expect("copies");
    let port = free_port();
    let mut command = std::process::Command::new(&alone);
    command.args(["serve", "--sandbox"]).env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}"));
    let mut site = Process::spawn(command, folder.path(), port, "serve.log");
    site.until_answered("/healthz").await;
    let page = site.get("/products/2").await;
    assert!(page.shown().contains("西湖龙井"));
    // Tests may be built without the bundle; that is then told, and pages name no file that is not there.
    let told = site.log().contains("built without its site");
    let files: Vec<&str> = page.text().split('"').filter(|part| part.starts_with("/pkg/")).collect();
    assert_eq!(files.is_empty(), told, "{}", site.log());
    for file in files {
        let file = file.trim_end_matches('\\');
        let answer = site.get(file).await;
        assert_eq!((answer.status, answer.header("cache-control").is_some()), (200, true), "{file}");
    }
}

#[tokio::test]
async fn an_address_that_can_be_none_of_ours_is_told_so() {
    let app = start().await;
    let asked = async |path: &str| {
        let answer = raw(&app, &format!("GET {path} HTTP/1.1\r\naccept: text/html"), b"").await;
        String::from_utf8(answer).expect("UTF-8")
    };
    for path in ["/pay/%2e%2e", "/pay/%2E%2e/", "/products/1/../..", "/./", "/pay/.%2e/orders"] {
        let said = asked(path).await;
        assert!(said.starts_with("HTTP/1.1 404 ") && said.contains("页面不存在"), "{path}: {said}");
    }
    for path in ["/products/%2e%2e%2e", "/.well-known/x"] {
        assert!(asked(path).await.starts_with("HTTP/1.1 404 "), "{path}");
    }
    let said = asked(&format!("/{}", "x".repeat(20_000))).await;
    assert!(said.starts_with("HTTP/1.1 414 ") && said.contains("网址过长"), "{said}");
}

#[tokio::test]
async fn what_is_refused_wears_the_shops_style_too() {
    let app = start().await;
    let headers = [("origin", "https://evil.example"), ("accept", "text/html")];
    let page = get(&app, Method::POST, "/api/ui/place_order", &headers).await;
    assert_eq!(page.status, 403);
    assert!(page.text().contains("<link rel=\"stylesheet\" href=\"/pkg/saoma.89ab.css\"/>"), "{}", page.text());
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("style-src 'self'") && !policy.contains("script-src"), "{policy}");
    assert_eq!(page.header("content-length"), Some(page.body.len().to_string().as_str()));
    let browser = [headers.as_slice(), &[("accept-encoding", "gzip, br")]].concat();
    let page = get(&app, Method::POST, "/api/ui/place_order", &browser).await;
    assert_eq!(page.header("content-encoding"), None, "it is plain text");
    assert!(page.text().contains("<h1>"), "{}", page.text());
}
