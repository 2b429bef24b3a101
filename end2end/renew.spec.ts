// 二维码无法支付？换一个
import { expect, expectNoSidewaysScroll, test } from './fixtures';
import { PAY_PAGE, buy, codeUrl, expectPaid, openPayPage, orderNumber, scan, see } from './shopper';

test('another code takes the place of the old one, under the same address', { tag: '@phone' }, async ({ page }) => {
  await openPayPage(page);
  const [address, number, old] = [page.url(), await orderNumber(page), await codeUrl(page)];
  await expect(see.words(page, '二维码无法支付？')).toBeVisible();
  await see.change(page).click();
  await expect.poll(() => codeUrl(page)).not.toBe(old);
  await expect(see.timer(page)).toBeVisible();
  await expect(page).toHaveURL(address);
  expect(await orderNumber(page)).not.toBe(number);
  await expectNoSidewaysScroll(page);
  const late = await page.request.post('/_sandbox/scan', { data: { code_url: old, action: 'pay' } });
  expect(late.ok(), 'the old code cannot be paid').toBe(false);

  await scan(page);
  await expectPaid(page);
  await page.goto('/orders');
  await expect(page.getByRole('row')).toHaveCount(2);
});

test('another tab shows the new code by itself, and its own button does not kill it', async ({ page, context }) => {
  await openPayPage(page);
  const old = await codeUrl(page);
  const second = await context.newPage();
  await second.goto(page.url());
  await expect(see.timer(second)).toBeVisible();
  await see.change(page).click();
  await expect.poll(() => codeUrl(second)).not.toBe(old);
  await expect.poll(() => codeUrl(page)).toBe(await codeUrl(second));
  expect(await orderNumber(second)).toBe(await orderNumber(page));
  await scan(second);
  for (const each of [page, second]) await expectPaid(each);
});

test('a double click changes the code once', async ({ page }) => {
  await openPayPage(page);
  const number = await orderNumber(page);
  await see.change(page).dblclick();
  await expect.poll(() => orderNumber(page)).not.toBe(number);
  await expect(see.timer(page)).toBeVisible();
  await scan(page);
  await expectPaid(page);
});

test('in the product page, too', async ({ page }) => {
  await buy(page);
  const number = await orderNumber(page);
  await see.change(page).click();
  await expect.poll(() => orderNumber(page)).not.toBe(number);
  await expect(page).toHaveURL(PAY_PAGE);
  await scan(page);
  await expectPaid(page);
});
