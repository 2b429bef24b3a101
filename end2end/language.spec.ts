// English beside Chinese, in a page that is alive.
import { expect, expectAccessible, expectAlive, expectNoSidewaysScroll, test } from './fixtures';
import { book, codeUrl, openPayPage, pay, tea } from './shopper';

test.describe('with a browser that likes English', () => {
  test.use({ locale: 'en-US' });

  test('a whole purchase is in English', { tag: '@phone' }, async ({ page }) => {
    const settled = async (): Promise<void> => {
      await expectNoSidewaysScroll(page);
      await expectAccessible(page);
    };
    await page.goto('/');
    await expect(page.locator('html')).toHaveAttribute('lang', 'en');
    await settled();
    await page.getByRole('link', { name: book.title }).click();
    await expectAlive(page);
    await settled();
    await page.getByRole('button', { name: 'Pay with WeChat' }).click();
    await expect(page.getByRole('img', { name: `WeChat Pay code, ${book.title}, ${book.yuan} yuan` })).toBeVisible();
    await expect(page).toHaveTitle(`Scan to pay ¥${book.yuan} · 扫码示例商店`);
    await page.getByRole('button', { name: 'I have paid' }).click();
    await expect(page.locator('.pay-panel__answer')).toHaveText(/^No payment has arrived yet/);
    await settled();
    const link = page.getByRole('link', { name: 'Scan this code with the simulated phone' });
    const code = new URL((await link.getAttribute('href')) ?? '', page.url()).searchParams.get('code_url') ?? '';
    await pay(page.request, code);
    await expect(page.getByRole('heading', { name: 'Paid', exact: true })).toBeVisible();
    await settled();
    await page.getByRole('link', { name: 'See the receipt' }).click();
    await expect(page.getByRole('button', { name: 'Print' })).toBeVisible();
    await settled();
    await page.getByRole('link', { name: 'My orders' }).click();
    await expect(page.getByRole('row', { name: book.title })).toContainText('Paid');
    await settled();
  });

  test('what the browser says itself is in English, too', async ({ page, context }) => {
    await page.goto(`/products/${tea.id}`);
    await expectAlive(page);
    await context.setOffline(true);
    await page.getByRole('button', { name: 'Pay with WeChat' }).click();
    await expect(page.getByRole('alert')).toHaveText('There is no connection. Check your network and try again.');
    await context.setOffline(false);
  });
  test.use({ expectedErrors: [/ERR_INTERNET_DISCONNECTED/] });
});

test('the switch leads back to where it was pressed, and is remembered', async ({ page }) => {
  await page.goto(`/products/${book.id}`);
  await expectAlive(page);
  await page.getByRole('button', { name: '微信支付' }).click();
  await expect(page.getByRole('timer')).toBeVisible();
  // The panel has opened in place: the address is the order's.
  const order = page.url();
  await page.getByRole('button', { name: 'English' }).click();
  await expect(page).toHaveURL(order);
  await expect(page.getByText('Please scan with WeChat')).toBeVisible();
  await page.goto('/');
  await expect(page.getByRole('heading', { name: 'Products', exact: true })).toBeVisible();
  await page.getByRole('button', { name: '中文' }).click();
  await expect(page.getByRole('heading', { name: '商品', exact: true })).toBeVisible();
});

test('a page goes on in its language after the switch was pressed in another', async ({ page, context }) => {
  await openPayPage(page);
  const code = await codeUrl(page);
  const other = await context.newPage();
  await other.goto('/');
  await other.getByRole('button', { name: 'English' }).click();
  await expect(other.getByRole('heading', { name: 'Products', exact: true })).toBeVisible();
  await pay(page.request, code);
  await expect(page.getByRole('heading', { name: '支付成功' })).toBeVisible();
});
