//! Pictures of products: taken in within limits, written anew, and shown. And what is no picture, or a trick.

use std::{fs, io::Cursor, path::Path};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use serde_json::Value;

use crate::support::{Answer, Process, Site, command, database_url, folder, lay_keys};

fn product(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let arguments: Vec<_> = ["product", "--sandbox"].iter().chain(arguments).copied().collect();
    let mut command = command(folder, &arguments);
    let output = command.env("DATABASE_URL", database_url(&folder.join("data"))).output().expect("runs");
    // What it has to say of the books is beside that.
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    let said: Vec<_> = said.lines().filter(|line| !line.starts_with("books: ")).collect();
    (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8") + &said.join("\n"))
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let (code, told) = product(folder, &[arguments, &["--json"]].concat());
    assert_eq!(code, Some(0), "{told}");
    serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}: {told}"))
}

/// Shows `bytes` at product `id`.
fn picture(folder: &Path, id: &str, bytes: &[u8]) -> (Option<i32>, String) {
    let file = folder.join("picture");
    fs::write(&file, bytes).expect("written");
    product(folder, &["picture", "--id", id, "--file", file.to_str().expect("a path")])
}

async fn serve(folder: &Path) -> Process {
    lay_keys(&folder.join("data/sandbox"));
    let database = database_url(&folder.join("data"));
    Process::serve(folder, &[("SAOMA_ORDERS_PER_MINUTE", "0"), ("DATABASE_URL", &database)]).await
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("encodes");
    bytes.into_inner()
}

/// Red on the left, blue on the right.
fn flag(width: u32, height: u32) -> DynamicImage {
    let colour = |x, _| if x < width / 2 { Rgb([220, 20, 20]) } else { Rgb([20, 20, 220]) };
    RgbImage::from_fn(width, height, colour).into()
}

fn decoded(answer: &Answer) -> RgbImage {
    image::load_from_memory(&answer.body).expect("a picture").to_rgb8()
}

fn is_near(pixel: Rgb<u8>, wanted: [u8; 3]) -> bool {
    pixel.0.iter().zip(wanted).all(|(is, wanted)| is.abs_diff(wanted) < 24)
}

/// An EXIF segment that says how a telephone was held, and where.
fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut tiff = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    tiff.extend([orientation, 0, 0, 0, 0, 0, 0]);
    tiff.extend(b"GPS 39.9042N 116.4074E");
    let length = u16::try_from(tiff.len() + 8).expect("short").to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, b"Exif\0\0", &tiff, &jpeg[2..]].concat()
}

async fn address(site: &Site, id: i64, which: &str) -> String {
    let page = site.get("/api/ui/list_products").await.json();
    let found = page.as_array().expect("a list").iter().find(|product| product["id"] == id);
    let name = found.and_then(|product| product["pictures"][which].as_str());
    format!("/pictures/{}", name.expect("a picture"))
}

#[tokio::test]
async fn a_picture_is_shown_in_two_sizes_under_an_address_by_content() {
    let folder = folder();
    let site = serve(folder.path()).await;
    assert!(!site.get("/").await.text().contains("products--pictured"), "without pictures it is as it was");
    let photo = with_exif(&encoded(&flag(2_000, 1_000), ImageFormat::Jpeg), 6);
    assert_eq!(picture(folder.path(), "2", &photo), (Some(0), "product 2 has a picture\n".to_owned()));

    let (large, small) = (address(&site, 2, "large").await, address(&site, 2, "small").await);
    let catalogue = site.get("/").await;
    assert!(catalogue.text().contains("products--pictured") && catalogue.text().contains(&format!("src=\"{small}\"")));
    assert!(catalogue.text().contains("width=\"240\" height=\"480\""), "held upright");
    assert!(site.get("/products/2").await.text().contains(&format!("src=\"{large}\"")));
    for (address, width, height) in [(&large, 600, 1_200), (&small, 240, 480)] {
        let answer = site.get(address).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/jpeg")));
        assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert!(!answer.headers.contains_key("set-cookie"), "a cache gives it to everybody");
        assert!(!answer.body.windows(3).any(|bytes| bytes == b"GPS"), "nobody learns where it was taken");
        let shown = decoded(&answer);
        assert_eq!(shown.dimensions(), (width, height));
        // Turned by a quarter: what was on the left is above.
        assert!(is_near(*shown.get_pixel(width / 2, 20), [220, 20, 20]));
        assert!(is_near(*shown.get_pixel(width / 2, height - 20), [20, 20, 220]));
    }
    let again = site.request(reqwest::Method::GET, &large).header("if-none-match", format!("\"{}\"", &large[10..]));
    assert_eq!(site.send(again).await.status, 304);
    assert_eq!(site.get("/pictures/nothing").await.status, 404);
    assert_eq!(site.get(&large.replace("600x1200", "600x1201")).await.status, 404);

    assert_eq!(product(folder.path(), &["picture", "--id", "2", "--remove"]).0, Some(0));
    assert!(!site.get("/").await.text().contains("products--pictured"));
}

#[tokio::test]
async fn see_through_and_small_pictures_keep_their_looks() {
    let folder = folder();
    let site = serve(folder.path()).await;
    let glass: DynamicImage = RgbaImage::from_pixel(40, 20, Rgba([0, 0, 0, 0])).into();
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        assert_eq!(picture(folder.path(), "1", &encoded(&glass, format)).0, Some(0), "{format:?}");
        let shown = decoded(&site.get(&address(&site, 1, "large").await).await);
        assert_eq!(shown.dimensions(), (40, 20), "never made bigger");
        assert!(is_near(*shown.get_pixel(20, 10), [255; 3]), "on white");
    }
}

/// A PNG that says to be 30,000 pixels wide and high, in a few hundred bytes.
fn bomb() -> Vec<u8> {
    let mut bytes = encoded(&flag(16, 16), ImageFormat::Png);
    bytes[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    let sum = crc(&bytes[12..29]).to_be_bytes();
    bytes[29..33].copy_from_slice(&sum);
    bytes
}

fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    };
    !bytes.iter().fold(!0, step)
}

#[tokio::test]
async fn what_is_no_picture_is_refused_with_a_clear_word_and_nothing_changes() {
    let folder = folder();
    let site = serve(folder.path()).await;
    let good = encoded(&flag(300, 200), ImageFormat::Jpeg);
    assert_eq!(picture(folder.path(), "3", &good).0, Some(0));
    let before = address(&site, 3, "large").await;

    let (png, webp) = (encoded(&flag(300, 200), ImageFormat::Png), encoded(&flag(300, 200), ImageFormat::WebP));
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    let many_scans = [&good[..good.len() - 2], &b"\xff\xda\0\x02".repeat(10_000), b"\xff\xd9"].concat();
    let format = "it is none of JPEG, PNG and WebP";
    let broken = "it is damaged or not whole";
    let many = "it has more than 24 million pixels";
    for (what, bytes, word) in [
        ("nothing", vec![], "there is no file"),
        ("an SVG with a script", svg.to_vec(), format),
        ("an SVG that says to be a PNG", [&png[..8], svg].concat(), broken),
        ("a GIF", b"GIF89a\x01\0\x01\0\0\0\0;".to_vec(), format),
        ("a text", b"hello".to_vec(), format),
        ("a bomb", bomb(), many),
        ("a wide one", encoded(&flag(9_001, 16), ImageFormat::Png), many),
        ("a narrow one", encoded(&flag(300, 15), ImageFormat::Png), "it has a side shorter than 16 pixels"),
        ("half a JPEG", good[..good.len() / 2].to_vec(), broken),
        ("a JPEG but for its last byte", good[..good.len() - 1].to_vec(), broken),
        ("half a PNG", png[..png.len() / 2].to_vec(), broken),
        ("half a WebP", webp[..webp.len() / 2].to_vec(), broken),
        ("a JPEG of ten thousand scans", many_scans, broken),
        ("eleven megabytes", vec![0; 11 * 1024 * 1024], "it is bigger than 10 MB"),
    ] {
        let (code, told) = picture(folder.path(), "3", &bytes);
        assert!(code == Some(1) && told.contains("product: picture: ") && told.contains(word), "{what}: {told}");
        assert_eq!(address(&site, 3, "large").await, before, "{what}");
    }
    let (code, told) = picture(folder.path(), "99", &good);
    assert!(code == Some(1) && told.contains("there is no product 99"), "{told}");
    let (code, told) = product(folder.path(), &["picture", "--id", "3", "--file", "/nowhere/at/all"]);
    assert!(code == Some(1) && told.contains("/nowhere/at/all"), "{told}");
}

/// A file that is a picture and something else, too, is a picture afterwards.
#[tokio::test]
async fn nothing_but_the_picture_is_kept_of_a_polyglot() {
    let folder = folder();
    let site = serve(folder.path()).await;
    let trick = b"<script>alert(document.cookie)</script>PK\x03\x04";
    let jpeg = encoded(&flag(300, 200), ImageFormat::Jpeg);
    let comment = u16::try_from(trick.len() + 2).expect("short").to_be_bytes();
    let inside = [&jpeg[..2], b"\xff\xfe", &comment, trick, &jpeg[2..]].concat();
    for file in [inside, [jpeg.as_slice(), trick].concat()] {
        assert_eq!(picture(folder.path(), "4", &file).0, Some(0));
        for size in ["large", "small"] {
            let answer = site.get(&address(&site, 4, size).await).await;
            assert!(!answer.body.windows(6).any(|bytes| bytes == b"script"), "{size}");
            assert_eq!(decoded(&answer).dimensions(), (300, 200));
        }
    }
}

#[tokio::test]
async fn products_are_kept_by_commands() {
    let folder = folder();
    let site = serve(folder.path()).await;
    let created = json(folder.path(), &["create", "--title", "龙井", "--price-fen", "12800", "--summary", "明前"]);
    assert_eq!((&created["id"], &created["on_sale"], &created["picture"]), (&5.into(), &true.into(), &Value::Null));
    let titles = async || -> Vec<String> {
        let listed = site.get("/api/product/list").await.json();
        let products = listed["data"]["productList"].as_array().expect("a list").clone();
        products.iter().map(|product| product["id"].to_string()).collect()
    };
    assert_eq!(titles().await, ["1", "2", "3", "4", "5"], "at the end");
    assert_eq!(product(folder.path(), &["order", "--id", "5", "--before", "2"]).0, Some(0));
    assert_eq!(titles().await, ["1", "5", "2", "3", "4"]);
    assert_eq!(product(folder.path(), &["order", "--id", "1"]).0, Some(0));
    assert_eq!(titles().await, ["5", "2", "3", "4", "1"]);
    let listed = json(folder.path(), &["list"]);
    assert_eq!(listed["products"].as_array().expect("a list").len(), 5);

    // An order keeps what it was placed for.
    let order = site.order(2).await;
    assert_eq!(json(folder.path(), &["price", "--id", "2", "--price-fen", "9900"])["price_fen"], 9900);
    let edited = json(folder.path(), &["edit", "--id", "2", "--title", "西湖龙井", "--price-fen", "9900"]);
    assert_eq!((&edited["title"], &edited["summary"]), (&"西湖龙井".into(), &"".into()));
    let seen = site.look(&order.token).await;
    assert_eq!((&seen["total"], &seen["title"]), (&12_800.into(), &"西湖龙井 明前特级 50g".into()));
    for (arguments, word) in [
        (&["price", "--id", "99", "--price-fen", "1"][..], "there is no product 99"),
        (&["order", "--id", "99"], "there is no product 99"),
        (&["order", "--id", "1", "--before", "99"], "there is no product"),
        (&["price", "--id", "1", "--price-fen", "10000001"], "--force"),
        (&["create", "--title", "", "--price-fen", "1"], "title"),
    ] {
        let (code, told) = product(folder.path(), arguments);
        assert!(code == Some(1) && told.contains(word), "{arguments:?}: {told}");
    }
}
