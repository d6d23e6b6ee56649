import type { Page } from '@playwright/test';

import { issuer } from '../support/browser';
import { expect, test } from '../support/test';
import { password, users } from '../support/users';
import { uniqueSlug, type Visitor } from '../support/visitor';

test.skip(!issuer, 'the site offers no provider of sign-in');

/** Presses the provider's button, which leads to its page. */
async function goToProvider(page: Page, button: string): Promise<void> {
  await page.getByRole('main').getByRole('button', { name: button, exact: true }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Example ID');
}

/** Is somebody there who is nobody's user yet. */
async function beSomebody(page: Page, subject: string, email: string, name = ''): Promise<void> {
  await page.getByLabel('Subject').fill(subject);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Somebody else' }).click();
}

async function signOut(visitor: Visitor): Promise<void> {
  await visitor.untilAwake();
  await visitor.signOut();
}

test('somebody new signs in with a provider, and is known the next time', async ({ visitor, page }) => {
  const subject = uniqueSlug();
  await visitor.open('/sign-in?next=%2Forgs%2Fnew');
  await goToProvider(page, 'Sign in with Example ID');
  await beSomebody(page, subject, `${subject}@newcomers.test`, 'Nora Newcomer');
  await expect(page, 'a new account, and on to what was wanted').toHaveURL('/orgs/new');
  await visitor.untilAwake();
  await visitor.openAccountMenu();
  await expect(page.getByText('Nora Newcomer').first()).toBeVisible();
  await page.keyboard.press('Escape');

  await visitor.open('/orgs');
  await signOut(visitor);
  await goToProvider(page, 'Sign in with Example ID');
  await beSomebody(page, subject, 'another-address@newcomers.test');
  await expect(page).toHaveURL('/orgs');
  await visitor.untilAwake();
  await visitor.openAccountMenu();
  await expect(page.getByText(`${subject}@newcomers.test`).first()).toBeVisible();
});

test('who says no over there can go another way', async ({ visitor, page }) => {
  await visitor.open('/sign-in');
  await goToProvider(page, 'Sign in with Example ID');
  await page.getByRole('button', { name: 'Deny' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('That did not work');
  await expect(page.getByText('You did not agree at the provider')).toBeVisible();
  await expect(page.getByText('They said no.'), 'nothing of theirs is shown').toHaveCount(0);
  await visitor.follow(page.getByRole('link', { name: 'Back to sign-in' }));
  await visitor.signIn(users.member.email);
  await expect(page).toHaveURL('/orgs');
});

test('an address that has an account asks for its password, and the provider can be disconnected', async ({ visitor, page }) => {
  // The two projects run at the same time.
  const user = visitor.hasScript ? users.admin : users.founder;
  await visitor.open('/sign-in');
  await goToProvider(page, 'Sign in with Example ID');
  await beSomebody(page, uniqueSlug(), user.email);
  await expect(page).toHaveURL('/sign-in/with/example/connect');
  await expect(page.getByRole('main').getByText(user.email)).toBeVisible();
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(page.getByRole('alert')).toHaveText(/not the password of that account/);
  await visitor.untilAwake();
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(page).toHaveURL('/orgs');

  await visitor.open('/account/security');
  await expect(page.getByRole('heading', { name: 'Sign in with others' })).toBeVisible();
  await visitor.pressAndConfirm(page.getByRole('button', { name: 'Disconnect Example ID' }), 'Disconnect');
  await expect(page.getByRole('status').filter({ hasText: 'Disconnected.' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Connect Example ID', exact: true })).toBeVisible();
});

test('a provider is connected from the account, and its way back works once', async ({ visitor, page }) => {
  const user = visitor.hasScript ? users.owner : users.member;
  await visitor.open('/sign-in');
  await visitor.signIn(user.email);
  await expect(page).toHaveURL('/orgs');
  await visitor.open('/account/security');
  await goToProvider(page, 'Connect Example ID');
  const returned = page.waitForRequest((request) => request.url().includes('/sign-in/with/example/callback'));
  await beSomebody(page, uniqueSlug(), `${uniqueSlug()}@newcomers.test`);
  await expect(page).toHaveURL('/account/security');
  await visitor.untilAwake();
  await expect(page.getByRole('button', { name: 'Disconnect Example ID' })).toBeVisible();

  const again = await visitor.open((await returned).url());
  expect(again.status()).toBe(400);
  await expect(page.getByText('This was not begun in this browser')).toBeVisible();

  await visitor.open('/account/security');
  await visitor.pressAndConfirm(page.getByRole('button', { name: 'Disconnect Example ID' }), 'Disconnect');
  await expect(page.getByRole('status').filter({ hasText: 'Disconnected.' })).toBeVisible();
});
