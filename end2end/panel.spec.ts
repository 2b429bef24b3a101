import type { Page } from '@playwright/test';
import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import { expect, test } from './fixtures';
import { buy, codeUrl, expectPaid, holdProgram, openPayPage, place, scan, see } from './shopper';

/** Reads the code off the screen, as a phone would. */
async function read(page: Page): Promise<string | undefined> {
  const { data, width, height } = PNG.sync.read(await see.code(page).screenshot());
  return jsQR(Uint8ClampedArray.from(data), width, height)?.data;
}

test('the code on the screen is the one WeChat gave, in both themes', { tag: '@phone' }, async ({ page }) => {
  await buy(page);
  const { codeUrl } = await place(page.request);
  expect(codeUrl).toMatch(/^weixin:\/\/wxpay\//);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await read(page), colorScheme).toBe(codeUrl);
  }
});

test('the code is 240 pixels wide and stands on white', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await openPayPage(page);
  const box = await see.code(page).boundingBox();
  expect([box?.width, box?.height]).toEqual([240, 240]);
  await expect(page.locator('.pay-panel__code').first()).toHaveCSS('background-color', 'rgb(255, 255, 255)');
});

test('the code is there before the bundle is', async ({ page }) => {
  const release = await holdProgram(page);
  await page.goto((await place(page.request)).payUrl, { waitUntil: 'commit' });
  await expect(see.code(page)).toBeVisible();
  await expect(see.words(page, /请在此时间前付款/)).toBeVisible();
  await expect(see.timer(page)).toBeHidden();
  release();
  await expect(see.timer(page)).toBeVisible();
  await expect(see.words(page, /请在此时间前付款/)).toHaveCount(0);
});

test('the time left counts down', async ({ page }) => {
  await openPayPage(page);
  const left = async (): Promise<number> => {
    const [minutes, seconds] = (await see.timer(page).innerText()).split(':').map(Number);
    return (minutes ?? 0) * 60 + (seconds ?? 0);
  };
  const first = await left();
  expect(first).toBeGreaterThan(14 * 60);
  expect(first).toBeLessThanOrEqual(15 * 60);
  await expect.poll(left).toBeLessThanOrEqual(first - 2);
});

test('我已完成支付 says so when nothing has been paid', async ({ page }) => {
  await openPayPage(page);
  await see.iHavePaid(page).click();
  await expect(see.answer(page)).toHaveText(/还没有收到付款/);
  await expect(see.iHavePaid(page)).toBeEnabled();
  await expect(see.code(page)).toBeVisible();
  await scan(page);
  await expectPaid(page);
});

test('on a phone the page says that another one has to scan', async ({ newShopper }) => {
  const page = await newShopper({ userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148' });
  await openPayPage(page);
  await expect(see.words(page, '您正在用手机浏览')).toBeVisible();
});

test('inside WeChat the page does not promise that a long press pays', async ({ newShopper }) => {
  const page = await newShopper({ userAgent: 'Mozilla/5.0 (iPhone) Mobile/15E148 MicroMessenger/8.0.50' });
  await openPayPage(page);
  await expect(see.words(page, '长按无法付款')).toBeVisible();
});

// Versions for Windows and the Mac: a phone can scan what they show.
for (const [system, userAgent] of [
  ['Windows', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/116 Safari/537.36 NetType/WIFI MicroMessenger/7.0.20.1781(0x6700143B) WindowsWechat(0x63090c11)'],
  ['the Mac', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 MicroMessenger/6.8.0(0x16080000) NetType/WIFI MacWechat/3.8.7(0x13080712)'],
] as const) {
  test(`inside WeChat for ${system} nobody is sent to a computer`, async ({ newShopper }) => {
    const page = await newShopper({ userAgent });
    await openPayPage(page);
    await expect(see.code(page)).toBeVisible();
    await expect(see.words(page, /在电脑上打开/)).toHaveCount(0);
  });
}

test('a code that is not paid names no payment', async ({ page }) => {
  await openPayPage(page);
  expect(await codeUrl(page)).not.toBe('');
  const receipt = await page.goto(`${page.url()}/receipt`);
  expect(receipt?.status()).toBe(200);
  await expect(see.words(page, '订单还没有付款，所以没有收据。')).toBeVisible();
});
