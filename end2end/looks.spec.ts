// The catalogue with pictures, and the shop's own looks: as a manager puts them there, and as shoppers see them.
import type { Page } from '@playwright/test';
import { logIn } from './desk';
import { expect, expectAccessible, expectNoSidewaysScroll, test } from './fixtures';
import { shops } from './shops';

test.use({ baseURL: shops.pictured });
test.describe.configure({ mode: 'serial' });

/** A picture as the browser itself draws it. */
async function drawn(page: Page, width: number, height: number, colour: string): Promise<Buffer> {
  const url = await page.evaluate(([width, height, colour]) => {
    const canvas = document.createElement('canvas');
    canvas.width = width as number;
    canvas.height = height as number;
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    context.fillStyle = colour as string;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = '#ffffff';
    context.fillRect(canvas.width / 4, canvas.height / 4, canvas.width / 2, canvas.height / 2);
    return canvas.toDataURL('image/png');
  }, [width, height, colour]);
  return Buffer.from(url.split(',')[1] ?? '', 'base64');
}

const picture = (buffer: Buffer): { name: string; mimeType: string; buffer: Buffer } => ({
  name: 'picture.png',
  mimeType: 'image/png',
  buffer,
});

test('a manager gives two products pictures, and the list becomes a grid', async ({ page }) => {
  await page.goto('/');
  await expect(page.locator('.products--pictured')).toHaveCount(0);
  await logIn(page, 'manager');
  const red = await drawn(page, 1600, 1200, '#a01c2c');
  const green = await drawn(page, 900, 1600, '#2c7a4b');
  for (const [id, buffer] of [[2, red], [3, green]] as const) {
    await page.goto(`/admin/products/${id}`);
    await page.getByLabel('选择图片文件').setInputFiles(picture(buffer));
    await page.getByRole('button', { name: '上传' }).click();
    await expect(page.getByRole('status')).toHaveText('已保存。');
    await expectAccessible(page);
  }
  await page.goto('/admin/products');
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);

  await page.goto('/');
  await expect(page.locator('.products--pictured img')).toHaveCount(2);
  for (const width of [1280, 390, 320]) {
    await page.setViewportSize({ width, height: 800 });
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
  }
  await page.goto('/products/3');
  await expect(page.getByRole('img', { name: '手冲咖啡豆 云南保山 250g' })).toBeVisible();
  await expectNoSidewaysScroll(page);
  await expectAccessible(page);
});

test('what is no picture is refused in words, and the one that is there stays', async ({ page }) => {
  await logIn(page, 'manager');
  await page.goto('/admin/products/2');
  const before = await page.locator('.admin-picture').getAttribute('src');
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
  await page.getByLabel('选择图片文件').setInputFiles(picture(svg));
  await page.getByRole('button', { name: '上传' }).click();
  await expect(page.getByRole('alert')).toHaveText('图片：只接受 JPEG、PNG 和 WebP，这个文件不是，没有保存。');
  expect(await page.locator('.admin-picture').getAttribute('src')).toBe(before);
});
test.use({ expectedErrors: [/status of (401|422|404)/] });

test('a colour is taken when white can be read on it, and then it is everywhere', async ({ page }) => {
  await logIn(page, 'manager');
  await page.goto('/admin/looks');
  await expectAccessible(page);
  await page.getByLabel('店铺名称').fill('半山茶铺');
  await page.getByLabel('联系方式').fill('电话 010-12345678');
  await page.getByLabel('页脚').fill('京ICP备00000000号');
  await page.getByLabel('使用自己的主题色').check();
  await page.getByLabel('主题色', { exact: true }).fill('#ffcc00');
  await page.getByRole('button', { name: '保存' }).click();
  await expect(page.getByRole('alert')).toContainText('4.5 : 1');
  await expect(page.getByLabel('店铺名称'), 'what was typed stays').toHaveValue('半山茶铺');
  await page.getByLabel('主题色', { exact: true }).fill('#8a1c3a');
  await page.getByLabel('店标', { exact: true }).setInputFiles(picture(await drawn(page, 64, 64, '#8a1c3a')));
  await page.getByRole('button', { name: '保存' }).click();
  await expect(page.getByRole('status')).toHaveText('已保存。');

  await page.goto('/products/1');
  await expect(page).toHaveTitle(/半山茶铺$/);
  await expect(page.getByRole('button', { name: '微信支付' })).toHaveCSS('background-color', 'rgb(138, 28, 58)');
  await expect(page.locator('.site-header__logo')).toBeVisible();
  await expect(page.locator('footer')).toContainText('京ICP备00000000号');
  await expectAccessible(page);
  await page.goto('/nothing');
  await expect(page.getByText('联系商家：电话 010-12345678')).toBeVisible();
  await expectAccessible(page);
});
