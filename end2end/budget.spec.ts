import { expect, test } from './fixtures';
import { place, see } from './shopper';

/** Bytes of the first visit of the pay page (design §4). */
const BUDGET = 100_000;
const ICON = '/favicon.svg';

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

  // Not every browser without a window fetches the icon, but people's browsers do.
  if (!sent.some(({ address }) => address === ICON)) {
    const icon = await (await page.request.get(ICON)).body();
    sent.push({ address: ICON, bytes: icon.length });
  }

  const total = sent.reduce((sum, { bytes }) => sum + bytes, 0);
  const lines = sent.map(({ address, bytes }) => `${String(bytes).padStart(8)}  ${address}`);
  const report = [...lines, `${String(total).padStart(8)}  in all, of ${BUDGET}`].join('\n');
  console.log(report);
  testInfo.annotations.push({ type: 'first visit', description: `${total} bytes` });
  expect(sent.some(({ address }) => address.endsWith('.wasm')), report).toBe(true);
  expect(total, report).toBeLessThanOrEqual(BUDGET);
});
