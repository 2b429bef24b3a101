// What a page says of itself before anybody reads it, and what it loads.
import { expect, test } from './fixtures';
import { book, openPayPage, pay, place, untilPaid } from './shopper';

const SHOP = '扫码示例商店';
const description = 'meta[name="description"]';

test('each page has its own title, with the shop’s name, and one description', async ({ page }) => {
  await openPayPage(page);
  const paying = page.url();
  const seen = new Set<string>();
  for (const [address, title] of [
    ['/', '商品'],
    [`/products/${book.id}`, book.title],
    ['/orders', '我的订单'],
    [paying, '扫码付款 ¥0.01'],
    [`${paying}/cancel`, '取消订单'],
    [`${paying}/receipt`, '收据'],
  ] as const) {
    await page.goto(address);
    await expect(page).toHaveTitle(`${title} · ${SHOP}`);
    await expect(page.locator(description)).toHaveCount(1);
    const words = (await page.locator(description).getAttribute('content')) ?? '';
    expect(words, address).toContain(SHOP);
    seen.add(words);
  }
  expect(seen.size, 'descriptions').toBe(6);
});

test.describe('what is not there', () => {
  // Chromium counts the page itself as a load that failed.
  test.use({ expectedErrors: [/status of 404/] });

  test('has one, too', async ({ page }) => {
    for (const address of ['/nothing', '/products/999', `/pay/${'0'.repeat(32)}`]) {
      await page.goto(address);
      await expect(page.locator(description), address).toHaveCount(1);
      expect(await page.title()).toContain(` · ${SHOP}`);
    }
  });
});

test('only a page with something to bring to life loads the program', async ({ page }) => {
  const { orderNo, payUrl, codeUrl } = await place(page.request);
  let loaded: string[] = [];
  page.on('request', (request) => loaded.push(new URL(request.url()).pathname));
  const program = async (address: string): Promise<boolean> => {
    loaded = [];
    await page.goto(address, { waitUntil: 'networkidle' });
    return loaded.some((path) => path.endsWith('.wasm'));
  };
  // A page that waits for its order is never idle, so the others come first.
  expect(await program('/')).toBe(false);
  expect(await program('/orders')).toBe(false);
  expect(await program(`${payUrl}/cancel`)).toBe(false);
  expect(await program(`/products/${book.id}`)).toBe(true);
  await pay(page.request, codeUrl);
  await untilPaid(page.request, orderNo);
  expect(await program(`${payUrl}/receipt`)).toBe(false);
});
