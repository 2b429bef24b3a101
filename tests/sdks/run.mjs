// Runs SDKs of WeChat Pay, as they are, against `saoma sandbox`: in each key mode, by the SDK's own host setting and
// through the sandbox as a proxy under WeChat's own names. Usage: node run.mjs SAOMA BUILT (make sdks).
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const [saoma, built] = process.argv.slice(2).map((argument) => path.resolve(argument));
const MODES = ['public-key', 'certificate', 'both'];
/** With which every program ends: one that has said less has not come to its end, whatever held until then. */
const LAST = 'query of a refund';
/** A program that says nothing for so long is ended. */
const PATIENCE = 120_000;

const rust = (name) => [path.join(built, 'release', name)];
const node = (name, ...options) => [process.execPath, ...options, path.join(HERE, 'node', name)];

// `ca`: the variable by which its language takes a CA. `proxyOnly`: its host cannot be set.
const SDKS = [
  {
    name: 'wechatpayv3 2.0.4 (Python)',
    command: [path.join(built, 'venv/bin/python'), path.join(HERE, 'python/with_wechatpayv3.py')],
    ca: 'REQUESTS_CA_BUNDLE',
    proxyOnly: true,
  },
  { name: 'wechatpay-axios-plugin 0.9.6 (Node)', command: node('with_axios_plugin.mjs'), ca: 'NODE_EXTRA_CA_CERTS' },
  {
    name: 'wechatpay-node-v3 2.2.1 (Node)',
    command: node('with_node_v3.mjs', '--require', path.join(HERE, 'node/through_proxy.cjs')),
    ca: 'NODE_EXTRA_CA_CERTS',
    proxyOnly: true,
  },
  { name: 'wechat-pay 0.1.0 (Rust)', command: rust('with_wechat_pay'), ca: 'SSL_CERT_FILE' },
  { name: 'wechat-pay-rust-sdk 0.2.21 (Rust)', command: rust('with_wechat_pay_rust_sdk'), ca: 'SSL_CERT_FILE' },
];

/** Nothing of the caller's: no proxy, no account. */
const CALM = { PATH: process.env.PATH, HOME: process.env.HOME, LANG: 'C.UTF-8', NO_PROXY: '' };

async function startSandbox(keys) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'saoma-sdks-'));
  const child = spawn(saoma, ['sandbox', '--listen', '127.0.0.1:0', '--dir', dir, '--keys', keys, '--tls'], {
    env: { ...CALM, RUST_LOG: 'warn' }, stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => { child.on('close', resolve); });
  // Its first line names the address it has got.
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    ended.then((code) => reject(new Error(`saoma sandbox ended with ${code}`)));
    child.on('error', reject);
  });
  const lines = fs.readFileSync(path.join(dir, 'credentials.env'), 'utf8').split('\n');
  const pairs = lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => {
    const [, name, value] = line.match(/^([A-Z0-9_]+)='?(.*?)'?$/);
    return [name, value];
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    fs.rmSync(dir, { recursive: true });
  };
  return { env: Object.fromEntries(pairs), stop };
}

/** One SDK, one key mode, one way: the lines that its program says. */
function run({ command: [program, ...options], ca }, keys, way, account) {
  const env = { ...CALM, ...account, KEYS: keys, WAY: way, SANDBOX: account.WXPAY_DOMAIN };
  if (way === 'proxy') {
    env.HTTPS_PROXY = account.SANDBOX_HTTPS_PROXY;
    env[ca] = account.SANDBOX_CA_PATH;
  }
  return new Promise((resolve) => {
    const child = spawn(program, options, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: PATIENCE });
    let said = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (text) => { said += text; });
    child.stderr.setEncoding('utf8').on('data', (text) => { complaint += text; });
    child.on('error', (error) => resolve([`not ok starting it: ${error.message}`]));
    child.on('close', (code, signal) => {
      const lines = said.split('\n').filter((line) => /^(not )?ok /.test(line));
      if (code !== 0) lines.push(`not ok its end: ${signal ?? code}: ${complaint.trim()}`);
      else if (!lines.at(-1)?.includes(`ok ${LAST}`)) lines.push(`not ok its end: it has stopped before “${LAST}”`);
      resolve(lines);
    });
  });
}

let failed = 0;
for (const keys of MODES) {
  const sandbox = await startSandbox(keys);
  for (const sdk of SDKS) {
    for (const way of sdk.proxyOnly ? ['proxy'] : ['direct', 'proxy']) {
      const lines = await run(sdk, keys, way, sandbox.env);
      const bad = lines.filter((line) => line.startsWith('not ok'));
      console.log(`${sdk.name}, ${keys}, ${way}: ${lines.length - bad.length} of ${lines.length} steps hold`);
      for (const line of bad) console.log(`    ${line}`);
      failed += bad.length;
    }
  }
  await sandbox.stop();
}
console.log(failed === 0 ? '\nevery step holds' : `\n${failed} steps do not hold`);
process.exitCode = failed > 0 ? 1 : 0;
