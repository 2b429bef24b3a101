import { expect, expectAlive, test } from './fixtures';
import { book, buy, moveAway, orderNumber, see, tea } from './shopper';
import { shops } from './shops';

// The refusal itself.
test.use({ baseURL: shops.limited, expectedErrors: [/429 \(Too Many Requests\)/] });

test('who orders too often is told so in the page, and keeps the order there is', async ({ page, context }) => {
  await moveAway(context);
  await buy(page, book);
  const number = await orderNumber(page);

  const other = await context.newPage();
  await other.goto(`/products/${tea.id}`);
  await expectAlive(other);
  await see.buy(other).click();
  await expect(other.getByRole('alert')).toHaveText('下单过于频繁，请过一分钟再试。');
  await expect(see.buy(other)).toBeEnabled();
  await expect(other).toHaveURL(`/products/${tea.id}`);

  await page.reload();
  await expect(see.code(page)).toBeVisible();
  expect(await orderNumber(page)).toBe(number);
});

test('who changes the code too often is told so above it', async ({ page, context }) => {
  await moveAway(context);
  await buy(page, book);
  const number = await orderNumber(page);
  await see.change(page).click();
  await expect(page.getByRole('alert').filter({ hasText: '下单过于频繁，请过一分钟再试。' })).toBeVisible();
  await expect(see.code(page)).toBeVisible();
  expect(await orderNumber(page)).toBe(number);
});
