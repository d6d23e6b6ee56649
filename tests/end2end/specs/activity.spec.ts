import { readFile } from 'node:fs/promises';

import { users } from '../support/users';
import { expect, test } from '../support/test';

test.describe('the activity of an organization', () => {
  test.use({ user: 'founder' });

  test('says what was done, is filtered by kind, name and day, and keeps that in the address', async ({ visitor, page }) => {
    const { slug } = await visitor.found();
    await visitor.open(`/orgs/${slug}/settings`);
    await page.getByLabel('Name').fill(`Renamed ${slug}`);
    await page.getByRole('button', { name: 'Save changes' }).click();
    await expect(page.getByRole('status').filter({ hasText: 'Your changes are saved.' })).toBeVisible();
    await visitor.untilAwake();

    await visitor.open(`/orgs/${slug}`);
    await visitor.follow(page.getByRole('link', { name: 'All activity' }));
    await expect(page).toHaveURL(`/orgs/${slug}/activity`);
    const entries = page.locator('.activity__entry');
    await expect(entries).toHaveCount(2);
    await expect(entries.first()).toContainText(`${users.founder.name} renamed the organization`);
    await expect(entries.first()).toContainText('127.0.0.1');

    await page.getByLabel('Kind').selectOption('Billing');
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect(page.getByText('No activity matches')).toBeVisible();
    expect(new URL(page.url()).searchParams.get('kind')).toBe('billing');
    await expect(page.getByLabel('Kind')).toHaveValue('billing');
    await visitor.untilAwake();
    await visitor.follow(page.getByRole('link', { name: 'Show all activity' }));
    await expect(entries).toHaveCount(2);

    await page.getByLabel('Name').fill('rUtH');
    await page.getByLabel('Kind').selectOption('Settings');
    await page.getByLabel('From').fill('2020-01-01');
    await page.getByLabel('To', { exact: true }).fill('2999-12-31');
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect(entries).toHaveCount(2);
    await expect(page.getByLabel('From')).toHaveValue('2020-01-01');
    await visitor.untilAwake();

    await page.getByLabel('To', { exact: true }).fill('2020-12-31');
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect(page.getByText('No activity matches')).toBeVisible();
    await visitor.untilAwake();
    await visitor.follow(page.getByRole('link', { name: 'Clear' }));
    await expect(page).toHaveURL(`/orgs/${slug}/activity`);
    await expect(entries).toHaveCount(2);
  });

  test('is a file, too', async ({ visitor, page }) => {
    const { slug } = await visitor.found();
    await visitor.open(`/orgs/${slug}/activity`);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Export CSV' }).click()]);
    expect(download.suggestedFilename()).toBe(`${slug}-activity.csv`);
    const text = await readFile(await download.path(), 'utf8');
    expect(text.split('\r\n')[0]).toBe('\ufefftime,who,what,subject,detail,address');
    expect(text).toContain(`,${users.founder.name},org.created,Test ${slug},,127.0.0.1`);
  });

  for (const query of ['kind=emperor', 'who=%00%FF', 'from=yesterday&to=2026-02-30', 'before=nonsense', 'kind=roles&kind=members']) {
    test(`takes no harm from ?${query}`, async ({ visitor }) => {
      const { slug } = await visitor.found();
      const response = await visitor.open(`/orgs/${slug}/activity?${query}`);
      expect(response.status()).toBe(200);
    });
  }
});

test.describe('a member', () => {
  test.use({ user: 'member' });

  test('does not see it, nor the way to it', async ({ visitor, page }) => {
    await visitor.open('/orgs/acme');
    await expect(page.getByRole('link', { name: 'Activity', exact: true })).toHaveCount(0);
    const response = await visitor.open('/orgs/acme/activity');
    expect(response.status()).toBe(403);
    expect((await page.request.get('/orgs/acme/activity.csv')).status()).toBe(403);
  });
});
