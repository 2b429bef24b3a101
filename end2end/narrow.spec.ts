import type { Locator } from '@playwright/test';
import { expect, expectNoSidewaysScroll, test } from './fixtures';
import { buy, expectPaid, openPayPage, scan, see, tea } from './shopper';

/** Targets for a finger: 44 pixels high. */
async function expectRoomForFingers(targets: Locator): Promise<void> {
  for (const target of await targets.all()) {
    if (!(await target.isVisible())) continue;
    const box = await target.boundingBox();
    expect(box?.height, `height of “${await target.innerText()}”`).toBeGreaterThanOrEqual(44);
  }
}

for (const width of [320, 360]) {
  test(`everything fits a window of ${width} pixels`, async ({ page }) => {
    await page.setViewportSize({ width, height: 640 });
    const fits = async (): Promise<void> => {
      await expectNoSidewaysScroll(page);
      await expectRoomForFingers(page.locator('main').getByRole('button'));
      await expectRoomForFingers(page.locator('main a:not(.products a)'));
      await expectRoomForFingers(page.locator('header a'));
    };
    for (const address of ['/', '/products/2', '/products/2?problem=limited', '/orders']) {
      await page.goto(address);
      await fits();
    }
    await buy(page, tea);
    await fits();
    await see.iHavePaid(page).click();
    await expect(see.answer(page)).not.toBeEmpty();
    await fits();
    await page.goto('/_sandbox/');
    await expectNoSidewaysScroll(page);
    await openPayPage(page, tea);
    await fits();
    const paying = page.url();
    await page.goto('/orders');
    await fits();
    await page.goto(`${paying}/cancel`);
    await fits();
    await page.goto(paying);
    await expect(see.timer(page)).toBeVisible();
    await scan(page);
    await expectPaid(page);
    await fits();
    await page.goto(`${page.url()}/receipt`);
    await fits();
    await page.goto('/orders');
    await fits();
  });
}
