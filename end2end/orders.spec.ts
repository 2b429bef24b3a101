import { expect, expectAccessible, expectNoSidewaysScroll, test } from './fixtures';
import { book, expectPaid, openPayPage, orderNumber, place, placeAndPay, scan, see, tea } from './shopper';

test('a browser sees its own orders and nobody else’s', { tag: '@phone' }, async ({ page, newShopper }) => {
  await page.goto('/orders');
  await expect(see.words(page, '这个浏览器还没有下过单')).toBeVisible();
  await openPayPage(page, book);
  await scan(page);
  await expectPaid(page);
  await openPayPage(page, tea);
  const number = await orderNumber(page);

  await page.goto('/orders');
  const rows = page.getByRole('row').filter({ has: page.getByRole('link') });
  await expect(rows).toHaveCount(2);
  await expect(rows.nth(0)).toContainText(tea.title);
  await expect(rows.nth(0)).toContainText(tea.yuan);
  await expect(rows.nth(0)).toContainText('待付款');
  await expect(rows.nth(0)).toContainText(number);
  await expect(rows.nth(1)).toContainText(book.title);
  await expect(rows.nth(1)).toContainText('支付成功');
  await expectNoSidewaysScroll(page);

  const stranger = await newShopper();
  await stranger.goto('/orders');
  await expect(see.words(stranger, '这个浏览器还没有下过单')).toBeVisible();
  await openPayPage(stranger, tea);
  await stranger.goto('/orders');
  await expect(stranger.getByRole('row')).toHaveCount(2);

  await page.reload();
  await expect(rows).toHaveCount(2);
  await page.getByRole('link', { name: `继续付款 ${tea.title}` }).click();
  await expect(see.code(page)).toBeVisible();
});

test('a long list of orders comes in pages, newest first', { tag: '@phone' }, async ({ page }) => {
  const numbers: string[] = [];
  for (let order = 0; order < 22; order += 1) numbers.unshift(await placeAndPay(page.request));
  await page.goto('/orders');
  const listed = async (): Promise<string[]> => {
    const texts = await page.locator('.orders__number').allTextContents();
    return texts.map((text) => text.replace(/^订单号\s*/, ''));
  };
  expect(await listed()).toEqual(numbers.slice(0, 20));
  await expectNoSidewaysScroll(page);
  await expectAccessible(page);
  await page.getByRole('link', { name: '更早的订单' }).click();
  await expect(page).toHaveURL(/\/orders\?before=\d+$/);
  expect(await listed()).toEqual(numbers.slice(20));
  await expect(page.getByRole('link', { name: '更早的订单' })).toHaveCount(0);
  await page.getByRole('link', { name: '最新的订单' }).click();
  await expect(page).toHaveURL('/orders');

  await page.getByRole('link', { name: `收据 ${book.title}` }).first().click();
  await expect(see.heading(page, '收据')).toBeVisible();
  await expect(see.words(page, numbers[0] ?? '')).toBeVisible();
});

test('two shoppers of one product have an order each', async ({ page, newShopper }) => {
  const other = await newShopper();
  const [mine, theirs] = [await place(page.request), await place(other.request)];
  expect(mine.orderNo).not.toBe(theirs.orderNo);
  expect(mine.codeUrl).not.toBe(theirs.codeUrl);
});
