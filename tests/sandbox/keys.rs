//! Both kinds of platform key, certificates, the echo (`wechatpay-v3.md` §2.3, §3, §10.6).

use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PublicEncryptingKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::harness::{Answer, Platform};

async fn query_with_serial(platform: &Platform, serial: Option<&str>) -> Answer {
    let client = &platform.client;
    let url = format!("/v3/pay/transactions/out-trade-no/ORDER0001?mchid={}", client.mchid);
    let authorization = client.authorization(&client.signing(), "GET", &url, b"");
    let mut request = client.bare("GET", &url, b"").header("Authorization", authorization);
    request = request.header("User-Agent", "test/1").header("Accept", "*/*");
    if let Some(serial) = serial {
        request = request.header("Wechatpay-Serial", serial);
    }
    client.send(request).await
}

#[tokio::test]
async fn the_request_chooses_the_key_of_the_reply() {
    let platform = Platform::start().await;
    platform.prepay("ORDER0001").await;
    let certificate = platform.client.certificate_serial().to_owned();
    let public_key = platform.client.public_key_id.clone();
    // The merchant's own serial, also in small letters, and an empty one are as good as none: SDKs send them.
    let own = platform.client.serial_no.clone();
    for (asked, given) in [
        (Some(&*public_key), &public_key),
        (Some(&*certificate), &certificate),
        (None, &public_key),
        (Some(""), &public_key),
        (Some(&*own), &public_key),
        (Some(&*own.to_lowercase()), &public_key),
    ] {
        let answer = query_with_serial(&platform, asked).await;
        assert_eq!(answer.headers["Wechatpay-Serial"], given.as_str());
        assert_eq!(platform.client.verify(&answer.headers, &answer.body), Ok(()));
    }
    for wrong in ["PUB_KEY_ID_0", &certificate.to_lowercase(), &"AB".repeat(20)] {
        let answer = query_with_serial(&platform, Some(wrong)).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "PARAM_ERROR"), "{wrong}");
        assert_eq!(answer.json()["message"], "平台证书序列号Wechatpay-Serial错误");
        assert!(!answer.is_signed());
    }
}

#[tokio::test]
async fn the_certificate_comes_sealed() {
    let platform = Platform::start().await;
    for url in ["/v3/certificates", "/v3/certificates?algorithm_type=RSA", "/v3/certificates?algorithm_type=ALL"] {
        let reply = platform.client.get(url).await.json();
        let [certificate] = reply["data"].as_array().expect("a list").as_slice() else { panic!("{reply}") };
        assert_eq!(certificate["serial_no"], platform.client.certificate_serial());
        assert_eq!(certificate["encrypt_certificate"]["associated_data"], "certificate");
        let pem = platform.client.open(&certificate["encrypt_certificate"]);
        assert_eq!(pem, std::fs::read(platform.dir.join("platform/cert.pem")).expect("is there"));
        for name in ["effective_time", "expire_time"] {
            assert!(certificate[name].as_str().expect("a time").ends_with("+08:00"));
        }
    }
    assert_eq!(platform.client.get("/v3/certificates?x=1").await.code(), "PARAM_ERROR");
}

#[tokio::test]
async fn a_merchant_without_certificates_gets_404_and_the_public_key() {
    let platform = Platform::start().await;
    platform.faults(json!({"public_key_only": true, "public_key_share": 0})).await;
    let answer = platform.client.get("/v3/certificates").await;
    assert_eq!((answer.status, answer.code().as_str()), (404, "RESOURCE_NOT_EXISTS"));
    let code_url = platform.prepay("ORDER0001").await;
    let answer = query_with_serial(&platform, None).await;
    assert_eq!(answer.headers["Wechatpay-Serial"], platform.client.public_key_id.as_str());
    platform.pay(&code_url).await;
    let received = platform.receiver.wait_for(1).await;
    assert_eq!(received[0].header("Wechatpay-Serial"), platform.client.public_key_id);
}

#[tokio::test]
async fn openssl_agrees_with_every_key_and_signature() {
    if std::process::Command::new("openssl").arg("version").output().is_err() {
        // Not installed: nothing to compare with.
        return;
    }
    let platform = Platform::start().await;
    let answer = platform.client.get("/v3/certificates").await;
    let header = |name: &str| answer.headers[name].to_str().expect("ASCII").to_owned();
    let mut message = format!("{}\n{}\n", header("Wechatpay-Timestamp"), header("Wechatpay-Nonce")).into_bytes();
    message.extend_from_slice(&answer.body);
    message.push(b'\n');
    let dir = &platform.dir;
    std::fs::write(dir.join("message"), message).expect("writes");
    std::fs::write(dir.join("signature"), STANDARD.decode(header("Wechatpay-Signature")).expect("base64"))
        .expect("writes");
    let openssl = |arguments: &[&str]| {
        let output = std::process::Command::new("openssl").args(arguments).current_dir(&**dir).output();
        let output = output.expect("runs");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    openssl(&["dgst", "-sha256", "-verify", "pub_key.pem", "-signature", "signature", "message"]);
    let serial = openssl(&["x509", "-in", "apiclient_cert.pem", "-noout", "-serial"]);
    assert_eq!(serial.trim(), format!("serial={}", platform.client.serial_no));
    assert_eq!(platform.client.serial_no.len(), 40);
    openssl(&["verify", "-check_ss_sig", "-CAfile", "apiclient_cert.pem", "apiclient_cert.pem"]);
    openssl(&["verify", "-check_ss_sig", "-CAfile", "platform/cert.pem", "platform/cert.pem"]);
    let certified = openssl(&["x509", "-in", "apiclient_cert.pem", "-noout", "-pubkey"]);
    assert_eq!(certified, openssl(&["pkey", "-in", "apiclient_key.pem", "-pubout"]));
}

#[tokio::test]
async fn the_echo_tries_both_directions_and_the_callback() {
    let platform = Platform::start().await;
    let pem = std::fs::read_to_string(platform.dir.join("pub_key.pem")).expect("is there");
    let der = STANDARD.decode(pem.lines().filter(|line| !line.starts_with('-')).collect::<String>()).expect("PEM");
    let key = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(&der).expect("a key")).expect("a key");
    let mut sealed = vec![0; key.ciphertext_size()];
    key.encrypt(&OAEP_SHA1_MGF1SHA1, "机密".as_bytes(), &mut sealed, None).expect("encrypts");
    let body = json!({
        "echo_message": "回声",
        "encrypted_echo_message": STANDARD.encode(sealed),
        "notify_url": platform.receiver.url,
    });
    let reply = platform.client.post("/v3/security/echo", &body).await.json();
    assert_eq!(reply["echo_message"], "回声");
    let secret = |value: &Value| platform.client.decrypt(value.as_str().expect("text"));
    assert_eq!(secret(&reply["encrypted_echo_message"]), "机密".as_bytes());

    let received = platform.receiver.wait_for(1).await;
    let envelope = received[0].envelope();
    assert_eq!(envelope["event_type"], "SECURITY_ECHO.SUCCESS");
    assert_eq!(envelope["resource"]["original_type"], "security");
    let told = received[0].open(&platform.client);
    assert_eq!(told["echo_message"], "回声");
    assert_eq!(secret(&told["encrypt_echo_message"]), "机密".as_bytes());
}

#[tokio::test]
async fn the_echo_needs_its_header_and_a_readable_secret() {
    let platform = Platform::start().await;
    let client = &platform.client;
    let url = "/v3/security/echo";
    let body = br#"{"echo_message":"x"}"#;
    let authorization = client.authorization(&client.signing(), "POST", url, body);
    let request = client.bare("POST", url, body).header("Authorization", authorization);
    let request = request.header("User-Agent", "t").header("Accept", "*/*").header("Content-Type", "application/json");
    let refused = client.send(request).await;
    assert_eq!(refused.code(), "PARAM_ERROR");
    assert_eq!(refused.json()["message"], "HTTP header缺少微信支付平台证书序列号(Wechatpay-Serial)");
    assert_eq!(client.post(url, &json!({})).await.code(), "PARAM_ERROR");
    let wrong = json!({"echo_message": "x", "encrypted_echo_message": STANDARD.encode([7; 256])});
    assert_eq!(client.post(url, &wrong).await.code(), "PARAM_ERROR");
    assert_eq!(client.post(url, &json!({"echo_message": "x"})).await.status, 200);
}
