// What every spec imports in place of '@playwright/test'.
import AxeBuilder from '@axe-core/playwright';
import { test as base, expect, type BrowserContext, type BrowserContextOptions, type Page } from '@playwright/test';

interface Fixtures {
  /**
   * Console errors that a test provokes on purpose; everything else fails it. One expression: Playwright would
   * take two in a row for a value and its options.
   */
  expectedErrors: RegExp[];
  /** Another person: a context with its own cookies, and a page in it. */
  newShopper: (options?: BrowserContextOptions) => Promise<Page>;
  watchErrors: (context: BrowserContext) => void;
}

export const test = base.extend<Fixtures>({
  expectedErrors: [[], { option: true }],

  watchErrors: [
    async ({ context, expectedErrors }, use) => {
      const errors: string[] = [];
      const watch = (watched: BrowserContext): void => {
        watched.on('console', (message) => {
          // Chromium reports failed loads and refused scripts and styles (CSP) as console errors too.
          if (message.type() === 'error') errors.push(`${message.text()} (${message.location().url})`);
        });
        watched.on('weberror', (error) => errors.push(String(error.error())));
      };
      watch(context);
      await use(watch);
      const unexpected = errors.filter((error) => !expectedErrors.some((known) => known.test(error)));
      expect(unexpected, 'errors in the browser console').toEqual([]);
    },
    { auto: true },
  ],

  newShopper: async ({ browser, watchErrors }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (options = {}) => {
      const context = await browser.newContext(options);
      contexts.push(context);
      watchErrors(context);
      return context.newPage();
    });
    await Promise.all(contexts.map((context) => context.close()));
  },
});

/** Waits until the islands of a page have come alive. */
export async function expectAlive(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector('[data-island][data-alive]') !== null);
}

/**
 * Fails on anything that axe finds against WCAG 2.2 AA or its best practices, in the light and the dark theme.
 * Needs JavaScript in the page: axe never ends without.
 */
export async function expectAccessible(page: Page): Promise<void> {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const find = async (axe: AxeBuilder): Promise<string[]> =>
    (await axe.analyze()).violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html}`));

  await page.emulateMedia({ colorScheme: 'light' });
  expect(await find(new AxeBuilder({ page }).withTags(tags)), 'accessibility violations').toEqual([]);
  // The other theme has other colours and nothing else.
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await find(new AxeBuilder({ page }).withRules(['color-contrast'])), 'violations in the dark').toEqual([]);
  await page.emulateMedia({ colorScheme: null });
}

/** Fails when a page is wider than its window. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const [needed, given] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  expect(needed, `width of ${page.url()}`).toBeLessThanOrEqual(given as number);
}

export { expect };
