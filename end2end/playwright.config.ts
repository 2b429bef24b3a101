import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, devices } from '@playwright/test';
import { chromium, firefox } from './browsers';
import { ALIAS, shops } from './shops';

const root = fileURLToPath(new URL('..', import.meta.url));

// Every worker loads this file too; only the first process may make, and later remove, the folder.
if (process.env['SAOMA_TEST_DIR'] === undefined || process.env['TEST_WORKER_INDEX'] === undefined) {
  // A developer's own settings, live merchant keys among them, must never reach a test.
  for (const name of Object.keys(process.env)) {
    if (/^(WXPAY|SAOMA|LEPTOS)_|^DATABASE_URL$/.test(name)) delete process.env[name];
  }
  const made = mkdtempSync(path.join(tmpdir(), 'saoma-end2end-'));
  process.env['SAOMA_TEST_DIR'] = made;
  process.on('exit', () => rmSync(made, { recursive: true, force: true }));
}
const folder = process.env['SAOMA_TEST_DIR'] as string;

function server(name: keyof typeof shops, settings: Record<string, string>) {
  // Outside the repository, where no `.env` lies.
  const data = path.join(folder, name);
  const address = `127.0.0.1:${new URL(shops[name]).port}`;
  mkdirSync(data, { recursive: true });
  return {
    name,
    command: `exec ${path.join(root, 'target/release/saoma')} serve --sandbox`,
    cwd: data,
    url: `http://${address}/readyz`,
    reuseExistingServer: false,
    gracefulShutdown: { signal: 'SIGTERM' as const, timeout: 10_000 },
    stdout: 'pipe' as const,
    env: {
      DATABASE_URL: `sqlite://${path.join(data, 'saoma.db')}`,
      SAOMA_DATA_DIR: data,
      LEPTOS_SITE_ADDR: address,
      // Every test comes from one address.
      SAOMA_ORDERS_PER_MINUTE: '0',
      SAOMA_REJECTED_CALLBACKS_PER_MINUTE: '0',
      // Provoked trouble is logged as the error it would be; it says nothing here.
      RUST_LOG: 'off',
      ...settings,
    },
  };
}

const OTHER_ENGINE = /other-engine\.spec\.ts$/;

export default defineConfig({
  testDir: '.',
  outputDir: 'test-results',
  forbidOnly: process.env['CI'] !== undefined,
  fullyParallel: true,
  // The browser and the server share two cores with them: more only makes timing unfair.
  workers: 2,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['json', { outputFile: 'test-results/report.json' }]],
  use: {
    baseURL: shops.usual,
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    trace: 'retain-on-failure',
    launchOptions: {
      // Else the build that `npx playwright install` fetched.
      ...(chromium === undefined ? {} : { executablePath: chromium }),
      // Only pages of our own server are opened; root cannot use the sandbox and containers lack it.
      chromiumSandbox: false,
      // Without these the browser looks for hosts that a closed network refuses, again and again.
      args: [
        '--disable-background-networking', '--disable-component-update', '--disable-quic', '--disable-sync',
        '--no-first-run', `--host-resolver-rules=MAP ${ALIAS} 127.0.0.1`,
      ],
    },
  },
  projects: [
    { name: 'desktop', testIgnore: [/\.nojs\.spec\.ts$/, OTHER_ENGINE], use: devices['Desktop Chrome'] },
    { name: 'no-js', testMatch: /\.nojs\.spec\.ts$/, use: { ...devices['Desktop Chrome'], javaScriptEnabled: false } },
    { name: 'phone', testIgnore: [/\.nojs\.spec\.ts$/, OTHER_ENGINE], grep: /@phone/, use: devices['Pixel 7'] },
    // One browser for all of them.
    ...(firefox === undefined ? [] : [{ name: 'firefox', testMatch: OTHER_ENGINE, fullyParallel: false }]),
  ],
  webServer: [
    server('usual', {}),
    server('faulty', {}),
    server('pictured', {}),
    server('hurried', { SAOMA_PAY_MINUTES: '1' }),
    server('aliased', { SAOMA_PUBLIC_ORIGIN: 'https://shop.example.com' }),
    server('limited', { SAOMA_ORDERS_PER_MINUTE: '1', SAOMA_TRUSTED_PROXIES: '127.0.0.1' }),
  ],
});
