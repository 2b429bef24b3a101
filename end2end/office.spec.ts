// The merchant's pages: nothing for axe to find, nothing wider than its window, and a refund by keyboard alone.
import { logIn, openOrder } from './desk';
import { expect, expectAccessible, expectNoSidewaysScroll, test } from './fixtures';
import { placeAndPay, tea } from './shopper';

// A filter that cannot be read is shown again.
test.use({ expectedErrors: [/status of (401|422)/] });

test('every page of the back office', { tag: '@phone' }, async ({ page }) => {
  const number = await placeAndPay(page.request, tea);
  await page.request.post('/api/wx-pay/native/notify', { data: '<script>' });
  await logIn(page, 'operator');
  await openOrder(page, number);
  const order = page.url();
  const refund = await page.getByRole('link', { name: '退款…' }).getAttribute('href') ?? '';
  const check = `${refund}&step=check&amount=1&reason=x`;
  const pages = ['/admin', '/admin/orders?status=SUCCESS', '/admin/orders?first=x', '/admin/inbox', '/admin/refused'];
  for (const address of [...pages, '/admin/status', '/admin/doctor', '/admin/put-back', order, refund, check]) {
    await page.goto(address);
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
  }
  await page.goto('/admin/inbox');
  await page.locator('.admin-table tbody a').first().click();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
});

test('a refund by keyboard alone', async ({ page }) => {
  const number = await placeAndPay(page.request, tea);
  await logIn(page, 'operator');
  await page.goto('/admin/orders');
  const to = async (what: ReturnType<typeof page.locator>): Promise<void> => {
    for (let press = 0; press < 60; press += 1) {
      if (await what.evaluate((element) => element === document.activeElement)) return;
      await page.keyboard.press('Tab');
    }
    throw new Error('the Tab key does not lead there');
  };
  await to(page.getByLabel('按单号查找'));
  await page.keyboard.type(number);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/admin\/orders\/\d+/);
  await to(page.getByRole('link', { name: '退款…' }));
  await page.keyboard.press('Enter');
  await to(page.getByLabel('退款金额'));
  await page.keyboard.type('1');
  await page.keyboard.press('Enter');
  const confirm = page.getByRole('button', { name: '确认退款 ¥1.00' });
  await to(confirm);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('status')).toHaveText(/微信支付已受理退款/);
});
