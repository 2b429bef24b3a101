import { expect, expectAccessible, test } from './fixtures';
import { PAY_PAGE, buy, codeUrl, expectPaid, orderNumber, scan, see } from './shopper';
import { shops } from './shops';

test.use({ baseURL: shops.hurried });

// The one test that has to wait: a minute is the shortest time to pay that there is.
test('a code that has run out is said to be so, with a new one at hand', async ({ page, context, newShopper }) => {
  test.setTimeout(120_000);
  await buy(page);
  const [number, old] = [await orderNumber(page), await codeUrl(page)];
  const scriptless = await newShopper({ javaScriptEnabled: false, storageState: await context.storageState() });
  await scriptless.goto(page.url());
  await expect(see.code(scriptless)).toBeVisible();

  await expect(see.heading(page, '二维码已过期')).toBeVisible({ timeout: 80_000 });
  await expect(page).toHaveTitle('二维码已过期 · 扫码示例商店');
  await expect(see.words(page, '这个码不能再付款了，没有扣款。')).toBeVisible();
  await expect(see.timer(page)).toHaveCount(0);
  await expect(see.code(page), 'only a picture now').toHaveCount(0);
  await expectAccessible(page);
  await expect(see.heading(scriptless, '二维码已过期')).toBeVisible({ timeout: 15_000 });

  const late = await page.request.post('/_sandbox/scan', { data: { code_url: old, action: 'pay' } });
  expect(late.ok(), 'the old code cannot be paid').toBe(false);

  await page.getByRole('button', { name: '刷新二维码' }).click();
  await expect(see.timer(page)).toBeVisible();
  await expect(page).toHaveURL(PAY_PAGE);
  const fresh = await orderNumber(page);
  expect(fresh).not.toBe(number);

  // Its page has not heard of the new code, and must not put another one in its place.
  await scriptless.getByRole('button', { name: '刷新二维码' }).click();
  await expect(see.code(scriptless)).toBeVisible();
  expect(await orderNumber(scriptless), 'the same order').toBe(fresh);

  await scan(page);
  await expectPaid(page);
  await page.goto('/orders');
  await expect(page.getByRole('row').filter({ has: page.getByRole('link') })).toHaveCount(1);
  await expect(page.getByRole('row').filter({ hasText: '支付成功' })).toHaveCount(1);
});
