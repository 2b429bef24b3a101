#!/usr/bin/env bash
# Makes the known answers in this folder with tools that share no code with this project: signatures
# and certificates by the openssl command, AES-256-GCM by node's crypto (openssl cannot do it on the
# command line). Keys that are already here are kept, so that running it again changes nothing; they
# are for tests only and belong to nobody.
#
#   keys/            *.pem
#   requests/NAME.*  body, message (what is signed), signature, authorization
#   answers/NAME.*   body, headers (one `name: value` per line): notifications and replies
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export NOW=1767196800 # 2026-01-01T00:00:00+08:00; every answer is stamped with it
export API_V3_KEY=0123456789abcdefghijABCDEFGHIJ_- PREVIOUS_API_V3_KEY=previous-previous-previous-12345
PUBLIC_KEY_ID=PUB_KEY_ID_0119000072912026010100000000000001
MERCHANT_SERIAL=5F1C72E2A8931B72A2E13AF8DEE92471EB397100
PLATFORM_SERIAL=440024045C4A427599D09BB4E3DE0279F2E81300
NEXT_SERIAL=0A00240455877E3CF6C33255C2E7DEFFF7E42700 # a leading zero on purpose
mkdir -p keys requests answers

key() { [[ -e keys/$1 ]] || openssl genpkey -quiet -out "keys/$1" "${@:2}"; }
rsa() { key "$1" -algorithm RSA -pkeyopt "rsa_keygen_bits:${2:-2048}"; }
certificate() { # key, serial, name
  [[ -e keys/$3 ]] || openssl req -x509 -key "keys/$1" -set_serial "0x$2" -days 1825 -sha256 \
    -subj "/O=Saoma tests/CN=$3" -out "keys/$3"
}
rsa merchant_key.pem
rsa wechatpay_key.pem          # the private half of the WeChat Pay public key
rsa platform_key.pem           # the private half of a platform certificate
rsa next_platform_key.pem
rsa short_key.pem 1024
key ec_key.pem -algorithm EC -pkeyopt ec_paramgen_curve:P-256
openssl rsa -in keys/merchant_key.pem -traditional -out keys/merchant_key_pkcs1.pem 2>/dev/null
[[ -e keys/merchant_key_encrypted.pem ]] ||
  openssl pkcs8 -topk8 -in keys/merchant_key.pem -passout pass:test -out keys/merchant_key_encrypted.pem
[[ -e keys/merchant_key_pkcs1_encrypted.pem ]] ||
  openssl rsa -in keys/merchant_key.pem -traditional -aes256 -passout pass:test \
    -out keys/merchant_key_pkcs1_encrypted.pem 2>/dev/null
for name in merchant wechatpay short ec; do
  openssl pkey -in "keys/${name}_key.pem" -pubout -out "keys/${name}_public.pem"
done
certificate merchant_key.pem "$MERCHANT_SERIAL" merchant_certificate.pem
certificate platform_key.pem "$PLATFORM_SERIAL" platform_certificate.pem
certificate next_platform_key.pem "$NEXT_SERIAL" next_platform_certificate.pem

sign() { openssl dgst -sha256 -sign "keys/$1" "$2" | openssl base64 -A; }

request() { # name, method, target; the body is in requests/NAME.body
  local base=requests/$1 nonce=593BEC0C930BF1AFEB40B4A08C8FB242
  { printf '%s\n%s\n%s\n%s\n' "$2" "$3" "$NOW" "$nonce"; cat "$base.body"; printf '\n'; } > "$base.message"
  sign merchant_key.pem "$base.message" > "$base.signature"
  printf 'WECHATPAY2-SHA256-RSA2048 mchid="1900007291",nonce_str="%s",timestamp="%s",serial_no="%s",signature="%s"' \
    "$nonce" "$NOW" "$MERCHANT_SERIAL" "$(< "$base.signature")" > "$base.authorization"
}
printf '%s' '{"appid":"wxd678efh567hg6787","mchid":"1900007291","description":"腾讯充值中心-QQ会员充值","out_trade_no":"1217752501201407033233368018","time_expire":"2026-01-01T00:15:00+08:00","attach":"自定义数据","notify_url":"https://www.example.com/api/wx-pay/native/notify","amount":{"total":100,"currency":"CNY"}}' > requests/prepay.body
printf '' > requests/query.body
printf '%s' '{"mchid":"1900007291"}' > requests/close.body
printf '%s' '{"transaction_id":"4200001234202601010000000001","out_refund_no":"7752501201407033233368018","reason":"商品已售完","notify_url":"https://www.example.com/api/wx-pay/refunds/notify","amount":{"refund":40,"total":100,"currency":"CNY"}}' > requests/refund.body
printf '' > requests/refund_query.body
request prepay POST /v3/pay/transactions/native
request query GET '/v3/pay/transactions/out-trade-no/1217752501201407033233368018?mchid=1900007291'
request close POST /v3/pay/transactions/out-trade-no/1217752501201407033233368018/close
request refund POST /v3/refund/domestic/refunds
request refund_query GET /v3/refund/domestic/refunds/7752501201407033233368018

# A field of an abnormal refund, sealed to the WeChat Pay public key: other bytes each time.
printf '%s' '6225880123456789 张三' | openssl pkeyutl -encrypt -pubin -inkey keys/wechatpay_public.pem \
  -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha1 -pkeyopt rsa_mgf1_md:sha1 | openssl base64 -A > requests/sealed_field.txt

answer() { # name, signing key, serial; the body is in answers/NAME.body
  local base=answers/$1 nonce=EcZ9Cmy4Xyx1i6RlJQzLcCyEqDa26NBz
  { printf '%s\n%s\n' "$NOW" "$nonce"; cat "$base.body"; printf '\n'; } > "$base.message"
  { printf 'Wechatpay-Timestamp: %s\nWechatpay-Nonce: %s\nWechatpay-Serial: %s\n' "$NOW" "$nonce" "$3"
    printf 'Wechatpay-Signature: %s\n' "$(sign "$2" "$base.message")"; } > "$base.headers"
  rm "$base.message"
}
node seal.mjs
for name in transaction crlf newline reordered absent_associated_data refund security unknown \
    previous_key prepay query close refund_reply; do
  answer "$name" wechatpay_key.pem "$PUBLIC_KEY_ID"
done
answer transaction_by_certificate platform_key.pem "$PLATFORM_SERIAL"
answer certificates platform_key.pem "$PLATFORM_SERIAL"          # the first download
answer certificates_rotated next_platform_key.pem "$NEXT_SERIAL" # two, signed by the new one
echo 'Wechatpay-Signature-Type: WECHATPAY2-SHA256-RSA2048' >> answers/transaction_by_certificate.headers

# A probe (签名探测流量): a prefix, then what is no signature.
cp answers/transaction.body answers/probe.body
sed 's|^Wechatpay-Signature: .\{20\}|Wechatpay-Signature: WECHATPAY/SIGNTEST/|' answers/transaction.headers > answers/probe.headers
