import { confirm, logIn } from './desk';
import { expect, test } from './fixtures';

// A form that is shown again is answered 422, and a code that another test has used 401, which the browser calls errors.
test.use({ expectedErrors: [/401|422/] });

test('staff comes in, confirms and goes out without JavaScript', async ({ page }) => {
  await logIn(page, 'manager');
  await expect(page).toHaveURL('/admin');

  await page.goto('/admin/staff');
  await expect(page.getByRole('heading', { name: '变更' }), 'not before the second factor once more').toBeHidden();
  await page.getByRole('link', { name: '验证身份' }).click();
  await confirm(page);
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
