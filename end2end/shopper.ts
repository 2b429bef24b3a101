// What shoppers do and see, in the words of the pages.
import { randomInt } from 'node:crypto';
import type { APIRequestContext, BrowserContext, Locator, Page } from '@playwright/test';
import { expect, expectAlive } from './fixtures';

export interface Product {
  id: number;
  title: string;
  yuan: string;
}

/** Two of the demo products. */
export const book: Product = { id: 1, title: 'Rust 异步编程实战', yuan: '0.01' };
export const tea: Product = { id: 2, title: '西湖龙井 明前特级 50g', yuan: '128.00' };

export const PAY_PAGE = /\/pay\/[0-9a-f]{32}$/;

export const see = {
  buy: (page: Page): Locator => page.getByRole('button', { name: '微信支付' }),
  heading: (page: Page, name: string): Locator => page.getByRole('heading', { name, exact: true }),
  code: (page: Page): Locator => page.getByRole('img', { name: /^微信支付二维码/ }),
  timer: (page: Page): Locator => page.getByRole('timer'),
  iHavePaid: (page: Page): Locator => page.getByRole('button', { name: '我已完成支付' }),
  cancel: (page: Page): Locator => page.getByRole('link', { name: '取消订单', exact: true }),
  change: (page: Page): Locator => page.getByRole('button', { name: '换一个' }),
  phoneLink: (page: Page): Locator => page.getByRole('link', { name: '用模拟手机扫这个码' }),
  answer: (page: Page): Locator => page.locator('.pay-panel__answer'),
  /** The panel holds the words of all its states; this finds those that are shown. */
  words: (page: Page, words: string | RegExp): Locator => page.getByText(words).filter({ visible: true }),
};

/** Buys with JavaScript: the panel opens in the product page. */
/** The page's program comes once the answer is called, and not before. */
export async function holdProgram(page: Page): Promise<() => void> {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/pkg/*.wasm', async (route) => {
    await held;
    await route.continue();
  });
  return () => release();
}

export async function buy(page: Page, product: Product = book): Promise<void> {
  await page.goto(`/products/${product.id}`);
  await expectAlive(page);
  await see.buy(page).click();
  await expect(see.code(page)).toBeVisible();
}

/** The order's own page, of an order just placed. */
export async function openPayPage(page: Page, product: Product = book): Promise<void> {
  await page.goto((await place(page.request, product)).payUrl);
  await expect(see.timer(page)).toBeVisible();
}

/** The same page as somebody without JavaScript gets to it. */
export async function openPageWithoutScript(page: Page, product: Product = book): Promise<void> {
  await page.goto(`/products/${product.id}`);
  await see.buy(page).click();
  await expect(page).toHaveURL(PAY_PAGE);
  await expect(see.code(page)).toBeVisible();
}

interface Placed {
  orderNo: string;
  codeUrl: string;
  payUrl: string;
}

/** The live order of whoever sends this, through the interface for programs. */
export async function place(request: APIRequestContext, product: Product = book): Promise<Placed> {
  // Programs get their cookie with the answer, so the same context stays the same shopper.
  const answer = await request.post(`/api/wx-pay/native/native/${product.id}`);
  expect(answer.status()).toBe(200);
  return ((await answer.json()) as { data: Placed }).data;
}

/** What the code on the page says, which in sandbox mode a link tells as well. */
export async function codeUrl(page: Page): Promise<string> {
  const link = await see.phoneLink(page).getAttribute('href');
  return new URL(link ?? '', page.url()).searchParams.get('code_url') ?? '';
}

/** Takes out a phone, scans what the page shows, and pays. */
export async function scan(page: Page): Promise<void> {
  await pay(page.request, await codeUrl(page));
}

export async function pay(request: APIRequestContext, code_url: string): Promise<void> {
  const answer = await request.post('/_sandbox/scan', { data: { code_url, action: 'pay' } });
  expect(await answer.json()).toMatchObject({ trade_state: 'SUCCESS' });
}

/** To an address of their own, for the server that limits orders by address. */
export async function moveAway(context: BrowserContext): Promise<void> {
  const address = `198.18.${randomInt(256)}.${randomInt(1, 255)}`;
  await context.setExtraHTTPHeaders({ 'x-forwarded-for': address });
}

/** A paid order, without any page; its number. */
export async function placeAndPay(request: APIRequestContext, product: Product = book): Promise<string> {
  const { orderNo, codeUrl } = await place(request, product);
  await pay(request, codeUrl);
  await untilPaid(request, orderNo);
  return orderNo;
}

/** Until the callback has come. */
export async function untilPaid(request: APIRequestContext, orderNo: string): Promise<void> {
  const status = async (): Promise<number> => {
    const answer = await request.get(`/api/order-info/query-order-status/${orderNo}`);
    return ((await answer.json()) as { code: number }).code;
  };
  await expect.poll(status).toBe(0);
}

/** Makes the platform misbehave. */
export async function setFaults(request: APIRequestContext, faults: object): Promise<void> {
  const answer = await request.put('/_sandbox/faults', { data: faults });
  expect(answer.status()).toBe(200);
}

/** The page has turned to paid, all of it. */
export async function expectPaid(page: Page): Promise<void> {
  await expect(see.heading(page, '支付成功')).toBeVisible();
  await expect(page).toHaveTitle('支付成功 · 扫码示例商店');
  await expect(see.code(page)).toHaveCount(0);
  await expect(see.timer(page)).toHaveCount(0);
}

/** Number of the order that the page shows. */
export async function orderNumber(page: Page): Promise<string> {
  return page.locator('.pay-panel__number .number').innerText();
}
