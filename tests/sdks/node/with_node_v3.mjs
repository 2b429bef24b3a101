// wechatpay-node-v3, unchanged. Its host cannot be set and it reads no HTTPS_PROXY: through_proxy.cjs leads it here.
import assert from 'node:assert';
import fs from 'node:fs';
import module from 'wechatpay-node-v3';
import { env, keys, kinds, number, pay, receiver, step } from './shop.mjs';

const Pay = module.default ?? module;
const inbox = await receiver();
const shared = {};

/** Knows certificates by itself; a public key is put beside them, by its id. */
class Sdk extends Pay {
  static trust(id, key) {
    Pay.certificates[id] = key;
  }
}

async function start() {
  // It takes the merchant's serial from the certificate, in small letters.
  shared.sdk = new Sdk({
    appid: env.WXPAY_APPID,
    mchid: env.WXPAY_MCH_ID,
    publicKey: fs.readFileSync(env.WXPAY_CERTIFICATE_PATH),
    privateKey: fs.readFileSync(env.WXPAY_PRIVATE_KEY_PATH),
    key: env.WXPAY_API_V3_KEY,
  });
  if (keys !== 'certificate') Sdk.trust(env.WXPAY_PUBLIC_KEY_ID, fs.readFileSync(env.WXPAY_PUBLIC_KEY_PATH, 'utf8'));
}

function expect(reply, status) {
  assert.equal(reply.status, status, JSON.stringify(reply));
  return reply.data;
}

const prepay = (outTradeNo, total = 100) => shared.sdk.transactions_native({
  description: '一颗葱', out_trade_no: outTradeNo, notify_url: inbox.url, amount: { total },
});

async function state(expected) {
  assert.equal(expect(await shared.sdk.query({ out_trade_no: shared.unpaid }), 200).trade_state, expected);
}

async function open({ headers, body }) {
  const [timestamp, nonce, serial, signature] = ['timestamp', 'nonce', 'serial', 'signature'].map((name) => headers[`wechatpay-${name}`]);
  if (!await shared.sdk.verifySign({ timestamp, nonce, body, serial, signature })) return null;
  const { resource } = JSON.parse(body);
  return shared.sdk.decipher_gcm(resource.ciphertext, resource.associated_data, resource.nonce);
}

async function paid(kind) {
  const outTradeNo = number();
  expect(await prepay(outTradeNo), 200);
  await pay(outTradeNo, kind);
  shared.callback = await inbox.next();
  shared.paid = await open(shared.callback);
  assert.equal(shared.paid.out_trade_no, outTradeNo);
  assert.equal(shared.paid.trade_state, 'SUCCESS');
}

function refused(reply, status, code) {
  assert.equal(reply.status, status, JSON.stringify(reply));
  assert.equal(JSON.parse(reply.error).code, code);
}

await step('starts', start);
if (keys !== 'public-key') {
  await step('certificates', async () => assert.equal((await shared.sdk.get_certificates(env.WXPAY_API_V3_KEY)).length, 1));
}
await step('native prepay', async () => {
  shared.unpaid = number();
  assert(expect(await prepay(shared.unpaid), 200).code_url.startsWith('weixin://'));
});
await step('query by out_trade_no', () => state('NOTPAY'));
await step('query of an order that is not there', async () => refused(await shared.sdk.query({ out_trade_no: number() }), 404, 'ORDER_NOT_EXIST'));
await step('prepay with a wrong amount', async () => refused(await prepay(number(), -1), 400, 'PARAM_ERROR'));
await step('close', async () => expect(await shared.sdk.close(shared.unpaid), 204));
await step('query of a closed order', () => state('CLOSED'));
for (const kind of kinds) await step(`callback of a payment, by ${kind}`, () => paid(kind));
await step('callback that was altered', async () => {
  const { headers, body } = shared.callback;
  assert.equal(await open({ headers, body: body.replace('transaction', 'Transaction') }), null);
});
await step('query by transaction_id', async () => {
  assert.equal(expect(await shared.sdk.query({ transaction_id: shared.paid.transaction_id }), 200).trade_state, 'SUCCESS');
});
await step('refund', async () => {
  shared.refund = number();
  const told = expect(await shared.sdk.refunds({
    out_trade_no: shared.paid.out_trade_no, out_refund_no: shared.refund, notify_url: inbox.url, amount: { refund: 40, total: 100, currency: 'CNY' },
  }), 200);
  assert.equal(told.status, 'PROCESSING');
});
await step('callback of a refund', async () => {
  const told = await open(await inbox.next());
  assert.equal(told.out_refund_no, shared.refund);
  assert.equal(told.refund_status, 'SUCCESS');
});
await step('query of a refund', async () => assert.equal(expect(await shared.sdk.find_refunds(shared.refund), 200).status, 'SUCCESS'));
