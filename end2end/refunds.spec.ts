import { expect, expectAccessible, expectNoSidewaysScroll, test } from './fixtures';
import { expectPaid, openPayPage, orderNumber, scan, see, tea } from './shopper';

test('what is given back is seen on the order, on the receipt and in the list', { tag: '@phone' }, async ({ page }) => {
  await openPayPage(page, tea);
  const number = await orderNumber(page);
  await scan(page);
  await expectPaid(page);
  const address = page.url();

  // In the merchant console, as staff would; WeChat tells the shop.
  const refund = async (fen: number): Promise<void> => {
    const data = { out_trade_no: number, amount: fen, notice: 'v3' };
    const answer = await page.request.post('/_sandbox/refund', { data });
    expect(answer.status()).toBe(200);
  };
  const reloadUntil = async (words: string): Promise<void> => {
    await expect(async () => {
      await page.goto(address);
      await expect(see.heading(page, words)).toBeVisible({ timeout: 1_000 });
    }).toPass();
  };
  await refund(2_800);
  await reloadUntil('已部分退款');
  await expect(see.words(page, /28\.00/).first()).toBeVisible();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);

  await page.goto(`${address}/receipt`);
  await expect(see.words(page, /100\.00/).first()).toBeVisible();
  await expectAccessible(page);

  await page.goto('/orders');
  await expect(page.getByRole('row').filter({ hasText: number })).toContainText('已退 ¥28.00');
  await expectAccessible(page);

  await refund(10_000);
  await reloadUntil('已全额退款');
  await expectAccessible(page);
});
