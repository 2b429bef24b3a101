import { expect, test } from './fixtures';
import { PAY_PAGE, book, moveAway, see, tea } from './shopper';
import { shops } from './shops';

test.use({ baseURL: shops.limited });

test('who orders too often is led back to the product and told so', async ({ page, context }) => {
  await moveAway(context);
  await page.goto(`/products/${book.id}`);
  await see.buy(page).click();
  await expect(page).toHaveURL(PAY_PAGE);

  await page.goto(`/products/${tea.id}`);
  await see.buy(page).click();
  await expect(page).toHaveURL(`/products/${tea.id}?problem=limited`);
  await expect(page.getByRole('alert')).toHaveText('下单过于频繁，请过一分钟再试。');
  await expect(see.buy(page)).toBeVisible();
});
