// What browsers are told: the fixtures already fail on anything that the policy refuses.
import { expect, expectAlive, test } from './fixtures';
import { book, openPayPage } from './shopper';

const UNSAFE = /unsafe-inline|unsafe-eval(?<!wasm-unsafe-eval)|https?:|\*/;

test('every page has a strict policy and keeps to it', async ({ page }) => {
  await openPayPage(page);
  for (const address of ['/', `/products/${book.id}`, page.url(), '/orders', '/_sandbox/']) {
    const headers = (await page.goto(address))?.headers() ?? {};
    const policy = headers['content-security-policy'] ?? '';
    expect(policy, address).toContain("default-src 'none'");
    expect(policy, address).toContain("style-src 'self'");
    expect(policy, address).toContain("frame-ancestors 'none'");
    expect(policy, address).not.toMatch(UNSAFE);
    expect(headers['x-content-type-options']).toBe('nosniff');
    if (/products|pay/.test(address)) await expectAlive(page);
    expect(await page.locator('[style], style, [onclick], script[src^="http"]').count(), address).toBe(0);
  }
});

// A file that is served while a page is being made once took that page's headers with it.
test('a page keeps its policy when other things are fetched at the same time', async ({ request }) => {
  const addresses = ['/orders', '/favicon.svg', `/products/${book.id}`, '/robots.txt', '/', '/nothing'];
  for (let round = 0; round < 20; round += 1) {
    await Promise.all(
      addresses.map(async (address) => {
        const headers = (await request.get(address)).headers();
        const isPage = (headers['content-type'] ?? '').startsWith('text/html');
        expect(headers['content-security-policy']?.includes("'nonce-"), address).toBe(isPage);
      }),
    );
  }
});

test('each page has a nonce of its own', async ({ request }) => {
  const nonce = async (): Promise<string | undefined> =>
    /'nonce-([^']+)'/.exec((await request.get('/')).headers()['content-security-policy'] ?? '')?.[1];
  const [first, second] = [await nonce(), await nonce()];
  expect(first).toMatch(/^.{16,}$/);
  expect(first).not.toBe(second);
});

test('the shopper’s cookie is out of the reach of scripts', async ({ page, context }) => {
  await page.goto('/');
  expect(await page.evaluate(() => document.cookie)).toBe('');
  const [cookie] = await context.cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' });
});

test('a page of one shopper is in no cache', async ({ page }) => {
  await openPayPage(page);
  const answer = await page.request.get(page.url());
  expect(answer.headers()['cache-control']).toContain('no-store');
});

test('robots stay away from what is a shopper’s own', async ({ request }) => {
  const robots = await request.get('/robots.txt');
  expect(robots.status()).toBe(200);
  for (const path of ['/pay', '/orders', '/api', '/admin', '/_sandbox']) {
    expect(await robots.text()).toContain(`Disallow: ${path}\n`);
  }
});
