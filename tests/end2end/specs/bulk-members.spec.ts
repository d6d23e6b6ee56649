/** Changing everybody whom a list finds, and taking the list away as a file. */
import { readFile } from 'node:fs/promises';

import { MemberList } from '../support/member-list';
import { expect, test } from '../support/test';
import { users } from '../support/users';

test.describe('an owner', () => {
  // What they do takes a proof of the last ten minutes: they sign in themselves.
  test.beforeEach(async ({ visitor, page }) => {
    await visitor.open('/sign-in');
    await visitor.signIn(users.owner.email);
    await expect(page).toHaveURL('/orgs');
    await visitor.untilAwake();
  });

  test('suspends all whom a search finds, watches it, and takes it back', async ({ visitor, page }) => {
    // The two projects run at the same time, and an organization does one at a time.
    const org = visitor.hasScript ? 'initech' : 'umbrella';
    const members = new MemberList(page);
    await visitor.open(`/orgs/${org}/members?sort=name&status=active`);
    const changeable = members.rows.filter({ has: page.getByRole('button', { name: 'Suspend' }) });
    test.skip((await changeable.count()) === 0, 'everybody is removed by former runs; start with fresh demo data');
    const email = await changeable.last().locator('.members__email').innerText();

    const list = `/orgs/${org}/members?q=${encodeURIComponent(email)}`;
    await visitor.open(list);
    await visitor.follow(page.getByRole('link', { name: 'Change all' }));
    await page.getByLabel('Action').selectOption('Suspend them');
    await page.getByRole('button', { name: 'See who is meant' }).press('Enter');
    await expect(page.getByText('1 member will be suspended.')).toBeVisible();
    await expect(page.locator('[data-meant]')).toContainText(email);
    await visitor.untilAwake();

    await page.getByRole('button', { name: 'Suspend 1 member' }).press('Enter');
    await expect(page).toHaveURL(new RegExp(`/orgs/${org}/members/change/progress\\?change=`));
    // The page looks again by itself, with and without a script.
    await expect(page.getByText('It has ended.')).toBeVisible({ timeout: 20_000 });
    await expect(page.getByRole('progressbar')).toHaveAttribute('value', '1');
    await expect(page.locator('tr[data-outcome="done"]')).toContainText(email);
    const progress = page.url();
    await visitor.open(list);
    await expect(members.rows).toHaveAttribute('data-suspended', '');

    await visitor.open(progress);
    await page.getByRole('button', { name: 'Take it back' }).press('Enter');
    await expect(page.getByText('It was taken back.')).toBeVisible({ timeout: 20_000 });
    await visitor.open(list);
    await expect(members.rows).not.toHaveAttribute('data-suspended');
  });

  test('is told who stays as they are, on a narrow screen, too', async ({ visitor, page }) => {
    await page.setViewportSize({ width: 375, height: 700 });
    await visitor.open('/orgs/globex/members/change?role=owner&action=remove');
    await expect(page.getByText('Nobody would be changed.')).toBeVisible();
    await expect(page.locator('[data-left="owner"], [data-left="yourself"]').first()).toBeVisible();
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width, 'nothing is wider than the screen').toBeLessThanOrEqual(375);
  });

  test('takes the list away as a file', async ({ visitor, page }) => {
    await visitor.open('/orgs/globex/members?role=owner&sort=name');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Export CSV' }).click()]);
    expect(download.suggestedFilename()).toBe('globex-members.csv');
    const lines = (await readFile(await download.path(), 'utf8')).split('\r\n');
    expect(lines[0]).toBe('\ufeffname,e-mail,role,status,joined,last active,second factor');
    expect(lines.slice(1).join('\n')).toContain(users.owner.email);
  });
});
