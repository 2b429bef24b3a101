// wechatpay-axios-plugin, unchanged: `baseURL` leads it here, or HTTPS_PROXY with NODE_EXTRA_CA_CERTS.
import assert from 'node:assert';
import fs from 'node:fs';
import plugin from 'wechatpay-axios-plugin';
import { env, keys, kinds, number, pay, receiver, step } from './shop.mjs';

const { Aes: { AesGcm }, Formatter, Rsa, Wechatpay } = plugin;
const mchid = env.WXPAY_MCH_ID;
const secret = env.WXPAY_API_V3_KEY;
const inbox = await receiver();
const certs = {};
const shared = {};

/** As its own certificate downloader does it: the first reply is verified by what is in it. */
async function download() {
  const take = (response) => {
    for (const { serial_no: serial, encrypt_certificate: sealed } of JSON.parse(response).data ?? []) {
      certs[serial] = AesGcm.decrypt(sealed.ciphertext, secret, sealed.nonce, sealed.associated_data);
    }
    return response;
  };
  const verify = (data, headers) => {
    const [stamp, nonce, serial, signature] = ['timestamp', 'nonce', 'serial', 'signature'].map((name) => headers.get(`Wechatpay-${name}`));
    assert(Rsa.verify(Formatter.response(stamp, nonce, data), signature, certs[serial]), 'the certificates are not signed by one of them');
    return JSON.parse(data);
  };
  const { data } = await sdk({ any: undefined }).v3.certificates.get({ transformResponse: [take, verify] });
  assert.equal(data.data.length, 1);
}

function sdk(trusted) {
  return new Wechatpay({
    mchid,
    serial: env.WXPAY_MCH_SERIAL_NO,
    privateKey: fs.readFileSync(env.WXPAY_PRIVATE_KEY_PATH),
    certs: trusted,
    ...(env.WAY === 'direct' ? { baseURL: `${env.SANDBOX}/` } : {}),
  });
}

async function start() {
  if (keys !== 'public-key') await download();
  if (keys !== 'certificate') certs[env.WXPAY_PUBLIC_KEY_ID] = fs.readFileSync(env.WXPAY_PUBLIC_KEY_PATH);
  shared.sdk = sdk({ ...certs });
}

async function prepay(outTradeNo, total = 100) {
  const { data } = await shared.sdk.v3.pay.transactions.native.post({
    appid: env.WXPAY_APPID, mchid, description: '一颗葱', out_trade_no: outTradeNo, notify_url: inbox.url, amount: { total, currency: 'CNY' },
  });
  assert(data.code_url.startsWith('weixin://'));
}

async function state(expected) {
  const { data } = await shared.sdk.v3.pay.transactions.outTradeNo.$out_trade_no$
    .get({ params: { mchid }, out_trade_no: shared.unpaid });
  assert.equal(data.trade_state, expected);
}

/** Verified and opened with what the SDK offers for it. */
function open({ headers, body }) {
  const [stamp, nonce, serial, signature] = ['timestamp', 'nonce', 'serial', 'signature'].map((name) => headers[`wechatpay-${name}`]);
  assert(certs[serial], `no key for ${serial}`);
  if (!Rsa.verify(Formatter.response(stamp, nonce, body), signature, certs[serial])) return null;
  const { resource, event_type: event } = JSON.parse(body);
  return { event, ...JSON.parse(AesGcm.decrypt(resource.ciphertext, secret, resource.nonce, resource.associated_data)) };
}

async function paid(kind) {
  const outTradeNo = number();
  await prepay(outTradeNo);
  await pay(outTradeNo, kind);
  shared.callback = await inbox.next();
  shared.paid = open(shared.callback);
  assert.equal(shared.paid.out_trade_no, outTradeNo);
  assert.equal(shared.paid.trade_state, 'SUCCESS');
}

const refused = (call, status, code) => assert.rejects(call, ({ response }) => response.status === status && response.data.code === code);

await step('starts', start);
await step('native prepay', async () => prepay(shared.unpaid = number()));
await step('query by out_trade_no', () => state('NOTPAY'));
await step('query of an order that is not there', () => refused(
  shared.sdk.v3.pay.transactions.outTradeNo.$out_trade_no$.get({ params: { mchid }, out_trade_no: number() }), 404, 'ORDER_NOT_EXIST',
));
await step('prepay with a wrong amount', () => refused(prepay(number(), -1), 400, 'PARAM_ERROR'));
await step('close', async () => {
  const reply = await shared.sdk.v3.pay.transactions.outTradeNo.$out_trade_no$.close.post({ mchid }, { out_trade_no: shared.unpaid });
  assert.equal(reply.status, 204);
});
await step('query of a closed order', () => state('CLOSED'));
for (const kind of kinds) await step(`callback of a payment, by ${kind}`, () => paid(kind));
await step('callback that was altered', () => {
  const { headers, body } = shared.callback;
  assert.equal(open({ headers, body: body.replace('transaction', 'Transaction') }), null);
});
await step('query by transaction_id', async () => {
  const { data } = await shared.sdk.v3.pay.transactions.id.$transaction_id$
    .get({ params: { mchid }, transaction_id: shared.paid.transaction_id });
  assert.equal(data.trade_state, 'SUCCESS');
});
await step('refund', async () => {
  shared.refund = number();
  const { data } = await shared.sdk.v3.refund.domestic.refunds.post({
    out_trade_no: shared.paid.out_trade_no, out_refund_no: shared.refund, notify_url: inbox.url, amount: { refund: 40, total: 100, currency: 'CNY' },
  });
  assert.equal(data.status, 'PROCESSING');
});
await step('callback of a refund', async () => {
  const told = open(await inbox.next());
  assert.equal(told.out_refund_no, shared.refund);
  assert.equal(told.refund_status, 'SUCCESS');
});
await step('query of a refund', async () => {
  const { data } = await shared.sdk.v3.refund.domestic.refunds.$out_refund_no$.get({ out_refund_no: shared.refund });
  assert.equal(data.status, 'SUCCESS');
});
