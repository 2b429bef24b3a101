// What every shop here needs, in JavaScript: steps that are counted, and a receiver of callbacks.
import crypto from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';

export const { env } = process;
export const keys = env.KEYS;

// Longer than anything here takes on a busy machine.
const PATIENCE = 30_000;

/** Runs one step and says how it went. */
export async function step(name, deed) {
  try {
    await deed();
    console.log(`ok ${name}`);
  } catch (error) {
    const told = error.response?.data ? JSON.stringify(error.response.data) : '';
    console.log(`not ok ${name}: ${String(error).replaceAll('\n', ' ')} ${told}`);
  }
}

export const number = () => crypto.randomBytes(12).toString('hex').toUpperCase();

/** A control of the sandbox. */
async function control(method, path, body) {
  const headers = { 'Content-Type': 'application/json' };
  const reply = await fetch(env.SANDBOX + path, { method, headers, body: JSON.stringify(body) });
  if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
  return reply.json();
}

/** The shopper pays; the callback is signed by this kind of key. */
export async function pay(outTradeNo, kind) {
  await control('PUT', '/_sandbox/faults', { public_key_share: kind === 'public-key' ? 1 : 0 });
  return control('POST', '/_sandbox/pay', { out_trade_no: outTradeNo });
}

/** Which kinds of key sign callbacks. */
export const kinds = keys === 'both' ? ['public-key', 'certificate'] : [keys];

export async function receiver() {
  const arrived = [];
  const server = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    response.writeHead(204).end();
    arrived.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    server.emit('arrived');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  return {
    url: `http://127.0.0.1:${server.address().port}/notify`,
    async next() {
      // The timer keeps the process: the server alone does not.
      if (arrived.length === 0) {
        const timer = setTimeout(() => server.emit('error', new Error('no callback came')), PATIENCE);
        await once(server, 'arrived').finally(() => clearTimeout(timer));
      }
      return arrived.shift();
    },
  };
}
