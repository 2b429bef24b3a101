import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { PAY_PAGE, book, expectPaid, orderNumber, place, scan, see } from './shopper';

async function buy(page: Page): Promise<void> {
  await page.goto('/');
  await page.getByRole('link', { name: book.title }).click();
  await see.buy(page).click();
  await expect(page).toHaveURL(PAY_PAGE);
}

test('a whole purchase works with forms and reloads alone', async ({ page }) => {
  await buy(page);
  await expect(see.code(page)).toBeVisible();
  await expect(page).toHaveTitle('扫码付款 ¥0.01 · 扫码示例商店');
  const reloads = page.locator('noscript .notice').filter({ visible: true });
  await expect(reloads).toHaveText('本页每 5 秒自动刷新一次，付款后会显示结果。');
  await expect(see.words(page, /请在此时间前付款：\d\d:\d\d:\d\d/)).toBeVisible();
  await expect(page.getByRole('button', { name: '复制' }), 'needs a script').toBeHidden();
  const number = await orderNumber(page);

  await scan(page);
  await expectPaid(page);

  await page.getByRole('link', { name: '查看收据' }).click();
  await expect(see.heading(page, '收据')).toBeVisible();
  await expect(see.words(page, number)).toBeVisible();
  await expect(page.getByRole('button', { name: '打印' }), 'needs a script').toBeHidden();

  await page.getByRole('link', { name: '我的订单' }).click();
  await expect(page.getByRole('row', { name: book.title })).toContainText('支付成功');
});

test('我已完成支付 answers honestly, before and after paying', async ({ page }) => {
  await buy(page);
  await see.iHavePaid(page).click();
  await expect(see.answer(page)).toHaveText(/还没有收到付款/);
  await expect(see.code(page)).toBeVisible();
  await scan(page);
  await expectPaid(page);
});

test('another click and another page lead to the same order', async ({ page }) => {
  await buy(page);
  const number = await orderNumber(page);
  await buy(page);
  expect(await orderNumber(page)).toBe(number);
  expect((await place(page.request)).orderNo).toBe(number);
});

test('the simulated phone works with links and forms alone', async ({ page, context }) => {
  await buy(page);
  const opened = context.waitForEvent('page');
  await see.phoneLink(page).click();
  const phone = await opened;
  await phone.getByRole('button', { name: '确认支付' }).click();
  await expect(phone.getByRole('heading', { name: '支付成功' })).toBeVisible();
  await expectPaid(page);
});
