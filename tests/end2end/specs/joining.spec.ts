import type { Locator, Page } from '@playwright/test';

import { linkTo, mailTo } from '../support/mailbox';
import { expect, test } from '../support/test';
import { uniqueSlug, type Visitor } from '../support/visitor';

test.use({ user: 'founder' });

const secret = 'a long walk by the river';

/** An organization of the founder's own, and its ways to join. */
async function openWays(visitor: Visitor): Promise<{ name: string; ways: string }> {
  const { name, slug } = await visitor.found();
  const ways = `/orgs/${slug}/joining`;
  await visitor.open(ways);
  return { name, ways };
}

function linkForm(page: Page): Locator {
  return page.locator('form[action="/api/make_join_link"]');
}

/** Makes a link, as the form is filled in, and returns its path. */
async function makeLink(visitor: Visitor): Promise<string> {
  const { page } = visitor;
  await linkForm(page).getByRole('button', { name: 'Make a link' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'It is shown this once.' })).toBeVisible();
  await visitor.untilAwake();
  return new URL(await page.getByLabel('The new link').inputValue()).pathname;
}

/** Somebody new signs up at a form that is open, and confirms the address. */
async function signUp(visitor: Visitor, email: string): Promise<void> {
  const { page } = visitor;
  await page.getByLabel('Your name').fill('Grace Example');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(secret);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page).toHaveURL('/check-mail');
  await visitor.untilAwake();
  await visitor.open(await linkTo(page, email, /Confirm/));
  await page.getByRole('button', { name: 'Confirm this address' }).click();
  await expect(page).not.toHaveURL(/verify-email/);
  await visitor.untilAwake();
}

/** Verifies a domain that nobody else has, by the code that is mailed there. */
async function verifyDomain(visitor: Visitor, policy: string): Promise<string> {
  const { page } = visitor;
  const domain = `${uniqueSlug()}.test`;
  await page.getByLabel('An address at the domain').fill(`info@${domain}`);
  await page.getByRole('button', { name: 'Mail a code' }).click();
  await expect(page.getByRole('status').filter({ hasText: domain })).toBeVisible();
  await visitor.untilAwake();
  const [message] = await mailTo(page, `info@${domain}`);
  const code = /^\d{6}/.exec(message!.subject)![0];
  const form = page.locator(`form[data-pending-domain="${domain}"]`);
  await form.getByLabel('Code for').fill(code === '000000' ? '000001' : '000000');
  await form.getByRole('button', { name: 'Verify' }).click();
  await expect(form.getByRole('alert')).toHaveText(/not the code/);
  await visitor.untilAwake();
  await form.getByLabel('Code for').fill(code);
  await form.getByRole('button', { name: 'Verify' }).click();
  const row = page.locator(`li[data-domain="${domain}"]`);
  await expect(row).toHaveAttribute('data-policy', 'off');
  await visitor.untilAwake();
  await row.getByRole('combobox').selectOption(policy);
  await row.getByRole('button', { name: 'Save' }).click();
  await expect(row).toHaveAttribute('data-policy', policy);
  await visitor.untilAwake();
  return domain;
}

test('somebody new follows a link, signs up and joins; once it is revoked, nobody does', async ({ visitor, page, context }) => {
  const { name, ways } = await openWays(visitor);
  const link = await makeLink(visitor);
  await visitor.open(ways);
  await expect(page.getByLabel('The new link'), 'it is shown once').toHaveCount(0);
  const founder = await context.cookies();

  // The other person, at the same browser with nobody signed in.
  await context.clearCookies();
  await visitor.open(link);
  await expect(page.getByRole('heading', { level: 1 })).toContainText(name);
  await visitor.follow(page.getByRole('link', { name: 'Create an account' }));
  await signUp(visitor, `${uniqueSlug()}@people.test`);
  await expect(page, 'back to the link').toHaveURL(link);
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await expect(page).toHaveURL(ways.replace('/joining', ''));
  await expect(page.getByRole('status').filter({ hasText: 'You are a member now.' })).toBeVisible();
  await visitor.untilAwake();
  await visitor.open(link);
  await expect(page.getByText('You are a member already.')).toBeVisible();

  await context.clearCookies();
  await context.addCookies(founder);
  await visitor.open(ways);
  const row = page.locator('li[data-link-id]');
  await expect(row).toContainText('Used once.');
  await visitor.pressAndConfirm(row.getByRole('button', { name: 'Revoke' }), 'Revoke link');
  await expect(page.locator('li[data-link-id]')).toHaveCount(0);
  await visitor.untilAwake();
  const dead = await visitor.open(link);
  expect(dead.status()).toBe(410);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('This link does not work any more');
});

test('a domain is verified by a code, and the next person there joins by themselves', async ({ visitor, page, context }) => {
  const { name, ways } = await openWays(visitor);
  const domain = await verifyDomain(visitor, 'joins');
  await context.clearCookies();
  await visitor.open('/sign-up');
  const email = `grace@${domain}`;
  await signUp(visitor, email);
  await visitor.open('/orgs');
  await expect(page.getByRole('link', { name })).toHaveAttribute('href', ways.replace('/joining', ''));
  const messages = await mailTo(page, email, 2);
  expect(messages.some(({ subject }) => subject.startsWith('You are a member of'))).toBe(true);
});

test('who asks to join is accepted', async ({ visitor, page, context }) => {
  const { name, ways } = await openWays(visitor);
  const domain = await verifyDomain(visitor, 'may_ask');
  const founder = await context.cookies();
  await context.clearCookies();
  await visitor.open('/sign-up');
  await signUp(visitor, `grace@${domain}`);
  await visitor.open('/orgs');
  const offer = page.getByRole('main').locator('li[data-joinable]').filter({ hasText: name });
  await offer.getByRole('button', { name: 'Ask to join' }).click();
  await expect(offer).toContainText('You have asked to join.');
  await visitor.untilAwake();
  const grace = await context.cookies();

  await context.clearCookies();
  await context.addCookies(founder);
  await visitor.open(ways);
  const request = page.locator('li[data-request-id]');
  await expect(request).toContainText(`grace@${domain}`);
  await request.getByRole('button', { name: 'Accept' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'They are a member now' })).toBeVisible();
  await visitor.untilAwake();

  await context.clearCookies();
  await context.addCookies(grace);
  await visitor.open('/orgs');
  await visitor.follow(page.getByRole('main').getByRole('link', { name }));
  await expect(page).toHaveURL(ways.replace('/joining', ''));
});

test('what is wrong with a link is said next to its field, and what was typed stays', async ({ visitor, page }) => {
  await openWays(visitor);
  const form = linkForm(page);
  await form.getByLabel('How many people it lets in').fill('many');
  await form.getByLabel('Domains of their addresses').fill('acme.test');
  await form.getByLabel('They ask first').check();
  await form.getByRole('button', { name: 'Make a link' }).click();
  await expect(page.getByRole('alert')).toHaveText(/a number from 1/);
  await expect(form.getByLabel('How many people it lets in')).toHaveValue('many');
  await expect(form.getByLabel('Domains of their addresses')).toHaveValue('acme.test');
  await expect(form.getByLabel('They ask first')).toBeChecked();
});
