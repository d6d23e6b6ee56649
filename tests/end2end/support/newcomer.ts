/** Somebody with an account of their own, for tests that change how they sign in. */
import { expect } from '@playwright/test';

import { uniqueSlug, type Visitor } from './visitor';

export const secret = 'a long walk by the river';

/** Makes an account and signs in with its password. Returns its address. */
export async function join(visitor: Visitor): Promise<string> {
  const { page } = visitor;
  const email = `${uniqueSlug()}@people.test`;
  await visitor.open('/sign-up');
  await page.getByLabel('Your name').fill('Ada Example');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(secret);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page).toHaveURL('/check-mail');
  await visitor.open('/sign-in');
  await visitor.signIn(email, secret);
  await expect(page).toHaveURL('/orgs');
  await visitor.untilAwake();
  return email;
}
