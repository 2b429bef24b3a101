// The page and its server: what happens when they lose sight of each other.
import { expect, test } from './fixtures';
import { codeUrl, expectPaid, openPayPage, pay, see } from './shopper';

const WATCH = /\/api\/ui\/watch_order/;

test.describe('without a network', () => {
  // The requests that do not get through.
  test.use({ expectedErrors: [/ERR_INTERNET_DISCONNECTED/] });

  test('the page says at once that it is cut off, and finds the payment afterwards', async ({ page, context, newShopper }) => {
    await openPayPage(page);
    const code = await codeUrl(page);
    const notice = see.words(page, '网络不通，正在重新连接…');
    await expect(notice).toBeHidden();

    // Its question of up to 25 seconds is under way, and nobody tells it that the answer will not come.
    await context.setOffline(true);
    await expect(notice).toBeVisible({ timeout: 2_000 });
    await expect(see.code(page), 'the code stays').toBeVisible();
    await context.setOffline(false);
    await expect(notice).toBeHidden({ timeout: 2_000 });

    await context.setOffline(true);
    await expect(notice).toBeVisible({ timeout: 2_000 });
    await pay((await newShopper()).request, code);
    await context.setOffline(false);
    await expectPaid(page);
    await expect(notice).toBeHidden();
  });
});

test('a hidden page asks rarely, and catches up at once when it is seen', async ({ page }) => {
  const polls: string[] = [];
  await page.clock.install();
  await page.route(WATCH, (route) => {
    polls.push(route.request().url());
    return route.continue({ url: route.request().url().replace(/wait=\d+/, 'wait=1') });
  });
  await openPayPage(page);
  await expect.poll(() => polls.length).toBeGreaterThan(1);

  await page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  });
  await page.waitForResponse(WATCH);
  await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 1_000);
  const before = polls.length;
  await page.clock.runFor(12_000);
  expect(polls.length, 'polls in 12 hidden seconds').toBe(before);
  const answered = page.waitForResponse(WATCH);
  await page.clock.runFor(4_000);
  await answered;
  expect(polls.length, 'polls in 16 hidden seconds').toBe(before + 1);

  await pay(page.request, await codeUrl(page));
  await expect(see.code(page), 'nobody looks, so it has not asked').toBeVisible();
  await page.evaluate(() => {
    Reflect.deleteProperty(document, 'visibilityState');
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  });
  await expectPaid(page);
});

test('a paid page asks no more', async ({ page }) => {
  await page.clock.install();
  await openPayPage(page);
  await pay(page.request, await codeUrl(page));
  await expectPaid(page);
  let polls = 0;
  page.on('request', (request) => (polls += WATCH.test(request.url()) ? 1 : 0));
  await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 1_000);
  await page.clock.runFor(60_000);
  expect(polls).toBe(0);
});
