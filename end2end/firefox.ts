// The other engine. Playwright drives a Firefox of its own make only; puppeteer drives the one that people have,
// over WebDriver BiDi. What these tests need of the rest of Playwright, its runner and its servers, stays.
import { test as base, expect } from '@playwright/test';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { firefox } from './browsers';
import { ALIAS } from './shops';

interface Fixtures {
  /** What a test provokes on purpose; everything else that goes wrong in a page fails it. */
  expectedErrors: RegExp[];
  /** A tab of somebody who has not been here before. */
  tab: Page;
}

export const test = base.extend<Fixtures, { engine: Browser }>({
  expectedErrors: [[], { option: true }],

  engine: [
    async ({}, use) => {
      const engine = await puppeteer.launch({
        browser: 'firefox',
        executablePath: firefox ?? 'firefox',
        extraPrefsFirefox: { 'network.dns.localDomains': ALIAS, 'intl.accept_languages': 'zh-CN' },
      });
      await use(engine);
      await engine.close();
    },
    { scope: 'worker' },
  ],

  tab: async ({ engine, expectedErrors }, use) => {
    const person = await engine.createBrowserContext();
    const tab = await person.newPage();
    await tab.setViewport({ width: 1280, height: 800 });
    const errors: string[] = [];
    tab.on('pageerror', (error) => errors.push(String(error)));
    await use(tab);
    await person.close();
    const unexpected = errors.filter((error) => !expectedErrors.some((known) => known.test(error)));
    expect(unexpected, 'errors in the page').toEqual([]);
  },
});

/** The words of the first element that fits and is shown; empty when there is none. */
export async function shown(tab: Page, selector: string): Promise<string> {
  return tab.evaluate((selector) => {
    const found = [...document.querySelectorAll<HTMLElement>(selector)].find((it) => it.checkVisibility());
    return found?.innerText.trim() ?? '';
  }, selector);
}

export async function expectShown(tab: Page, selector: string, words: RegExp | string): Promise<void> {
  const poll = expect.poll(() => shown(tab, selector).catch(() => 'the page is being loaded'), { message: selector });
  await (typeof words === 'string' ? poll.toBe(words) : poll.toMatch(words));
}

export { expect };
