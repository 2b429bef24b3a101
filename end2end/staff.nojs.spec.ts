import { expect, test } from './fixtures';

// A form that is shown again is answered 422, which the browser calls an error.
test.use({ expectedErrors: [/422/] });

test('staff comes in, confirms and goes out without JavaScript', async ({ page }) => {
  await page.goto('/admin');
  await page.getByRole('button', { name: /demo-manager/ }).click();
  await expect(page.getByRole('heading', { name: '动态验证码' })).toBeVisible();
  const code = async (): Promise<string> => (await page.locator('.notice code').textContent()) ?? '';
  await page.getByLabel('验证码', { exact: true }).fill(await code());
  await page.getByRole('button', { name: '继续' }).click();
  await expect(page).toHaveURL('/admin');

  await page.goto('/admin/staff');
  await expect(page.getByRole('heading', { name: '变更' }), 'not before the second factor once more').toBeHidden();
  await page.getByRole('link', { name: '验证身份' }).click();
  await page.getByLabel('验证码', { exact: true }).fill(await code());
  await page.getByRole('button', { name: '验证身份' }).click();
  await expect(page).toHaveURL('/admin/staff?said=confirmed');
  await page.getByLabel('每笔退款').fill('一百');
  await page.getByLabel('每人每天（北京时间）').fill('2000');
  await page.getByRole('button', { name: '提交审批' }).last().click();
  await expect(page.getByRole('alert')).toContainText('最多两位小数');
  await expect(page.getByLabel('每笔退款')).toHaveValue('一百');
  await page.getByLabel('每笔退款').fill('100');
  await page.getByRole('button', { name: '提交审批' }).last().click();
  await expect(page.getByRole('heading', { name: '退款限额 · 待审批' })).toBeVisible();
  await page.getByRole('button', { name: '撤回申请' }).click();
  await expect(page.getByRole('status')).toContainText('已撤回');

  await page.getByRole('button', { name: '退出' }).click();
  await expect(page).toHaveURL('/admin/login?said=logged-out');
});
