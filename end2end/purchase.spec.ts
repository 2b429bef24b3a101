import { expect, expectAlive, expectNoSidewaysScroll, test } from './fixtures';
import { PAY_PAGE, book, buy, codeUrl, expectPaid, openPayPage, orderNumber, pay, scan, see, tea } from './shopper';

test('a product is bought and paid for in its page, which turns by itself', { tag: '@phone' }, async ({ page }) => {
  await page.goto('/');
  await expectNoSidewaysScroll(page);
  await page.getByRole('link', { name: tea.title }).click();
  await expect(see.heading(page, tea.title)).toBeVisible();
  await expectNoSidewaysScroll(page);
  await expectAlive(page);

  await see.buy(page).click();
  await expect(see.heading(page, '扫码付款')).toBeFocused();
  await expect(see.code(page)).toHaveAccessibleName(`微信支付二维码，${tea.title}，${tea.yuan} 元`);
  await expect(see.words(page, '请使用微信扫一扫')).toBeVisible();
  await expect(see.buy(page)).toBeHidden();
  await expect(page).toHaveURL(PAY_PAGE);
  await expect(page).toHaveTitle(`扫码付款 ¥${tea.yuan} · 扫码示例商店`);
  await expectNoSidewaysScroll(page);
  const number = await orderNumber(page);

  await scan(page);
  await expectPaid(page);
  await expectNoSidewaysScroll(page);

  await page.getByRole('link', { name: '查看收据' }).click();
  await expect(see.heading(page, '收据')).toBeVisible();
  for (const fact of [tea.title, tea.yuan, number]) await expect(page.locator('.receipt')).toContainText(fact);
  await expect(page.locator('.receipt')).toContainText(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/);
  await expect(page.getByRole('button', { name: '打印' })).toBeVisible();
  await expectNoSidewaysScroll(page);
});

test('the simulated phone in a second tab pays', { tag: '@phone' }, async ({ page, context }) => {
  await buy(page);
  const opened = context.waitForEvent('page');
  await see.phoneLink(page).click();
  const phone = await opened;
  await expect(see.words(phone, '0.01')).toBeVisible();
  await phone.getByRole('button', { name: '确认支付' }).click();
  await expect(phone.getByRole('heading', { name: '支付成功' })).toBeVisible();
  await expectPaid(page);
});

test('a payment that fails on the phone leaves the order to be paid', async ({ page }) => {
  await buy(page);
  const failed = await page.request.post('/_sandbox/scan', { data: { code_url: await codeUrl(page), action: 'fail' } });
  expect(await failed.json()).toMatchObject({ trade_state: 'NOTPAY' });
  await expect(see.code(page)).toBeVisible();
  await scan(page);
  await expectPaid(page);
});

test('a reload, a second tab and another click lead to the same order', async ({ page, context }) => {
  await buy(page);
  const number = await orderNumber(page);

  const second = await context.newPage();
  await second.goto(page.url());
  await expect(see.code(second)).toBeVisible();
  expect(await orderNumber(second)).toBe(number);

  const third = await context.newPage();
  await buy(third);
  expect(await orderNumber(third)).toBe(number);

  await page.reload();
  await expect(see.timer(page)).toBeVisible();
  expect(await orderNumber(page)).toBe(number);

  await scan(page);
  for (const each of [page, second, third]) await expectPaid(each);
});

test('a double click places one order', async ({ page }) => {
  await page.goto(`/products/${book.id}`);
  await expectAlive(page);
  await see.buy(page).dblclick();
  await expect(see.code(page)).toBeVisible();
  await page.goto('/orders');
  await expect(page.getByRole('row')).toHaveCount(2);
});

test('going back leads to the product, and buying again to the same order', async ({ page }) => {
  await buy(page);
  const number = await orderNumber(page);
  await page.goBack();
  await expect(page).toHaveURL(`/products/${book.id}`);
  await expect(see.buy(page)).toBeVisible();
  await expectAlive(page);
  await see.buy(page).click();
  await expect(see.code(page)).toBeVisible();
  expect(await orderNumber(page)).toBe(number);
});

test('forward again leads to the order, and back to the product', async ({ page }) => {
  await buy(page);
  const [address, number] = [page.url(), await orderNumber(page)];
  for (let round = 0; round < 2; round += 1) {
    await page.goBack();
    await expect(page).toHaveURL(`/products/${book.id}`);
    await expect(see.buy(page)).toBeVisible();
    await expect(see.code(page)).toHaveCount(0);
    await page.goForward();
    await expect(page).toHaveURL(address);
    await expect(see.timer(page)).toBeVisible();
    await expect(see.buy(page)).toHaveCount(0);
    expect(await orderNumber(page)).toBe(number);
  }
  await scan(page);
  await expectPaid(page);
});

test('once it is placed, title and price stand there once, and no half is empty', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await buy(page, tea);
  /** Texts that somebody can see: whatever is only for screen readers is nowhere on the screen. */
  const seen = (words: string): Promise<number> =>
    page.locator('main').getByText(words).evaluateAll((found) => found.filter((it) => {
      const { x, y, width, height } = it.getBoundingClientRect();
      return it.contains(document.elementFromPoint(x + width / 2, y + height / 2));
    }).length);
  expect(await seen(tea.title)).toBe(1);
  expect(await seen(tea.yuan)).toBe(1);
  const [main, panel] = [await page.locator('main').boundingBox(), await page.locator('.pay-panel').boundingBox()];
  expect(panel?.width).toBeGreaterThan((main?.width ?? 0) * 0.9);
  await expect(page.locator('h1')).toHaveText(tea.title);
});

test('on paper there is nothing to press', async ({ page }) => {
  await openPayPage(page);
  const [address, code] = [page.url(), await codeUrl(page)];
  await page.emulateMedia({ media: 'print' });
  const pressed = page.locator('main').locator('button, form, .button, .button--link, .pay-panel__cancel');
  await expect(pressed.filter({ visible: true })).toHaveCount(0);
  await pay(page.request, code);
  await expectPaid(page);
  await expect(pressed.filter({ visible: true })).toHaveCount(0);
  await expect(see.words(page, '付款时间')).toBeVisible();
  await page.goto(`${address}/receipt`);
  await expect(page.locator('.receipt')).toBeVisible();
  await expect(pressed.filter({ visible: true })).toHaveCount(0);
});

test('after paying, the product can be bought again', async ({ page }) => {
  await buy(page);
  const number = await orderNumber(page);
  await scan(page);
  await expectPaid(page);
  await buy(page);
  expect(await orderNumber(page)).not.toBe(number);
});

test('the order number can be copied', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await buy(page);
  await page.getByRole('button', { name: '复制' }).click();
  await expect(page.getByRole('button', { name: '已复制' })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(await orderNumber(page));
});
