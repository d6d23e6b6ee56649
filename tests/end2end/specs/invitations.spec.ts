import type { Browser, Locator, Page } from '@playwright/test';

import { nobody, site } from '../support/browser';
import { linkTo, mailTo } from '../support/mailbox';
import { expect, test } from '../support/test';
import { uniqueSlug, type Visitor } from '../support/visitor';

test.use({ user: 'founder' });

const secret = 'a long walk by the river';

/** An organization of the founder's own, and its page of invitations. */
async function openInvitations(visitor: Visitor): Promise<string> {
  const { slug } = await visitor.found();
  const list = `/orgs/${slug}/invitations`;
  await visitor.open(list);
  return list;
}

/** The form for one person. */
function inviteForm(page: Page): Locator {
  return page.locator('form[action="/api/invite"]');
}

async function invite(visitor: Visitor, email: string, role = 'member'): Promise<void> {
  const { page } = visitor;
  await inviteForm(page).getByLabel('E-mail').fill(email);
  await inviteForm(page).getByLabel('Role').selectOption(role);
  await inviteForm(page).getByRole('button', { name: 'Invite', exact: true }).click();
  await expect(page.getByRole('status').filter({ hasText: email })).toBeVisible();
  await visitor.untilAwake();
}

function row(page: Page, email: string): Locator {
  return page.locator('tr[data-invitation-id]').filter({ hasText: email });
}

test('somebody new is invited, signs up, confirms the address and joins', async ({ visitor, page, context }) => {
  const list = await openInvitations(visitor);
  const email = `${uniqueSlug()}@people.test`;
  await invite(visitor, email, 'admin');
  await expect(row(page, email)).toHaveAttribute('data-role', 'admin');
  await visitor.open(list.replace('invitations', 'subscription'));
  await expect(page.locator('[data-plan]')).toHaveAttribute('data-seats-used', '2');

  // The person who was invited, at the same browser with nobody signed in.
  await context.clearCookies();
  const link = await linkTo(page, email, /You are invited/);
  await visitor.open(link);
  await expect(page.getByRole('main')).toContainText(email);
  await visitor.follow(page.getByRole('link', { name: 'Create an account' }));
  await expect(page.getByLabel('E-mail'), 'the address is kept').toHaveValue(email);
  await page.getByLabel('Your name').fill('Grace Example');
  await page.getByLabel('Password').fill(secret);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page).toHaveURL('/check-mail');
  await visitor.untilAwake();
  await visitor.open(await linkTo(page, email, /Confirm/));
  await page.getByRole('button', { name: 'Confirm this address' }).click();
  await expect(page, 'back to the invitation').toHaveURL(link);
  await visitor.untilAwake();
  await page.getByRole('button', { name: 'Accept' }).click();
  await expect(page).toHaveURL(list.replace('/invitations', ''));
  await expect(page.getByRole('status').filter({ hasText: 'You are a member now.' })).toBeVisible();
  await visitor.untilAwake();
  const again = await visitor.open(link);
  expect(again.status(), 'it works once').toBe(410);
});

test('another account sees both addresses and goes on with the right one', async ({ visitor, page }) => {
  await openInvitations(visitor);
  const email = `${uniqueSlug()}@people.test`;
  await invite(visitor, email);
  const link = await linkTo(page, email, /You are invited/);
  await visitor.open(link);
  await expect(page.getByRole('main')).toContainText(email);
  await expect(page.getByRole('main')).toContainText('root@orghub.test');
  await expect(page.getByRole('button', { name: 'Accept' })).toHaveCount(0);
});

test('whoever signs out on the page of an invitation comes back to it', async ({ browser, visitor, page, javaScriptEnabled }) => {
  await openInvitations(visitor);
  const email = `${uniqueSlug()}@people.test`;
  await invite(visitor, email);
  const link = await linkTo(page, email, /You are invited/);
  // A session of its own: that of the founder is shared with other tests.
  const stranger = await newcomer(browser, javaScriptEnabled);
  await stranger.goto(link);
  await stranger.getByRole('button', { name: 'Sign out and continue' }).click();
  await expect(stranger).toHaveURL(link);
  await expect(stranger.getByRole('link', { name: 'Sign in' })).toBeVisible();
  await stranger.getByRole('button', { name: 'Decline' }).click();
  await expect(stranger).toHaveURL('/sign-in');
  await stranger.context().close();
});

/** Somebody with an account of their own, in another browser. */
async function newcomer(browser: Browser, javaScriptEnabled: boolean | undefined): Promise<Page> {
  const context = await browser.newContext({ baseURL: site.href, javaScriptEnabled, storageState: nobody });
  const page = await context.newPage();
  const email = `${uniqueSlug()}@people.test`;
  await page.goto('/sign-up');
  await page.getByLabel('Your name').fill('Mary Example');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(secret);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page).toHaveURL('/check-mail');
  await page.goto(await linkTo(page, email, /Confirm/));
  await page.getByRole('button', { name: 'Confirm this address' }).click();
  await expect(page).toHaveURL('/orgs/new');
  return page;
}

test('an address that is none is refused next to its field', async ({ visitor, page }) => {
  await openInvitations(visitor);
  const field = inviteForm(page).getByLabel('E-mail');
  // Browsers take it for an address; mail does not.
  await field.fill('root@orghub.test');
  await inviteForm(page).getByRole('button', { name: 'Invite', exact: true }).click();
  await expect(page.getByRole('alert')).toHaveText(/a member already/);
  await expect(field).toHaveValue('root@orghub.test');
  await expect(field).toHaveAttribute('aria-invalid', 'true');
});

test('a pasted list is sent whole, or shown with what is wrong', async ({ visitor, page }) => {
  await openInvitations(visitor);
  const [one, other] = [`${uniqueSlug()}@people.test`, `${uniqueSlug()}@people.test`];
  const form = page.locator('form[action="/api/invite_many"]');
  await page.getByText('Invite several at once').click();
  await form.getByLabel('Addresses').fill(`Ada <${one}>, nonsense; ${other}`);
  await form.getByRole('button', { name: 'Invite all' }).click();
  await expect(page.getByRole('heading', { name: 'Check the list' })).toBeVisible();
  await visitor.untilAwake();
  await expect(page.locator('tr[data-result="refused"]')).toHaveCount(1);
  await expect(form.getByLabel('Addresses')).toHaveValue(`Ada <${one}>\nnonsense\n${other}`);
  await form.getByLabel('Addresses').fill(`Ada <${one}>\n${other}`);
  await form.getByRole('button', { name: 'Invite all' }).click();
  await expect(page.getByRole('status').filter({ hasText: '2 invitations' })).toBeVisible();
  await visitor.untilAwake();
  await expect(row(page, one)).toBeVisible();
  await mailTo(page, other);
});

test('a file is previewed row by row, and no seat is left afterwards', async ({ visitor, page }) => {
  await openInvitations(visitor);
  const [one, other] = [`${uniqueSlug()}@people.test`, `${uniqueSlug()}@people.test`];
  await page.getByText('Import a CSV file').click();
  await page.getByLabel('CSV file').setInputFiles({
    name: 'people.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(`email;role\r\n${one};admin\r\n=1+1;member\r\n${other};boss\r\n${other};\r\n`),
  });
  await page.getByRole('button', { name: 'Check the file' }).click();
  await expect(page.locator('tr[data-result="new"]')).toHaveCount(2);
  await expect(page.locator('tr[data-result="refused"]')).toHaveCount(2);
  await visitor.untilAwake();
  await page.getByRole('button', { name: 'Send 2 invitations' }).click();
  await expect(page.getByRole('status').filter({ hasText: '2 invitations' })).toBeVisible();
  await visitor.untilAwake();
  await expect(row(page, one)).toHaveAttribute('data-role', 'admin');

  await inviteForm(page).getByLabel('E-mail').fill(`${uniqueSlug()}@people.test`);
  await inviteForm(page).getByRole('button', { name: 'Invite', exact: true }).click();
  await expect(page.getByRole('alert')).toHaveText(/All of the 3 seats are taken/);
  await expect(page.getByRole('link', { name: 'See the plans' })).toBeVisible();
});

test('an invitation is copied and cancelled', async ({ visitor, page }) => {
  await openInvitations(visitor);
  const email = `${uniqueSlug()}@people.test`;
  await invite(visitor, email);
  await row(page, email).getByRole('button', { name: 'Copy the link' }).click();
  const shown = page.getByLabel('Link of the invitation');
  await expect(shown).toHaveValue(/\/invitations\/[0-9a-f]{64}$/);
  await visitor.untilAwake();
  const link = new URL(await shown.inputValue()).pathname;
  await visitor.pressAndConfirm(row(page, email).getByRole('button', { name: 'Cancel' }), 'Cancel invitation');
  await expect(page.getByRole('status').filter({ hasText: 'cancelled' })).toBeVisible();
  await visitor.untilAwake();
  await expect(row(page, email)).toHaveCount(0);
  await page.getByLabel('State').selectOption('cancelled');
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect(row(page, email)).toHaveAttribute('data-state', 'cancelled');
  await visitor.untilAwake();
  const gone = await visitor.open(link);
  expect(gone.status()).toBe(410);
});
