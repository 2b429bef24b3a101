import { expect, test } from './fixtures';
import { book, openPageWithoutScript, see } from './shopper';

test('the switch works with a form alone', async ({ page }) => {
  await openPageWithoutScript(page, book);
  const order = page.url();
  await page.getByRole('button', { name: 'English' }).click();
  await expect(page).toHaveURL(order);
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await expect(see.words(page, 'Please scan with WeChat')).toBeVisible();
  await expect(see.words(page, /^Please pay before \(Beijing time\): \d\d:\d\d:\d\d$/)).toBeVisible();
  await page.getByRole('button', { name: '中文' }).click();
  await expect(see.words(page, '请使用微信扫一扫')).toBeVisible();
});
