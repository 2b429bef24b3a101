import { brotliCompressSync } from 'node:zlib';
import { expect, test } from './fixtures';
import { place, see } from './shopper';

/** Bytes of the first visit of the pay page (design §4). */
const BUDGET = 130_000;

test('the first visit of the pay page stays within its budget of bytes', async ({ page, newShopper }, testInfo) => {
  // Placed by somebody else, so that this browser has nothing of the site yet.
  const { payUrl } = await place((await newShopper()).request);
  const browser = await page.context().newCDPSession(page);
  await browser.send('Network.enable');
  const addresses = new Map<string, string>();
  const sent: { address: string; bytes: number }[] = [];
  browser.on('Network.responseReceived', ({ requestId, response }) => addresses.set(requestId, response.url));
  // Headers included, as they came over the wire.
  browser.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const address = addresses.get(requestId) ?? '';
    if (!address.includes('/api/ui/')) sent.push({ address: new URL(address).pathname, bytes: encodedDataLength });
  });
  await page.goto(payUrl);
  await expect(see.timer(page)).toBeVisible();

  // A browser without a window does not fetch the icon, but people's browsers do.
  const icon = await page.request.get('/favicon.svg');
  sent.push({ address: '/favicon.svg', bytes: brotliCompressSync(await icon.body()).length + 300 });

  const total = sent.reduce((sum, { bytes }) => sum + bytes, 0);
  const lines = sent.map(({ address, bytes }) => `${String(bytes).padStart(8)}  ${address}`);
  const report = [...lines, `${String(total).padStart(8)}  in all, of ${BUDGET}`].join('\n');
  console.log(report);
  testInfo.annotations.push({ type: 'first visit', description: `${total} bytes` });
  expect(sent.some(({ address }) => address.endsWith('.wasm')), report).toBe(true);
  expect(total, report).toBeLessThanOrEqual(BUDGET);
});
