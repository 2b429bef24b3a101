// The way in to the merchant's side, by keyboard alone, and what axe says of its pages.
import type { Page } from '@playwright/test';
import { expect, expectAccessible, expectNoSidewaysScroll, test } from './fixtures';
import { shops } from './shops';

/** What the sandbox offers to whoever tries it. */
async function passwordOf(page: Page, name: string): Promise<string> {
  const offer = page.getByRole('listitem').filter({ hasText: name });
  return (await offer.locator('code').textContent()) ?? '';
}

test.describe('the way in', () => {
  // Where nobody else of its name comes in: a code is good once.
  test.use({ baseURL: shops.pictured });
  // A wrong password is answered 401, which the browser calls an error.
  test.use({ expectedErrors: [/401/] });

  test('login and second factor need no mouse', async ({ page }) => {
    await page.goto('/admin/audit');
    await expect(page).toHaveURL('/admin/login?next=%2Fadmin%2Faudit');
    const password = await passwordOf(page, 'demo-operator');
    await expect(page.getByLabel('账号', { exact: true }), 'where one begins').toBeFocused();
    await expectAccessible(page);

    await page.keyboard.type('demo-operator');
    await page.keyboard.press('Tab');
    await page.keyboard.type('something else entirely');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('alert')).toHaveText('账号或密码不正确');
    await expect(page.getByLabel('账号', { exact: true }), 'what was typed stays').toHaveValue('demo-operator');
    await expectAccessible(page);

    await page.getByLabel('密码', { exact: true }).focus();
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { name: '动态验证码' })).toBeVisible();
    await expect(page.getByLabel('验证码', { exact: true })).toBeFocused();
    await expectAccessible(page);
    const code = (await page.locator('.notice code').textContent()) ?? '';
    await page.keyboard.type(code);
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL('/admin/audit');
    await expect(page.getByRole('row').filter({ hasText: 'demo-operator' }).first()).toBeVisible();

    for (const address of ['/admin/audit', '/admin/approvals', '/admin/staff', '/admin/account', '/admin/confirm']) {
      await page.goto(address);
      await expectAccessible(page);
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 800 });
        await expectNoSidewaysScroll(page);
      }
    }
    await page.getByRole('button', { name: '退出' }).click();
    await expect(page.getByRole('status')).toHaveText('已退出。');
  });
});
