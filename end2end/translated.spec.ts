// Translators and extensions change the page under the program's feet.
import type { Page } from '@playwright/test';
import { expect, expectAlive, test } from './fixtures';
import { book, codeUrl, holdProgram, openPayPage, pay, place, see } from './shopper';
import { keepTranslating } from './translator';

/** An extension's own element, first in the panel and in the island around it. */
function intrude(): void {
  for (const place of document.querySelectorAll('.pay-panel, .pay-panel__head, .buy, [data-island]')) {
    const guest = document.createElement('x-extension');
    guest.textContent = '划词';
    place.prepend(guest);
  }
}

/** All of the page says what has happened, and in the other language. */
async function expectPaidInTranslation(page: Page): Promise<void> {
  await expect(see.heading(page, '«支付成功»')).toBeVisible();
  await expect(page.locator('.pay-panel')).toContainText('«付款时间»');
  await expect(page.locator('.facts [translate="no"]').first()).toHaveText(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  await expect(see.words(page, /扫码付款/)).toHaveCount(0);
}

test('a page that was translated before the program came turns to paid', async ({ page }) => {
  const { payUrl, codeUrl } = await place(page.request);
  const release = await holdProgram(page);
  await page.goto(payUrl, { waitUntil: 'commit' });
  await expect(see.code(page)).toBeVisible();
  await page.evaluate(keepTranslating);
  await expect(see.heading(page, '«扫码付款»')).toBeVisible();
  release();
  await expectAlive(page);
  await pay(page.request, codeUrl);
  await expectPaidInTranslation(page);
});

test('a page that is translated while it waits turns to paid', async ({ page }) => {
  await openPayPage(page);
  await page.evaluate(keepTranslating);
  await expect(see.heading(page, '«扫码付款»')).toBeVisible();
  await expect(see.timer(page), 'numbers stay').toHaveText(/^\d\d:\d\d$/);
  const [first, number] = [await see.timer(page).innerText(), page.locator('.pay-panel__number .number')];
  await expect(see.timer(page)).not.toHaveText(first);
  await expect(number).toHaveText(/^\w+$/);
  await see.iHavePaid(page).click();
  await expect(see.answer(page)).toHaveText(/^«还没有收到付款.*»$/);
  await pay(page.request, await codeUrl(page));
  await expectPaidInTranslation(page);
});

test('a translated product is bought and paid', async ({ page }) => {
  await page.goto(`/products/${book.id}`);
  await page.evaluate(keepTranslating);
  await expectAlive(page);
  await page.getByRole('button', { name: '微信支付' }).click();
  await expect(see.heading(page, '«扫码付款»')).toBeVisible();
  await pay(page.request, await codeUrl(page));
  await expectPaidInTranslation(page);
});

test('an element of an extension before and after the program came does no harm', async ({ page }) => {
  const { payUrl, codeUrl } = await place(page.request);
  const release = await holdProgram(page);
  await page.goto(payUrl, { waitUntil: 'commit' });
  await expect(see.code(page)).toBeVisible();
  await page.evaluate(intrude);
  release();
  await expectAlive(page);
  await page.evaluate(intrude);
  await pay(page.request, codeUrl);
  await expect(see.heading(page, '支付成功')).toBeVisible();
  await expect(page).toHaveTitle('支付成功 · 扫码示例商店');

  await page.goto(`/products/${book.id}`, { waitUntil: 'commit' });
  await expectAlive(page);
  await page.evaluate(intrude);
  await see.buy(page).click();
  await expect(see.code(page)).toBeVisible();
  await pay(page.request, (await place(page.request)).codeUrl);
  await expect(see.heading(page, '支付成功')).toBeVisible();
});
