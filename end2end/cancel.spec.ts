import { expect, expectAccessible, expectNoSidewaysScroll, test } from './fixtures';
import { PAY_PAGE, book, buy, codeUrl, openPayPage, orderNumber, place, see } from './shopper';

test('an order is called off after a question, and cannot be paid any more', { tag: '@phone' }, async ({ page }) => {
  await openPayPage(page);
  const [address, old] = [page.url(), await codeUrl(page)];
  await see.cancel(page).click();
  await expect(see.heading(page, '取消这笔订单？')).toBeVisible();
  await expect(page).toHaveTitle('取消订单 · 扫码示例商店');
  await expectNoSidewaysScroll(page);
  await expectAccessible(page);
  await page.getByRole('link', { name: '不取消，返回订单' }).click();
  await expect(see.timer(page), 'asking has changed nothing').toBeVisible();

  await see.cancel(page).click();
  await page.getByRole('button', { name: '确认取消' }).click();
  await expect(see.heading(page, '订单已取消')).toBeVisible();
  await expect(page).toHaveURL(address);
  await expect(page).toHaveTitle('订单已取消 · 扫码示例商店');
  await expect(see.words(page, '这笔订单已关闭，没有扣款。')).toBeVisible();
  await expect(see.code(page)).toHaveCount(0);
  await expect(see.cancel(page)).toBeHidden();
  await expectNoSidewaysScroll(page);
  await expectAccessible(page);
  const late = await page.request.post('/_sandbox/scan', { data: { code_url: old, action: 'pay' } });
  expect(late.ok(), 'the code cannot be paid').toBe(false);

  await page.getByRole('link', { name: '重新购买' }).click();
  await expect(page).toHaveURL(`/products/${book.id}`);
  await expect(see.buy(page)).toBeVisible();
});

test('another tab of a cancelled order turns by itself', async ({ page, context }) => {
  await openPayPage(page);
  const second = await context.newPage();
  await second.goto(page.url());
  await expect(see.timer(second)).toBeVisible();
  await see.cancel(page).click();
  await page.getByRole('button', { name: '确认取消' }).click();
  await expect(see.heading(second, '订单已取消')).toBeVisible();
  await expect(second).toHaveTitle('订单已取消 · 扫码示例商店');
});

test('after calling off in the product page, the product can be bought again', async ({ page }) => {
  await buy(page);
  const number = await orderNumber(page);
  await see.cancel(page).click();
  await page.getByRole('button', { name: '确认取消' }).click();
  await page.getByRole('link', { name: '重新购买' }).click();
  await buy(page);
  await expect(page).toHaveURL(PAY_PAGE);
  expect(await orderNumber(page)).not.toBe(number);
});

test('an order is called off from the list', { tag: '@phone' }, async ({ page }) => {
  await place(page.request);
  await page.goto('/orders');
  await page.getByRole('link', { name: `取消订单 ${book.title}` }).click();
  await page.getByRole('button', { name: '确认取消' }).click();
  await expect(see.heading(page, '订单已取消')).toBeVisible();
  await page.goto('/orders');
  await expect(page.getByRole('row').filter({ hasText: '订单已取消' })).toHaveCount(1);
  await expect(page.getByRole('link', { name: '取消订单' })).toHaveCount(0);
});
