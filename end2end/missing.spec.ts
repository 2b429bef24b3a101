import { expect, expectAccessible, test } from './fixtures';

// Chromium counts the page itself as a load that failed.
test.use({ expectedErrors: [/status of 404/] });

test('what does not exist is said not to exist', { tag: '@phone' }, async ({ page }) => {
  for (const [address, heading] of [
    ['/nothing', '页面不存在'],
    ['/products/999', '商品不存在'],
    ['/products/abc', '商品不存在'],
    [`/pay/${'0'.repeat(32)}`, '订单不存在'],
    ['/pay/short', '订单不存在'],
    [`/pay/${'0'.repeat(32)}/receipt`, '订单不存在'],
  ] as const) {
    const answer = await page.goto(address);
    expect(answer?.status(), address).toBe(404);
    await expect(page.getByRole('heading', { name: heading })).toBeVisible();
    await expect(page).toHaveTitle(`${heading} · 扫码示例商店`);
    await expect(page.getByRole('link', { name: '回到商品列表' })).toBeVisible();
  }
  await expectAccessible(page);
});

test('what is put into an address is never run', async ({ page }) => {
  const run: string[] = [];
  page.on('dialog', (dialog) => {
    run.push(page.url());
    void dialog.dismiss();
  });
  const attack = `"><script>alert(1)</script><img src=x onerror=alert(2)>`;
  const written = encodeURIComponent(attack);
  for (const address of [
    `/${written}`,
    `/products/${written}`,
    `/pay/${written}`,
    `/pay/${'0'.repeat(32)}?checked=${written}`,
    `/products/1?problem=${written}`,
    `/orders?before=${written}`,
    `/_sandbox/?code_url=${written}`,
    `/?next=javascript:alert(3)&x=${written}`,
  ]) {
    await page.goto(address);
    await expect(page.getByRole('heading').first()).toBeVisible();
    expect(await page.locator('img[src="x"]').count(), address).toBe(0);
    expect(await page.content(), address).not.toContain('<script>alert(1)');
  }
  expect(run).toEqual([]);
});
