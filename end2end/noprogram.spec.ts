// Scripts run, and the program does not: the page turns to paid all the same.
import type { Page } from '@playwright/test';
import { expect, expectAlive, test } from './fixtures';
import { PAY_PAGE, book, expectPaid, orderNumber, pay, place, see } from './shopper';

const WASM = '**/pkg/*.wasm';
const PAGE = /\/(pay|products)\/[0-9a-f]+$/;

/** What keeps the program from running, each as a browser or a network does it. */
const hindrances: Record<string, (page: Page) => Promise<unknown>> = {
  'a browser without WebAssembly': (page) => page.addInitScript(() => Reflect.deleteProperty(window, 'WebAssembly')),
  'no bundle': (page) => page.route('**/pkg/*.js', (route) => route.fulfill({ status: 404 })),
  'a program that does not compile': (page) =>
    page.route(WASM, (route) => route.fulfill({ contentType: 'application/wasm', body: 'not WebAssembly' })),
  'a policy that forbids it': (page) =>
    page.route(PAGE, async (route) => {
      const answer = await route.fetch();
      const policy = (answer.headers()['content-security-policy'] ?? '').replace(" 'wasm-unsafe-eval'", '');
      await route.fulfill({ response: answer, headers: { ...answer.headers(), 'content-security-policy': policy } });
    }),
  'a panel that cannot be made of what the page holds': (page) =>
    page.route(PAGE, async (route) => {
      const answer = await route.fetch();
      const body = (await answer.text()).replace(/data-given="[^"]*"/g, 'data-given="{}"');
      await route.fulfill({ response: answer, body });
    }),
  'a network on which it never arrives': (page) => page.route(WASM, () => {}),
  'a program that stops in the middle': (page) =>
    page.addInitScript(() => {
      // As a panic does: the instance is gone, and its error comes up in some callback.
      addEventListener('load', () =>
        setTimeout(() => setTimeout(() => { throw new WebAssembly.RuntimeError('unreachable'); }, 0), 2_500),
      );
      // Whatever it still asks gets no answer any more.
      const real = window.fetch;
      window.fetch = (target, ...more) => {
        const address = target instanceof Request ? target.url : String(target);
        return address.includes('watch_order') ? new Promise(() => {}) : real(target, ...more);
      };
    }),
};

test.use({
  // What each of them makes the browser say.
  expectedErrors: [/WebAssembly|wasm|pkg|Failed to (load|fetch)|unreachable|Content Security Policy/i],
});

for (const [name, hinder] of Object.entries(hindrances)) {
  test(`the page turns to paid with ${name}`, async ({ page }) => {
    const { payUrl, codeUrl } = await place(page.request);
    await hinder(page);
    await page.goto(payUrl, { waitUntil: 'commit' });
    await expect(see.code(page)).toBeVisible();
    await pay(page.request, codeUrl);
    await expectPaid(page);
  });
}

test('an order is placed without the program, and its page turns', async ({ page }) => {
  await hindrances['a browser without WebAssembly']?.(page);
  await page.goto(`/products/${book.id}`);
  await see.buy(page).click();
  await expect(page).toHaveURL(PAY_PAGE);
  const { orderNo, codeUrl } = await place(page.request);
  expect(await orderNumber(page)).toBe(orderNo);
  await pay(page.request, codeUrl);
  await expectPaid(page);
});

test('where the program runs, nothing else asks', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.clock.install();
  await page.goto((await place(page.request)).payUrl);
  await expectAlive(page);
  await page.clock.runFor(20_000);
  expect(asked.filter((path) => path.startsWith('/api/orders/'))).toEqual([]);
});
