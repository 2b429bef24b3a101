import { expect, test } from './fixtures';
import { book, codeUrl, openPageWithoutScript, orderNumber, pay, see } from './shopper';

test('an order is called off with links and forms alone', async ({ page }) => {
  await openPageWithoutScript(page);
  const [address, old] = [page.url(), await codeUrl(page)];
  await see.cancel(page).click();
  await expect(see.heading(page, '取消这笔订单？')).toBeVisible();
  expect(await page.locator('meta[http-equiv="refresh"]').count(), 'nobody is hurried').toBe(0);
  await page.getByRole('button', { name: '确认取消' }).click();
  await expect(page).toHaveURL(address);
  await expect(see.heading(page, '订单已取消')).toBeVisible();
  const late = await page.request.post('/_sandbox/scan', { data: { code_url: old, action: 'pay' } });
  expect(late.ok()).toBe(false);
  await page.getByRole('link', { name: '重新购买' }).click();
  await expect(page).toHaveURL(`/products/${book.id}`);
});

test('who pays before the answer to the question has paid', async ({ page }) => {
  await openPageWithoutScript(page);
  const code = await codeUrl(page);
  await see.cancel(page).click();
  await expect(see.heading(page, '取消这笔订单？')).toBeVisible();
  await pay(page.request, code);
  await page.getByRole('button', { name: '确认取消' }).click();
  await expect(see.heading(page, '支付成功')).toBeVisible();
});

test('another code comes with a form alone', async ({ page }) => {
  await openPageWithoutScript(page);
  const [address, number, old] = [page.url(), await orderNumber(page), await codeUrl(page)];
  await see.change(page).click();
  await expect(page).toHaveURL(address);
  await expect(see.code(page)).toBeVisible();
  expect(await orderNumber(page)).not.toBe(number);
  expect(await codeUrl(page)).not.toBe(old);
  await pay(page.request, await codeUrl(page));
  await expect(see.heading(page, '支付成功')).toBeVisible();
});
