//! Genuine callbacks of a sandbox, made before its server starts, and that server in a process of its own.

use std::{
    error::Error,
    fs,
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use rsa::pkcs8::SecretDocument;
use saoma::{
    clock::Clock,
    domain::{Fen, OrderToken, OutTradeNo, ProductId, TradeType},
    entropy::Entropy,
    sandbox::{Sandbox, SandboxOptions},
    startup::catalogue,
    storage::{Database, attempts, orders},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::net::TcpStream;

pub type Failure = Box<dyn Error + Send + Sync>;

/// Ends the server however the benchmark ends.
pub struct Server(pub Child);

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

pub fn database(folder: &Path) -> String {
    format!("sqlite://{}/saoma.db", folder.display())
}

/// One of an order of its own: the token of the order's page, and the whole request.
pub type Genuine = (OrderToken, Arc<[u8]>);

/// Keys, orders, and for each order the bytes of the request that WeChat would send.
pub async fn prepare(folder: &Path, site: SocketAddr, count: usize) -> Result<Vec<Genuine>, Failure> {
    let now = Clock::system().now();
    let entropy = Entropy::system();
    let sandbox_folder = folder.join("sandbox");
    let sandbox = Sandbox::open(&sandbox_folder, SandboxOptions::new(site)?)?;
    let credentials = sandbox.credentials().clone();
    drop(sandbox);
    let pem = fs::read_to_string(sandbox_folder.join("platform/pub_key_private.pem"))?;
    let (_, der) = SecretDocument::from_pem(&pem)?;
    let key = RsaKeyPair::from_pkcs8(der.as_bytes())?;
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, credentials.api_v3_key.expose_secret().as_bytes())?);

    let db = Database::open(&database(folder)).await?;
    catalogue::add_demo_products(&db).await?;
    let mut requests = Vec::with_capacity(count);
    let mut placed = Vec::with_capacity(count);
    for _ in 0..count {
        let number = OutTradeNo::build("20261123120000", entropy.bytes())?;
        let asked = json!({
            "appid": credentials.appid, "mchid": credentials.mchid, "out_trade_no": number,
            "notify_url": format!("http://{site}/api/wx-pay/native/notify"),
        });
        let attempt = attempts::NewAttempt {
            out_trade_no: number.clone(),
            appid: credentials.appid.clone(),
            trade_type: TradeType::Native,
            request: serde_json::to_vec(&asked)?,
            expires: now + SignedDuration::from_mins(120),
            check: now + SignedDuration::from_mins(120),
        };
        let token = OrderToken::build(entropy.u128());
        placed.push((order(&attempt, now, token.clone())?, attempt));
        let transaction = json!({
            "appid": credentials.appid, "mchid": credentials.mchid, "out_trade_no": number,
            "transaction_id": transaction_id(&entropy), "trade_type": "NATIVE", "trade_state": "SUCCESS",
            "trade_state_desc": "支付成功", "bank_type": "OTHERS", "success_time": now.to_string(),
            "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
            "amount": {"total": 1, "payer_total": 1, "currency": "CNY", "payer_currency": "CNY"},
        });
        let body = seal(&cipher, &transaction, &entropy, now)?;
        let bytes = request(site, &key, &credentials.public_key_id, &body, now)?.into();
        requests.push((token, bytes));
    }
    place(&db, placed.into(), now).await?;
    db.close().await;
    Ok(requests)
}

fn order(attempt: &attempts::NewAttempt, now: Timestamp, token: OrderToken) -> Result<orders::NewOrder, Failure> {
    Ok(orders::NewOrder {
        live_key: token.to_string(),
        shopper: token.to_string(),
        token,
        product_id: ProductId(1),
        title: "benchmark".to_owned(),
        total: Fen::new(1)?,
        created: now,
        expires: attempt.expires,
        check: attempt.check,
    })
}

/// All by one commit, or a busy disk makes it minutes.
async fn place(
    db: &Database,
    placed: Arc<[(orders::NewOrder, attempts::NewAttempt)]>,
    now: Timestamp,
) -> Result<(), Failure> {
    db.write(move |c| {
        let placed = Arc::clone(&placed);
        Box::pin(async move {
            for (order, attempt) in &*placed {
                if let Some(id) = orders::insert(c, order).await? {
                    attempts::insert(c, id, attempt, now).await?;
                }
            }
            Ok(())
        })
    })
    .await?;
    Ok(())
}

/// As WeChat's: the day stands in the middle, and what follows is as good as drawn.
fn transaction_id(entropy: &Entropy) -> String {
    format!("420000123420261123{:014}", entropy.u128() % 100_000_000_000_000)
}

fn seal(cipher: &LessSafeKey, transaction: &Value, entropy: &Entropy, now: Timestamp) -> Result<Vec<u8>, Failure> {
    let id = entropy.u128();
    let nonce = format!("{:012}", id % 1_000_000_000_000);
    let mut sealed = serde_json::to_vec(transaction)?;
    let unique = Nonce::try_assume_unique_for_key(nonce.as_bytes())?;
    cipher.seal_in_place_append_tag(unique, Aad::from(b"transaction"), &mut sealed)?;
    Ok(serde_json::to_vec(&json!({
        "id": uuid::Uuid::from_u128(id).to_string(), "create_time": now.to_string(),
        "resource_type": "encrypt-resource", "event_type": "TRANSACTION.SUCCESS", "summary": "支付成功",
        "resource": {"original_type": "transaction", "algorithm": "AEAD_AES_256_GCM", "nonce": nonce,
            "associated_data": "transaction", "ciphertext": STANDARD.encode(sealed)},
    }))?)
}

fn request(site: SocketAddr, key: &RsaKeyPair, serial: &str, body: &[u8], now: Timestamp) -> Result<Vec<u8>, Failure> {
    let (timestamp, nonce) = (now.as_second(), "benchmarkbenchmarkbenchmarkbench");
    let message = [format!("{timestamp}\n{nonce}\n").as_bytes(), body, b"\n"].concat();
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &message, &mut signature)?;
    let signature = STANDARD.encode(signature);
    let head = format!(
        "POST /api/wx-pay/native/notify HTTP/1.1\r\nHost: {site}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nWechatpay-Timestamp: {timestamp}\r\nWechatpay-Nonce: {nonce}\r\n\
         Wechatpay-Serial: {serial}\r\nWechatpay-Signature: {signature}\r\n\r\n",
        body.len()
    );
    Ok([head.as_bytes(), body].concat())
}

/// In sandbox mode, or as a live shop of the sandbox's account, whose platform is not there, with these variables. `SERVER` is the
/// program of another version, to be measured in the same run.
pub async fn start(
    folder: &Path,
    address: SocketAddr,
    live: Option<&[(&'static str, String)]>,
) -> Result<Server, Failure> {
    let program = std::env::var_os("SERVER").unwrap_or_else(|| env!("CARGO_BIN_EXE_saoma").into());
    let mut command = Command::new(program);
    command.arg("serve");
    if let Some(variables) = live {
        for pair in dotenvy::from_path_iter(folder.join("sandbox/credentials.env"))? {
            let (name, value) = pair?;
            command.env(name, value);
        }
        command.envs(variables.iter().map(|(name, value)| (name, value)));
    } else {
        command.arg("--sandbox");
    }
    let server = command
        .env("SAOMA_DATA_DIR", folder)
        .env("DATABASE_URL", database(folder))
        .env("SAOMA_SECRET_KEY", "00".repeat(32))
        .env("LEPTOS_SITE_ADDR", address.to_string())
        .env("RUST_LOG", "warn")
        .stderr(Stdio::inherit())
        .spawn()?;
    let server = Server(server);
    for _ in 0..500 {
        if TcpStream::connect(address).await.is_ok() {
            return Ok(server);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err("the server does not answer".into())
}

/// The answers are JSON objects without nesting: whole once the head is followed by a `}`.
pub fn is_whole(answer: &[u8]) -> bool {
    answer.ends_with(b"}") && answer.windows(4).any(|it| it == b"\r\n\r\n")
}
