/** Suspending, reinstating, and handing an organization on, by people with accounts of their own. */
import type { Browser } from '@playwright/test';

import { nobody, site } from '../support/browser';
import { mailTo } from '../support/mailbox';
import { MemberList } from '../support/member-list';
import { expect, test } from '../support/test';
import { users } from '../support/users';
import { Visitor } from '../support/visitor';

/** Another person in a browser of their own, without JavaScript. */
async function another(browser: Browser, email: string): Promise<Visitor> {
  const context = await browser.newContext({ baseURL: site.href, javaScriptEnabled: false, storageState: nobody });
  const other = new Visitor(await context.newPage(), false);
  await other.open('/sign-in');
  await other.signIn(email);
  await expect(other.page).toHaveURL('/orgs');
  return other;
}

test.describe('an owner', () => {
  test.use({ user: 'owner' });

  test('suspends a member, who keeps role and seat, and reinstates them', async ({ visitor, page }) => {
    const members = new MemberList(page);
    const list = '/orgs/globex/members?sort=name';
    await visitor.open(list);
    // The two projects run at the same time; each takes a member of its own, and no other test's.
    const index = visitor.hasScript ? 2 : 3;
    const id = await members.rows.filter({ hasText: 'globex.test' }).nth(index).getAttribute('data-member-id');
    const member = members.row(id!);
    const role = await member.getAttribute('data-role');
    const total = await members.list.getAttribute('data-total');
    await expect(member).not.toHaveAttribute('data-suspended');

    await visitor.pressAndConfirm(member.getByRole('button', { name: 'Suspend' }), 'Suspend member');
    await expect(page.getByRole('status').filter({ hasText: 'Member suspended.' })).toBeVisible();
    await expect(page).toHaveURL(list);
    await expect(member).toHaveAttribute('data-suspended', '');
    await expect(member).toContainText('Suspended');
    await expect(member).toHaveAttribute('data-role', role!);
    await expect(members.list).toHaveAttribute('data-total', total!);
    await visitor.untilAwake();

    await visitor.open('/orgs/globex/members?status=suspended');
    await expect(members.row(id!)).toBeVisible();
    await visitor.open('/orgs/globex/members?status=active');
    await expect(members.row(id!)).toHaveCount(0);

    await visitor.open(list);
    await member.getByRole('button', { name: 'Reinstate' }).click();
    await expect(page.getByRole('status').filter({ hasText: 'Member reinstated.' })).toBeVisible();
    await expect(member).not.toHaveAttribute('data-suspended');
    await expect(member).toHaveAttribute('data-role', role!);
  });

  test('is not offered to suspend themselves', async ({ visitor, page }) => {
    await visitor.open(`/orgs/acme/members?q=${encodeURIComponent(users.owner.email)}`);
    const me = new MemberList(page).rows.first();
    await expect(me).toContainText('You');
    await expect(me.getByRole('button', { name: 'Suspend' })).toHaveCount(0);
  });

  test('sees who lacks a second factor, and finds them', async ({ visitor, page }) => {
    const members = new MemberList(page);
    await visitor.open('/orgs/globex/members?factor=none');
    await expect(page.getByLabel('Second factor')).toHaveValue('none');
    await expect(members.rows.first()).toContainText('No second factor');
  });

  test('sees when members were last active, who never were, and sorts by it', async ({ visitor, page }) => {
    const members = new MemberList(page);
    await visitor.open('/orgs/globex/members');
    await visitor.follow(page.getByRole('columnheader', { name: 'Last active' }).getByRole('link'));
    await expect(page).toHaveURL('/orgs/globex/members?sort=active');
    await expect(page.getByRole('columnheader', { name: 'Last active' })).toHaveAttribute('aria-sort', 'descending');
    await visitor.open('/orgs/globex/members?inactive=never');
    await expect(members.rows.first()).toContainText('Never');
  });
});

test.describe('a member', () => {
  test.use({ user: 'member' });

  test('is not told who lacks a second factor, whatever the address asks', async ({ visitor, page }) => {
    const members = new MemberList(page);
    await visitor.open('/orgs/globex/members');
    const total = await members.list.getAttribute('data-total');
    await visitor.open('/orgs/globex/members?factor=none');
    await expect(members.list, 'the filter is not theirs').toHaveAttribute('data-total', total!);
    await expect(page.getByLabel('Second factor')).toHaveCount(0);
    expect(await page.content()).not.toContain('No second factor');
  });
});

test.describe('the filters of the list', () => {
  test.use({ user: 'owner' });

  test('apply when they are chosen', { tag: '@script' }, async ({ visitor, page }) => {
    await visitor.open('/orgs/acme/members?page=3');
    await page.getByLabel('Role', { exact: true }).selectOption('Admins');
    await expect(page).toHaveURL(/role=admin/);
    await visitor.untilAwake();
    expect(new URL(page.url()).searchParams.get('page')).toBeNull();
    expect(new Set(await new MemberList(page).roles())).toEqual(new Set(['admin']));
    await page.getByLabel('Order').selectOption('By name');
    await expect(page).toHaveURL(/role=admin.*sort=name/);
  });

  test('apply by their button', { tag: '@plain' }, async ({ visitor, page }) => {
    await visitor.open('/orgs/acme/members');
    await page.getByLabel('Status').selectOption('Suspended');
    await expect(page, 'nothing happens yet').toHaveURL('/orgs/acme/members');
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect(page).toHaveURL(/status=suspended/);
  });

  // The roles of members are chosen in the list, which is no filter.
  test('leave other choices alone', { tag: '@script' }, async ({ visitor, page }) => {
    await visitor.open('/orgs/globex/members');
    await page.getByRole('table').getByRole('combobox').nth(1).selectOption('admin');
    await expect(page.getByRole('button', { name: 'Save' })).toHaveCount(1);
    await expect(page).toHaveURL('/orgs/globex/members');
  });
});

// One offer an organization, so it is made by one of the two projects.
test.describe('ownership', { tag: '@plain' }, () => {
  // Nobody's session that others made: offering asks for a proof of the last ten minutes.
  test.use({ user: null });

  test('is offered, withdrawn, offered again and declined, and nothing has changed', async ({ visitor, page, browser }) => {
    await visitor.open('/sign-in');
    await visitor.signIn(users.owner.email);
    await expect(page).toHaveURL('/orgs');
    await visitor.open('/orgs/globex/settings');
    const receiver = page.getByLabel('Hand ownership on to');
    const offer = page.getByRole('button', { name: 'Offer ownership' });
    await receiver.fill('nobody@globex.test');
    await offer.click();
    await expect(page.getByRole('alert')).toHaveText(/No member/);
    await expect(receiver, 'what was typed stays').toHaveValue('nobody@globex.test');

    await receiver.fill(users.member.email);
    await offer.click();
    await expect(page.getByRole('status').filter({ hasText: 'Ownership offered.' })).toBeVisible();
    await expect(page.getByText(`Ownership is offered to ${users.member.name}`)).toBeVisible();
    await page.getByRole('button', { name: 'Withdraw the offer' }).click();
    await expect(page.getByRole('status').filter({ hasText: 'Offer withdrawn.' })).toBeVisible();

    await receiver.fill(users.member.email);
    await offer.click();
    await expect(page.getByRole('button', { name: 'Withdraw the offer' })).toBeVisible();
    const [message] = await mailTo(page, users.member.email);
    expect(message!.subject).toContain('ownership');

    const other = await another(browser, users.member.email);
    await other.open('/orgs/globex');
    await expect(other.page.getByRole('heading', { name: 'Ownership is offered to you' })).toBeVisible();
    await other.page.getByRole('button', { name: 'Decline' }).click();
    await expect(other.page.getByRole('status').filter({ hasText: 'Offer declined.' })).toBeVisible();
    await expect(other.page.locator('[data-ownership-offer]')).toHaveCount(0);
    await other.page.context().close();

    await visitor.open('/orgs/globex/settings');
    await expect(offer).toBeVisible();
  });
});
