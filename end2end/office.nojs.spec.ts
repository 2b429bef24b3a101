import { logIn, openOrder } from './desk';
import { expect, test } from './fixtures';
import { placeAndPay, tea } from './shopper';

// What cannot be given back is shown again.
test.use({ expectedErrors: [/status of (401|422)/] });

test('a whole refund, from the number to the answer', async ({ page }) => {
  const number = await placeAndPay(page.request, tea);
  await logIn(page, 'operator');
  await openOrder(page, number);
  await page.getByRole('link', { name: '退款…' }).click();
  await expect(page.getByText('最多 ¥128.00')).toBeVisible();
  await page.getByLabel('退款金额').fill('129');
  await page.getByRole('button', { name: '下一步' }).click();
  await expect(page.getByText('金额要在 0.01 到 128.00 元之间')).toBeVisible();
  await expect(page.getByLabel('退款金额'), 'what was typed stays').toHaveValue('129');
  await page.getByLabel('退款金额').fill('28.50');
  await page.getByRole('button', { name: '下一步' }).click();
  await expect(page.getByText('退后还可退')).toBeVisible();
  await expect(page.getByText('¥99.50')).toBeVisible();
  await page.getByRole('button', { name: '确认退款 ¥28.50' }).click();
  await expect(page.getByRole('status')).toHaveText(/微信支付已受理退款/);
  await expect(page.getByText('还可退 ¥99.50')).toBeVisible();
});

test('who only looks is offered nothing else', async ({ page }) => {
  const number = await placeAndPay(page.request, tea);
  await logIn(page, 'viewer');
  await openOrder(page, number);
  await expect(page.getByRole('heading', { name: '收款' })).toBeVisible();
  await expect(page.getByRole('link', { name: '退款…' })).toBeHidden();
  await expect(page.getByRole('button', { name: '立即查询' })).toBeHidden();
});
