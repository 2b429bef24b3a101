// Every page and state that can be had at once; the others (no code, expired) are looked at in the specs that
// bring them about.
import { expect, expectAccessible, expectAlive, test } from './fixtures';
import { book, buy, codeUrl, expectPaid, openPayPage, pay, place, scan, see, untilPaid } from './shopper';

test('the list of products', { tag: '@phone' }, async ({ page }) => {
  await page.goto('/');
  await expect(see.heading(page, '商品')).toBeVisible();
  await expectAccessible(page);
});

test('a product, and what went wrong when it was ordered', async ({ page }) => {
  for (const address of [`/products/${book.id}`, `/products/${book.id}?problem=busy`]) {
    await page.goto(address);
    await expectAlive(page);
    await expectAccessible(page);
  }
});

test.describe('as the server made it', () => {
  // The bundle, held back.
  test.use({ expectedErrors: [/ERR_FAILED|Failed to fetch dynamically imported module/] });

  // What is seen without JavaScript, too, where axe does not run.
  test('the pay page, waiting and paid', async ({ page }) => {
    await page.route('**/pkg/*.js', (route) => route.abort());
    const { orderNo, payUrl, codeUrl } = await place(page.request);
    await page.goto(payUrl);
    await expect(see.code(page)).toBeVisible();
    await expectAccessible(page);
    await pay(page.request, codeUrl);
    await untilPaid(page.request, orderNo);
    await page.goto(payUrl);
    await expectPaid(page);
    await expectAccessible(page);
  });
});

test('the panel in the product page, waiting and paid', { tag: '@phone' }, async ({ page }) => {
  await buy(page);
  await expectAccessible(page);
  await see.iHavePaid(page).click();
  await expect(see.answer(page)).toHaveText(/还没有收到付款/);
  await expectAccessible(page);
  await scan(page);
  await expectPaid(page);
  await expectAccessible(page);
});

test('the pay page, waiting and paid, and the receipt', { tag: '@phone' }, async ({ page }) => {
  await openPayPage(page);
  await expectAccessible(page);
  await scan(page);
  await expectPaid(page);
  await page.reload();
  await expectPaid(page);
  await expectAccessible(page);
  await page.goto(`${page.url()}/receipt`);
  await expect(page.getByRole('button', { name: '打印' })).toBeVisible();
  await expectAccessible(page);
});

test('no receipt, no orders and some', { tag: '@phone' }, async ({ page }) => {
  await page.goto('/orders');
  await expectAccessible(page);
  await openPayPage(page);
  await page.goto(`${page.url()}/receipt`);
  await expectAccessible(page);
  await page.goto('/orders');
  await expect(page.getByRole('table')).toBeVisible();
  await expectAccessible(page);
});

test('the simulated phone, from the list to the receipt', async ({ page }) => {
  await openPayPage(page);
  const code = await codeUrl(page);
  await page.goto('/_sandbox/');
  await expectAccessible(page);
  await page.goto(`/_sandbox/?code_url=${encodeURIComponent(code)}`);
  await expect(page.getByRole('button', { name: '确认支付' })).toBeVisible();
  await expectAccessible(page);
  await pay(page.request, code);
  await page.reload();
  await expect(page.getByRole('heading', { name: '支付成功' })).toBeVisible();
  await expectAccessible(page);
});

test('the pages where the sandbox is told to misbehave, and shows its records', async ({ page }) => {
  await openPayPage(page);
  await scan(page);
  await expectPaid(page);
  for (const address of ['/_sandbox/faults-page', '/_sandbox/records']) {
    await page.goto(address);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expectAccessible(page);
  }
});
