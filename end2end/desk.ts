// Somebody of the staff: logged in with an account that the sandbox offers on its login page.
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';

/** Through the pages, so that it works without JavaScript too. */
export async function logIn(page: Page, role: 'viewer' | 'operator' | 'manager'): Promise<void> {
  await page.goto('/admin/login');
  await page.getByRole('button', { name: `demo-${role}` }).click();
  if (page.url().includes('/admin/factor')) await passFactor(page);
  await expect(page.getByRole('heading', { level: 1, name: '概览' })).toBeVisible();
}

/** Gives the second factor once more, where a page has led to it. */
export async function confirm(page: Page): Promise<void> {
  await passFactor(page, 'confirm', '验证身份');
}

/** With the code that the sandbox shows. A code is good once: another test that used it first has us wait for the next. */
async function passFactor(page: Page, at: 'confirm' | 'factor' = 'factor', button = '继续'): Promise<void> {
  test.setTimeout(test.info().timeout + 120_000);
  const factor = page.url();
  const shown = page.locator('.notice code');
  const isIn = (): boolean => !page.url().includes(`/admin/${at}`);
  await expect(async () => {
    if (isIn()) return;
    if (!(await shown.isVisible())) await page.goto(factor);
    const code = await shown.innerText({ timeout: 500 });
    await page.getByLabel('验证码', { exact: true }).fill(code);
    const answer = page.waitForResponse((response) => response.request().method() === 'POST');
    await page.getByRole('button', { name: button }).click();
    // Shown again, with the code that comes next: another test has been faster.
    if ((await answer).status() === 401) throw new Error('the code had been used');
    await expect(page).not.toHaveURL(new RegExp(`/admin/${at}`));
  }).toPass({ intervals: [3_000], timeout: 120_000 });
}

/** To the page of an order, by its number. */
export async function openOrder(page: Page, number: string): Promise<void> {
  await page.goto('/admin/orders');
  await page.getByLabel('按单号查找').fill(number);
  await page.getByRole('button', { name: '查找' }).click();
  await expect(page).toHaveURL(/\/admin\/orders\/\d+/);
}
