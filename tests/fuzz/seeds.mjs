// Writes the seeds of the fuzz targets to corpus/: what tests/vectors holds, and words by hand. Existing files of
// other names stay (a crash that was mended, for instance). `node tests/fuzz/seeds.mjs`
import { createDecipheriv } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const HERE = new URL('.', import.meta.url);
const VECTORS = new URL('../vectors/', HERE);
const API_V3_KEY = '0123456789abcdefghijABCDEFGHIJ_-';

const bytes = (name) => readFileSync(new URL(name, VECTORS));
const text = (name) => bytes(name).toString('utf8');
const answer = (name) => text(`answers/${name}.headers`) + '\n' + text(`answers/${name}.body`);

function open({ ciphertext, nonce, associated_data }) {
  const sealed = Buffer.from(ciphertext, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', API_V3_KEY, nonce);
  decipher.setAAD(Buffer.from(associated_data ?? '')).setAuthTag(sealed.subarray(-16));
  return decipher.update(sealed.subarray(0, -16), undefined, 'utf8') + decipher.final('utf8');
}

/** @param {Record<string, string | Uint8Array>} seeds */
function write(target, seeds) {
  const folder = new URL(`corpus/${target}/`, HERE);
  mkdirSync(folder, { recursive: true });
  for (const [name, seed] of Object.entries(seeds)) writeFileSync(new URL(name, folder), seed);
}

const pick = (names, of) => Object.fromEntries(names.map((name) => [name, of(name)]));

write('notify_open', {
  ...pick(['transaction', 'transaction_by_certificate', 'probe', 'crlf', 'previous_key', 'close'], answer),
  altered: answer('refund').replace('REFUND', 'refund'),
  stale: answer('security').replace('1767196800', '1767196000'),
  repeated: 'Wechatpay-Nonce: a\n' + answer('unknown'),
  sm2: 'Wechatpay-Signature-Type: WECHATPAY2-SM2-WITH-SM3\n' + answer('unknown'),
});

write('notify_envelope', {
  ...pick(['absent_associated_data', 'refund', 'reordered', 'security', 'unknown'], (it) => bytes(`answers/${it}.body`)),
  v2: '<xml><return_code>SUCCESS</return_code></xml>',
  algorithm: text('answers/unknown.body').replace('AEAD_AES_256_GCM', 'AEAD_SM4_GCM'),
});

write('notify_content', {
  ...pick(['transaction', 'refund', 'security', 'unknown'], (name) => {
    const { event_type, resource } = JSON.parse(text(`answers/${name}.body`));
    return [resource.original_type, event_type, resource.associated_data, open(resource)].join('\n');
  }),
  wrong: 'transaction\nTRANSACTION.SUCCESS\ntransaction\n{"appid":"a","mchid":1}',
});

const refund = {
  refund_id: '50000000382019052709732678859', out_refund_no: '1217752501201407033233368018',
  transaction_id: '1217752501201407033233368018', out_trade_no: '1217752501201407033233368018', channel: 'ORIGINAL',
  user_received_account: '招商银行信用卡0403', create_time: '2020-12-01T16:18:12+08:00', status: 'PROCESSING',
  funds_account: 'UNSETTLED', success_time: null,
  amount: { total: 100, refund: 100, payer_total: 90, payer_refund: 90, currency: 'CNY' },
};
const { status, ...rest } = refund;
const detail = { field: '/amount/currency', value: 'XYZ', issue: 'Currency code is invalid', location: 'body' };
write('replies', {
  prepay: bytes('answers/prepay.body'),
  query: bytes('answers/query.body'),
  unpaid: '{"amount":{"total":1},"appid":"wx1","mchid":"1","out_trade_no":"123456","trade_state":"NOTPAY"}',
  refund: JSON.stringify(refund),
  notice: JSON.stringify({ mchid: '1', refund_status: status, ...rest }),
  error: JSON.stringify({ code: 'PARAM_ERROR', message: '参数错误\u0007', detail }),
  errors_of_old: '{"code":"ORDERNOTEXIST","message":"order not exist"}',
  foreign: '<html><body>502 Bad Gateway</body></html>',
});

const certificates = JSON.parse(text('answers/certificates_rotated.body')).data;
write('certificates_reply', {
  genuine: bytes('answers/certificates.body'),
  respelled: text('answers/certificates.body').replace('440024045C4A', '00440024045c4a'),
  other: JSON.stringify({ data: certificates.slice(0, 1) }),
  mismatch: text('answers/certificates.body').replace('440024045C4A', '540024045C4A'),
  empty: '{"data":[]}',
});
write('certificates_content', {
  ...pick(['platform_certificate', 'next_platform_certificate'], (name) => {
    const { serial_no } = certificates[name === 'platform_certificate' ? 1 : 0];
    return [serial_no, 'certificate', text(`keys/${name}.pem`)].join('\n');
  }),
  lower_case: ['a00240455877e3cf6c33255c2e7defff7e42700', '', text('keys/next_platform_certificate.pem')].join('\n'),
  mismatch: ['1', 'certificate', text('keys/platform_certificate.pem')].join('\n'),
  key: ['1', 'certificate', text('keys/wechatpay_public.pem')].join('\n'),
});

write('times', {
  beijing: '2026-01-01T00:00:00+08:00', utc: '2025-12-31T16:00:00Z', fraction: '2025-12-31T16:00:00.123456789-05:30',
  before: '-000001-12-31T23:59:59.9+08:00', last: '9999-12-30T22:00:00.999999999Z', leap: '2016-12-31T23:59:60Z',
  old: '20180608103456', words: 'soon',
  json: '"2026-01-01T00:00:00Z"', object: '{"a":[1,null]}',
});

const squeezed = (name, end) => text(`keys/${name}.pem`).replaceAll('\n', end);
const texts = ['merchant_certificate', 'wechatpay_public', 'short_key', 'short_public', 'ec_key', 'ec_public'];
write('pem', {
  ...pick(texts, (name) => text(`keys/${name}.pem`)),
  squeezed: squeezed('wechatpay_public', '\\n'),
  one_line: squeezed('platform_certificate', ' '),
  bag: `Bag Attributes\n${text('keys/short_public.pem')}${text('keys/wechatpay_public.pem')}`,
  with_passphrase: '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n',
  cut_off: text('keys/wechatpay_public.pem').slice(0, 200),
  empty: ' \\n',
});

/** The kind as the check wants it, then what is between BEGIN and END. */
function der(kind, name) {
  const [, base64] = /-----BEGIN [^-]+-----([^-]+)-----END/.exec(text(`keys/${name}.pem`));
  return Buffer.concat([Buffer.from(kind), Buffer.from(base64, 'base64')]);
}
write('der', {
  certificate: der('0', 'platform_certificate'), certificate_with_zero: der('0', 'next_platform_certificate'),
  public_key: der('1', 'wechatpay_public'), short_public_key: der('1', 'short_public'), ec_public_key: der('1', 'ec_public'),
  private_key: der('2', 'merchant_key'), short_private_key: der('2', 'short_key'), ec_private_key: der('2', 'ec_key'),
  pkcs1: der('3', 'merchant_key_pkcs1'),
});

// From the right: certificates or a public key, then two names; 6 and 7 are none. The first bit: they live longer.
write('keyring', {
  switch: Uint8Array.of(0b0_000_011_0, 0b0_111_010_1, 0b1_001_000_1, 0b0_111_111_1),
  collision: Uint8Array.of(0b0_001_000_1, 0b0_111_000_0, 0b1_000_001_1, 0b0_101_000_1),
  nothing: Uint8Array.of(0b0_111_111_1, 0b0_110_110_0),
});

const prepay = text('requests/prepay.authorization');
write('authorization', {
  prepay,
  other_order: prepay.replace(/mchid="\d+",(.*)/, '$1,mchid="1900007291"'),
  shortest: 'WECHATPAY2-SHA256-RSA2048 mchid="1",nonce_str="n",timestamp="0",serial_no="A",signature="="',
  spaces: prepay.replaceAll(',', ', '),
  repeated: `${prepay},mchid="1"`,
  scheme: prepay.replace('RSA2048', 'RSA4096'),
});

write('identifiers', {
  out_trade_no: '1217752501201407033233368018', ours: '20261123135222ZZZZZZZZZZZZZZZZZZ', shortest: '_-09Az',
  token: '000102030405060708090a0b0c0d0e0f', token_in_capitals: '000102030405060708090A0B0C0D0E0F', product: '0012',
  too_large: '9223372036854775808', mchid: ' 1900007291\n',
  merchant_serial: '5f1c72e2a8931b72a2e13af8dee92471eb397100', public_key_id: 'PUB_KEY_ID_0119000072912026010100000000000001',
  built: '\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u0009\u000a\u000b\u000c\u000d\u000e\u001f\u0020\u007f20261123135222',
  path: '../../x', wide: '１２３４５６',
});

const BILL_NAMES =
  '交易时间,微信订单号,商户订单号,用户标识,交易状态,应结订单金额,微信退款单号,商户退款单号,退款金额,商品名称,手续费,费率,订单金额';
const BILL_ROWS =
  '`2026-01-01 00:00:00,`42,`shop_1,`o,`SUCCESS,`1.00,`0,`0,`0.00,`一\\,二,`0.00600,`0.60%,`1.00\r\n' +
  '`2026-01-01 00:00:01,`43,`shop_2,`,`REFUND,`0.00,`50,`R2,`0.10,`x\\\r\ny,`-0.00060,`0.60%,`0.00\r\n';
const BILL_SUMS = '总交易单数,退款总金额,手续费总金额,订单总金额\r\n`2.0,`0.10,`0.00540,`1.00\r\n';
write('bill', {
  whole: '\x00\ufeff' + BILL_NAMES + '\r\n' + BILL_ROWS + BILL_SUMS,
  line_feeds: '\x07' + (BILL_NAMES + '\r\n' + BILL_ROWS + BILL_SUMS).replaceAll('\r', ''),
  cut_off: '\x10' + BILL_NAMES + '\r\n' + BILL_ROWS,
  wrong_sum: '\x10' + BILL_NAMES + '\n' + BILL_SUMS,
  fund_flow:
    '\x20记账时间,微信支付业务单号,收支类型,收支金额(元),账户结余(元)\n`2026-01-01 00:00:00,`42,`收入,`1.00,`2.00\n' +
    '资金流水总笔数,收入笔数,收入金额\n`1,`1,`1.00\n',
  error: '\x01{"code":"SYSTEM_ERROR"}',
});
