import { expect, expectNoSidewaysScroll, test } from './fixtures';
import { book, expectPaid, openPayPage, place, scan, see, tea } from './shopper';

test('a browser sees its own orders and nobody else’s', { tag: '@phone' }, async ({ page, newShopper }) => {
  await page.goto('/orders');
  await expect(see.words(page, '这个浏览器还没有下过单')).toBeVisible();
  await openPayPage(page, book);
  await scan(page);
  await expectPaid(page);
  await openPayPage(page, tea);

  await page.goto('/orders');
  const rows = page.getByRole('row').filter({ has: page.getByRole('link') });
  await expect(rows).toHaveCount(2);
  await expect(rows.nth(0)).toContainText(tea.title);
  await expect(rows.nth(0)).toContainText(tea.yuan);
  await expect(rows.nth(0)).toContainText('待付款');
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

test('two shoppers of one product have an order each', async ({ page, newShopper }) => {
  const other = await newShopper();
  const [mine, theirs] = [await place(page.request), await place(other.request)];
  expect(mine.orderNo).not.toBe(theirs.orderNo);
  expect(mine.codeUrl).not.toBe(theirs.codeUrl);
});
