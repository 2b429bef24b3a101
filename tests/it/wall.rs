//! The wall between play and money: a live shop's books, started in every wrong way that can be thought of.
//! Never a free order, never a silent new shop, and nothing of the books is changed.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use sqlx::Row as _;

use crate::support::{Books, Process, database_url, folder, free_port, is_file, lay_keys, program};

const OURS: &str = "1900007291";
const OTHERS: &str = "1900009999";
const REQUIRED: [&str; 6] = [
    "WXPAY_MCH_ID",
    "WXPAY_APPID",
    "WXPAY_MCH_SERIAL_NO",
    "WXPAY_PRIVATE_KEY_PATH",
    "WXPAY_API_V3_KEY",
    "WXPAY_NOTIFY_DOMAIN",
];

type Variables = Vec<(&'static str, String)>;

/// A merchant of WeChat Pay itself. Nobody asks it anything here: no order is placed and none is due.
fn account(mchid: &str) -> Variables {
    let key = |name: &str| format!("{}/tests/vectors/keys/{name}", env!("CARGO_MANIFEST_DIR"));
    vec![
        ("WXPAY_MCH_ID", mchid.to_owned()),
        ("WXPAY_APPID", "wx2421b1c4370ec43b".to_owned()),
        ("WXPAY_MCH_SERIAL_NO", "5F1C72AB5F1C72AB5F1C72AB5F1C72AB5F1C72AB".to_owned()),
        ("WXPAY_PRIVATE_KEY_PATH", key("merchant_key.pem")),
        ("WXPAY_API_V3_KEY", "0123456789abcdef0123456789ABCDEF".to_owned()),
        ("WXPAY_PUBLIC_KEY_ID", "PUB_KEY_ID_0119000072912026110100389100001".to_owned()),
        ("WXPAY_PUBLIC_KEY_PATH", key("wechatpay_public.pem")),
        ("WXPAY_NOTIFY_DOMAIN", "https://shop.example.com".to_owned()),
    ]
}

fn with(mut variables: Variables, name: &'static str, value: &str) -> Variables {
    variables.retain(|(set, _)| *set != name);
    variables.push((name, value.to_owned()));
    variables
}

fn on_loopback(variables: Variables) -> Variables {
    let variables = with(variables, "WXPAY_DOMAIN", "http://127.0.0.1:9");
    with(variables, "WXPAY_NOTIFY_DOMAIN", "http://127.0.0.1:9")
}

fn command(folder: &Path, arguments: &[&str], variables: &Variables) -> Command {
    let mut command = crate::support::command(folder, arguments);
    command.env("LEPTOS_SITE_ADDR", "127.0.0.1:0").envs(variables.iter().map(|(name, value)| (name, value)));
    command
}

/// Until it ends by itself, which it must.
fn run(folder: &Path, arguments: &[&str], variables: &Variables) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = command(folder, arguments, variables).output().expect("runs");
    (status.code(), String::from_utf8([stdout, stderr].concat()).expect("UTF-8"))
}

/// A server once it answers.
async fn serve(folder: &Path, arguments: &[&str], variables: &Variables) -> Process {
    let port = free_port();
    let mut command = Command::new(program());
    command.args(arguments).envs(variables.iter().map(|(name, value)| (name, value)));
    command.env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}"));
    let mut process = Process::spawn(command, folder, port, "serve.log");
    process.until_answered("/healthz").await;
    process
}

async fn stop(mut process: Process) {
    process.terminate();
    assert_eq!(process.ended().await.code(), Some(0), "{}", process.log());
}

async fn mark(books: &Books) -> Option<(String, String)> {
    let row = sqlx::query("SELECT mchid, platform FROM books").fetch_optional(&books.pool).await.expect("reads");
    row.map(|row| (row.get("mchid"), row.get("platform")))
}

async fn execute(books: &Books, sql: &'static str) {
    sqlx::query(sql).execute(&books.pool).await.expect("writes");
}

async fn withdrawn(books: &Books) -> (i64, i64) {
    let sql = "SELECT COUNT(*), COUNT(withdrawn_ms) FROM products";
    sqlx::query_as(sql).fetch_one(&books.pool).await.expect("counts")
}

#[tokio::test]
async fn a_live_shops_books_are_safe_from_every_wrong_start() {
    let folder = folder();
    let url = database_url(&folder.path().join("data"));
    let live = with(account(OURS), "DATABASE_URL", &url);
    let shop = serve(folder.path(), &["serve"], &live).await;
    assert!(shop.log().contains("of merchant 1900007291 at WeChat Pay itself"), "{}", shop.log());
    assert!([404, 405].contains(&shop.post("/_sandbox/scan").await.status));
    assert_eq!(shop.get("/api/product/list").await.json()["data"]["productList"], serde_json::json!([]));
    let put = ["product", "put", "--id", "1", "--title", "会员", "--price-fen", "99900"];
    assert_eq!(run(folder.path(), &put, &live).0, Some(0));
    stop(shop).await;
    let books = Books::open(&url).await;
    assert_eq!(mark(&books).await, Some((OURS.to_owned(), "WECHATPAY".to_owned())));
    let before = books.picture().await;

    // Without its variables, all or some.
    let nothing = vec![("DATABASE_URL", url.clone())];
    let mut wrong: Vec<(String, Vec<&str>, Variables)> = vec![
        ("no variables".to_owned(), vec!["serve"], nothing.clone()),
        ("no command, no variables".to_owned(), vec![], nothing.clone()),
        ("another merchant".to_owned(), vec!["serve"], with(account(OTHERS), "DATABASE_URL", &url)),
        ("a platform on loopback".to_owned(), vec!["serve"], on_loopback(live.clone())),
        ("a sandbox on these books".to_owned(), vec!["serve", "--sandbox"], nothing.clone()),
        ("a sandbox with the account".to_owned(), vec!["serve", "--sandbox"], live.clone()),
        (
            "a sandbox with a misspelt account".to_owned(),
            vec!["serve", "--sandbox"],
            with(nothing.clone(), "WXPAY_MCHID", OURS),
        ),
        ("an open sandbox".to_owned(), vec!["serve", "--sandbox", "--sandbox-open"], nothing.clone()),
        ("--sandbox-open alone".to_owned(), vec!["serve", "--sandbox-open"], live.clone()),
    ];
    for name in REQUIRED {
        let some: Variables = live.iter().filter(|(set, _)| *set != name).cloned().collect();
        wrong.push((format!("without {name}"), vec!["serve"], some));
        let one: Variables = live.iter().filter(|(set, _)| *set == name || *set == "DATABASE_URL").cloned().collect();
        wrong.push((format!("a sandbox with {name}"), vec!["serve", "--sandbox"], one));
    }
    // Commands of others, and for a sandbox.
    let theirs = with(account(OTHERS), "DATABASE_URL", &url);
    for arguments in [
        vec!["product", "list"],
        vec!["product", "put", "--id", "1", "--title", "x", "--price-fen", "1"],
        vec!["order", "show", "20261125000000NOBODY0HAS0THIS"],
        vec!["refund", "20261125000000NOBODY0HAS0THIS"],
    ] {
        wrong.push((format!("of another merchant: {arguments:?}"), arguments.clone(), theirs.clone()));
        let sandbox = [arguments, vec!["--sandbox"]].concat();
        wrong.push((format!("{sandbox:?}"), sandbox, nothing.clone()));
    }
    for (what, arguments, variables) in &wrong {
        let (code, told) = run(folder.path(), arguments, variables);
        assert_eq!(code, Some(2), "{what}: {told}");
        assert!(!told.contains("0123456789abcdef"), "{what}: {told}");
        println!("{what}: exit 2");
    }
    let told = |what: &str| {
        let (_, arguments, variables) = wrong.iter().find(|it| it.0 == what).expect("is one of them");
        run(folder.path(), arguments, variables).1
    };
    for name in REQUIRED {
        assert!(told("no variables").contains(name.trim_end_matches("_PATH")), "{name}");
    }
    assert!(told("no variables").contains("saoma serve --sandbox"));
    let another = told("another merchant");
    assert!(another.contains(OURS) && another.contains(OTHERS) && another.contains("DATABASE_URL"), "{another}");
    assert!(!url.contains('@') || !another.contains(url.split('@').next().expect("a user")), "no password: {another}");

    assert_eq!(books.picture().await, before, "nothing of it has changed anything");
    assert_eq!(mark(&books).await, Some((OURS.to_owned(), "WECHATPAY".to_owned())));
    // And the right one still starts.
    let shop = serve(folder.path(), &["serve"], &live).await;
    assert!(shop.get("/").await.shown().contains("会员"));
    stop(shop).await;
}

#[tokio::test]
async fn a_lost_env_file_a_left_one_and_another_folder() {
    if !is_file() {
        return;
    }
    let home = folder();
    let lines: Vec<String> = account(OURS).iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    fs::write(home.path().join(".env"), lines.concat()).expect("writes");
    let nothing = vec![("DATABASE_URL", String::new())];
    stop(serve(home.path(), &["serve"], &nothing).await).await;
    let file = home.path().join("data/saoma.db");
    let before = fs::read(&file).expect("is there");

    // A sandbox beside the file that names the account.
    let (code, told) = run(home.path(), &["serve", "--sandbox"], &nothing);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("WXPAY_MCH_ID") && !told.contains(OURS), "{told}");

    // The file is lost: no shop, and no sandbox on its address either.
    fs::rename(home.path().join(".env"), home.path().join("env.lost")).expect("moves");
    let (code, told) = run(home.path(), &[], &nothing);
    assert_eq!(code, Some(2), "{told}");
    assert!(!home.path().join("data/sandbox").exists());

    // A sandbox that is asked for has books of its own.
    lay_keys(&home.path().join("data/sandbox"));
    let sandbox = serve(home.path(), &["serve", "--sandbox"], &nothing).await;
    let order = sandbox.order(4).await;
    sandbox.pay(&order.code_url).await;
    sandbox.until_status(&order.token, "SUCCESS").await;
    stop(sandbox).await;
    assert!(home.path().join("data/sandbox/saoma.db").exists());
    assert_eq!(fs::read(&file).expect("is there"), before, "the shop's file is as it was");

    // Another folder has no account; with one, the new shop is empty and says that it is new.
    let elsewhere = folder();
    let (code, _) = run(elsewhere.path(), &["serve"], &nothing);
    assert_eq!((code, elsewhere.path().join("data").exists()), (Some(2), false));
    let new = serve(elsewhere.path(), &["serve"], &with(account(OURS), "DATABASE_URL", "")).await;
    assert!(new.log().contains("new books") && new.log().contains("data/saoma.db"), "{}", new.log());
    assert_eq!(new.get("/api/product/list").await.json()["data"]["productList"], serde_json::json!([]));
    stop(new).await;

    // The sandbox's books where the shop's belong, and a copy of the shop's that somebody plays with.
    let copies = folder();
    fs::create_dir_all(copies.path().join("data/sandbox")).expect("a folder");
    fs::copy(home.path().join("data/sandbox/saoma.db"), copies.path().join("data/saoma.db")).expect("copies");
    let (code, told) = run(copies.path(), &["serve"], &with(account(OURS), "DATABASE_URL", ""));
    assert!(code == Some(2) && told.contains("no real money"), "{told}");
    fs::copy(&file, copies.path().join("data/sandbox/saoma.db")).expect("copies");
    let (code, told) = run(copies.path(), &["serve", "--sandbox"], &nothing);
    assert!(code == Some(2) && told.contains("WeChat Pay itself"), "{told}");
}

#[tokio::test]
async fn a_shop_whose_books_are_gone_does_not_begin_as_a_new_one() {
    if !is_file() {
        return;
    }
    let home = folder();
    let data = home.path().join("data");
    let live = with(account(OURS), "DATABASE_URL", "");
    stop(serve(home.path(), &["serve"], &live).await).await;
    for emptied in [true, false] {
        for suffix in ["-wal", "-shm", ""] {
            fs::remove_file(data.join(format!("saoma.db{suffix}"))).ok();
        }
        if emptied {
            fs::write(data.join("saoma.db"), "").expect("writes");
        }
        // As often as somebody tries it.
        for _ in 0..2 {
            let (code, told) = run(home.path(), &["serve"], &live);
            assert_eq!(code, Some(2), "{told}");
            assert!(told.contains("are gone") && told.contains("saoma restore"), "{told}");
            assert!(told.contains("saoma.db.generation") && told.contains("generations/saoma-db"), "{told}");
        }
    }
    // Who says so begins anew.
    fs::remove_file(data.join("saoma.db.generation")).expect("removes");
    fs::remove_dir_all(data.join("generations")).expect("removes");
    let new = serve(home.path(), &["serve"], &live).await;
    assert!(new.log().contains("new books, without any order"), "{}", new.log());
    stop(new).await;
}

/// README: "Try it", and then "Going live", in one folder.
#[tokio::test]
async fn whoever_tried_it_goes_live_in_the_same_folder_with_an_empty_shop() {
    if !is_file() {
        return;
    }
    let folder = folder();
    lay_keys(&folder.path().join("data/sandbox"));
    let trying = serve(folder.path(), &["serve", "--sandbox"], &vec![("DATABASE_URL", String::new())]).await;
    let order = trying.order(1).await;
    trying.pay(&order.code_url).await;
    trying.until_status(&order.token, "SUCCESS").await;
    stop(trying).await;

    let live = serve(folder.path(), &["serve"], &with(account(OURS), "DATABASE_URL", "")).await;
    assert_eq!(live.get("/api/product/list").await.json()["data"]["productList"], serde_json::json!([]));
    assert_eq!(live.get(&format!("/api/order-info/query-order-status/{}", order.order_no)).await.status, 404);
    assert_eq!(live.get(&format!("/pay/{}", order.token)).await.status, 404);
    stop(live).await;
    let books = Books::open(&format!("sqlite://{}/data/saoma.db", folder.path().display())).await;
    assert_eq!((books.count("orders").await, withdrawn(&books).await), (0, (0, 0)));
}

/// Books as versions before the mark have left them, with a sandbox's demo products and attempts.
async fn old_books(folder: &Path, orders: usize) -> Books {
    lay_keys(&folder.join("data/sandbox"));
    let process = Process::serve(folder, &[("SAOMA_ORDERS_PER_MINUTE", "0")]).await;
    for _ in 0..orders {
        process.order(1).await;
    }
    stop(process).await;
    let books = Books::open(&database_url(&folder.join("data"))).await;
    execute(&books, "DELETE FROM books").await;
    execute(&books, "UPDATE attempts SET appid = ''").await;
    // Nothing that a background job would ask the platform about.
    execute(&books, "UPDATE orders SET check_ms = NULL").await;
    books
}

/// Makes the requests of attempts up to this id those of a merchant of WeChat Pay itself.
async fn make_real(books: &Books, most: i64) {
    let rows = sqlx::query("SELECT id, request FROM attempts WHERE id <= ?").bind(most);
    for row in rows.fetch_all(&books.pool).await.expect("reads") {
        let mut request: serde_json::Value = serde_json::from_slice(&row.get::<Vec<u8>, _>("request")).expect("JSON");
        request["mchid"] = OURS.into();
        request["notify_url"] = "https://shop.example.com/api/wx-pay/native/notify".into();
        let update = sqlx::query("UPDATE attempts SET request = ? WHERE id = ?");
        let update = update.bind(request.to_string().into_bytes()).bind(row.get::<i64, _>("id"));
        update.execute(&books.pool).await.expect("writes");
    }
}

#[tokio::test]
async fn books_from_before_the_mark_get_theirs_from_what_lies_in_them() {
    let folder = folder();
    let url = database_url(&folder.path().join("data"));
    let nothing = vec![("DATABASE_URL", url.clone())];
    let books = old_books(folder.path(), 3).await;

    // A sandbox's, at a live start.
    let live = with(account(OURS), "DATABASE_URL", &url);
    let (code, told) = run(folder.path(), &["serve"], &live);
    assert_eq!(code, Some(2), "{told}");
    let named = ["3 attempts of merchant 16", "no real money", "rename", "DATABASE_URL", "data"];
    assert!(named.iter().all(|it| told.contains(it)), "{told}");
    let (code, told) = run(folder.path(), &["order", "show", "20261125000000NOBODY0HAS0THIS", "--sandbox"], &nothing);
    assert!(code == Some(2) && told.contains("no mark"), "a command marks nothing: {told}");
    assert_eq!(mark(&books).await, None);

    // Its own sandbox's: marked, and what the column lacks is there.
    stop(serve(folder.path(), &["serve", "--sandbox"], &nothing).await).await;
    assert_eq!(mark(&books).await.map(|it| it.1).as_deref(), Some("LOOPBACK"));
    let filled: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM attempts WHERE appid LIKE 'wx%'")
        .fetch_one(&books.pool)
        .await
        .expect("counts");
    assert_eq!(filled, 3);
    assert_eq!(withdrawn(&books).await, (4, 0), "there is no money in a sandbox");

    // Mixed: nobody's.
    execute(&books, "DELETE FROM books").await;
    make_real(&books, 1).await;
    for (arguments, variables) in [(&["serve"][..], &live), (&["serve", "--sandbox"], &nothing)] {
        let (code, told) = run(folder.path(), arguments, variables);
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains("1 attempts of merchant 1900007291 at WeChat Pay itself"), "{told}");
        assert!(told.contains("2 attempts of merchant 16"), "{told}");
        assert_eq!(mark(&books).await, None);
    }

    // A live shop's, that began with the demo products: they go from sale with the mark.
    make_real(&books, 3).await;
    let theirs = with(account(OTHERS), "DATABASE_URL", &url);
    assert_eq!(run(folder.path(), &["serve"], &theirs).0, Some(2));
    assert_eq!(run(folder.path(), &["serve", "--sandbox"], &nothing).0, Some(2));
    stop(serve(folder.path(), &["serve"], &live).await).await;
    assert_eq!(mark(&books).await, Some((OURS.to_owned(), "WECHATPAY".to_owned())));
    assert_eq!(withdrawn(&books).await, (4, 4));
}

#[tokio::test]
async fn empty_books_become_this_starts_without_the_demo_products() {
    let folder = folder();
    let url = database_url(&folder.path().join("data"));
    let books = old_books(folder.path(), 0).await;
    execute(&books, "UPDATE products SET title = '自己的书' WHERE id = 1").await;
    stop(serve(folder.path(), &["serve"], &with(account(OURS), "DATABASE_URL", &url)).await).await;
    assert_eq!(mark(&books).await, Some((OURS.to_owned(), "WECHATPAY".to_owned())));
    assert_eq!(withdrawn(&books).await, (4, 3), "what somebody has made of one is his");
}

#[tokio::test]
async fn of_many_that_start_at_the_same_time_one_marks_the_books() {
    for round in 0..3 {
        let folder = folder();
        let url = database_url(&folder.path().join("data"));
        let books = old_books(folder.path(), 0).await;
        let starts: Vec<_> = (0..6)
            .map(|index| {
                let mchid = if index % 2 == 0 { OURS } else { OTHERS };
                let mut command = command(folder.path(), &["serve"], &with(account(mchid), "DATABASE_URL", &url));
                command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
                (mchid, command.spawn().expect("starts"))
            })
            .collect();
        let marked = crate::support::until("a mark", async || mark(&books).await).await;
        for (mchid, mut child) in starts {
            if mchid != marked.0 {
                let told = child.wait_with_output().expect("ends");
                assert_eq!(told.status.code(), Some(2), "{}", String::from_utf8_lossy(&told.stderr));
                continue;
            }
            // The same merchant's go on, as instances of one shop.
            assert!(child.try_wait().expect("a child").is_none());
            child.kill().expect("kills");
            child.wait().expect("is gone");
        }
        println!("round {round}: {marked:?}");
        assert_eq!(mark(&books).await, Some(marked));
    }
}

#[tokio::test]
async fn whatever_leads_to_this_machine_is_no_wechat_pay() {
    for domain in ["https://0.0.0.0", "https://localhost.", "https://pay.localhost", "https://[::ffff:127.0.0.1]:8443"]
    {
        let folder = folder();
        let url = database_url(&folder.path().join("data"));
        let variables = with(with(account(OURS), "WXPAY_DOMAIN", domain), "DATABASE_URL", &url);
        let shop = serve(folder.path(), &["serve"], &variables).await;
        assert!(shop.log().contains("no real money"), "{domain}: {}", shop.log());
        stop(shop).await;
        assert_eq!(mark(&Books::open(&url).await).await.map(|it| it.1).as_deref(), Some("LOOPBACK"), "{domain}");
    }
}
