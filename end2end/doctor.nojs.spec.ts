import { logIn } from './desk';
import { expect, test } from './fixtures';

test('a manager has everything outside asked, and the page comes to the end of it by itself', async ({ page }) => {
  await logIn(page, 'manager');
  await page.getByRole('link', { name: '体检' }).click();
  await expect(page.getByRole('heading', { level: 1, name: '体检' })).toBeVisible();
  await page.getByRole('button', { name: '开始联网检查' }).click();
  await expect(page.getByText(/上次：\d{4}-/)).toBeVisible({ timeout: 45_000 });
  await expect(page.getByText('没有发现问题')).toBeVisible();
});
