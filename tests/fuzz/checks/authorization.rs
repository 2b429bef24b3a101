//! The `Authorization` header of a request to the sandbox. What is read, written again, is as long
//! as what was sent and reads the same: nothing is ignored, nothing invented.

use saoma::sandbox::parse_authorization;

pub fn check(data: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(data) else { return false };
    let Ok(read) = parse_authorization(text) else { return false };
    let again = format!(
        r#"WECHATPAY2-SHA256-RSA2048 mchid="{}",nonce_str="{}",timestamp="{}",serial_no="{}",signature="{}""#,
        read.mchid, read.nonce_str, read.timestamp, read.serial_no, read.signature
    );
    assert_eq!(parse_authorization(&again), Ok(read));
    assert_eq!(again.len(), text.len(), "{again:?} of {text:?}");
    assert!(text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
    assert_eq!(read.timestamp.parse(), Ok(read.seconds));
    assert!(read.seconds >= 0);
    true
}
