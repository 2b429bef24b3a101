// What the page promises, seen in Firefox: what is the engine's affair, not what every engine does alike.
import type { APIRequestContext } from '@playwright/test';
import type { Page } from 'puppeteer-core';
import { expect, expectShown, shown, test } from './firefox';
import { book, pay, tea } from './shopper';
import { shops } from './shops';
import { keepTranslating } from './translator';

const HEADING = '#pay-heading';
const BUY = '.buy button';

/** The order's page of an order that this tab has placed; its code. */
async function openPayPage(tab: Page): Promise<string> {
  await tab.goto(`${shops.usual}/orders`);
  const { payUrl, codeUrl } = await tab.evaluate(async (id) => {
    const answer = await fetch(`/api/wx-pay/native/native/${id}`, { method: 'POST' });
    return ((await answer.json()) as { data: { payUrl: string; codeUrl: string } }).data;
  }, book.id);
  await tab.goto(payUrl);
  return codeUrl;
}

async function untilAlive(tab: Page): Promise<void> {
  await tab.waitForSelector('[data-alive]');
}

async function buy(tab: Page, product = book): Promise<void> {
  await tab.goto(`${shops.usual}/products/${product.id}`);
  await untilAlive(tab);
  await tab.click(BUY);
  await expectShown(tab, HEADING, '扫码付款');
}

async function scan(tab: Page, request: APIRequestContext): Promise<void> {
  const link = await tab.$eval('a[href*="code_url"]', (it) => (it as HTMLAnchorElement).href);
  await pay(request, new URL(link).searchParams.get('code_url') ?? '');
}

const focused = (tab: Page): Promise<string> => tab.evaluate(() => document.activeElement?.id ?? '');

test('a purchase: in place once, back, forward, paid, and the focus with it', async ({ tab, request }) => {
  await buy(tab, tea);
  expect(await focused(tab)).toBe('pay-heading');
  const address = tab.url();
  const seen = await tab.evaluate((words) => {
    const texts = [...document.querySelectorAll<HTMLElement>('main *')].filter((it) => it.childElementCount === 0);
    return texts.filter((it) => it.textContent?.includes(words) && it.getBoundingClientRect().width > 1 && it.closest('h1') === null).length;
  }, tea.title);
  expect(seen, 'titles').toBe(1);

  await tab.goBack();
  await expectShown(tab, BUY, '微信支付');
  expect(await shown(tab, HEADING)).toBe('');
  await untilAlive(tab);
  await tab.goForward();
  await expectShown(tab, HEADING, '扫码付款');
  expect([tab.url(), await shown(tab, BUY)]).toEqual([address, '']);

  await untilAlive(tab);
  await tab.focus('.pay-panel form button');
  await scan(tab, request);
  await expectShown(tab, HEADING, '支付成功');
  await expect.poll(() => focused(tab)).toBe('pay-heading');
});

test.describe('without WebAssembly', () => {
  test.use({ expectedErrors: [/WebAssembly is not defined/] });

  test('the page turns to paid', async ({ tab, request }) => {
    await tab.evaluateOnNewDocument(() => Reflect.deleteProperty(window, 'WebAssembly'));
    await pay(request, await openPayPage(tab));
    await expectShown(tab, HEADING, '支付成功');
  });
});

test('translated and with an extension’s element in it, the page turns to paid', async ({ tab, request }) => {
  const code = await openPayPage(tab);
  // Either may come first.
  await tab.evaluate(keepTranslating);
  await tab.evaluate(() => document.querySelector('.pay-panel')?.prepend(document.createElement('x-extension')));
  await untilAlive(tab);
  await tab.evaluate(() => document.querySelector('.pay-panel')?.prepend(document.createElement('x-extension')));
  await expectShown(tab, HEADING, '«扫码付款»');
  await expectShown(tab, '.pay-panel__clock', /^\d\d:\d\d$/);
  await pay(request, code);
  await expectShown(tab, HEADING, '«支付成功»');
  await expectShown(tab, '.facts dt', '«付款时间»');
});

test('whose cookies are gone reads why', async ({ tab }) => {
  await openPayPage(tab);
  await untilAlive(tab);
  await tab.browserContext().deleteCookie(...(await tab.browserContext().cookies()));
  await tab.click('.pay-panel__renew button');
  await expectShown(tab, '[role="alert"]', /^这不是当前浏览器下的订单。/);
  expect(await shown(tab, '.pay-panel__renew button')).toBe('');
});

test('a lost network is told at once, and forgotten at once', async ({ tab }) => {
  await openPayPage(tab);
  await untilAlive(tab);
  await tab.setOfflineMode(true);
  await expectShown(tab, '.pay-panel__line .notice', '网络不通，正在重新连接…');
  await tab.setOfflineMode(false);
  await expectShown(tab, '.pay-panel__line .notice', '');
});

test.describe('under a second name without encryption', () => {
  // Why the shop can take no order there.
  test.use({ expectedErrors: [/Cookie “__Host-saoma” has been rejected/] });

  test('the page takes no order and says why', async ({ tab }) => {
    await tab.goto(`${shops.aliased}/products/${book.id}`);
    await untilAlive(tab);
    await tab.click(BUY);
    await expectShown(tab, '[role="alert"]', /不是本店的正式网址.*https:\/\/shop\.example\.com/);
  });
});

test('on paper there is nothing to press', async ({ tab, request }) => {
  await pay(request, await openPayPage(tab));
  await expectShown(tab, HEADING, '支付成功');
  // No command of BiDi says "paper", so the rules for paper are made those for the screen.
  const pressed = await tab.evaluate(() => {
    const forPaper = (rules: CSSRuleList): void => {
      for (const rule of rules) {
        if (rule instanceof CSSMediaRule && rule.conditionText === 'print') rule.media.mediaText = 'all';
        if (rule instanceof CSSGroupingRule) forPaper(rule.cssRules);
      }
    };
    for (const sheet of document.styleSheets) forPaper(sheet.cssRules);
    const all = [...document.querySelectorAll<HTMLElement>('button, form, .button, header a')];
    return all.filter((it) => it.checkVisibility()).map((it) => it.innerText);
  });
  expect(pressed).toEqual([]);
  expect(await shown(tab, '.facts')).toContain('付款时间');
});
