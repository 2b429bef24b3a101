import { expect, expectAccessible, test } from './fixtures';

test('the first page opens without JavaScript and is accessible', async ({ page }) => {
  const answer = await page.goto('/');
  expect(answer?.status()).toBe(200);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expectAccessible(page);
});
