import type { Page } from '@playwright/test';

import { expect, test } from '../support/test';
import { uniqueSlug } from '../support/visitor';

/** The color of the page's background. */
function background(page: Page): Promise<string> {
  return page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
}

test.use({ colorScheme: 'light', contextOptions: { reducedMotion: 'reduce' } });

test('a choice of colors holds for every page, from its first byte', async ({ visitor, page }) => {
  await visitor.open('/');
  const light = await background(page);
  await page.getByRole('button', { name: 'Dark' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page).toHaveURL('/');
  await visitor.untilAwake();
  const dark = await background(page);
  expect(dark).not.toBe(light);

  for (const path of ['/', '/sign-in', '/no-such-page']) {
    const html = await (await page.request.get(path)).text();
    expect(html, 'the server knows, so nothing flashes').toMatch(/<html[^>]* data-theme="dark"/);
    await visitor.open(path);
    expect(await background(page)).toBe(dark);
    await expect(page.getByRole('button', { name: 'Dark' })).toHaveAttribute('aria-pressed', 'true');
  }

  await page.getByRole('button', { name: 'System' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'system');
  await visitor.untilAwake();
  expect(await background(page)).toBe(light);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await background(page), 'the system’s choice is followed').toBe(dark);
});

test('a form that fails keeps the colors', async ({ visitor, page }) => {
  await visitor.open('/sign-in');
  await page.getByRole('button', { name: 'Dark' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await visitor.untilAwake();
  await visitor.signIn(`${uniqueSlug()}@acme.test`);
  await expect(page.getByRole('alert')).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});

test('without a script the choice is a form that comes back to its page', { tag: '@plain' }, async ({ visitor, page }) => {
  await visitor.open('/sign-in?next=%2Forgs%2Facme');
  await page.getByRole('button', { name: 'Dark' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page).toHaveURL('/sign-in?next=%2Forgs%2Facme');
});

test('with a script the choice is made at once, without another page', { tag: '@script' }, async ({ visitor, page }) => {
  await visitor.open('/sign-in');
  await page.getByLabel('E-mail').fill('typed already');
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  for (const theme of ['dark', 'light', 'system']) {
    const button = page.getByRole('button', { name: theme });
    await button.click();
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
    await expect(button).toHaveAttribute('aria-pressed', 'true');
  }
  await expect(page.getByLabel('E-mail')).toHaveValue('typed already');
  expect(requests).toEqual([]);
});

test.describe('signed in', () => {
  test.use({ user: 'member' });

  test('the colors are in the account menu', async ({ visitor, page }) => {
    await visitor.open('/orgs/acme');
    await visitor.openAccountMenu();
    await page.getByRole('button', { name: 'Dark' }).click();
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
    await expect(page).toHaveURL('/orgs/acme');
  });
});
