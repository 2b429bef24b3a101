// What WeChat does wrong, and what the page says meanwhile. The faults belong to the server as a whole, so
// these run one after the other.
import { confirm, logIn, openOrder } from './desk';
import { expect, expectAccessible, expectAlive, expectNoSidewaysScroll, test } from './fixtures';
import {
  book, buy, codeUrl, expectPaid, openPayPage, orderNumber, pay, placeAndPay, scan, see, setFaults, tea,
} from './shopper';
import { shops } from './shops';

test.describe.configure({ mode: 'default' });
test.use({ baseURL: shops.faulty });

test.beforeEach(async ({ request }) => {
  expect((await request.delete('/_sandbox/faults')).status()).toBe(200);
});

test('a callback that is lost is made good by asking, while the page is open', async ({ page }) => {
  await setFaults(page.request, { drop: 'all' });
  await buy(page);
  await scan(page);
  // The server asks 5, 10 and 20 seconds after the order was placed.
  await expect(see.heading(page, '支付成功')).toBeVisible({ timeout: 20_000 });
  await expectPaid(page);
  const { deliveries } = (await (await page.request.get('/_sandbox/deliveries')).json()) as {
    deliveries: { attempts: { result: string }[] }[];
  };
  expect(deliveries[0]?.attempts.every(({ result }) => result === 'dropped')).toBe(true);
});

test('我已完成支付 finds a payment whose callback is late', async ({ page }) => {
  await setFaults(page.request, { delay_ms: 60_000 });
  await buy(page);
  await scan(page);
  await expect(see.code(page)).toBeVisible();
  await see.iHavePaid(page).click();
  await expectPaid(page);
});

test('我已完成支付 admits that WeChat cannot be asked', async ({ page }) => {
  await buy(page);
  await setFaults(page.request, { error_500: { query: 'all' } });
  await see.iHavePaid(page).click();
  await expect(see.answer(page)).toHaveText(/暂时问不到结果.*请不要重复付款/);
  await expectAccessible(page);
});

test('without a code the page says why, and shows it as soon as there is one', async ({ page }) => {
  await setFaults(page.request, { error_500: { prepay: 'all' } });
  await page.goto(`/products/${book.id}`);
  await expectAlive(page);
  await see.buy(page).click();
  await expect(see.words(page, '微信支付暂时没有响应，正在自动重试，请不要离开本页。')).toBeVisible();
  await expect(see.code(page)).toHaveCount(0);
  await expectAccessible(page);

  await setFaults(page.request, { error_500: { prepay: 0 } });
  await expect(see.code(page)).toBeVisible({ timeout: 15_000 });
  await expectAccessible(page);
  await scan(page);
  await expectPaid(page);
});

test('without a code and without JavaScript the page says why, too', async ({ newShopper }) => {
  const page = await newShopper({ javaScriptEnabled: false });
  await setFaults(page.request, { error_500: { prepay: 'all' } });
  await page.goto(`/products/${book.id}`);
  await see.buy(page).click();
  await expect(see.words(page, '微信支付暂时没有响应')).toBeVisible();
  await setFaults(page.request, { error_500: { prepay: 0 } });
  await expect(see.code(page)).toBeVisible({ timeout: 20_000 });
});

test('a cancelled order that WeChat does not confirm says so, and turns by itself', async ({ page }) => {
  await openPayPage(page);
  await setFaults(page.request, { error_500: { close: 'all' } });
  await see.cancel(page).click();
  await page.getByRole('button', { name: '确认取消' }).click();
  await expect(see.heading(page, '正在取消…')).toBeVisible({ timeout: 20_000 });
  await expect(see.words(page, /请不要再付款/)).toBeVisible();
  await expect(see.code(page)).toHaveCount(0);
  await expectAccessible(page);
  await setFaults(page.request, { error_500: { close: 0 } });
  await expect(see.heading(page, '订单已取消')).toBeVisible({ timeout: 30_000 });
});

test('a code that WeChat does not close is not shown while the new one is on its way', async ({ page }) => {
  await openPayPage(page);
  const number = await orderNumber(page);
  await setFaults(page.request, { error_500: { close: 'all' } });
  await see.change(page).click();
  await expect(see.heading(page, '正在更换二维码…')).toBeVisible({ timeout: 20_000 });
  await expect(see.code(page)).toHaveCount(0);
  await expectAccessible(page);
  await setFaults(page.request, { error_500: { close: 0 } });
  await expect(see.timer(page)).toBeVisible({ timeout: 30_000 });
  expect(await orderNumber(page)).not.toBe(number);
  await scan(page);
  await expectPaid(page);
});

test('callbacks that lie do not turn the page; the truth does', async ({ page }) => {
  await setFaults(page.request, { wrong_amount: 1, altered_body: 1, retry_scale: 0.01 });
  await buy(page);
  await pay(page.request, await codeUrl(page));
  await expectPaid(page);
});

test.describe('an abnormal refund', () => {
  // A form that is shown again is answered 422.
  test.use({ expectedErrors: [/status of (401|422)/] });

  test('goes to the shopper’s bank card, whose number no page keeps', async ({ page }) => {
    await setFaults(page.request, { refund_ms: 0, refund_outcome: 'abnormal', refund_outcome_count: 1 });
    const number = await placeAndPay(page.request, tea);
    await logIn(page, 'operator');
    await openOrder(page, number);
    const order = page.url();
    await page.getByRole('link', { name: '退款…' }).click();
    await page.getByRole('button', { name: '下一步' }).click();
    await page.getByRole('button', { name: '确认退款 ¥128.00' }).click();
    await expect(async () => {
      await page.goto(order);
      await expect(page.getByRole('link', { name: '改退到银行卡…' })).toBeVisible({ timeout: 1_000 });
    }).toPass();
    await expectAccessible(page);

    await page.getByRole('link', { name: '改退到银行卡…' }).click();
    await expectAccessible(page);
    await page.getByRole('link', { name: '验证身份' }).click();
    await confirm(page);
    await expect(page.getByLabel('银行卡号'), 'a card is not wanted yet').toBeHidden();
    await page.getByLabel('商户银行卡').check();
    await expect(page.getByLabel('银行卡号')).toBeHidden();
    await page.getByLabel('用户银行卡').check();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await page.getByLabel('银行卡号').fill('6225 8801 2345');
    await page.getByLabel('持卡人姓名').fill('欧阳测试');
    await page.getByRole('button', { name: '核对' }).click();
    await expect(page.getByText('请从列表中选择银行。')).toBeVisible();
    await expect(page.getByLabel('持卡人姓名'), 'what was typed stays').toHaveValue('欧阳测试');
    await expect(page.getByLabel('银行卡号'), 'but for the number').toHaveValue('');
    await expectAccessible(page);
    await page.getByLabel('开户银行').selectOption('招商银行');
    await page.getByLabel('银行卡号').fill('6225 8801 2345 6783');
    await page.getByRole('button', { name: '核对' }).click();
    await expect(page.getByText('将请微信支付把 128.00 元退到招商银行尾号 6783 的借记卡')).toBeVisible();
    expect(await page.content()).not.toMatch(/6225 ?8801|欧阳/);
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await page.getByRole('button', { name: '提交，改退 ¥128.00' }).click();
    await expect(page.getByRole('status')).toHaveText(/微信支付已受理/);
    await expect(async () => {
      await page.goto(order);
      await expect(page.getByText('已退回').first()).toBeVisible({ timeout: 1_000 });
    }).toPass();
    expect(await page.content()).not.toMatch(/6225 ?8801|欧阳/);
  });
});
