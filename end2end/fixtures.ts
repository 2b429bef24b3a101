// What every spec imports in place of '@playwright/test'.
import AxeBuilder from '@axe-core/playwright';
import { test as base, expect, type Page } from '@playwright/test';

interface Options {
  /** Console errors that a test provokes on purpose; everything else fails it. */
  expectedErrors: RegExp[];
}

export const test = base.extend<Options & { watchErrors: void }>({
  expectedErrors: [[], { option: true }],

  watchErrors: [
    async ({ context, expectedErrors }, use) => {
      const errors: string[] = [];
      context.on('console', (message) => {
        // Chromium reports failed loads and refused scripts (CSP) as console errors too.
        if (message.type() === 'error') errors.push(`${message.text()} (${message.location().url})`);
      });
      context.on('weberror', (error) => errors.push(String(error.error())));
      await use();
      const unexpected = errors.filter((error) => !expectedErrors.some((known) => known.test(error)));
      expect(unexpected, 'errors in the browser console').toEqual([]);
    },
    { auto: true },
  ],
});

/** Fails on anything that axe finds against WCAG 2.2 AA or its best practices, naming rule and element. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  const found = violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.html}`));
  expect(found, 'accessibility violations').toEqual([]);
}

export { expect };
