import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, devices } from '@playwright/test';

const root = fileURLToPath(new URL('..', import.meta.url));
const address = '127.0.0.1:3117';

// Every worker loads this file too; only the first process may make, and later remove, the folder.
if (process.env['SAOMA_DATA_DIR'] === undefined || process.env['TEST_WORKER_INDEX'] === undefined) {
  // A developer's own settings, live merchant keys among them, must never reach a test.
  for (const name of Object.keys(process.env)) {
    if (/^(WXPAY|SAOMA|LEPTOS)_|^DATABASE_URL$/.test(name)) delete process.env[name];
  }
  const made = mkdtempSync(path.join(tmpdir(), 'saoma-end2end-'));
  process.env['SAOMA_DATA_DIR'] = made;
  process.on('exit', () => rmSync(made, { recursive: true, force: true }));
}
const data = process.env['SAOMA_DATA_DIR'] as string;

// Debian's browser where there is one, else the build that `npx playwright install` fetched.
const chromium = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((file) => existsSync(file));

export default defineConfig({
  testDir: '.',
  outputDir: 'test-results',
  forbidOnly: process.env['CI'] !== undefined,
  fullyParallel: true,
  // The browser and the server share two cores with them: more only makes timing unfair.
  workers: 2,
  retries: 0,
  timeout: 30_000,
  expect: { timeout: 10_000 },
  reporter: [['list'], ['json', { outputFile: 'test-results/report.json' }]],
  use: {
    baseURL: `http://${address}`,
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    trace: 'retain-on-failure',
    launchOptions: {
      ...(chromium === undefined ? {} : { executablePath: chromium }),
      // Only pages of our own server are opened; root cannot use the sandbox and containers lack it.
      chromiumSandbox: false,
      // Without these the browser looks for hosts that a closed network refuses, again and again.
      args: [
        '--disable-background-networking', '--disable-component-update', '--disable-quic', '--disable-sync',
        '--no-first-run',
      ],
    },
  },
  projects: [
    { name: 'desktop', testIgnore: /\.nojs\.spec\.ts$/, use: devices['Desktop Chrome'] },
    { name: 'no-js', testMatch: /\.nojs\.spec\.ts$/, use: { ...devices['Desktop Chrome'], javaScriptEnabled: false } },
    { name: 'phone', testIgnore: /\.nojs\.spec\.ts$/, grep: /@phone/, use: devices['Pixel 7'] },
  ],
  webServer: {
    command: `exec ${path.join(root, 'target/release/saoma')}`,
    // Outside the repository, where no `.env` lies.
    cwd: data,
    url: `http://${address}/readyz`,
    reuseExistingServer: false,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 10_000 },
    stdout: 'pipe',
    env: {
      DATABASE_URL: `sqlite://${path.join(data, 'saoma.db')}`,
      LEPTOS_SITE_ADDR: address,
      LEPTOS_SITE_ROOT: path.join(root, 'target/site'),
      // Every test comes from one address.
      SAOMA_ORDERS_PER_MINUTE: '0',
      SAOMA_REJECTED_CALLBACKS_PER_MINUTE: '0',
      RUST_LOG: 'warn',
    },
  },
});
