// Whoever has the address of an order sees how it stands and may pay it. It stays its shopper's order.
import { expect, test } from './fixtures';
import { expectPaid, openPayPage, place, scan, see } from './shopper';

test('another shopper sees the code, and neither button', async ({ page, newShopper }) => {
  await openPayPage(page);
  const other = await newShopper();
  await other.goto(page.url());
  await expect(see.timer(other)).toBeVisible();
  await expect(see.code(other)).toBeVisible();
  await expect(see.cancel(other)).toHaveCount(0);
  await expect(see.change(other)).toHaveCount(0);
  await expect(see.cancel(page)).toBeVisible();
  await expect(see.change(page)).toBeVisible();
  await scan(other);
  for (const each of [page, other]) await expectPaid(each);
});

test('whose cookies are gone reads why he cannot change his order any more', async ({ page, context }) => {
  await openPayPage(page);
  await context.clearCookies();
  await see.change(page).click();
  const notice = page.getByRole('alert').filter({ visible: true });
  await expect(notice).toHaveText(/^这不是当前浏览器下的订单。.*清除过浏览器的 Cookie/);
  await expect(see.code(page)).toBeVisible();
  await expect(see.change(page)).toHaveCount(0);
  await expect(see.cancel(page)).toHaveCount(0);
  await scan(page);
  await expectPaid(page);
});

test.describe('by hand', () => {
  // Chromium counts the page itself as a load that failed.
  test.use({ expectedErrors: [/status of 404/] });

  test('what the buttons send finds no order of theirs', async ({ page, newShopper }) => {
    const { payUrl } = await place(page.request);
    const token = payUrl.slice(-32);
    const other = await newShopper();
    const headers = { accept: 'application/json' };
    for (const deed of ['cancel_order', 'renew_code']) {
      const answer = await other.request.post(`/api/ui/${deed}`, { form: { token }, headers });
      expect([answer.status(), await answer.json()], deed).toEqual([404, 'NoSuchOrder']);
    }
    const question = await other.goto(`${payUrl}/cancel`);
    expect(question?.status()).toBe(404);
    await expect(see.heading(other, '这不是当前浏览器下的订单')).toBeVisible();
    await page.goto(payUrl);
    await expect(see.code(page)).toBeVisible();
  });
});
