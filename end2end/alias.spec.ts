// The shop is at an https address; somebody has opened it under a second name that nothing encrypts. Browsers do
// not keep its cookie there.
import { expect, expectAlive, test } from './fixtures';
import { book, see } from './shopper';
import { ALIAS, shops } from './shops';

// Chromium reports the refusal, and a header that counts for encrypted pages only.
test.use({ expectedErrors: [/403 \(Forbidden\)|Cross-Origin-Opener-Policy header has been ignored/], baseURL: shops.aliased });

const WORDS = /不是本店的正式网址，操作没有执行，也没有扣款。请从 https:\/\/shop\.example\.com 重新打开/;

test('it says so, and takes no order', async ({ page }) => {
  await page.goto(`/products/${book.id}`);
  expect(new URL(page.url()).hostname).toBe(ALIAS);
  await expectAlive(page);
  await see.buy(page).click();
  await expect(page.getByRole('alert')).toHaveText(WORDS);
  await page.goto('/orders');
  await expect(see.words(page, '这个浏览器还没有下过单')).toBeVisible();
});

test('without JavaScript, too, with the way to the shop', async ({ newShopper }) => {
  const page = await newShopper({ javaScriptEnabled: false });
  await page.goto(`/products/${book.id}`);
  await see.buy(page).click();
  await expect(see.words(page, WORDS)).toBeVisible();
  await expect(page.getByRole('link', { name: '回到商品列表' })).toHaveAttribute('href', 'https://shop.example.com/');
});
