import type { Locator, Page } from '@playwright/test';
import { expect, expectAlive, test } from './fixtures';
import { book, buy, expectPaid, holdProgram, openPayPage, orderNumber, place, scan, see } from './shopper';

/** Presses Tab until `target` has the focus; whatever has it on the way must show it. At the end it starts over. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let presses = 0; presses < 30; presses += 1) {
    await page.keyboard.press('Tab');
    const ring = await page.evaluate(() => {
      const focused = document.activeElement;
      if (focused === null || focused === document.body) return 'between end and start';
      const visible = [getComputedStyle(focused), getComputedStyle(focused, '::after')].some(
        (style) => style.outlineStyle === 'solid' && parseFloat(style.outlineWidth) >= 2,
      );
      return visible ? 'visible' : focused.outerHTML;
    });
    expect(['visible', 'between end and start'], 'focus ring').toContain(ring);
    if (await target.evaluate((element) => element === document.activeElement)) return;
  }
  throw new Error(`Tab does not lead to ${String(target)}`);
}

test('a purchase needs no mouse, and shows where the focus is', async ({ page }) => {
  await page.goto('/');
  await tabTo(page, page.getByRole('link', { name: '跳到正文' }));
  await expect(page.getByRole('link', { name: '跳到正文' })).toBeInViewport();
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('link', { name: book.title }));
  await page.keyboard.press('Enter');
  await expect(see.heading(page, book.title)).toBeVisible();

  await expectAlive(page);
  await tabTo(page, see.buy(page));
  await page.keyboard.press('Enter');
  await expect(see.heading(page, '扫码付款')).toBeFocused();
  await tabTo(page, see.phoneLink(page));
  await tabTo(page, see.iHavePaid(page));
  await page.keyboard.press('Space');
  await expect(see.answer(page)).toHaveText(/还没有收到付款/);
  await expect(see.iHavePaid(page), 'waiting for the answer').toBeFocused();
  await tabTo(page, page.getByRole('button', { name: '复制' }));

  await scan(page);
  await expectPaid(page);
  await tabTo(page, page.getByRole('link', { name: '查看收据' }));
  await page.keyboard.press('Enter');
  await expect(see.heading(page, '收据')).toBeVisible();
});

test('when the page turns to paid, the focus goes to what it says', async ({ page }) => {
  for (const open of [openPayPage, buy]) {
    await open(page);
    await tabTo(page, see.iHavePaid(page));
    await scan(page);
    await expectPaid(page);
    await expect(see.heading(page, '支付成功')).toBeFocused();
  }
  await openPayPage(page);
  await tabTo(page, page.getByRole('button', { name: '复制' }));
  await scan(page);
  await expectPaid(page);
  await expect(page.getByRole('button', { name: '复制' }), 'still there').toBeFocused();
});

test('the program takes nobody’s focus away when it comes', async ({ page }) => {
  const release = await holdProgram(page);
  await page.goto((await place(page.request)).payUrl, { waitUntil: 'commit' });
  await tabTo(page, see.change(page));
  release();
  await expectAlive(page);
  await expect(see.change(page)).toBeFocused();
});

test('changing the code and calling an order off need no mouse', async ({ page }) => {
  await openPayPage(page);
  const number = await orderNumber(page);
  await tabTo(page, see.change(page));
  await page.keyboard.press('Enter');
  await expect.poll(() => orderNumber(page)).not.toBe(number);
  await expect(see.timer(page)).toBeVisible();
  await tabTo(page, see.cancel(page));
  await page.keyboard.press('Enter');
  await expect(see.heading(page, '取消这笔订单？')).toBeVisible();
  await tabTo(page, page.getByRole('button', { name: '确认取消' }));
  await page.keyboard.press('Enter');
  await expect(see.heading(page, '订单已取消')).toBeVisible();
  await tabTo(page, page.getByRole('link', { name: '重新购买' }));
});
