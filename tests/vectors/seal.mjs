// Called by make.sh: writes the bodies of answers/, sealed with AES-256-GCM by node's crypto.
import { createCipheriv } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'

const { API_V3_KEY, PREVIOUS_API_V3_KEY } = process.env
const write = (name, text) => writeFileSync(`answers/${name}.body`, text)

/** Base64 of ciphertext and 16-byte tag. */
function seal(plaintext, nonce, associatedData, key = API_V3_KEY) {
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(key), Buffer.from(nonce))
  cipher.setAAD(Buffer.from(associatedData))
  return Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64')
}

/** `associated_data` undefined: the key is left out, as if it were empty. */
function envelope(event_type, original_type, content, associated_data, key) {
  const nonce = 'Kj7QIyUiYx1q'
  const ciphertext = seal(JSON.stringify(content), nonce, associated_data ?? '', key)
  return {
    id: '3119dfba-e649-5eec-ab1e-3412bc4d2e17',
    create_time: '2026-01-01T00:00:00+08:00',
    resource_type: 'encrypt-resource',
    event_type,
    summary: '支付成功',
    resource: { original_type, algorithm: 'AEAD_AES_256_GCM', ciphertext, associated_data, nonce },
  }
}

const transaction = {
  transaction_id: '4200001234202601010000000001',
  amount: { payer_total: 90, total: 100, currency: 'CNY', payer_currency: 'CNY' },
  mchid: '1900007291',
  trade_state: 'SUCCESS',
  bank_type: 'CMC',
  promotion_detail: [{ amount: 10, coupon_id: '109519', scope: 'SINGLE', name: '单品惠-6' }],
  success_time: '2025-12-31T23:59:58+08:00',
  payer: { openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
  out_trade_no: '1217752501201407033233368018',
  appid: 'wxd678efh567hg6787',
  trade_state_desc: '支付成功',
  trade_type: 'NATIVE',
  attach: '自定义数据',
  scene_info: { device_id: '013467007045764' },
}
const paid = (associated_data, key) => envelope('TRANSACTION.SUCCESS', 'transaction', transaction, associated_data, key)
const reversed = (value) =>
  value instanceof Object && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).reverse().map(([key, inner]) => [key, reversed(inner)]))
    : value

const compact = JSON.stringify(paid('transaction'))
write('transaction', compact)
write('transaction_by_certificate', compact)
write('crlf', JSON.stringify(paid('transaction'), null, 2).replaceAll('\n', '\r\n') + '\r\n')
write('newline', compact + '\n')
// Other order of keys, escaped slashes, an unknown field, empty associated data.
write('reordered', JSON.stringify({ invented: [1], ...reversed(paid('')) }).replaceAll('/', '\\/'))
write('absent_associated_data', JSON.stringify(paid(undefined)))
write('previous_key', JSON.stringify(paid('transaction', PREVIOUS_API_V3_KEY)))
write('refund', JSON.stringify(envelope('REFUND.SUCCESS', 'refund', {
  mchid: '1900007291',
  transaction_id: '4200001234202601010000000001',
  out_trade_no: '1217752501201407033233368018',
  refund_id: '50200207182018070300011301001',
  out_refund_no: '7752501201407033233368018',
  refund_status: 'SUCCESS',
  success_time: '2025-12-31T23:59:59+08:00',
  user_received_account: '招商银行信用卡0403',
  amount: { total: 100, refund: 40, payer_total: 90, payer_refund: 36 },
}, 'refund')))
write('security', JSON.stringify(envelope('SECURITY_ECHO.SUCCESS', 'security', {
  echo_message: 'hello 你好', encrypt_echo_message: 'c2VhbGVk',
}, 'security')))
write('unknown', JSON.stringify(envelope('COUPON.USE', 'coupon', { stock_id: '9865888' }, 'coupon')))

write('prepay', JSON.stringify({ code_url: 'weixin://wxpay/bizpayurl?pr=JyC91EIz1' }))
write('query', JSON.stringify(transaction))
write('close', '')
write('refund_reply', JSON.stringify({
  refund_id: '50200207182018070300011301001',
  out_refund_no: '7752501201407033233368018',
  transaction_id: '4200001234202601010000000001',
  out_trade_no: '1217752501201407033233368018',
  channel: 'ORIGINAL',
  user_received_account: '招商银行信用卡0403',
  create_time: '2025-12-31T23:59:59+08:00',
  status: 'PROCESSING',
  funds_account: 'AVAILABLE',
  amount: {
    total: 100, refund: 40, payer_total: 90, payer_refund: 36, settlement_refund: 40, settlement_total: 100,
    discount_refund: 4, currency: 'CNY',
  },
}))

const certificate = (serial_no, file, nonce) => ({
  serial_no,
  effective_time: '2025-12-01T00:00:00+08:00',
  expire_time: '2030-12-01T00:00:00+08:00',
  encrypt_certificate: {
    algorithm: 'AEAD_AES_256_GCM',
    nonce,
    associated_data: 'certificate',
    ciphertext: seal(readFileSync(`keys/${file}`, 'utf8'), nonce, 'certificate'),
  },
})
const current = certificate('440024045C4A427599D09BB4E3DE0279F2E81300', 'platform_certificate.pem', '14b16c03dc1b')
const next = certificate('0A00240455877E3CF6C33255C2E7DEFFF7E42700', 'next_platform_certificate.pem', '24b16c03dc1b')
write('certificates', JSON.stringify({ data: [current] }))
write('certificates_rotated', JSON.stringify({ data: [next, current] }))
